//! Files to rows: detects what a file is, finds the header, and passes each data row to a [`RowSink`].
//!
//! CSV files of any length are decoded, cut into chunks and parsed on all cores ([`csv`]); workbooks are loaded whole
//! ([`workbook`]). Neither keeps its rows: memory grows with what the sink keeps. A problem with a file is a
//! [`Diagnostic`](crate::diagnostics::diagnostic::Diagnostic); it does not stop the run.

mod archive;
mod bytes;
mod content;
pub mod csv;
mod file;
mod fingerprint;
mod footer;
mod format;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
pub(crate) mod header;
pub mod limits;
mod memory_limit;
mod options;
mod parallel;
mod paths;
mod process_rows;
mod read;
mod read_context;
mod read_rows;
mod row;
mod row_kind;
mod row_sink;
pub(crate) mod sample;
mod sample_rows;
mod sheet;
pub(crate) mod values;
pub(crate) mod wide;
pub mod workbook;

pub(crate) use self::csv::output_dialect::OutputDialect;
pub use self::file::File;
pub(crate) use self::file::Note;
pub(crate) use self::fingerprint::{fingerprint, hex};
pub(crate) use self::header::Header;
pub use self::options::{Extent, Options};
pub(crate) use self::paths::{is_spreadsheet, is_temporary};
pub(crate) use self::read::{read, read_all};
pub(crate) use self::row::{Row, swallowed_rows};
pub(crate) use self::row_sink::{MapRows, RowSink};
pub use self::sample::sample;
pub(crate) use self::sheet::{BadHeaderRows, Sheet, SheetHead};
pub use self::values::cell::Cell;
pub use self::workbook::serve::serve as serve_workbook;
