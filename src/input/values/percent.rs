//! Percentages: the text that a user sees for a number with a percent format.

use super::cell::number_text;

/// A percent format whose shown text is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Percent {
    decimals: usize,
    /// Whether negative numbers and zero have separate formats, as in `0%;(0%)`.
    is_for_positive: bool,
    /// Whether thousands are separated, as in `#,##0%`.
    is_grouped: bool,
}

impl Percent {
    /// Returns the format `0%` with this number of decimals.
    pub(crate) fn plain(decimals: usize) -> Self {
        Self {
            decimals,
            is_for_positive: false,
            is_grouped: false,
        }
    }

    /// Parses the code of a percent format.
    ///
    /// A cell with `0%` holds 0.85 and shows `85%`. In `0.0" %"` the sign is literal text and the number is not scaled.
    pub(crate) fn of_code(code: &str) -> Option<Self> {
        let sections: Vec<String> = code.split(';').map(bare).collect::<Option<_>>()?;
        let first = sections.first()?;
        let (whole, decimals) = match first.strip_suffix('%')?.split_once('.') {
            Some((whole, decimals)) => (whole, decimals),
            None => (first.strip_suffix('%')?, ""),
        };
        // With optional digits or exponents the shown text is unknown.
        let is_plain = matches!(whole, "0" | "#,##0") && decimals.bytes().all(|b| b == b'0');
        let negative = sections
            .get(1)
            .is_none_or(|code| *code == format!("-{first}"));
        let zero = sections.get(2).is_none_or(|code| code == first);
        is_plain.then_some(Self {
            decimals: decimals.len(),
            is_for_positive: !(negative && zero),
            is_grouped: whole != "0",
        })
    }

    /// Returns the text that the user sees for a number, if it is known.
    pub(crate) fn text(self, number: f64) -> Option<String> {
        let is_known =
            (!self.is_for_positive || number > 0.0) && (!self.is_grouped || number.abs() < 9.99);
        is_known.then(|| percent_text(number, self.decimals))
    }
}

/// Returns a section of a format without colours, literal text and padding; `None` if it has a condition.
fn bare(section: &str) -> Option<String> {
    let mut code = String::new();
    let mut chars = section.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => chars.by_ref().take_while(|c| *c != '"').for_each(drop),
            '[' => {
                let inner: String = chars.by_ref().take_while(|c| *c != ']').collect();
                if inner.starts_with(['<', '>', '=']) {
                    return None;
                }
            }
            '\\' => code.extend(chars.next().filter(|c| *c == '-')),
            '_' | '*' => drop(chars.next()),
            _ => code.push(c),
        }
    }
    Some(code.trim().to_owned())
}

/// Returns the text of a number in a percent format with this number of decimals.
///
/// Spreadsheets round the decimal text, halves away from zero: 2.675 is a half on screen, although not in binary.
fn percent_text(number: f64, decimals: usize) -> String {
    let text = number_text(number * 100.0);
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let kept: String = fraction
        .chars()
        .chain(std::iter::repeat('0'))
        .take(decimals)
        .collect();
    let mut digits: Vec<u8> = format!("{}{kept}", whole.trim_start_matches('-')).into_bytes();
    if fraction
        .as_bytes()
        .get(decimals)
        .is_some_and(|digit| *digit >= b'5')
    {
        round_up(&mut digits);
    }
    let shown: String = digits.into_iter().map(char::from).collect();
    let (whole, kept) = shown.split_at(shown.len() - decimals);
    let sign = if text.starts_with('-') && shown.contains(|c| c != '0') {
        "-"
    } else {
        ""
    };
    let point = if decimals > 0 { "." } else { "" };
    format!("{sign}{whole}{point}{kept}%")
}

/// Adds one to the last of some decimal digits.
fn round_up(digits: &mut Vec<u8>) {
    for digit in digits.iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            return;
        }
        *digit = b'0';
    }
    digits.insert(0, b'1');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_is_what_the_user_sees() {
        let table = [
            ("0%", 0.8567, Some("86%")),
            ("0.00%", -0.8567, Some("-85.67%")),
            ("0.0%;[Red]-0.0%", -0.855, Some("-85.5%")),
            ("0%;\\-0%", -0.85, Some("-85%")),
            ("0%;(0%)", 0.85, Some("85%")),
            ("0%;(0%)", -0.85, None),
            ("0%;0.0%", -0.85, None),
            ("0%;-0%;\"-\"", 0.0, None),
            ("[>0.5]0%;0.0%", 0.3, None),
            ("#,##0.0%", 0.855, Some("85.5%")),
            ("#,##0%", 12.5, None),
            ("0.0#%", 0.85, None),
            ("0.0\" %\"", 0.85, None),
            ("0.0\\%", 0.85, None),
            ("0%_)", 0.85, Some("85%")),
            ("General", 0.85, None),
            ("[$%-409]0", 0.85, None),
        ];
        for (code, number, text) in table {
            let shown = Percent::of_code(code).and_then(|format| format.text(number));
            assert_eq!(shown.as_deref(), text, "{code}");
        }
    }

    #[test]
    fn halves_are_rounded_away_from_zero() {
        assert_eq!(percent_text(0.85, 0), "85%");
        assert_eq!(percent_text(0.855, 1), "85.5%");
        assert_eq!(percent_text(0.57, 0), "57%");
        assert_eq!(percent_text(0.125, 0), "13%");
        assert_eq!(percent_text(0.02675, 2), "2.68%");
        assert_eq!(percent_text(0.9995, 1), "100.0%");
        assert_eq!(percent_text(-0.125, 0), "-13%");
        assert_eq!(percent_text(-0.001, 0), "0%");
    }
}
