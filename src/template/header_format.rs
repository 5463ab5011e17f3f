//! The format of header cells, on both sheets.

use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder};

/// The background of required columns, dark enough for white text.
const REQUIRED_FILL: Color = Color::RGB(0x1F_4E79);
/// The background of other headers.
const PLAIN_FILL: Color = Color::RGB(0xDD_EBF7);

/// Returns the format of a header cell.
pub(crate) fn header_format(is_required: bool) -> Format {
    let format = Format::new()
        .set_bold()
        .set_align(FormatAlign::VerticalCenter)
        .set_border_bottom(FormatBorder::Thin);
    if is_required {
        format
            .set_background_color(REQUIRED_FILL)
            .set_font_color(Color::White)
    } else {
        format.set_background_color(PLAIN_FILL)
    }
}
