//! Parses timestamps in the forms that people and exports write.

mod date;
mod time_of_day;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan};

/// The order of the numbers in a date with slashes, if the date alone does not decide it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateOrder {
    /// Month, day, year.
    Mdy,
    /// Day, month, year.
    Dmy,
    /// Year, month, day.
    Ymd,
}

/// A parsed timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reading {
    /// The time, without its zone.
    pub(crate) time: DateTime,
    /// The zone, if the text has one.
    pub(crate) offset: Option<Offset>,
    /// The order that a date with slashes proves.
    pub(crate) order: Option<DateOrder>,
}

/// Why a text is not a unique timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unclear {
    /// It has none of the forms, or a day or hour that does not exist.
    NoTime,
    /// It means two different days: month first, or day first.
    TwoDays(Date, Date),
}

/// Parses a timestamp in any of the forms that `scoreload help files` lists. `order` decides between two days.
pub(crate) fn read(text: &str, order: Option<DateOrder>) -> Result<Reading, Unclear> {
    let (date_part, rest) = date::split(text).ok_or(Unclear::NoTime)?;
    let (time, offset) = time_of_day::read(rest).ok_or(Unclear::NoTime)?;
    let (date, written) = date_part.resolve(order)?;
    Ok(Reading {
        time: date.to_datetime(time),
        offset,
        order: written,
    })
}

/// Whether a text would be a timestamp without the zone name at its end, such as `EST`, which is ambiguous.
pub(crate) fn ends_with_a_name(text: &str) -> bool {
    let time = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '_'));
    time.len() < text.len()
        && time.contains(':')
        && !matches!(read(time.trim_end(), None), Err(Unclear::NoTime))
}

/// Returns the point in time as the API takes it: RFC 3339 in UTC, whole seconds, fractions cut.
///
/// Returns `None` for times before 2000 or out of range, which are mistakes.
pub(crate) fn utc(time: DateTime, offset: Option<Offset>, zone: &TimeZone) -> Option<Timestamp> {
    let timestamp = match offset {
        Some(offset) => offset.to_timestamp(time).ok()?,
        None => zone.to_ambiguous_timestamp(time).compatible().ok()?,
    };
    let whole = Timestamp::from_second(
        timestamp
            .as_nanosecond()
            .div_euclid(1_000_000_000)
            .try_into()
            .ok()?,
    )
    .ok()?;
    (time.year() >= EARLIEST_YEAR).then_some(whole)
}

/// Earlier years are invalid: spreadsheets turn 0 into 1900, and no assessment is that old.
pub(crate) const EARLIEST_YEAR: i16 = 2000;

/// Returns the time of a spreadsheet's serial number, counted in days.
///
/// Rounded to the millisecond, as spreadsheets do: 17:06:00 is stored as 17:05:59.9999996 at times.
pub(crate) fn from_serial(days: f64, is_1904: bool) -> Option<DateTime> {
    const DAY_MS: f64 = 86_400_000.0;
    if !(0.0..2_958_466.0).contains(&days) {
        return None;
    }
    // The 1900 date system has a 29 February 1900, which did not exist; earlier dates do not matter here.
    let epoch = if is_1904 {
        Date::constant(1904, 1, 1)
    } else {
        Date::constant(1899, 12, 30)
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the range was checked above"
    )]
    let milliseconds = (days * DAY_MS).round() as i64;
    epoch
        .to_datetime(Time::midnight())
        .checked_add(milliseconds.milliseconds())
        .ok()
}

/// Parses a UTC time of the form `2026-03-04 17:06:00` and returns it in the form of the API too.
pub(crate) fn canonical_of(text: &str) -> Option<(String, Timestamp)> {
    const LENGTH: usize = 19;
    let bytes = text.as_bytes();
    if bytes.len() != LENGTH || !matches!(bytes[10], b' ' | b'T') {
        return None;
    }
    let mut written = String::with_capacity(LENGTH + 1);
    written.push_str(text.get(..10)?);
    written.push('T');
    written.push_str(text.get(11..)?);
    written.push('Z');
    let time = canonical(&written)?;
    Some((written, time))
}

/// Parses a time in the form of the API, `2026-03-04T17:06:00Z`. Faster than [`read`].
pub(crate) fn canonical(text: &str) -> Option<Timestamp> {
    const FORM: &[u8; 20] = b"0000-00-00T00:00:00Z";
    let bytes: &[u8; 20] = text.as_bytes().try_into().ok()?;
    let fits = |(byte, form): (&u8, &u8)| match form {
        b'0' => byte.is_ascii_digit(),
        _ => byte == form,
    };
    if !bytes.iter().zip(FORM).all(fits) {
        return None;
    }
    let pair =
        |at: usize| (bytes[at] - b'0').cast_signed() * 10 + (bytes[at + 1] - b'0').cast_signed();
    let year = i16::from(pair(0)) * 100 + i16::from(pair(2));
    let date = Date::new(year, pair(5), pair(8)).ok()?;
    let time = Time::new(pair(11), pair(14), pair(17), 0).ok()?;
    utc(date.to_datetime(time), Some(Offset::UTC), &TimeZone::UTC)
}

/// Parses a number with this many digits at the beginning of a text.
fn number(text: &str, digits: std::ops::RangeInclusive<usize>) -> Option<(i16, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    digits.contains(&end).then_some(())?;
    Some((text[..end].parse().ok()?, &text[end..]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn utc_text(text: &str) -> Option<String> {
        let reading = read(text, None).ok()?;
        utc(reading.time, reading.offset, &TimeZone::UTC).map(|time| time.to_string())
    }

    #[test]
    fn every_listed_form_is_read() {
        let table = [
            ("2026-03-04T17:06:00Z", "2026-03-04T17:06:00Z"),
            ("2026-03-04t17:06:00.999z", "2026-03-04T17:06:00Z"),
            ("2026-03-04T17:06:00-05:00", "2026-03-04T22:06:00Z"),
            ("2026-03-04", "2026-03-04T00:00:00Z"),
            ("2026-03-04 17:06", "2026-03-04T17:06:00Z"),
            ("2026-03-04 17:06:59.999", "2026-03-04T17:06:59Z"),
            ("2026-03-04 17:06 Z", "2026-03-04T17:06:00Z"),
            ("2026-03-04 17:06+0530", "2026-03-04T11:36:00Z"),
            ("2026-03-04 17:06 +05:30", "2026-03-04T11:36:00Z"),
            ("2026-03-04 17:06 GMT-5", "2026-03-04T22:06:00Z"),
            ("2026-03-04 17:06 GMT+5:30", "2026-03-04T11:36:00Z"),
            ("2026-03-04 17:06 GMT+10", "2026-03-04T07:06:00Z"),
            ("3/14/2026", "2026-03-14T00:00:00Z"),
            ("14/3/2026 5:06 PM", "2026-03-14T17:06:00Z"),
            ("03/03/2026 12:00 AM", "2026-03-03T00:00:00Z"),
            ("3/14/2026 12:30:15pm", "2026-03-14T12:30:15Z"),
            ("2026/3/4", "2026-03-04T00:00:00Z"),
            ("4 March 2026", "2026-03-04T00:00:00Z"),
            ("04 Mar 2026 09:15", "2026-03-04T09:15:00Z"),
            ("March 4, 2026", "2026-03-04T00:00:00Z"),
            ("sept 4, 2026 1:00 am", "2026-09-04T01:00:00Z"),
        ];
        for (text, expected) in table {
            assert_eq!(utc_text(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "soon",
            "2026-02-30",
            "2026-13-01",
            "2026-3-4",
            "2026-03-04T25:00",
            "2026-03-04 17",
            "2026-03-04 13:00 PM",
            "31/31/2026",
            "3/14/26",
            "2026-03-04T17:06:00X",
            "2026-03-04 17:06:00+5",
            "1999-12-31",
            "45000",
            "4.3.2026",
            "2026-03-04 17:06 +24:00",
            "2026-03-04 17:06 --0500",
            "2026-03-04 17:06:00.",
            "2026-03-04é",
            "é",
        ] {
            assert_eq!(utc_text(text), None, "{text}");
        }
    }

    #[test]
    fn the_name_of_a_zone_behind_a_time_is_recognised() {
        for (text, expected) in [
            ("2026-03-04 17:06 EST", true),
            ("3/14/2026 5:06 PM America/New_York", true),
            ("03/04/2026 17:06CET", true),
            ("2026-03-04 17:06", false),
            ("2026-03-04 soon", false),
            ("soon: maybe", false),
            ("", false),
        ] {
            assert_eq!(ends_with_a_name(text), expected, "{text}");
        }
    }

    #[test]
    fn two_days_are_told_from_one() {
        let mdy = Date::constant(2026, 3, 4);
        let dmy = Date::constant(2026, 4, 3);
        assert_eq!(read("03/04/2026", None), Err(Unclear::TwoDays(mdy, dmy)));
        assert_eq!(
            read("03/04/2026", Some(DateOrder::Dmy))
                .unwrap()
                .time
                .date(),
            dmy
        );
        assert_eq!(
            read("03/04/2026", Some(DateOrder::Mdy))
                .unwrap()
                .time
                .date(),
            mdy
        );
        assert_eq!(
            read("13/04/2026", None).unwrap().order,
            Some(DateOrder::Dmy)
        );
    }

    #[test]
    fn a_time_without_zone_is_read_in_the_zone_that_was_given() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let at = |text: &str| {
            let reading = read(text, None).unwrap();
            utc(reading.time, reading.offset, &zone)
                .unwrap()
                .to_string()
        };
        assert_eq!(at("2026-03-04"), "2026-03-04T05:00:00Z");
        assert_eq!(at("2026-07-04 12:00"), "2026-07-04T16:00:00Z");
        assert_eq!(at("2026-07-04 12:00Z"), "2026-07-04T12:00:00Z");
        // The hour that the clocks skip in spring.
        assert_eq!(at("2026-03-08 02:30"), "2026-03-08T07:30:00Z");
    }

    #[test]
    fn serial_numbers_are_days() {
        let text = |days, is_1904| from_serial(days, is_1904).map(|time| time.to_string());
        assert_eq!(
            text(45_943.5, false).as_deref(),
            Some("2025-10-13T12:00:00")
        );
        assert_eq!(text(44_481.5, true).as_deref(), Some("2025-10-13T12:00:00"));
        assert_eq!(
            text(46_085.712_499_999_9, false).as_deref(),
            Some("2026-03-04T17:06:00")
        );
        assert_eq!(text(-1.0, false), None);
        assert_eq!(text(f64::NAN, false), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}") {
            let _ = (read(&text, None), canonical(&text));
        }

        #[test]
        fn what_is_canonical_is_read_the_same_otherwise(
            text in "(1999|20[0-9]{2}|9999)-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]Z",
        ) {
            let canonical = canonical(&text);
            prop_assert!(canonical.is_none() || utc_text(&text) == Some(text));
        }

        #[test]
        fn what_lacks_only_the_zone_is_read_the_same_otherwise(
            text in "(1999|20[0-9]{2}|9999)-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-6][0-9]:[0-6][0-9]",
        ) {
            let written = canonical_of(&text).map(|(written, _)| written);
            prop_assert!(written.is_none() || utc_text(&text) == written);
        }

        #[test]
        fn a_point_in_time_reads_back(second in 946_684_800i64..4_102_444_800) {
            let time = Timestamp::from_second(second).unwrap();
            prop_assert_eq!(utc_text(&time.to_string()), Some(time.to_string()));
        }
    }
}
