//! The formats of rejected rows in a workbook: the cell's own format, plus a colour for the state of the row.

use jiff::civil;
use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder};

use crate::input::Cell;
use crate::input::workbook::sheet_style::Look;

/// The background colour of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tint {
    /// None.
    None,
    /// The cell has an error.
    Bad,
    /// Another row of the order has an error.
    Sibling,
    /// The order was not delivered.
    Undelivered,
}

/// The text format, which keeps typed values unchanged.
pub(crate) const AS_TYPED: &str = "@";

/// The colours that spreadsheets use for a bad cell.
const BAD: (u32, u32) = (0x00FF_C7CE, 0x009C_0006);
const SIBLING: u32 = 0x00FF_F6DD;
const UNDELIVERED: u32 = 0x00FC_E4D6;
const OURS: u32 = 0x0059_5959;
const OURS_HEADER: u32 = 0x00ED_EDED;

/// Returns the format of a cell with this original appearance.
pub(crate) fn of(look: Option<&Look>, tint: Tint) -> Format {
    let format = look
        .map_or_else(Format::new, own)
        .set_align(FormatAlign::Top);
    match tint {
        Tint::None => format,
        Tint::Bad => format
            .set_background_color(BAD.0)
            .set_font_color(BAD.1)
            .set_border(FormatBorder::Thin)
            .set_border_color(BAD.1),
        Tint::Sibling => format.set_background_color(SIBLING),
        Tint::Undelivered => format.set_background_color(UNDELIVERED),
    }
}

/// Returns the format of a header or title: bold unless its own appearance is known.
pub(crate) fn header(look: Option<&Look>) -> Format {
    look.map_or_else(|| Format::new().set_bold(), own)
}

/// Returns the format of added headers.
pub(crate) fn added_header() -> Format {
    Format::new()
        .set_italic()
        .set_font_color(OURS)
        .set_background_color(OURS_HEADER)
}

/// Returns the format of added cells.
pub(crate) fn ours(tint: Tint) -> Format {
    let format = of(None, tint).set_text_wrap().set_num_format(AS_TYPED);
    match tint {
        Tint::Bad => format,
        _ => format.set_font_color(OURS),
    }
}

fn own(look: &Look) -> Format {
    let mut format = Format::new();
    if let Some(code) = &look.format {
        format = format.set_num_format(code);
    }
    if look.is_bold {
        format = format.set_bold();
    }
    if look.is_italic {
        format = format.set_italic();
    }
    if let Some(size) = look.size {
        format = format.set_font_size(size);
    }
    if let Some(colour) = look.colour {
        format = format.set_font_color(Color::RGB(colour));
    }
    if let Some(colour) = look.fill {
        format = format.set_background_color(Color::RGB(colour));
    }
    format
}

/// Returns the number format for a cell without a known one.
pub(crate) fn format_code(cell: &Cell<'_>) -> Option<&'static str> {
    match cell {
        Cell::Text(_) => Some(AS_TYPED),
        Cell::Date(time) if time.time() == civil::Time::midnight() => Some("yyyy-mm-dd"),
        Cell::Date(_) => Some("yyyy-mm-dd hh:mm:ss"),
        Cell::Duration(_) => Some("[h]:mm:ss"),
        Cell::Blank
        | Cell::Number(_)
        | Cell::Percentage(_)
        | Cell::Boolean(_)
        | Cell::Error(_)
        | Cell::Formula => None,
    }
}

/// Returns the serial number of a date in the 1900 date system.
pub(crate) fn serial(time: civil::DateTime) -> f64 {
    const EPOCH: civil::DateTime = civil::DateTime::constant(1899, 12, 30, 0, 0, 0, 0);
    const DAY_S: f64 = 86_400.0;
    time.duration_since(EPOCH).as_secs_f64() / DAY_S
}

/// Converts a duration such as `26:05:00` to days.
pub(crate) fn days(text: &str) -> Option<f64> {
    let parts: Vec<f64> = text
        .split(':')
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    match parts[..] {
        [hours, minutes, seconds] if hours >= 0.0 => {
            Some((hours * 3600.0 + minutes * 60.0 + seconds) / 86_400.0)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::values::timestamp::from_serial;

    #[test]
    fn dates_round_trip_through_serial_numbers() {
        for text in [
            "2026-03-04T17:06:00",
            "2024-02-29",
            "1999-12-31T23:59:59",
            "2026-11-01T00:00:00.25",
        ] {
            let time: civil::DateTime = text.parse().unwrap();
            assert_eq!(from_serial(serial(time), false), Some(time), "{text}");
        }
    }

    #[test]
    fn durations_are_stored_in_days() {
        assert_eq!(days("36:00:00"), Some(1.5));
        assert_eq!(days("0:00:43"), Some(43.0 / 86_400.0));
        assert_eq!(days("PT26H"), None);
    }
}
