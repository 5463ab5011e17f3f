//! Converts calamine's cells into [`Cell`]s.

use calamine::{Data, DataRef};

use crate::input::values::cell::Cell;
use crate::input::workbook::number_format::Format;

/// Converts a cell. The number format decides what the user sees of a number.
pub(crate) fn value(data: &DataRef<'_>, format: Format, is_1904: bool) -> Cell<'static> {
    match data {
        DataRef::Empty => Cell::Blank,
        DataRef::String(text) => Cell::text(text).into_owned(),
        DataRef::SharedString(text) => Cell::text(text).into_owned(),
        DataRef::Bool(value) => Cell::Boolean(*value),
        #[expect(clippy::cast_precision_loss, reason = "numbers in a workbook are f64")]
        DataRef::Int(number) => format.cell(*number as f64, is_1904),
        DataRef::Float(number) => format.cell(*number, is_1904),
        DataRef::DateTime(time) => {
            let format = match format {
                Format::Date | Format::Duration => format,
                _ if time.is_duration() => Format::Duration,
                _ => Format::Date,
            };
            format.cell(time.as_f64(), is_1904)
        }
        DataRef::DateTimeIso(text) => match text.trim_end_matches('Z').parse() {
            Ok(date) => Cell::Date(date),
            Err(_) => Cell::text(text).into_owned(),
        },
        DataRef::DurationIso(text) => Cell::Duration(clock_text(text)),
        DataRef::Error(error) => Cell::Error(error.to_string().into()),
    }
}

/// Borrows an owned cell in the form that calamine's streaming readers use.
pub(crate) fn borrowed(data: &Data) -> DataRef<'_> {
    match data {
        Data::Int(number) => DataRef::Int(*number),
        Data::Float(number) => DataRef::Float(*number),
        Data::String(text) => DataRef::SharedString(text),
        Data::Bool(value) => DataRef::Bool(*value),
        Data::DateTime(time) => DataRef::DateTime(*time),
        Data::DateTimeIso(text) => DataRef::DateTimeIso(text.clone()),
        Data::DurationIso(text) => DataRef::DurationIso(text.clone()),
        Data::Error(error) => DataRef::Error(error.clone()),
        Data::Empty => DataRef::Empty,
    }
}

/// Formats `PT12H30M00S` as `12:30:00`; other text is returned as it is.
fn clock_text(text: &str) -> String {
    let parts = || {
        let rest = text.strip_prefix("PT")?;
        let (hours, rest) = rest.split_once('H')?;
        let (minutes, rest) = rest.split_once('M')?;
        let seconds = rest.strip_suffix('S')?;
        let whole = seconds
            .split_once(['.', ','])
            .map_or(seconds, |(whole, _)| whole);
        let number = |text: &str| text.parse::<u32>().ok();
        Some((number(hours)?, number(minutes)?, number(whole)?))
    };
    parts().map_or_else(
        || text.to_owned(),
        |(hours, minutes, seconds)| format!("{hours}:{minutes:02}:{seconds:02}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_formatted_as_hours_minutes_seconds() {
        assert_eq!(clock_text("PT25H30M05S"), "25:30:05");
        assert_eq!(clock_text("PT00H00M12.5S"), "0:00:12");
        assert_eq!(clock_text("P1D"), "P1D");
    }
}
