//! A sheet that was read, and its columns.

use std::sync::Arc;

use super::header::{Header, MissingHeader};
use super::values::cell::Cell;
use crate::diagnostics::diagnostic::Source;
use crate::schema::columns::Field;

/// The source of a row and the columns of its sheet.
#[derive(Debug)]
pub struct SheetHead {
    /// The file and sheet.
    pub(crate) source: Arc<Source>,
    /// The columns.
    pub(crate) header: Header,
    /// The numbers and non-blank cells of the rows above the header, such as titles.
    pub(crate) above: Vec<(u32, Vec<(u32, Cell<'static>)>)>,
    /// Whether warnings of the header are errors in this run, so that all orders of the sheet are held back.
    pub(crate) is_denied: bool,
}

/// A sheet that was read. `C` is a chunk of the sink.
#[derive(Debug)]
pub(crate) struct Sheet<C> {
    /// The file and sheet.
    pub(crate) source: Arc<Source>,
    /// The fingerprint of the whole file in hexadecimal; empty if not wanted.
    pub(crate) sha256: Arc<str>,
    /// The columns; `None` if the header is invalid, then the sheet has no rows.
    pub(crate) head: Option<SheetHead>,
    /// The chunks, in order.
    pub(crate) chunks: Vec<C>,
    /// The number of data rows.
    pub(crate) rows: usize,
    /// The number of skipped rows: repeated headers and footers. Blank rows do not count.
    pub(crate) skipped: usize,
    /// The number of rows that are not used because the header is invalid.
    pub(crate) unread: usize,
    /// Those rows, read under the columns that the header most likely means.
    pub(crate) bad_header_rows: Option<Box<BadHeaderRows<C>>>,
}

/// The rows below an invalid header whose meaning is fairly certain. They are only validated, never used.
#[derive(Debug)]
pub(crate) struct BadHeaderRows<C> {
    /// The columns as they were most likely meant.
    pub(crate) head: SheetHead,
    /// Fields that several columns may hold; their cells are not validated.
    pub(crate) ambiguous: Vec<Field>,
    /// The chunks, in order.
    pub(crate) chunks: Vec<C>,
}

impl<C> Sheet<C> {
    /// Returns a sheet without rows.
    pub(crate) fn empty(source: &Arc<Source>) -> Self {
        Self {
            source: Arc::clone(source),
            sha256: Arc::from(""),
            head: None,
            chunks: Vec::new(),
            rows: 0,
            skipped: 0,
            unread: 0,
            bad_header_rows: None,
        }
    }
}

impl<R> Sheet<Vec<R>> {
    /// Returns the results of a [`MapRows`](super::MapRows) sink.
    pub(crate) fn into_rows(self) -> Vec<R> {
        self.chunks.into_iter().flatten().collect()
    }
}

/// The result of looking for a header and reading the rows below it.
pub(crate) enum SheetResult<C> {
    /// The sheet; without rows if its header is invalid.
    Sheet(Sheet<C>),
    /// No row can be the header. The caller decides how bad that is.
    NoHeader(MissingHeader),
}
