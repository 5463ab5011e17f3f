//! The template as a workbook: a sheet to fill in, and one that explains it.

use rust_xlsxwriter::{
    Color, DataValidation, DataValidationErrorStyle, DataValidationRule, Format, FormatAlign,
    FormatBorder, IgnoreError, Note, Workbook, Worksheet, XlsxError,
};

use super::{SLOTS, Slot, readme};
use crate::paylocity::status::{ASSESSMENT_STATUSES, TEST_STATUSES};
use crate::schema::columns::Kind;

/// The last row of a sheet, from 0: what holds for a column holds for all its rows.
const LAST_ROW: u32 = 1_048_575;
/// The last row and column in which Excel would warn of numbers that are kept as text.
const LAST_COLUMN: u16 = 21;

/// Dark enough for white letters: columns that must be filled in.
pub(crate) const REQUIRED_FILL: Color = Color::RGB(0x1F_4E79);
/// All other headers.
pub(crate) const PLAIN_FILL: Color = Color::RGB(0xDD_EBF7);

/// Makes the workbook.
///
/// # Errors
/// When the library refuses what it is given.
pub(crate) fn make() -> Result<Vec<u8>, XlsxError> {
    book()?.save_to_buffer()
}

fn book() -> Result<Workbook, XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("Scores")?;
    for (column, slot) in (0u16..).zip(&SLOTS) {
        fill_column(sheet, column, slot)?;
    }
    sheet.set_row_height(0, 24)?;
    sheet.set_freeze_panes(1, 0)?;
    sheet.autofilter(0, 0, LAST_ROW, LAST_COLUMN)?;
    sheet.set_landscape();
    sheet.set_repeat_rows(0, 0)?;
    sheet.ignore_error_range(1, 0, LAST_ROW, LAST_COLUMN, IgnoreError::NumberStoredAsText)?;
    readme::fill(book.add_worksheet())?;
    Ok(book)
}

fn fill_column(sheet: &mut Worksheet, column: u16, slot: &Slot) -> Result<(), XlsxError> {
    sheet.set_column_width(column, slot.width)?;
    sheet.set_column_format(column, &cell_format(slot.column.spec().kind))?;
    sheet.write_with_format(0, column, slot.header(), &header_format(slot.is_required()))?;
    sheet.insert_note(0, column, &note(slot))?;
    if let Some(rule) = rule(slot)? {
        sheet.add_data_validation(1, column, LAST_ROW, column, &rule)?;
    }
    Ok(())
}

/// Text wherever a spreadsheet would change what is typed: ids lose zeros, scores become dates.
fn cell_format(kind: Kind) -> Format {
    let code = match kind {
        Kind::Attempt => "0",
        Kind::Time => "yyyy-mm-dd hh:mm",
        Kind::Id
        | Kind::Score
        | Kind::Prose
        | Kind::Url
        | Kind::AssessmentStatus
        | Kind::TestStatus => "@",
    };
    Format::new().set_num_format(code)
}

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

/// What a header is, as its note.
fn note(slot: &Slot) -> Note {
    const WIDTH: u32 = 280;
    const LETTERS_OF_A_LINE: usize = 42;
    const LINE_HEIGHT: usize = 18;
    let text = note_text(slot);
    let lines: usize = text
        .lines()
        .map(|line| line.chars().count() / LETTERS_OF_A_LINE + 1)
        .sum();
    let height = u32::try_from((lines + 1) * LINE_HEIGHT).unwrap_or(u32::MAX);
    Note::new(text)
        .add_author_prefix(false)
        .set_width(WIDTH)
        .set_height(height)
}

fn note_text(slot: &Slot) -> String {
    let spec = slot.column.spec();
    let mut lines = vec![format!("{}: {}.", spec.name, spec.about)];
    if slot.is_required() {
        lines.push("Required.".to_owned());
    }
    lines.extend(
        spec.limit
            .map(|limit| format!("At most {limit} characters.")),
    );
    lines.push(slot.form());
    lines.push(format!("Example: {}", slot.example));
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

/// What a spreadsheet holds the cells of a column to; it warns, and lets other words pass that a config knows.
fn rule(slot: &Slot) -> Result<Option<DataValidation>, XlsxError> {
    let spec = slot.column.spec();
    let (rule, message) = match (spec.kind, spec.limit) {
        (Kind::AssessmentStatus, _) => (
            DataValidation::new().allow_list_strings(&ASSESSMENT_STATUSES)?,
            "This is no status of an assessment.".to_owned(),
        ),
        (Kind::TestStatus, _) => (
            DataValidation::new().allow_list_strings(&TEST_STATUSES)?,
            "This is no status of a test.".to_owned(),
        ),
        (Kind::Attempt, _) => (
            DataValidation::new().allow_whole_number(DataValidationRule::GreaterThanOrEqualTo(0)),
            "The attempt is a whole number; 1 is the first.".to_owned(),
        ),
        (_, Some(limit)) => (
            DataValidation::new().allow_text_length(DataValidationRule::LessThanOrEqualTo(
                u32::try_from(limit).unwrap_or(u32::MAX),
            )),
            format!("{} takes at most {limit} characters.", spec.name),
        ),
        (_, None) => return Ok(None),
    };
    let rule = rule
        .set_error_style(DataValidationErrorStyle::Warning)
        .set_error_title(spec.name)?
        .set_error_message(message)?;
    Ok(Some(rule))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::tests::gathered;

    fn saved(mut book: Workbook) -> tempfile::TempPath {
        let path = tempfile::Builder::new().suffix(".xlsx").tempfile().unwrap();
        std::fs::write(&path, book.save_to_buffer().unwrap()).unwrap();
        path.into_temp_path()
    }

    #[test]
    fn nothing_of_the_untouched_workbook_would_be_sent() {
        let batch = gathered(&saved(book().unwrap()));
        assert_eq!(*batch.problems, []);
        assert!(batch.orders.is_empty());
        let sheets: Vec<_> = batch
            .sheets
            .iter()
            .map(|sheet| &sheet.source.sheet)
            .collect();
        assert_eq!(sheets, [&Some("Scores".to_owned())]);
    }

    #[test]
    fn the_workbook_is_right_once_the_example_is_filled_in() {
        let mut book = book().unwrap();
        let sheet = book.worksheet_from_index(0).unwrap();
        for (column, slot) in (0u16..).zip(&SLOTS) {
            let format = cell_format(slot.column.spec().kind);
            match slot.column.spec().kind {
                Kind::Time => {
                    let time =
                        rust_xlsxwriter::ExcelDateTime::parse_from_str(slot.example).unwrap();
                    sheet.write_with_format(1, column, &time, &format).unwrap();
                }
                Kind::Attempt => {
                    sheet.write_with_format(1, column, 1, &format).unwrap();
                }
                _ => {
                    sheet
                        .write_with_format(1, column, slot.example, &format)
                        .unwrap();
                }
            }
        }
        let batch = gathered(&saved(book));
        assert_eq!(*batch.problems, []);
        assert_eq!(batch.orders.len(), 1);
    }

    #[test]
    fn every_note_and_rule_can_be_made() {
        for slot in &SLOTS {
            assert!(rule(slot).is_ok(), "{}", slot.header());
            assert!(note_text(slot).starts_with(slot.column.name()));
        }
        assert_eq!(SLOTS.len(), usize::from(LAST_COLUMN) + 1);
    }
}
