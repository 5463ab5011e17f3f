//! Rows under a header, turned on all cores into parts that stand in their order.

use std::sync::Arc;

use super::footer::is_figure;
use super::options::Options;
use super::row::{RawRow, Row, placed};
use super::row_kind::RowKind;
use super::row_sink::RowSink;
use super::sheet::SheetHead;
use super::values::cell::Cell;
use crate::diagnostics::diagnostic::{Diagnostic, Source};
use crate::input::memory_limit;
use crate::input::parallel::in_order;

/// Rows as they come from a file.
pub(crate) trait RowSource: Iterator<Item = Result<RawRow, Diagnostic>> {
    /// Turns the rest of the rows on all cores, in parts that stand in their order.
    ///
    /// # Errors
    /// What is wrong with the first row that cannot be read or stands out of place.
    fn turn_all<S: RowSink>(
        self,
        turning: &Turning<'_, S>,
    ) -> Result<Vec<Turned<S::Chunk>>, Diagnostic>;

    /// Counts the rest of the rows, those in which something stands.
    ///
    /// # Errors
    /// What is wrong with the first row that cannot be read.
    fn count_filled(self) -> Result<usize, Diagnostic>;
}

/// How the rows under a header are turned.
pub(crate) struct Turning<'a, S> {
    pub(crate) head: &'a SheetHead,
    pub(crate) options: &'a Options<'a>,
    pub(crate) sink: &'a S,
}

/// A part of a sheet, as far as it has been turned.
pub(crate) struct Turned<P> {
    pub(crate) part: P,
    /// Its rows of data.
    pub(crate) rows: usize,
    /// What is said of those that were left out.
    pub(crate) skipped: Vec<Diagnostic>,
    /// How the last row begins, if that alone tells that it holds data.
    telling: Option<[String; 2]>,
}

impl<S: RowSink> Turning<'_, S> {
    /// Begins a part.
    pub(crate) fn begin(&self) -> Turned<S::Chunk> {
        Turned {
            part: self.sink.start(self.head),
            rows: 0,
            skipped: Vec::new(),
            telling: None,
        }
    }

    /// Takes the next row of a part: turns it if it holds data.
    ///
    /// # Errors
    /// Where the row is a header with other columns: where the cells below stand is another question.
    pub(crate) fn take(
        &self,
        turned: &mut Turned<S::Chunk>,
        row: &Row<'_>,
    ) -> Result<(), Diagnostic> {
        let beginning = beginning(row);
        let is_told = match (&turned.telling, beginning) {
            (Some([one, other]), Some(texts)) => [&**one, &**other] == texts,
            _ => false,
        };
        let kind = if is_told {
            RowKind::Data
        } else {
            RowKind::of(row, self.head, &self.options.names)
        };
        match kind {
            RowKind::Blank => {}
            RowKind::Data => {
                turned.rows += 1;
                self.sink.add(&mut turned.part, self.head, row);
                if !is_told {
                    turned.telling = beginning
                        .filter(|texts| self.is_telling(*texts))
                        .map(|texts| texts.map(str::to_owned));
                }
            }
            RowKind::Skipped(problem) => {
                turned.skipped.push(self.options.warnings.weigh(problem));
            }
            RowKind::OtherHeader(problem) => return Err(problem),
        }
        Ok(())
    }

    /// Tells whether a row that begins so holds data, whatever else stands in it: two words that no header begins with.
    fn is_telling(&self, texts: [&str; 2]) -> bool {
        let is_word = |text: &&str| self.options.names.find(text).is_none() && !is_figure(text);
        texts.iter().all(is_word) && !self.head.header.begins_with(texts[0], &self.options.names)
    }

    /// Ends a part.
    pub(crate) fn end(&self, turned: Turned<S::Chunk>) -> Turned<S::Chunk> {
        (self.options.on_rows)(turned.rows);
        turned
    }
}

/// Returns the first two cells of a row, if both hold text.
fn beginning<'a>(row: &'a Row<'_>) -> Option<[&'a str; 2]> {
    match &row.cells[..] {
        [Cell::Text(one), Cell::Text(other), ..] => Some([one, other]),
        _ => None,
    }
}

/// Rows that are read before they are checked together.
const BATCH: usize = 1024;
/// What such rows may weigh together, in bytes: rows can be long.
const BATCH_BYTES: usize = 4 << 20;

/// Rows that can be read only one after the other, as those of a workbook.
pub(crate) struct OneByOne<I>(pub(crate) I);

impl<I: Iterator<Item = Result<RawRow, Diagnostic>>> Iterator for OneByOne<I> {
    type Item = Result<RawRow, Diagnostic>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

impl<I: Iterator<Item = Result<RawRow, Diagnostic>> + Send> RowSource for OneByOne<I> {
    fn turn_all<S: RowSink>(
        mut self,
        turning: &Turning<'_, S>,
    ) -> Result<Vec<Turned<S::Chunk>>, Diagnostic> {
        let batches = std::iter::from_fn(|| {
            let batch = next_batch(&mut self, &turning.head.source);
            let is_end = batch.as_ref().is_ok_and(Vec::is_empty);
            (!is_end).then_some(batch)
        });
        in_order(batches, |batch| {
            let mut turned = turning.begin();
            for row in batch? {
                turning.take(&mut turned, &placed(turning.head, &row))?;
            }
            Ok(turning.end(turned))
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

/// Takes the next rows, as many as are checked together.
fn next_batch(
    rows: &mut impl Iterator<Item = Result<RawRow, Diagnostic>>,
    source: &Arc<Source>,
) -> Result<Vec<RawRow>, Diagnostic> {
    let mut batch = Vec::new();
    let mut bytes = 0;
    while batch.len() < BATCH && bytes < BATCH_BYTES {
        let Some(row) = rows.next().transpose()? else {
            break;
        };
        bytes += row.cells.bytes();
        batch.push(row);
    }
    memory_limit::note(bytes, source)?;
    Ok(batch)
}
