//! The result of reading one input.

use std::borrow::Cow;
use std::sync::Arc;

use super::sheet::Sheet;
use crate::diagnostics::diagnostic::{Diagnostic, Source};

/// What one input gave.
#[derive(Debug)]
pub struct File<P> {
    /// Its sheets; a CSV file is one.
    pub(crate) sheets: Vec<Sheet<P>>,
    /// Sheets that were not read, with the reason.
    pub(crate) passed_over: Vec<(Arc<Source>, &'static str)>,
    /// What is no problem and must be said: what was assumed, what was found to be nothing.
    pub(crate) notes: Vec<Note>,
    /// What is wrong with the file, its headers, and the rows that were left out.
    pub(crate) problems: Vec<Diagnostic>,
}

/// Something to be said of an input.
pub(crate) type Note = (Arc<Source>, Cow<'static, str>);

impl<P> Default for File<P> {
    fn default() -> Self {
        Self {
            sheets: Vec::new(),
            passed_over: Vec::new(),
            notes: Vec::new(),
            problems: Vec::new(),
        }
    }
}

impl<P> File<P> {
    /// A file that is refused whole: none of its rows is used.
    pub(crate) fn unusable(problem: Diagnostic) -> Self {
        Self {
            problems: vec![problem],
            ..Self::default()
        }
    }
}
