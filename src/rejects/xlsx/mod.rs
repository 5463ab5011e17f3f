//! Rejected rows as a workbook: each sheet in its own layout, bad cells coloured and annotated. Rows are flushed as
//! they are written.

mod name;
mod row;
mod sheet;
mod style;

use std::fs::File;
use std::io;

use rust_xlsxwriter::{ColNum, Workbook, XlsxError};

use self::sheet::SheetWriter;
use crate::rejects::remarks::Rejected;
use crate::xlsx;

/// Maximum number of rows per sheet: the format's 1,048,576, with room for the rows up to the header.
const MAX_ROWS: usize = 1_048_000;

/// Writes the rejected rows.
///
/// # Errors
/// If writing fails, or the format cannot hold the rows.
pub(crate) fn write(rejected: &Rejected<'_>, file: &mut File) -> io::Result<()> {
    xlsx::save(book(rejected).map_err(xlsx::io_error)?, file)
}

fn book(rejected: &Rejected<'_>) -> Result<Workbook, XlsxError> {
    let mut book = Workbook::new();
    let mut names = Vec::new();
    for sheet in &rejected.sheets {
        for rows in sheet.rows.chunks(MAX_ROWS) {
            let name = name::unique(name::of(&sheet.head.source), &names);
            names.push(name.to_lowercase());
            let out = book.add_worksheet_with_low_memory()?;
            out.set_name(name)?;
            SheetWriter::of(rejected, sheet, out).all(rows)?;
        }
    }
    Ok(book)
}

/// Converts a column index; the library refuses columns beyond the format's limit.
fn at(column: usize) -> ColNum {
    ColNum::try_from(column).unwrap_or(ColNum::MAX)
}
