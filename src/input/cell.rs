//! One cell: what a file holds in it, and the text that a user sees there.

use std::borrow::Cow;

use jiff::civil;

use crate::columns::is_invisible;

/// The value of a cell, as its file has it.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell<'a> {
    /// Nothing, or nothing but blanks.
    Blank,
    /// Text, cleaned by [`Cell::text`]. A percentage is text too: what the user sees.
    Text(Cow<'a, str>),
    /// A number cell of a workbook.
    Number(f64),
    /// A number cell under a format of percentages that does not tell what the user sees: 0.85 may show as `85 %`.
    Percentage(f64),
    /// A date cell of a workbook, without zone.
    Date(civil::DateTime),
    /// A duration cell of a workbook, in hours, minutes and seconds.
    Duration(String),
    /// A boolean cell of a workbook.
    Boolean(bool),
    /// An error that a spreadsheet put there in place of a value: `#N/A`.
    Error(Cow<'a, str>),
    /// A formula whose value the file does not hold.
    Formula,
}

/// What spreadsheets write in place of a value that they could not compute.
const ERROR_TEXTS: [&str; 11] = [
    "#N/A",
    "#REF!",
    "#VALUE!",
    "#DIV/0!",
    "#NAME?",
    "#NULL!",
    "#NUM!",
    "#SPILL!",
    "#CALC!",
    "#FIELD!",
    "#GETTING_DATA",
];

impl<'a> Cell<'a> {
    /// Makes a cell from text: trimmed (no-break and zero-width spaces too), with one `\n` for any line break, and
    /// `="00123"` taken as `00123`.
    #[must_use]
    pub fn text(raw: &'a str) -> Self {
        let text = unquoted_formula(trimmed(raw));
        if text.is_empty() {
            return Self::Blank;
        }
        let text = if text.contains('\r') {
            Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
        } else {
            Cow::Borrowed(text)
        };
        if text.starts_with('#') && ERROR_TEXTS.contains(&&*text) {
            Self::Error(text)
        } else {
            Self::Text(text)
        }
    }

    /// Tells whether there is nothing in it.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        matches!(self, Self::Blank)
    }

    /// Returns the text that a user sees in the cell, numbers in their shortest decimal form.
    #[must_use]
    pub fn shown(&self) -> Cow<'_, str> {
        match self {
            Self::Blank | Self::Formula => Cow::Borrowed(""),
            Self::Text(text) | Self::Error(text) => Cow::Borrowed(text),
            Self::Number(number) | Self::Percentage(number) => Cow::Owned(number_text(*number)),
            Self::Date(time) => Cow::Owned(date_text(*time)),
            Self::Duration(text) => Cow::Borrowed(text),
            Self::Boolean(value) => Cow::Borrowed(if *value { "TRUE" } else { "FALSE" }),
        }
    }

    /// Parts from the buffer that it borrows from.
    #[must_use]
    pub fn into_owned(self) -> Cell<'static> {
        match self {
            Self::Text(text) => Cell::Text(Cow::Owned(text.into_owned())),
            Self::Error(text) => Cell::Error(Cow::Owned(text.into_owned())),
            Self::Blank => Cell::Blank,
            Self::Formula => Cell::Formula,
            Self::Number(number) => Cell::Number(number),
            Self::Percentage(number) => Cell::Percentage(number),
            Self::Date(time) => Cell::Date(time),
            Self::Duration(text) => Cell::Duration(text),
            Self::Boolean(value) => Cell::Boolean(value),
        }
    }
}

/// Drops blanks of every kind, also those that take no room, from both ends.
#[must_use]
pub fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || is_invisible(c))
}

/// Takes `="00123"` as `00123`: how exports keep a spreadsheet from changing an id.
fn unquoted_formula(text: &str) -> &str {
    let quoted = text
        .strip_prefix("=\"")
        .and_then(|rest| rest.strip_suffix('"'));
    quoted
        .filter(|inner| !inner.contains('"'))
        .map_or(text, trimmed)
}

/// Returns the shortest decimal text of a number, at the 15 digits that a spreadsheet keeps, never with an exponent.
#[must_use]
pub fn number_text(number: f64) -> String {
    let kept: f64 = format!("{number:.14e}").parse().unwrap_or(number);
    if kept == 0.0 {
        "0".to_owned()
    } else {
        kept.to_string()
    }
}

/// Returns what a user sees of a number under a percent format with so many decimals: `85%`.
///
/// Spreadsheets round the decimal text, halves away from zero; 2.675 is no half in binary, and is one on a screen.
#[must_use]
pub fn percent_text(number: f64, decimals: usize) -> String {
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

/// Returns the ISO text of a date cell: the date alone where the time is midnight.
#[must_use]
pub fn date_text(time: civil::DateTime) -> String {
    if time.time() == civil::Time::midnight() {
        time.date().to_string()
    } else {
        time.to_string()
    }
}

/// Returns how many decimals a number format shows, if it is one of percentages.
///
/// `0%` holds 0.85 and shows `85%`; in `0.0" %"` the sign is mere text, and the number is what it shows.
#[must_use]
pub fn percent_decimals(format: &str) -> Option<usize> {
    let mut code = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => chars.by_ref().take_while(|c| *c != '"').for_each(drop),
            '[' => chars.by_ref().take_while(|c| *c != ']').for_each(drop),
            '\\' | '_' | '*' => drop(chars.next()),
            ';' => break,
            _ => code.push(c),
        }
    }
    let number = code.trim().strip_suffix('%')?;
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    // With optional digits, thousands or exponents it is not known what the user sees.
    let is_plain = whole == "0" && decimals.bytes().all(|b| b == b'0');
    is_plain.then_some(decimals.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_is_trimmed_and_otherwise_kept() {
        let table = [
            ("  87.0 ", "87.0"),
            ("\u{a0}a b\u{200b}", "a b"),
            ("one\r\ntwo\rthree\nfour", "one\ntwo\nthree\nfour"),
            ("=\"00123\"", "00123"),
            ("=\"a\"&\"b\"", "=\"a\"&\"b\""),
            ("\u{feff}", ""),
            ("=\"\"", ""),
        ];
        for (raw, text) in table {
            assert_eq!(Cell::text(raw).shown(), text, "{raw:?}");
        }
        assert!(Cell::text("\t \u{2060}").is_blank());
        assert_eq!(Cell::text("#N/A"), Cell::Error("#N/A".into()));
    }

    #[test]
    fn a_number_is_its_shortest_decimal_text() {
        let table = [
            (87.0, "87"),
            (87.5, "87.5"),
            (0.1 + 0.2, "0.3"),
            (87.500_000_000_000_01, "87.5"),
            (1.2e11, "120000000000"),
            (1e-7, "0.0000001"),
            (-0.0, "0"),
            (-3.25, "-3.25"),
            (123_456_789_012_345.0, "123456789012345"),
        ];
        for (number, text) in table {
            assert_eq!(number_text(number), text);
        }
    }

    #[test]
    fn a_percent_format_is_told_from_a_percent_sign() {
        let table = [
            ("0%", Some(0)),
            ("0.00%", Some(2)),
            ("0.0%;[Red]-0.0%", Some(1)),
            ("#,##0%", None),
            ("0.0#%", None),
            ("0.0\" %\"", None),
            ("0.0\\%", None),
            ("General", None),
            ("[$%-409]0", None),
        ];
        for (format, decimals) in table {
            assert_eq!(percent_decimals(format), decimals, "{format}");
        }
        assert_eq!(percent_text(0.85, 0), "85%");
        assert_eq!(percent_text(0.855, 1), "85.5%");
        assert_eq!(percent_text(0.57, 0), "57%");
        assert_eq!(percent_text(0.125, 0), "13%");
        assert_eq!(percent_text(0.02675, 2), "2.68%");
        assert_eq!(percent_text(0.9995, 1), "100.0%");
        assert_eq!(percent_text(-0.125, 0), "-13%");
        assert_eq!(percent_text(-0.001, 0), "0%");
    }

    proptest! {
        #[test]
        fn a_number_of_up_to_fifteen_digits_reads_back_as_it_was_typed(digits in 0u64..1_000_000_000_000_000, scale in 0usize..10) {
            let typed = format!("{digits:0>width$}", width = scale + 1);
            let (whole, decimals) = typed.split_at(typed.len() - scale);
            let decimals = decimals.trim_end_matches('0');
            let typed = if decimals.is_empty() { whole.to_owned() } else { format!("{whole}.{decimals}") };
            prop_assert_eq!(number_text(typed.parse().unwrap()), typed);
        }
    }
}
