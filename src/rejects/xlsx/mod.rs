//! Rejected rows as a workbook: each sheet in its own layout, bad cells coloured and annotated.
//!
//! Alone knows `rust_xlsxwriter`. Rows leave memory as they are written.

mod name;
mod row;
mod sheet;
mod style;

use std::fs::File;
use std::io;

use rust_xlsxwriter::{ColNum, Workbook, XlsxError};

use self::sheet::Writing;
use super::Rejected;

/// Rows of one sheet, below the format's bound of 1,048,576 by the 20 that a header may stand in.
const MOST_ROWS: usize = 1_048_000;

/// Writes the rejected rows.
///
/// # Errors
/// Those of the file, and of a form that cannot hold the rows.
pub(crate) fn write(rejected: &Rejected<'_>, file: &mut File) -> io::Result<()> {
    book(rejected)
        .and_then(|mut book| book.save_to_writer(file))
        .map_err(|error| match error {
            XlsxError::IoError(error) => error,
            error => io::Error::other(error),
        })
}

fn book(rejected: &Rejected<'_>) -> Result<Workbook, XlsxError> {
    let mut book = Workbook::new();
    let mut names = Vec::new();
    for sheet in &rejected.sheets {
        for rows in sheet.rows.chunks(MOST_ROWS) {
            let name = name::unique(name::of(&sheet.head.source), &names);
            names.push(name.to_lowercase());
            let out = book.add_worksheet_with_low_memory()?;
            out.set_name(name)?;
            Writing::of(rejected, sheet, out).all(rows)?;
        }
    }
    Ok(book)
}

/// Returns a column as the library counts it; one beyond the format's bound is refused by the library.
fn at(column: usize) -> ColNum {
    ColNum::try_from(column).unwrap_or(ColNum::MAX)
}
