//! Number formats: what the user sees of a number, according to the format code.

use crate::input::values::cell::Cell;
use crate::input::values::percent::Percent;
use crate::input::values::timestamp::from_serial;

/// How a format displays a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Format {
    /// As a number, however it is rounded on screen.
    #[default]
    Number,
    /// As a percentage whose text is known.
    Percent(Percent),
    /// As a percentage whose text is not known.
    PercentUnknown,
    /// As a date, a time of day, or both.
    Date,
    /// As an elapsed time: `[h]:mm`.
    Duration,
}

impl Format {
    /// Parses a format code.
    pub(crate) fn from_code(code: &str) -> Self {
        if let Some(percent) = Percent::of_code(code) {
            return Self::Percent(percent);
        }
        let mut chars = code.chars();
        while let Some(c) = chars.next() {
            match c {
                '"' => chars.by_ref().take_while(|c| *c != '"').for_each(drop),
                '\\' | '_' | '*' => drop(chars.next()),
                '[' => {
                    let inner: String = chars.by_ref().take_while(|c| *c != ']').collect();
                    if is_elapsed(&inner) {
                        return Self::Duration;
                    }
                }
                ';' => break,
                '%' => return Self::PercentUnknown,
                'y' | 'Y' | 'm' | 'M' | 'd' | 'D' | 'h' | 'H' | 's' | 'S' => return Self::Date,
                _ => {}
            }
        }
        Self::Number
    }

    /// Returns the built-in format with this number; those below 164 have no code (ECMA-376, 18.8.30).
    pub(crate) fn built_in(id: u32) -> Self {
        match id {
            9 => Self::Percent(Percent::plain(0)),
            10 => Self::Percent(Percent::plain(2)),
            14..=22 | 27..=36 | 45 | 47 | 50..=58 => Self::Date,
            46 => Self::Duration,
            _ => Self::Number,
        }
    }

    /// Converts the number of a cell into what the user sees.
    pub(crate) fn cell(self, number: f64, is_1904: bool) -> Cell<'static> {
        match self {
            Self::Number => Cell::Number(number),
            Self::Percent(percent) => percent
                .text(number)
                .map_or(Cell::Percentage(number), |text| Cell::Text(text.into())),
            Self::PercentUnknown => Cell::Percentage(number),
            Self::Duration => Cell::Duration(duration_text(number)),
            // A time of day without a date is not a timestamp.
            Self::Date if (0.0..1.0).contains(&number) => Cell::Duration(duration_text(number)),
            Self::Date => from_serial(number, is_1904).map_or(Cell::Number(number), Cell::Date),
        }
    }
}

fn is_elapsed(inner: &str) -> bool {
    let lower = inner.to_ascii_lowercase();
    ['h', 'm', 's']
        .iter()
        .any(|unit| !lower.is_empty() && lower.chars().all(|c| c == *unit))
}

/// Formats days as hours, minutes and seconds: `25:30:00`.
pub(crate) fn duration_text(days: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a duration that long is a mistake and is displayed as one"
    )]
    let seconds = (days * 86_400.0).round() as i64;
    let sign = if seconds < 0 { "-" } else { "" };
    let seconds = seconds.unsigned_abs();
    format!(
        "{sign}{}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn format_codes_are_parsed() {
        #[rustfmt::skip]
        let table = [
            ("General", Format::Number),
            ("0.00", Format::Number),
            ("0.00E+00", Format::Number),
            ("#,##0.00\\ \"USD\"", Format::Number),
            ("[Red]0.0;[Blue]-0.0", Format::Number),
            ("_(\"$\"* #,##0.00_)", Format::Number),
            ("@", Format::Number),
            ("0%", Format::Percent(Percent::plain(0))),
            ("0.0\" %\"", Format::Number),
            ("#,##0.0#%", Format::PercentUnknown),
            ("yyyy-mm-dd", Format::Date),
            ("[$-409]d-mmm-yy;@", Format::Date),
            ("h:mm AM/PM", Format::Date),
            ("[h]:mm:ss", Format::Duration),
            ("[mm]:ss", Format::Duration),
        ];
        for (code, format) in table {
            assert_eq!(Format::from_code(code), format, "{code}");
        }
    }

    #[test]
    fn numbers_become_what_the_user_sees() {
        let shown = |format: Format, number| format.cell(number, false).shown().into_owned();
        assert_eq!(shown(Format::Number, 87.5), "87.5");
        assert_eq!(shown(Format::Percent(Percent::plain(1)), 0.855), "85.5%");
        assert_eq!(shown(Format::Date, 45_943.5), "2025-10-13T12:00:00");
        assert_eq!(shown(Format::Date, 0.5), "12:00:00");
        assert_eq!(shown(Format::Duration, 1.0625), "25:30:00");
        assert_eq!(
            Format::Date.cell(44_481.5, true).shown(),
            "2025-10-13T12:00:00"
        );
    }
}
