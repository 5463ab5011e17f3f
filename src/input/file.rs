//! The result of reading one input.

use std::borrow::Cow;
use std::sync::Arc;

use super::sheet::Sheet;
use crate::diagnostics::diagnostic::{Diagnostic, Source};

/// The content of one input. `C` is a chunk of the sink.
#[derive(Debug)]
pub struct File<C> {
    /// The sheets; a CSV file is one.
    pub(crate) sheets: Vec<Sheet<C>>,
    /// Files and sheets that were not read, with the reason.
    pub(crate) passed_over: Vec<(Arc<Source>, &'static str)>,
    /// Assumptions and remarks.
    pub(crate) notes: Vec<Note>,
    /// Diagnostics of the file, its headers and skipped rows.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// A remark on an input.
pub(crate) type Note = (Arc<Source>, Cow<'static, str>);

impl<C> Default for File<C> {
    fn default() -> Self {
        Self {
            sheets: Vec::new(),
            passed_over: Vec::new(),
            notes: Vec::new(),
            diagnostics: Vec::new(),
        }
    }
}

impl<C> File<C> {
    /// Returns a file of which nothing can be used.
    pub(crate) fn unusable(diagnostic: Diagnostic) -> Self {
        Self {
            diagnostics: vec![diagnostic],
            ..Self::default()
        }
    }
}
