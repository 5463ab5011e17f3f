//! The format of header cells, on both sheets.

use rust_xlsxwriter::{Color, Format};

use crate::xlsx;

/// The background of required columns, dark enough for white text.
const REQUIRED_FILL: Color = Color::RGB(0x1F_4E79);
/// The background of other headers.
const PLAIN_FILL: Color = Color::RGB(0xDD_EBF7);

/// Returns the format of a header cell.
pub(crate) fn header_format(is_required: bool) -> Format {
    if is_required {
        xlsx::header_format(REQUIRED_FILL).set_font_color(Color::White)
    } else {
        xlsx::header_format(PLAIN_FILL)
    }
}
