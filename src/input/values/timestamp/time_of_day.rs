//! The time of day after a date, with AM or PM and a zone.

use jiff::civil::Time;
use jiff::tz::Offset;

use super::number;

/// Parses the text after a date: empty, or a time with optional AM or PM and zone.
pub(crate) fn read(text: &str) -> Option<(Time, Option<Offset>)> {
    if text.is_empty() {
        return Some((Time::midnight(), None));
    }
    let text = text
        .strip_prefix(['T', 't', ' '])
        .or_else(|| text.strip_prefix(", "))?
        .trim_start();
    let (hour, rest) = number(text, 1..=2)?;
    let (minute, rest) = number(rest.strip_prefix(':')?, 2..=2)?;
    let (second, rest) = match rest.strip_prefix(':') {
        Some(rest) => number(rest, 2..=2)?,
        None => (0, rest),
    };
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => fraction
            .strip_prefix(|c: char| c.is_ascii_digit())?
            .trim_start_matches(|c: char| c.is_ascii_digit()),
        None => rest,
    };
    let (hour, rest) = half_of_day(hour, rest)?;
    // A leap second counts as the last second of its minute.
    let second = if second == 60 { 59 } else { second };
    let time = Time::new(
        hour.try_into().ok()?,
        minute.try_into().ok()?,
        second.try_into().ok()?,
        0,
    )
    .ok()?;
    Some((time, zone(rest.trim_start())?))
}

/// Applies AM or PM, if it follows.
fn half_of_day(hour: i16, text: &str) -> Option<(i16, &str)> {
    let word = text.trim_start();
    let afternoon = match word.get(..2).map(str::to_ascii_uppercase).as_deref() {
        Some("AM") => false,
        Some("PM") => true,
        _ => return Some((hour, text)),
    };
    (1..=12).contains(&hour).then_some(())?;
    Some((hour % 12 + if afternoon { 12 } else { 0 }, &word[2..]))
}

/// Parses a zone: empty, `Z`, `±HH:MM`, `±HHMM`, `GMT±H[:MM]`.
#[expect(
    clippy::option_option,
    reason = "a missing zone is valid and differs from an invalid one"
)]
fn zone(text: &str) -> Option<Option<Offset>> {
    if text.is_empty() {
        return Some(None);
    }
    if ["Z", "GMT", "UTC"]
        .iter()
        .any(|name| text.eq_ignore_ascii_case(name))
    {
        return Some(Some(Offset::UTC));
    }
    let named = text
        .strip_prefix("GMT")
        .or_else(|| text.strip_prefix("UTC"));
    let signed = named.unwrap_or(text);
    let sign = match signed.chars().next()? {
        '+' => 1,
        '-' | '\u{2212}' => -1,
        _ => return None,
    };
    let digits = signed.strip_prefix(['+', '-', '\u{2212}'])?;
    let (hours, minutes) = match digits.split_once(':') {
        Some((hours, minutes)) => (hours, minutes),
        None if digits.len() == 4 => digits.split_at_checked(2)?,
        None => (digits, ""),
    };
    let least = if named.is_some() { 1 } else { 2 };
    let (hours, _) = number(hours, least..=2).filter(|(_, rest)| rest.is_empty())?;
    let (minutes, _) = if minutes.is_empty() && (named.is_some() || digits.len() == 2) {
        (0, "")
    } else {
        number(minutes, 2..=2).filter(|(_, rest)| rest.is_empty())?
    };
    (hours <= 23 && minutes <= 59).then_some(())?;
    let seconds = sign * (i32::from(hours) * 3600 + i32::from(minutes) * 60);
    Offset::from_seconds(seconds).ok().map(Some)
}
