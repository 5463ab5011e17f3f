//! Workbooks of every format; the only module that uses calamine.
//!
//! The container is checked first ([`container`]). An .xlsx is read as a stream of cells in this process ([`xlsx`]);
//! the remaining formats, which calamine loads whole, in a worker process ([`worker`]). What calamine does not expose
//! is read from the file next to it: number formats, merged cells, formulas without a value, lost cells.
//!
//! A file that is encrypted, damaged, cut short or too large is refused whole, with a [`error::WorkbookError`].

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
use crate::input::workbook::container::{Container, Kind};
use crate::input::workbook::error::WorkbookError;
use crate::input::workbook::sheet_reader::SheetReader;
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

/// Reads the sheets of a workbook of any format in this process.
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

/// Reads the sheets of a workbook; `read_in_worker` reads the formats that are loaded whole.
fn read_by<'a, S: RowSink>(
    read_in_worker: impl FnOnce(&[u8], &Container, &mut SheetReader<'a, S>) -> Result<(), Diagnostic>,
    bytes: &[u8],
    source: &'a Arc<Source>,
    options: &'a Options<'a>,
    sink: &'a S,
    file: &'a mut File<S::Chunk>,
) -> Result<(), Diagnostic> {
    let container =
        catch_panic::catch_panic(|| Container::of(bytes)).map_err(|flaw| flaw.of(source))?;
    let mut sheets_reader = SheetReader {
        source,
        options,
        sink,
        file,
        likely: None,
    };
    match container.kind {
        Kind::Xlsx => read_xlsx(bytes, &container, &mut sheets_reader)?,
        Kind::Xlsb | Kind::Xls | Kind::Ods => {
            read_in_worker(bytes, &container, &mut sheets_reader)?;
        }
    }
    sheets_reader.end()
}

/// Reads the sheets of an .xlsx workbook in this process.
fn read_xlsx<S: RowSink>(
    bytes: &[u8],
    container: &Container,
    sheets_reader: &mut SheetReader<'_, S>,
) -> Result<(), Diagnostic> {
    let source = Arc::clone(sheets_reader.source);
    let refuse = |flaw: WorkbookError| flaw.of(&source);
    let mut book = xlsx::Book::open(bytes, container).map_err(refuse)?;
    let sheets = book.sheets();
    sheets::check(&sheets).map_err(refuse)?;
    let names: Vec<String> = sheets.iter().map(|sheet| sheet.name.clone()).collect();
    sheets_reader.report_missing_sheets(&names);
    for sheet in &sheets {
        if let Some(reason) = sheet.reason_to_skip(&sheets_reader.options.sheets) {
            sheets_reader.skip(&sheet.name, reason);
            continue;
        }
        match book.rows(&sheet.name).map_err(refuse)? {
            Ok(mut rows) => sheets_reader.take(&sheet.name, &mut rows)?,
            Err(reason) => sheets_reader.skip(&sheet.name, reason),
        }
    }
    Ok(())
}

/// Calls a function that reads the appearance of a workbook with a library that may panic.
pub(crate) fn catch_panic<T>(read: impl FnOnce() -> Option<T>) -> Option<T> {
    catch_panic::catch_panic(|| Ok(read())).ok().flatten()
}
