//! A sheet that was read, and its columns.

use std::sync::Arc;

use super::header::{Header, Missing};
use super::values::cell::Cell;
use crate::diagnostics::diagnostic::Source;
use crate::schema::columns::Field;

/// Which sheet a row is from, and what its columns are.
#[derive(Debug)]
pub struct SheetHead {
    /// The file and sheet.
    pub(crate) source: Arc<Source>,
    /// Its columns.
    pub(crate) header: Header,
    /// The rows above the header, such as titles: each its number and its cells.
    pub(crate) above: Vec<(u32, Vec<(u32, Cell<'static>)>)>,
    /// Whether warnings of the header are errors in this run, so that all its orders are held back.
    pub(crate) is_denied: bool,
}

/// A sheet that was read: `P` is what each part of it was turned into.
#[derive(Debug)]
pub(crate) struct Sheet<P> {
    /// Where it is from.
    pub(crate) source: Arc<Source>,
    /// The fingerprint of the whole file, in hexadecimal; empty where it is not wanted.
    pub(crate) sha256: Arc<str>,
    /// Its columns; `None` where it has no usable header, and so no rows.
    pub(crate) head: Option<SheetHead>,
    /// Its parts, in their order.
    pub(crate) chunks: Vec<P>,
    /// How many rows of data are in them.
    pub(crate) rows: usize,
    /// How many rows were left out: repeated headers and footers. Blank rows do not count.
    pub(crate) skipped: usize,
    /// How many rows are not used, because the header is wrong.
    pub(crate) unread: usize,
    /// What those rows say under the columns that were most likely meant, to be checked and no more.
    pub(crate) doubtful: Option<Box<Doubtful<P>>>,
}

/// The rows of a sheet whose header is wrong in a way that leaves little doubt what was meant.
#[derive(Debug)]
pub(crate) struct Doubtful<P> {
    /// The columns, as they were most likely meant.
    pub(crate) head: SheetHead,
    /// What several columns would be: of those nothing is said.
    pub(crate) unclear: Vec<Field>,
    /// The parts of its rows, in their order.
    pub(crate) chunks: Vec<P>,
}

impl<P> Sheet<P> {
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
            doubtful: None,
        }
    }
}

impl<R> Sheet<Vec<R>> {
    /// Returns its rows, each turned on its own.
    pub(crate) fn into_rows(self) -> Vec<R> {
        self.chunks.into_iter().flatten().collect()
    }
}

/// The result of looking for a header and reading the rows below it.
pub(crate) enum Rows<P> {
    /// The sheet; without rows if its header is invalid.
    Sheet(Sheet<P>),
    /// No row can be the header. The caller decides how bad that is.
    NoHeader(Missing),
}
