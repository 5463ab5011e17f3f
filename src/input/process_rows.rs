//! Classifies the rows below a header and passes the data rows to the sink, on all cores.

use std::sync::Arc;

use super::footer::is_figure;
use super::memory_limit;
use super::options::Options;
use super::parallel::in_order;
use super::row::{RawRow, Row};
use super::row_kind::RowKind;
use super::row_sink::RowSink;
use super::sheet::SheetHead;
use super::values::cell::Cell;
use crate::diagnostics::diagnostic::{Diagnostic, Source};

/// The rows of a sheet. As an iterator it returns them one by one; the header is found that way.
pub(crate) trait RowSource: Iterator<Item = Result<RawRow, Diagnostic>> {
    /// Processes the remaining rows on all cores; returns the chunks in order, or the first error.
    fn process_all<S: RowSink>(
        self,
        processor: &RowProcessor<'_, S>,
    ) -> Result<Vec<Processed<S::Chunk>>, Diagnostic>;

    /// Counts the remaining rows that have a non-blank cell.
    fn count_filled(self) -> Result<usize, Diagnostic>;
}

/// Processes the rows below one header.
pub(crate) struct RowProcessor<'a, S> {
    pub(crate) head: &'a SheetHead,
    pub(crate) options: &'a Options<'a>,
    pub(crate) sink: &'a S,
}

/// A chunk of a sheet that was processed.
pub(crate) struct Processed<C> {
    pub(crate) chunk: C,
    /// The number of data rows.
    pub(crate) rows: usize,
    /// A diagnostic for each skipped row.
    pub(crate) skipped: Vec<Diagnostic>,
    /// The first two cells of the last data row, if they alone show that a row is data. Rows of an order often begin
    /// alike, and classifying a row takes longer than comparing two cells.
    known_start: Option<[String; 2]>,
}

impl<S: RowSink> RowProcessor<'_, S> {
    /// Starts a chunk.
    pub(crate) fn start(&self) -> Processed<S::Chunk> {
        Processed {
            chunk: self.sink.start(self.head),
            rows: 0,
            skipped: Vec::new(),
            known_start: None,
        }
    }

    /// Adds the next row to a chunk. Returns an error if the row is a header with different columns, because the
    /// meaning of the cells below it is unknown.
    pub(crate) fn add(
        &self,
        processed: &mut Processed<S::Chunk>,
        row: &Row<'_>,
    ) -> Result<(), Diagnostic> {
        let start = first_two_texts(row);
        let is_known = match (&processed.known_start, start) {
            (Some([one, two]), Some(texts)) => [&**one, &**two] == texts,
            _ => false,
        };
        let kind = if is_known {
            RowKind::Data
        } else {
            RowKind::new(row, self.head, &self.options.names)
        };
        match kind {
            RowKind::Blank => {}
            RowKind::Data => {
                processed.rows += 1;
                self.sink.add(&mut processed.chunk, self.head, row);
                if !is_known {
                    processed.known_start = start
                        .filter(|texts| self.shows_data(*texts))
                        .map(|texts| texts.map(str::to_owned));
                }
            }
            RowKind::Skipped(diagnostic) => {
                let diagnostic = self.options.warnings.weigh(diagnostic);
                processed.skipped.push(diagnostic);
            }
            RowKind::OtherHeader(diagnostic) => return Err(diagnostic),
        }
        Ok(())
    }

    /// Finishes a chunk and reports its size.
    pub(crate) fn finish(&self, processed: Processed<S::Chunk>) -> Processed<S::Chunk> {
        (self.options.on_rows)(processed.rows);
        processed
    }

    /// Whether any row that begins with these cells is data: two texts with which no header or footer begins.
    fn shows_data(&self, texts: [&str; 2]) -> bool {
        let is_word = |text: &&str| self.options.names.find(text).is_none() && !is_figure(text);
        texts.iter().all(is_word) && !self.head.header.begins_with(texts[0], &self.options.names)
    }
}

/// Returns the first two cells of a row, if both are text.
fn first_two_texts<'a>(row: &'a Row<'_>) -> Option<[&'a str; 2]> {
    match &row.cells[..] {
        [Cell::Text(one), Cell::Text(two), ..] => Some([one, two]),
        _ => None,
    }
}

/// The number of rows that are processed together.
const BATCH_ROWS: usize = 1024;
/// The size in bytes at which a batch is full before it has [`BATCH_ROWS`]: rows can be long.
const BATCH_BYTES: usize = 4 << 20;

/// Rows that can only be read one after another, such as those of a workbook. They are processed in batches.
pub(crate) struct SequentialRows<I>(pub(crate) I);

impl<I: Iterator<Item = Result<RawRow, Diagnostic>>> Iterator for SequentialRows<I> {
    type Item = Result<RawRow, Diagnostic>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

impl<I: Iterator<Item = Result<RawRow, Diagnostic>> + Send> RowSource for SequentialRows<I> {
    fn process_all<S: RowSink>(
        mut self,
        processor: &RowProcessor<'_, S>,
    ) -> Result<Vec<Processed<S::Chunk>>, Diagnostic> {
        let batches = std::iter::from_fn(|| {
            let batch = next_batch(&mut self, &processor.head.source);
            let is_end = batch.as_ref().is_ok_and(Vec::is_empty);
            (!is_end).then_some(batch)
        });
        in_order(batches, |batch| {
            let mut processed = processor.start();
            for row in batch? {
                processor.add(&mut processed, &Row::new(processor.head, &row))?;
            }
            Ok(processor.finish(processed))
        })
    }

    fn count_filled(mut self) -> Result<usize, Diagnostic> {
        self.try_fold(0, |count, row| {
            let cells = row?.cells;
            let is_filled = cells.present().iter().any(|(_, cell)| !cell.is_blank());
            Ok(count + usize::from(is_filled))
        })
    }
}

/// Reads the next batch of rows; empty at the end.
fn next_batch(
    rows: &mut impl Iterator<Item = Result<RawRow, Diagnostic>>,
    source: &Arc<Source>,
) -> Result<Vec<RawRow>, Diagnostic> {
    let mut batch = Vec::new();
    let mut bytes = 0;
    while batch.len() < BATCH_ROWS && bytes < BATCH_BYTES {
        let Some(row) = rows.next().transpose()? else {
            break;
        };
        bytes += row.cells.bytes();
        batch.push(row);
    }
    memory_limit::check_after(bytes, source)?;
    Ok(batch)
}
