//! Dates in the supported forms: with dashes, slashes, or the name of the month.

use jiff::civil::Date;

use super::{DateOrder, EARLIEST_YEAR, Unclear, number};

/// A date as it was written.
pub(crate) enum Written {
    Certain(Date),
    /// Two numbers in unknown order, and the year.
    Slashes(i8, i8, i16),
}

impl Written {
    /// Returns the day, and the order that a date with slashes proves. Returns an error if the day does not exist, or
    /// two and `order` does not decide.
    pub(crate) fn resolve(
        self,
        order: Option<DateOrder>,
    ) -> Result<(Date, Option<DateOrder>), Unclear> {
        let (first, second, year) = match self {
            Self::Certain(date) => return Ok((date, None)),
            Self::Slashes(first, second, year) => (first, second, year),
        };
        let month_first = Date::new(year, first, second).ok();
        let day_first = Date::new(year, second, first).ok();
        match (month_first, day_first) {
            (Some(date), Some(same)) if date == same => Ok((date, None)),
            (Some(mdy), Some(dmy)) => match order {
                Some(DateOrder::Mdy) => Ok((mdy, None)),
                Some(DateOrder::Dmy) => Ok((dmy, None)),
                // Both days are too early, so the order does not matter.
                _ if year < EARLIEST_YEAR => Ok((mdy, None)),
                _ => Err(Unclear::TwoDays(mdy, dmy)),
            },
            (Some(date), None) => Ok((date, Some(DateOrder::Mdy))),
            (None, Some(date)) => Ok((date, Some(DateOrder::Dmy))),
            (None, None) => Err(Unclear::NoTime),
        }
    }
}

/// Splits a text into the date and the rest.
pub(crate) fn split(text: &str) -> Option<(Written, &str)> {
    iso_date(text)
        .or_else(|| slash_date(text))
        .or_else(|| day_month_year(text))
        .or_else(|| month_day_year(text))
}

fn iso_date(text: &str) -> Option<(Written, &str)> {
    let (year, rest) = number(text, 4..=4)?;
    let separator = rest.chars().next().filter(|c| matches!(c, '-' | '/'))?;
    let digits = if separator == '-' { 2..=2 } else { 1..=2 };
    let (month, rest) = number(rest.strip_prefix(separator)?, digits.clone())?;
    let (day, rest) = number(rest.strip_prefix(separator)?, digits)?;
    Some((Written::Certain(date(year, month, day)?), rest))
}

fn slash_date(text: &str) -> Option<(Written, &str)> {
    let (first, rest) = number(text, 1..=2)?;
    let (second, rest) = number(rest.strip_prefix('/')?, 1..=2)?;
    let (year, rest) = number(rest.strip_prefix('/')?, 4..=4)?;
    Some((
        Written::Slashes(first.try_into().ok()?, second.try_into().ok()?, year),
        rest,
    ))
}

/// `4 March 2026`
fn day_month_year(text: &str) -> Option<(Written, &str)> {
    let (day, rest) = number(text, 1..=2)?;
    let (month, rest) = month(rest.trim_start_matches([' ', '-']))?;
    let (year, rest) = number(rest.trim_start_matches([' ', '-', ',', '.']), 4..=4)?;
    Some((Written::Certain(date(year, month, day)?), rest))
}

/// `March 4, 2026`
fn month_day_year(text: &str) -> Option<(Written, &str)> {
    let (month, rest) = month(text)?;
    let (day, rest) = number(rest.trim_start_matches([' ', '.']), 1..=2)?;
    let rest = rest.strip_prefix([',', ' '])?;
    let (year, rest) = number(rest.trim_start(), 4..=4)?;
    Some((Written::Certain(date(year, month, day)?), rest))
}

fn date(year: i16, month: i16, day: i16) -> Option<Date> {
    Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok()
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Reads a month by its English name, whole or its first three letters (`Sept` too).
fn month(text: &str) -> Option<(i16, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let word = text[..end].to_ascii_lowercase();
    let named =
        |name: &str| word == name || word == name[..3] || (word == "sept" && name == "september");
    let index = MONTHS.iter().position(|name| named(name))?;
    Some((i16::try_from(index).ok()? + 1, &text[end..]))
}
