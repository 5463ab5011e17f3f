//! What all workbooks that Scoreload writes have in common: limits of the format, saving, headers, notes.
//!
//! Reports, rejected rows and the template build on this module; `rust_xlsxwriter` does the writing.

use std::fs::File;
use std::io;

use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder, Note, Workbook, XlsxError};

/// Maximum number of rows in a sheet.
pub(crate) const MAX_ROWS: u32 = 1_048_576;
/// Height of a line of text, in points.
pub(crate) const LINE_HEIGHT: f64 = 15.0;
/// Maximum height of a row, in points.
pub(crate) const MAX_ROW_HEIGHT: f64 = 409.0;
/// Maximum length of a cell's text, in UTF-16 units.
pub(crate) const MAX_TEXT: usize = 32_767;

/// Saves a workbook to a file.
pub(crate) fn save(mut book: Workbook, file: &mut File) -> io::Result<()> {
    book.save_to_writer(file).map_err(io_error)
}

/// Converts an error of the library.
pub(crate) fn io_error(error: XlsxError) -> io::Error {
    match error {
        XlsxError::IoError(error) => error,
        error => io::Error::other(error),
    }
}

/// Truncates a text to what a cell can hold.
pub(crate) fn truncated(text: &str) -> &str {
    let mut units = 0;
    let end = text.char_indices().find_map(|(index, c)| {
        units += c.len_utf16();
        (units > MAX_TEXT).then_some(index)
    });
    &text[..end.unwrap_or(text.len())]
}

/// Returns the format of a table's header with this fill.
pub(crate) fn header_format(fill: Color) -> Format {
    Format::new()
        .set_bold()
        .set_align(FormatAlign::VerticalCenter)
        .set_border_bottom(FormatBorder::Thin)
        .set_background_color(fill)
}

/// Returns the height of a row that shows a wrapped text. Some programs do not adjust row heights themselves.
pub(crate) fn row_height(text: &str, chars_per_line: usize) -> f64 {
    let lines = u32::try_from(wrapped_lines(text, chars_per_line)).unwrap_or(u32::MAX);
    (f64::from(lines) * LINE_HEIGHT).min(MAX_ROW_HEIGHT)
}

/// Creates a note, sized to fit its text.
pub(crate) fn note(text: &str) -> Note {
    const CHARS_PER_LINE: usize = 50;
    const WIDTH_PX: u32 = 320;
    const LINE_HEIGHT_PX: u32 = 18;
    const MAX_HEIGHT_PX: u32 = 600;
    let lines: usize = text
        .lines()
        .map(|line| wrapped_lines(line, CHARS_PER_LINE))
        .sum();
    let height = u32::try_from(lines + 1)
        .unwrap_or(u32::MAX)
        .saturating_mul(LINE_HEIGHT_PX);
    Note::new(text)
        .add_author_prefix(false)
        .set_author("Scoreload")
        .set_width(WIDTH_PX)
        .set_height(height.min(MAX_HEIGHT_PX))
}

fn wrapped_lines(text: &str, chars_per_line: usize) -> usize {
    text.chars().count().div_ceil(chars_per_line).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_truncated_by_utf16_units() {
        assert_eq!(truncated("short"), "short");
        assert_eq!(truncated(&"é".repeat(40_000)).chars().count(), MAX_TEXT);
        let pairs = "𝄞".repeat(20_000);
        assert_eq!(truncated(&pairs).chars().count(), MAX_TEXT / 2);
    }

    #[test]
    fn row_heights_grow_with_the_text_up_to_the_maximum() {
        let heights =
            ["", "one line", &"x".repeat(21), &"x".repeat(10_000)].map(|text| row_height(text, 20));
        for (height, expected) in heights.into_iter().zip([15.0, 15.0, 30.0, 409.0]) {
            assert!(
                (height - expected).abs() < f64::EPSILON,
                "{height} instead of {expected}"
            );
        }
    }
}
