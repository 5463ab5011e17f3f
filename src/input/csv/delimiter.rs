//! The delimiter of a CSV file, as a user or a first line `sep=;` names it.

use std::str::FromStr;

/// The character between the columns of a CSV file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delimiter(pub(crate) u8);

impl Delimiter {
    /// The delimiters that are tried, the most likely first.
    pub(crate) const USUAL: [Self; 4] = [Self(b','), Self(b';'), Self(b'\t'), Self(b'|')];

    /// Returns the delimiter for a character that can be one.
    fn of(character: char) -> Option<Self> {
        let fits = character == '\t' || character == ' ' || character.is_ascii_punctuation();
        (fits && !matches!(character, '"' | '\''))
            .then(|| u8::try_from(character).ok().map(Self))?
    }

    /// Returns the name for messages.
    pub(crate) fn name(self) -> String {
        match self.0 {
            b'\t' => "tab".to_owned(),
            byte => char::from(byte).to_string(),
        }
    }
}

impl FromStr for Delimiter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut characters = text.chars();
        let delimiter = match (characters.next(), characters.next()) {
            (Some(character), None) => Self::of(character),
            _ if ["tab", "\\t"].contains(&text.to_ascii_lowercase().as_str()) => Some(Self(b'\t')),
            _ => None,
        };
        let problem = || format!("`{text}` is no delimiter: write one sign such as `;`, or `tab`");
        delimiter.ok_or_else(problem)
    }
}

/// Splits off a first line like `sep=;`.
pub(crate) fn named(text: &str) -> (Option<Delimiter>, &str, &str) {
    let none = (None, "", text);
    let end = text.find(['\r', '\n']).unwrap_or(text.len());
    let (line, rest) = text.split_at(end);
    // A spreadsheet program that saved the file again has quoted the line and appended empty cells.
    let line = line.trim_start_matches('"');
    let Some((word, value)) = line.split_at_checked(4) else {
        return none;
    };
    let mut value = value.chars();
    let delimiter = value.next().and_then(Delimiter::of);
    let is_alone = value.all(|c| matches!(c, '"' | ',' | ';' | '\t' | '|' | ' '));
    if !word.eq_ignore_ascii_case("sep=") || delimiter.is_none() || !is_alone {
        return none;
    }
    let body = rest
        .strip_prefix("\r\n")
        .or_else(|| rest.strip_prefix(['\r', '\n']))
        .unwrap_or(rest);
    (delimiter, &text[..text.len() - body.len()], body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delimiter_can_be_named() {
        for (text, byte) in [
            (";", b';'),
            ("tab", b'\t'),
            ("\\t", b'\t'),
            ("\t", b'\t'),
            (" ", b' '),
        ] {
            assert_eq!(text.parse(), Ok(Delimiter(byte)), "{text}");
        }
        for text in ["", "\"", "ab", "é", "a", "\n", "'"] {
            assert!(text.parse::<Delimiter>().is_err(), "{text:?}");
        }
    }
}
