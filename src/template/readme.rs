//! The second sheet of the template: how to fill in the first one. No cell may equal a column name, or the sheet would
//! be read as data.

use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder, Worksheet, XlsxError};

use super::columns::{columns, header};
use super::header_format::header_format;
use crate::diagnostics::diagnostic::column_letters;
use crate::paylocity::status::{ASSESSMENT_STATUSES, TEST_STATUSES};
use crate::xlsx;

/// The columns of its table with their widths in characters.
const TABLE: [(&str, f64); 5] = [
    ("Column of the sheet Scores", 42.0),
    ("Required", 11.0),
    ("Description", 72.0),
    ("Limit", 10.0),
    ("Example", 52.0),
];
/// Characters per line of a paragraph, rounded down so that no line is hidden.
const CHARS_PER_LINE: usize = 130;
/// The last column of the table, from 0.
const LAST: u16 = 4;

/// Fills the sheet.
pub(crate) fn fill(sheet: &mut Worksheet) -> Result<(), XlsxError> {
    sheet.set_name("Read me")?;
    sheet.set_screen_gridlines(false);
    sheet.set_landscape().set_print_fit_to_pages(1, 0);
    for (column, (_, width)) in (0..).zip(TABLE) {
        sheet.set_column_width(column, width)?;
    }
    let title = Format::new().set_bold().set_font_size(16);
    sheet.write_with_format(0, 0, "How to fill in the sheet Scores", &title)?;
    sheet.set_row_height(0, 26)?;
    let after = write_advice(sheet, 2)?;
    write_table(sheet, after + 1)
}

/// Writes the paragraphs. Returns the row after them.
fn write_advice(sheet: &mut Worksheet, first: u32) -> Result<u32, XlsxError> {
    let name = Format::new().set_bold().set_align(FormatAlign::Top);
    let text = Format::new()
        .set_text_wrap()
        .set_align(FormatAlign::Left)
        .set_align(FormatAlign::Top);
    let mut row = first;
    for (about, advice) in advice() {
        sheet.write_with_format(row, 0, about, &name)?;
        sheet.merge_range(row, 1, row, LAST, &advice, &text)?;
        sheet.set_row_height(row, xlsx::row_height(&advice, CHARS_PER_LINE) + 3.0)?;
        row += 1;
    }
    Ok(row)
}

fn advice() -> [(&'static str, String); 8] {
    [
        (
            "Rows",
            "One row for each attempt at each test. Rows with the same company and order become one update, \
             regardless of their position."
                .to_owned(),
        ),
        (
            "Blank cells",
            "Blank cells leave the value in Paylocity unchanged. Headers with a star are required; other columns can be \
             deleted."
                .to_owned(),
        ),
        (
            "Order and assessment",
            "Enter values of a whole order or assessment in one of its rows, or the same value in all of them."
                .to_owned(),
        ),
        (
            "Times",
            "A date and time, such as 2026-03-04 17:06. It is read as UTC unless you pass --timezone, for example --timezone America/New_York."
                .to_owned(),
        ),
        (
            "Statuses of a test",
            format!("{}.", TEST_STATUSES.join(", ")),
        ),
        (
            "Statuses of an assessment",
            format!(
                "{}. When it is Complete, CompleteReview or Expired, each of its tests must be Complete, \
                 RetestRecommended or Expired.",
                ASSESSMENT_STATUSES.join(", ")
            ),
        ),
        (
            "Reports",
            "A name and a link; for a second one add test_report_name_2 and test_report_url_2. Sent reports \
             cannot be removed."
                .to_owned(),
        ),
        (
            "Check, then deliver",
            "scoreload validate FILE finds every mistake; scoreload import FILE delivers. This sheet is \
             never sent."
                .to_owned(),
        ),
    ]
}

fn write_table(sheet: &mut Worksheet, first: u32) -> Result<(), XlsxError> {
    let cell = Format::new()
        .set_text_wrap()
        .set_align(FormatAlign::Left)
        .set_align(FormatAlign::Top)
        .set_border_bottom(FormatBorder::Thin)
        .set_border_bottom_color(Color::RGB(0xD9_D9D9));
    let strong = cell.clone().set_bold();
    for (column, (title, _)) in (0..).zip(TABLE) {
        sheet.write_with_format(first, column, title, &header_format(false))?;
    }
    for (index, column) in (0u32..).zip(columns()) {
        let (row, spec) = (first + 1 + index, column.spec());
        let name = format!("{}: {}", column_letters(index), header(column));
        let required = if column.is_required() { "yes" } else { "" };
        let limit = spec
            .limit
            .max()
            .map(|limit| limit.to_string())
            .unwrap_or_default();
        sheet.write_with_format(row, 0, name, &strong)?;
        sheet.write_with_format(row, 1, required, &cell)?;
        sheet.write_with_format(row, 2, spec.description, &cell)?;
        sheet.write_with_format(row, 3, limit, &cell)?;
        sheet.write_with_format(row, 4, spec.example, &cell)?;
    }
    Ok(())
}
