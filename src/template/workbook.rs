//! The template as a workbook: a sheet to fill in, and a sheet that explains it.

use rust_xlsxwriter::{
    DataValidation, DataValidationErrorStyle, DataValidationRule, Format, IgnoreError, Workbook,
    Worksheet, XlsxError,
};

use super::columns::{columns, format_hint, header};
use super::header_format::header_format;
use super::readme;
use crate::paylocity::status::{ASSESSMENT_STATUSES, TEST_STATUSES};
use crate::schema::columns::{Column, Kind};
use crate::xlsx;

/// The last row of a sheet, from 0; column settings apply to all rows.
const LAST_ROW: u32 = xlsx::MAX_ROWS - 1;
/// The widest column, in characters.
const MAX_WIDTH: usize = 40;

/// Returns the bytes of the workbook.
pub(crate) fn workbook() -> Result<Vec<u8>, XlsxError> {
    book()?.save_to_buffer()
}

fn book() -> Result<Workbook, XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("Scores")?;
    let mut last = 0;
    for (index, column) in (0u16..).zip(columns()) {
        fill_column(sheet, index, column)?;
        last = index;
    }
    sheet.set_row_height(0, 24)?;
    sheet.set_freeze_panes(1, 0)?;
    sheet.autofilter(0, 0, LAST_ROW, last)?;
    sheet.set_landscape();
    sheet.set_repeat_rows(0, 0)?;
    sheet.ignore_error_range(1, 0, LAST_ROW, last, IgnoreError::NumberStoredAsText)?;
    readme::fill(book.add_worksheet())?;
    Ok(book)
}

fn fill_column(sheet: &mut Worksheet, index: u16, column: Column) -> Result<(), XlsxError> {
    sheet.set_column_width(index, width(column))?;
    sheet.set_column_format(index, &cell_format(column.spec().kind))?;
    let format = header_format(column.is_required());
    sheet.write_with_format(0, index, header(column), &format)?;
    sheet.insert_note(0, index, &xlsx::note(&note_text(column)))?;
    if let Some(rule) = rule(column)? {
        sheet.add_data_validation(1, index, LAST_ROW, index, &rule)?;
    }
    Ok(())
}

/// Returns the width of a column: its header and its example fit, up to a limit.
fn width(column: Column) -> f64 {
    /// Room for the button of the filter.
    const BUTTON: usize = 4;
    let name = column.name().len() + BUTTON;
    let width = name.max(column.spec().example.len().min(MAX_WIDTH));
    u32::try_from(width).map_or(0.0, f64::from)
}

/// Returns the number format of a column: text wherever a spreadsheet would change the input (ids lose zeros, scores
/// become dates).
fn cell_format(kind: Kind) -> Format {
    let code = match kind {
        Kind::Attempt => "0",
        Kind::Timestamp => "yyyy-mm-dd hh:mm",
        Kind::Id
        | Kind::Score
        | Kind::FreeText
        | Kind::Url
        | Kind::AssessmentStatus
        | Kind::TestStatus => "@",
    };
    Format::new().set_num_format(code)
}

fn note_text(column: Column) -> String {
    let spec = column.spec();
    let mut lines = vec![format!("{}: {}.", spec.name, spec.description)];
    if column.is_required() {
        lines.push("Required.".to_owned());
    }
    lines.extend(
        spec.limit
            .max()
            .map(|limit| format!("At most {limit} characters.")),
    );
    lines.push(format_hint(column));
    lines.push(format!("Example: {}", spec.example));
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

/// Returns the validation rule of a column; it only warns, as a configuration may allow other words.
fn rule(column: Column) -> Result<Option<DataValidation>, XlsxError> {
    let spec = column.spec();
    let (rule, message) = match (spec.kind, spec.limit.max()) {
        (Kind::AssessmentStatus, _) => (
            DataValidation::new().allow_list_strings(&ASSESSMENT_STATUSES)?,
            "Not a status of an assessment.".to_owned(),
        ),
        (Kind::TestStatus, _) => (
            DataValidation::new().allow_list_strings(&TEST_STATUSES)?,
            "Not a status of a test.".to_owned(),
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
    fn the_empty_workbook_has_no_orders() {
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
    fn the_workbook_with_the_examples_is_valid() {
        let mut book = book().unwrap();
        let sheet = book.worksheet_from_index(0).unwrap();
        for (index, column) in (0u16..).zip(columns()) {
            let spec = column.spec();
            let format = cell_format(spec.kind);
            match spec.kind {
                Kind::Timestamp => {
                    let time =
                        rust_xlsxwriter::ExcelDateTime::parse_from_str(spec.example).unwrap();
                    sheet.write_with_format(1, index, &time, &format).unwrap();
                }
                Kind::Attempt => {
                    sheet.write_with_format(1, index, 1, &format).unwrap();
                }
                _ => {
                    sheet
                        .write_with_format(1, index, spec.example, &format)
                        .unwrap();
                }
            }
        }
        let batch = gathered(&saved(book));
        assert_eq!(*batch.problems, []);
        assert_eq!(batch.orders.len(), 1);
    }

    #[test]
    fn every_column_has_a_note_and_a_valid_rule() {
        for column in columns() {
            assert!(rule(column).is_ok(), "{column:?}");
            assert!(note_text(column).starts_with(column.name()));
        }
    }
}
