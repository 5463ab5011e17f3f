//! The rows of a sheet: cells gathered as they come, held to the bounds of a workbook, merged ones completed.

use std::sync::atomic::{AtomicU64, Ordering};

use super::merged::Merged;
use crate::input::limits::{LONGEST_TEXT, MOST_CELLS, MOST_COLUMNS, MOST_ROWS};
use crate::input::row::{RawCells, RawRow};
use crate::input::values::cell::Cell;
use crate::input::workbook::error::Flaw;

/// A cell that holds something: its row and column from 0.
pub(crate) type Placed = (u32, u32, Cell<'static>);

/// A long text: twice what the API takes at most.
const LONG_TEXT: usize = 512;

/// What has been taken of a workbook so far, all its sheets together.
pub(crate) struct Spent {
    cells: Counter,
    /// Cells that merged ones have added.
    added: Counter,
    text: Counter,
    /// Texts that are longer than any that the API takes.
    long_text: Counter,
    /// A text of the table that all sheets share may stand in every cell.
    most_text: u64,
    most_long_text: u64,
}

/// A count that one thread at a time goes on with.
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
    /// Begins to count, for a file of so many bytes.
    pub(crate) fn of_file(bytes: usize) -> Self {
        /// A small file has a small room; a real sheet of long texts comes to thirty times its packed size.
        const LEAST: u64 = 64 << 20;
        const TIMES: u64 = 48;
        /// Long texts differ, and so pack to a quarter; one that is repeated is made to fill the memory.
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

    fn take(&self, cell: &Placed) -> Result<(), Flaw> {
        let (row, column, value) = cell;
        self.cells.set(self.cells.get() + 1);
        if *row >= MOST_ROWS || *column >= MOST_COLUMNS || self.cells.get() > MOST_CELLS {
            let what = format!(
                "a sheet has more than {MOST_ROWS} rows, {MOST_COLUMNS} columns or {MOST_CELLS} cells"
            );
            return Err(Flaw::too_large(what));
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
                let what = format!("its texts, as far as `{cell}`, pass every bound");
                return Err(Flaw::too_large(what));
            }
        }
        Ok(())
    }

    fn add(&self, added: usize) -> Result<(), Flaw> {
        /// Merged cells that cover this much more than there is are made to fill the memory.
        const LEAST: u64 = 1_000_000;
        const TIMES: u64 = 20;
        self.added.set(self.added.get() + added as u64);
        if self.added.get() > LEAST + TIMES * self.cells.get() {
            return Err(Flaw::too_large("its merged cells cover too many rows"));
        }
        Ok(())
    }
}

/// Gathers cells of the same row.
pub(crate) struct SheetRows<'a, I> {
    cells: I,
    merged: Merged,
    spent: &'a Spent,
    /// The first cell of the next row.
    ahead: Option<Placed>,
    ended: bool,
}

impl<'a, I: Iterator<Item = Result<Placed, Flaw>>> SheetRows<'a, I> {
    pub(crate) fn of(cells: I, merged: Merged, spent: &'a Spent) -> Self {
        Self {
            cells,
            merged,
            spent,
            ahead: None,
            ended: false,
        }
    }

    /// Returns the next cell that holds something.
    fn cell(&mut self) -> Result<Option<Placed>, Flaw> {
        for cell in self.cells.by_ref() {
            let cell = cell?;
            self.spent.take(&cell)?;
            if !cell.2.is_blank() {
                return Ok(Some(cell));
            }
        }
        // Some libraries would read on past the end.
        self.ended = true;
        Ok(None)
    }

    fn row(&mut self) -> Result<Option<RawRow>, Flaw> {
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
            let what = format!("row {} stands before an earlier one", row + 1);
            return Err(Flaw::unreadable(what));
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

fn twice(row: u32) -> Flaw {
    Flaw::unreadable(format!("a cell of row {} is there twice", row + 1))
}

impl<I: Iterator<Item = Result<Placed, Flaw>>> Iterator for SheetRows<'_, I> {
    type Item = Result<RawRow, Flaw>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.row().transpose();
        if matches!(row, Some(Err(_))) {
            self.ended = true;
            self.ahead = None;
        }
        row
    }
}
