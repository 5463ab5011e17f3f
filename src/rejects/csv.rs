//! Rejected rows as CSV: one table for all inputs, written as they are, values as their text, nothing of the user's
//! changed. What a spreadsheet would take for a formula is written so that it shows, and imports again, as the text that
//! it is.

use std::borrow::Cow;
use std::io::{self, BufWriter, Write};

use csv::WriterBuilder;

use super::table::{Placed, Table};
use super::{Rejected, RejectedSheet, Remark, UNMENDED};
use crate::diagnostics::diagnostic::Code;
use crate::input::Cell;
use crate::text::formula::guarded;

/// Says that what follows is UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Writes the rejected rows.
///
/// # Errors
/// Those of the stream.
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
    let ours = table.our_columns().map(|(_, ours)| ours.header());
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
            for (column, _, text) in table.our_cells(&sheet.head.source, row, remark) {
                put(&mut record, column, &text);
            }
            out.write_record(&record)?;
        }
    }
    out.flush()
}

/// Returns the text of a cell. As text a value would pass that a spreadsheet has changed; it stays an error instead.
fn text_of(placed: &Placed<'_>, remark: &Remark<'_>) -> String {
    let is_changed = remark.problems.iter().any(|problem| {
        let is_told = matches!(problem.code, Code::CellType | Code::IdNotExact);
        is_told && problem.place.column == Some(placed.origin)
    });
    match &*placed.cell {
        Cell::Formula => UNMENDED.to_owned(),
        Cell::Text(text) => text.to_string(),
        _ if is_changed => UNMENDED.to_owned(),
        cell => cell.shown().into_owned(),
    }
}

fn put(record: &mut Vec<String>, column: usize, text: &str) {
    if record.len() <= column {
        record.resize(column + 1, String::new());
    }
    record[column] = guarded(text).into_owned();
}
