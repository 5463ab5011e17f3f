//! The rows of a sheet: collects cells into rows, enforces the limits of a workbook, and completes merged cells.

use std::sync::atomic::{AtomicU64, Ordering};

use super::merged::Merged;
use crate::input::limits::{LONGEST_TEXT, MOST_CELLS, MOST_COLUMNS, MOST_ROWS};
use crate::input::row::{RawCells, RawRow};
use crate::input::values::cell::Cell;
use crate::input::workbook::error::WorkbookError;

/// A non-blank cell with its row and column, from 0.
pub(crate) type CellAt = (u32, u32, Cell<'static>);

/// A long text: twice the maximum that the API takes.
const LONG_TEXT: usize = 512;

/// What a workbook has used of its limits, all sheets together.
pub(crate) struct Spent {
    cells: Counter,
    /// Cells added by merges.
    added: Counter,
    text: Counter,
    /// Texts longer than any that the API takes.
    long_text: Counter,
    /// A shared string may occur in every cell, so the total is limited.
    most_text: u64,
    most_long_text: u64,
}

/// A counter that one thread at a time increments.
struct Counter(AtomicU64);

impl Counter {
    fn new(count: u64) -> Self {
        Self(AtomicU64::new(count))
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self, count: u64) {
        self.0.store(count, Ordering::Relaxed);
    }
}

impl Spent {
    /// Creates the counters for a file of this size in bytes.
    pub(crate) fn of_file(bytes: usize) -> Self {
        /// The minimum allowance; a real sheet of long texts unpacks to thirty times its compressed size.
        const LEAST: u64 = 64 << 20;
        const TIMES: u64 = 48;
        /// Long texts differ, so they compress to a quarter; one that is repeated is meant to exhaust memory.
        const LONG_LEAST: u64 = 32 << 20;
        const LONG_TIMES: u64 = 6;
        Self {
            cells: Counter::new(0),
            added: Counter::new(0),
            text: Counter::new(0),
            long_text: Counter::new(0),
            most_text: LEAST + bytes as u64 * TIMES,
            most_long_text: LONG_LEAST + bytes as u64 * LONG_TIMES,
        }
    }

    fn take(&self, cell: &CellAt) -> Result<(), WorkbookError> {
        let (row, column, value) = cell;
        self.cells.set(self.cells.get() + 1);
        if *row >= MOST_ROWS || *column >= MOST_COLUMNS || self.cells.get() > MOST_CELLS {
            let what = format!(
                "a sheet has more than {MOST_ROWS} rows, {MOST_COLUMNS} columns or {MOST_CELLS} cells"
            );
            return Err(WorkbookError::too_large(what));
        }
        if let Cell::Text(text) = value {
            self.text.set(self.text.get() + text.len() as u64);
            if text.len() > LONG_TEXT {
                self.long_text.set(self.long_text.get() + text.len() as u64);
            }
            if text.len() > LONGEST_TEXT
                || self.text.get() > self.most_text
                || self.long_text.get() > self.most_long_text
            {
                let cell = crate::diagnostics::diagnostic::cell_name(row + 1, *column);
                let what = format!("its texts up to `{cell}` exceed the memory limit");
                return Err(WorkbookError::too_large(what));
            }
        }
        Ok(())
    }

    fn add(&self, added: usize) -> Result<(), WorkbookError> {
        /// Merged ranges that add more cells than this are meant to exhaust memory.
        const LEAST: u64 = 1_000_000;
        const TIMES: u64 = 20;
        self.added.set(self.added.get() + added as u64);
        if self.added.get() > LEAST + TIMES * self.cells.get() {
            return Err(WorkbookError::too_large(
                "its merged cells cover too many rows",
            ));
        }
        Ok(())
    }
}

/// Collects the cells of each row.
pub(crate) struct SheetRows<'a, I> {
    cells: I,
    merged: Merged,
    spent: &'a Spent,
    /// The first cell of the next row.
    ahead: Option<CellAt>,
    ended: bool,
}

impl<'a, I: Iterator<Item = Result<CellAt, WorkbookError>>> SheetRows<'a, I> {
    pub(crate) fn of(cells: I, merged: Merged, spent: &'a Spent) -> Self {
        Self {
            cells,
            merged,
            spent,
            ahead: None,
            ended: false,
        }
    }

    /// Returns the next non-blank cell.
    fn cell(&mut self) -> Result<Option<CellAt>, WorkbookError> {
        for cell in self.cells.by_ref() {
            let cell = cell?;
            self.spent.take(&cell)?;
            if !cell.2.is_blank() {
                return Ok(Some(cell));
            }
        }
        // Some readers continue past the end if asked again.
        self.ended = true;
        Ok(None)
    }

    fn row(&mut self) -> Result<Option<RawRow>, WorkbookError> {
        let first = match self.ahead.take() {
            Some(cell) => Some(cell),
            None if self.ended => None,
            None => self.cell()?,
        };
        let Some((row, column, value)) = first else {
            return Ok(None);
        };
        let mut cells = vec![(column, value)];
        while !self.ended {
            let Some(cell) = self.cell()? else { break };
            if cell.0 != row {
                self.ahead = Some(cell);
                break;
            }
            cells.push((cell.1, cell.2));
            if cells.len() > MOST_COLUMNS as usize {
                return Err(twice(row));
            }
        }
        if self.ahead.as_ref().is_some_and(|cell| cell.0 < row) {
            let what = format!("row {} comes before an earlier row", row + 1);
            return Err(WorkbookError::unreadable(what));
        }
        cells.sort_by_key(|(column, _)| *column);
        if cells.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(twice(row));
        }
        self.spent.add(self.merged.complete(row, &mut cells))?;
        Ok(Some(RawRow {
            number: row + 1,
            cells: RawCells::Sparse(cells),
        }))
    }
}

fn twice(row: u32) -> WorkbookError {
    WorkbookError::unreadable(format!("row {} has the same cell twice", row + 1))
}

impl<I: Iterator<Item = Result<CellAt, WorkbookError>>> Iterator for SheetRows<'_, I> {
    type Item = Result<RawRow, WorkbookError>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.row().transpose();
        if matches!(row, Some(Err(_))) {
            self.ended = true;
            self.ahead = None;
        }
        row
    }
}
