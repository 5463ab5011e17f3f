//! Rejected rows as CSV: one table for all inputs, in the input's dialect, with values as text. A value that a
//! spreadsheet would take for a formula is written so that it displays, and imports again, as text.

use std::borrow::Cow;
use std::io::{self, BufWriter, Write};

use csv::WriterBuilder;

use super::table::{Placed, Table};
use crate::diagnostics::diagnostic::Code;
use crate::input::Cell;
use crate::rejects::remarks::{Rejected, RejectedSheet, Remark, UNKNOWN_VALUE};
use crate::text::formula::guarded;

/// Marks the file as UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Writes the rejected rows.
///
/// # Errors
/// If writing fails.
pub(crate) fn write(rejected: &Rejected<'_>, out: &mut dyn Write) -> io::Result<()> {
    let sheets: Vec<&RejectedSheet<'_>> = rejected.sheets.iter().collect();
    let table = Table::of(rejected, &sheets);
    let mut out = BufWriter::new(out);
    if rejected.written.is_marked {
        out.write_all(BYTE_ORDER_MARK)?;
    }
    let mut out = WriterBuilder::new()
        .flexible(true)
        .delimiter(rejected.written.delimiter)
        .from_writer(out);
    let ours = table.added_columns().map(|(_, ours)| ours.header());
    let headers = table.headers.iter().map(|text| guarded(text));
    out.write_record(headers.chain(ours.map(Cow::Borrowed)).map(Cow::into_owned))?;
    for (index, sheet) in sheets.iter().enumerate() {
        for row in &sheet.rows {
            let Some(remark) = sheet.remarks.get(&row.number) else {
                continue;
            };
            let mut record = Vec::new();
            for placed in table.cells(index, row) {
                put(&mut record, placed.column, &text_of(&placed, remark));
            }
            for (column, _, text) in table.added_cells(&sheet.head.source, row, remark) {
                put(&mut record, column, &text);
            }
            out.write_record(&record)?;
        }
    }
    out.flush()
}

/// Returns the text of a cell. A value that a spreadsheet has changed stays an error, since as text it would be
/// accepted.
fn text_of(placed: &Placed<'_>, remark: &Remark<'_>) -> String {
    let is_changed = remark.problems.iter().any(|problem| {
        let is_told = matches!(problem.code, Code::CellType | Code::IdNotExact);
        is_told && problem.place.column == Some(placed.origin)
    });
    match &*placed.cell {
        Cell::Formula => UNKNOWN_VALUE.to_owned(),
        Cell::Text(text) => text.to_string(),
        _ if is_changed => UNKNOWN_VALUE.to_owned(),
        cell => cell.shown().into_owned(),
    }
}

fn put(record: &mut Vec<String>, column: usize, text: &str) {
    if record.len() <= column {
        record.resize(column + 1, String::new());
    }
    record[column] = guarded(text).into_owned();
}
