//! Rejected rows as CSV: one table for all inputs, values as their text, nothing of the user's changed.

use std::io::{self, BufWriter, Write};

use csv::WriterBuilder;

use super::table::Table;
use super::{Rejected, RejectedSheet};

/// Writes the rejected rows.
///
/// # Errors
/// Those of the stream.
pub fn write(rejected: &Rejected<'_>, out: &mut dyn Write) -> io::Result<()> {
    let sheets: Vec<&RejectedSheet<'_>> = rejected.sheets.iter().collect();
    let table = Table::of(rejected, &sheets);
    let mut out = WriterBuilder::new()
        .flexible(true)
        .from_writer(BufWriter::new(out));
    let ours = table.our_columns().map(|(_, ours)| ours.header());
    out.write_record(table.headers.iter().map(String::as_str).chain(ours))?;
    for (index, sheet) in sheets.iter().enumerate() {
        for row in &sheet.rows {
            let Some(remark) = sheet.remarks.get(&row.number) else {
                continue;
            };
            let mut record = Vec::new();
            for placed in table.cells(index, row) {
                put(&mut record, placed.column, placed.cell.shown().into_owned());
            }
            for (column, _, text) in table.our_cells(&sheet.head.source, row, remark) {
                put(&mut record, column, text);
            }
            out.write_record(&record)?;
        }
    }
    out.flush()
}

fn put(record: &mut Vec<String>, column: usize, text: String) {
    if record.len() <= column {
        record.resize(column + 1, String::new());
    }
    record[column] = text;
}
