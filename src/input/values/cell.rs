//! A cell: its value in the file, and the text that a user sees.

use std::borrow::Cow;

use jiff::civil;

use crate::schema::header_names::is_invisible;
use crate::text::formula;

/// The value of a cell, as its file has it.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell<'a> {
    /// Empty or only whitespace.
    Blank,
    /// Text, cleaned by [`Cell::text`]. A percentage is text too: what the user sees.
    Text(Cow<'a, str>),
    /// A number cell of a workbook.
    Number(f64),
    /// A number cell with a percent format whose shown text is unknown: 0.85 may show as `85 %`.
    Percentage(f64),
    /// A date cell of a workbook, without zone.
    Date(civil::DateTime),
    /// A duration cell of a workbook, in hours, minutes and seconds.
    Duration(String),
    /// A boolean cell of a workbook.
    Boolean(bool),
    /// A spreadsheet error such as `#N/A`.
    Error(Cow<'a, str>),
    /// A formula whose value is not in the file.
    Formula,
}

/// The texts of spreadsheet errors.
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
    /// Makes a cell from text: trims it (no-break and zero-width spaces too), replaces each line break by `\n`, and reads
    /// `="00123"` as `00123`.
    pub fn text(raw: &'a str) -> Self {
        let text = match formula::plain(trimmed(raw)) {
            Cow::Borrowed(text) => Cow::Borrowed(trimmed(text)),
            Cow::Owned(text) => Cow::Owned(trimmed(&text).to_owned()),
        };
        if text.is_empty() {
            return Self::Blank;
        }
        let text = if text.contains('\r') {
            Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
        } else {
            text
        };
        if text.starts_with('#') && ERROR_TEXTS.contains(&&*text) {
            Self::Error(text)
        } else {
            Self::Text(text)
        }
    }

    /// Whether the cell is blank.
    pub(crate) fn is_blank(&self) -> bool {
        matches!(self, Self::Blank)
    }

    /// Returns the text that a user sees in the cell, numbers in their shortest decimal form.
    pub(crate) fn shown(&self) -> Cow<'_, str> {
        match self {
            Self::Blank | Self::Formula => Cow::Borrowed(""),
            Self::Text(text) | Self::Error(text) => Cow::Borrowed(text),
            Self::Number(number) | Self::Percentage(number) => Cow::Owned(number_text(*number)),
            Self::Date(time) => Cow::Owned(date_text(*time)),
            Self::Duration(text) => Cow::Borrowed(text),
            Self::Boolean(value) => Cow::Borrowed(if *value { "TRUE" } else { "FALSE" }),
        }
    }

    /// Returns the same cell, borrowing its text.
    pub(crate) fn borrowed(&self) -> Cell<'_> {
        match self {
            Self::Text(text) => Cell::Text(Cow::Borrowed(text)),
            Self::Error(text) => Cell::Error(Cow::Borrowed(text)),
            other => other.clone().into_owned(),
        }
    }

    /// Returns the same cell with its text copied.
    pub(crate) fn into_owned(self) -> Cell<'static> {
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

/// Trims whitespace of every kind, including invisible characters.
pub(crate) fn trimmed(text: &str) -> &str {
    let is_edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
    if is_edge(text.as_bytes().first()) && is_edge(text.as_bytes().last()) {
        return text;
    }
    text.trim_matches(|c: char| c.is_whitespace() || is_invisible(c))
}

/// The significant digits that a spreadsheet keeps. An `f64` keeps any decimal number with that many digits.
const KEPT_DIGITS: usize = 15;

/// Returns the shortest decimal text of a number, at the 15 digits that a spreadsheet keeps, never with an exponent.
pub(crate) fn number_text(number: f64) -> String {
    let exact = number.to_string();
    // Most numbers were typed by somebody: rounding does not change a text that is short enough.
    if number.is_normal() && significant_digits(&exact) <= KEPT_DIGITS {
        exact
    } else {
        rounded_text(number)
    }
}

/// Counts the digits of a decimal text from the first that is not 0.
fn significant_digits(text: &str) -> usize {
    let digits = text.trim_start_matches(['-', '0', '.']);
    digits.len() - usize::from(digits.contains('.'))
}

/// Returns the shortest decimal text of a number rounded to [`KEPT_DIGITS`].
fn rounded_text(number: f64) -> String {
    let decimals = KEPT_DIGITS - 1;
    let kept: f64 = format!("{number:.decimals$e}").parse().unwrap_or(number);
    if kept == 0.0 {
        "0".to_owned()
    } else {
        kept.to_string()
    }
}

/// Returns the ISO text of a date cell; only the date if the time is midnight.
pub(crate) fn date_text(time: civil::DateTime) -> String {
    if time.time() == civil::Time::midnight() {
        time.date().to_string()
    } else {
        time.to_string()
    }
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

    proptest! {
        #[test]
        fn a_number_is_rounded_to_fifteen_digits_whether_it_is_long_or_short(
            any in any::<f64>(), digits in -20_000_000_000_000_000i64..20_000_000_000_000_000, scale in -30i32..30
        ) {
            let typed = format!("{digits}e{scale}").parse().unwrap();
            let short = format!("{}e{scale}", digits % 10_000).parse().unwrap();
            for number in [any, typed, short] {
                prop_assert_eq!(number_text(number), rounded_text(number));
            }
        }

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
