//! Reading timestamps: in the format of the cell, converted to RFC 3339 in UTC.

use std::borrow::Cow;

use jiff::tz::TimeZone;

use super::finding::{Finding, Value};
use super::rules::Rules;
use crate::diagnostics::diagnostic::{Code, excerpt};
use crate::input::Cell;
use crate::input::values::timestamp;
use crate::input::values::timestamp::Unclear;

/// Timestamps up to this far in the future are accepted: clocks differ.
const CLOCK_SKEW: jiff::SignedDuration = jiff::SignedDuration::from_mins(5);

pub(crate) fn read<'c>(cell: &'c Cell<'_>, rules: &Rules) -> Value<'c> {
    let text = cell.shown();
    if let Cell::Text(text) = cell
        && timestamp::canonical(text).is_some_and(|time| time <= rules.now)
    {
        return Cow::Borrowed(&**text).into();
    }
    if let Cell::Text(text) = cell
        && rules.zone == TimeZone::UTC
        && let Some((written, time)) = timestamp::canonical_of(text)
        && time <= rules.now
    {
        return Cow::<str>::Owned(written).into();
    }
    let reading = match cell {
        Cell::Date(time) => Ok((*time, None, None)),
        Cell::Text(text) => timestamp::read(text, rules.date_order)
            .map(|reading| (reading.time, reading.offset, reading.order)),
        _ => Err(Unclear::NoTime),
    };
    let (time, offset, date_order) = match reading {
        Ok(reading) => reading,
        Err(Unclear::TwoDays(mdy, dmy)) => return ambiguous(&text, mdy, dmy).into(),
        Err(Unclear::NoTime) => return no_time(cell, &text).into(),
    };
    let Some(time) = timestamp::utc(time, offset, &rules.zone) else {
        let message = if time.year() < timestamp::EARLIEST_YEAR {
            let earliest = timestamp::EARLIEST_YEAR;
            format!("`{}` is before the year {earliest}", excerpt(&text))
        } else {
            format!("`{}` is beyond the end of the calendar", excerpt(&text))
        };
        return Finding::new(
            Code::TimestampInvalid,
            message,
            "enter when the status was reached",
        )
        .into();
    };
    let future = rules
        .now
        .saturating_add(CLOCK_SKEW)
        .is_ok_and(|now| time > now)
        .then(|| {
            let message = format!("`{}` is in the future ({time})", excerpt(&text));
            let help = "check the date, and the zone of times that name none (--timezone)";
            Finding::new(Code::TimestampInFuture, message, help)
        });
    Value {
        text: Some(time.to_string().into()),
        finding: future.map(Box::new),
        placeholder: false,
        date_order,
    }
}

fn no_time(cell: &Cell<'_>, text: &str) -> Finding {
    let (message, help) = match cell {
        Cell::Number(_) => (
            format!("the cell holds the number {text}, not a time"),
            "format the column as date and time",
        ),
        _ => (
            format!("`{}` is not a time in a known format", excerpt(text)),
            if timestamp::ends_with_a_name(text) {
                "write its zone as an offset, like 2026-03-04 17:06 -05:00"
            } else {
                "write it like 2026-03-04T17:06:00Z or 2026-03-04 17:06"
            },
        ),
    };
    Finding::new(Code::TimestampInvalid, message, help)
}

fn ambiguous(text: &str, mdy: jiff::civil::Date, dmy: jiff::civil::Date) -> Finding {
    let message = format!(
        "`{}` is {} by month first and {} by day first",
        excerpt(text),
        mdy.strftime("%-d %B %Y"),
        dmy.strftime("%-d %B %Y")
    );
    Finding::new(
        Code::TimestampAmbiguous,
        message,
        "pass --date-order mdy or --date-order dmy",
    )
}
