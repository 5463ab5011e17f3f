//! What every step of reading one file needs.

use std::borrow::Cow;
use std::sync::Arc;

use super::file::File;
use super::options::Options;
use super::row_sink::RowSink;
use crate::diagnostics::diagnostic::Source;

/// The file being read: its options, its sink, and the state of the reading.
pub(crate) struct ReadContext<'a, S: RowSink> {
    pub(crate) source: &'a Arc<Source>,
    pub(crate) options: &'a Options<'a>,
    pub(crate) sink: &'a S,
    pub(crate) file: &'a mut File<S::Chunk>,
}

impl<S: RowSink> ReadContext<'_, S> {
    /// Adds notes about the file as a whole.
    pub(crate) fn add_notes(&mut self, notes: impl IntoIterator<Item = Cow<'static, str>>) {
        let notes = notes.into_iter();
        let notes = notes.map(|note| (Arc::clone(self.source), note));
        self.file.notes.extend(notes);
    }
}
