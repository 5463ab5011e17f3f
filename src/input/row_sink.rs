//! The consumer of data rows.

use super::row::Row;
use super::sheet::SheetHead;

/// Converts the data rows of sheets to chunks.
///
/// Chunks of a sheet are built in parallel, so a sink keeps all its state in the chunk.
pub(crate) trait RowSink: Sync {
    /// The result of a run of consecutive rows.
    type Chunk: Send;

    /// Starts an empty chunk.
    fn start(&self, head: &SheetHead) -> Self::Chunk;

    /// Adds the next data row to a chunk.
    fn add(&self, chunk: &mut Self::Chunk, head: &SheetHead, row: &Row<'_>);
}

/// A sink that applies a function to each row and collects the results.
pub(crate) struct MapRows<F>(pub(crate) F);

impl<R: Send, F: Fn(&SheetHead, &Row<'_>) -> R + Sync> RowSink for MapRows<F> {
    type Chunk = Vec<R>;

    fn start(&self, _: &SheetHead) -> Vec<R> {
        Vec::new()
    }

    fn add(&self, chunk: &mut Vec<R>, head: &SheetHead, row: &Row<'_>) {
        chunk.push((self.0)(head, row));
    }
}
