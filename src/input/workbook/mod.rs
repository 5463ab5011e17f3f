//! Workbooks of every format. Alone knows calamine.
//!
//! The parcel is looked through first ([`package`]). An .xlsx is read as a stream of cells in this process ([`xlsx`]);
//! the others, which the library builds whole or reads with less care, in a process of their own ([`apart`]). What the
//! library does not tell is read beside it: formats of numbers, merged cells, formulas without a value, lost cells.
//!
//! A file is refused whole, with a [`error::Flaw`]: encrypted, damaged, cut short, or past a bound.

pub mod sheet_style;

mod catch_panic;
mod container;
mod error;
mod formulas;
mod merged;
mod number_format;
mod rows;
mod sheet_reader;
mod sheets;
mod value;
mod worker;
mod xlsx;

use std::sync::Arc;

use super::file::File;
use super::options::Options;
use super::row_sink::RowSink;
use crate::diagnostics::diagnostic::{Diagnostic, Source};
use crate::input::workbook::container::{Kind, Parcel};
use crate::input::workbook::error::Flaw;
use crate::input::workbook::sheet_reader::Taking;
pub(crate) use crate::input::workbook::worker::serve;

/// Reads the sheets of a workbook.
pub(crate) fn read<S: RowSink>(
    bytes: &[u8],
    source: &Arc<Source>,
    options: &Options<'_>,
    sink: &S,
    file: &mut File<S::Chunk>,
) -> Result<(), Diagnostic> {
    read_by(worker::read, bytes, source, options, sink, file)
}

/// Reads the sheets of a workbook in this process, of whatever kind it is.
#[cfg(any(test, fuzzing))]
pub(crate) fn read_in_process<S: RowSink>(
    bytes: &[u8],
    source: &Arc<Source>,
    options: &Options<'_>,
    sink: &S,
    file: &mut File<S::Chunk>,
) -> Result<(), Diagnostic> {
    read_by(worker::read_in_process, bytes, source, options, sink, file)
}

/// Reads the sheets of a workbook, where it is not read here by what is given.
fn read_by<'a, S: RowSink>(
    apart: impl FnOnce(&[u8], &Parcel, &mut Taking<'a, S>) -> Result<(), Diagnostic>,
    bytes: &[u8],
    source: &'a Arc<Source>,
    options: &'a Options<'a>,
    sink: &'a S,
    file: &'a mut File<S::Chunk>,
) -> Result<(), Diagnostic> {
    let parcel = catch_panic::guarded(|| Parcel::of(bytes)).map_err(|flaw| flaw.of(source))?;
    let mut taking = Taking {
        source,
        options,
        sink,
        file,
        likely: None,
    };
    match parcel.kind {
        Kind::Xlsx => read_here(bytes, &parcel, &mut taking)?,
        Kind::Xlsb | Kind::Xls | Kind::Ods => apart(bytes, &parcel, &mut taking)?,
    }
    taking.end()
}

/// Reads the sheets of an .xlsx workbook in this process.
fn read_here<S: RowSink>(
    bytes: &[u8],
    parcel: &Parcel,
    taking: &mut Taking<'_, S>,
) -> Result<(), Diagnostic> {
    let source = Arc::clone(taking.source);
    let refuse = |flaw: Flaw| flaw.of(&source);
    let mut book = xlsx::Book::open(bytes, parcel).map_err(refuse)?;
    let sheets = book.sheets();
    sheets::check(&sheets).map_err(refuse)?;
    let names: Vec<String> = sheets.iter().map(|sheet| sheet.name.clone()).collect();
    taking.tell_missing(&names);
    for sheet in &sheets {
        if let Some(reason) = sheet.left_out(&taking.options.sheets) {
            taking.pass_over(&sheet.name, reason);
            continue;
        }
        match book.rows(&sheet.name).map_err(refuse)? {
            Ok(mut rows) => taking.take(&sheet.name, &mut rows)?,
            Err(reason) => taking.pass_over(&sheet.name, reason),
        }
    }
    Ok(())
}

/// Reads how a workbook looks, by a library that may panic on a damaged one.
pub(crate) fn guarded<T>(read: impl FnOnce() -> Option<T>) -> Option<T> {
    catch_panic::guarded(|| Ok(read())).ok().flatten()
}
