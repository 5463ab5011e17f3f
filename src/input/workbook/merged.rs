//! Vertically merged cells: the value counts for every row that the merge covers, if that row has cells of its own.

use std::collections::{BTreeMap, HashMap};

use crate::input::limits::MOST_REGIONS;
use crate::input::values::cell::Cell;
use crate::input::workbook::error::WorkbookError;

/// The merged ranges of a sheet, applied as its rows are read.
#[derive(Default)]
pub(crate) struct Merged {
    /// By the cell that holds the value: the last row that it covers.
    until: HashMap<(u32, u32), u32>,
    /// By column: the last row covered, and the value.
    current: BTreeMap<u32, (u32, Cell<'static>)>,
}

impl Merged {
    /// Creates the ranges from (first row, first column, last row) triples. Only those over several rows are kept; a
    /// range over several columns counts for its left column.
    pub(crate) fn of(
        merges: impl IntoIterator<Item = (u32, u32, u32)>,
    ) -> Result<Self, WorkbookError> {
        let mut until = HashMap::new();
        for (first, column, last) in merges {
            if last > first {
                until.insert((first, column), last);
            }
            if until.len() > MOST_REGIONS {
                let what = format!("it has more than {MOST_REGIONS} merged cells");
                return Err(WorkbookError::too_large(what));
            }
        }
        Ok(Self {
            until,
            current: BTreeMap::new(),
        })
    }

    /// Adds the values of merges from above to a row (from 0, cells sorted by column), and remembers the row's own
    /// merges for the rows below. Returns the number of cells added.
    pub(crate) fn complete(&mut self, row: u32, cells: &mut Vec<(u32, Cell<'static>)>) -> usize {
        if self.until.is_empty() {
            return 0;
        }
        self.current.retain(|_, (last, _)| *last >= row);
        let own = cells.len();
        for (column, (_, value)) in &self.current {
            let has_own = cells[..own].binary_search_by_key(column, |(column, _)| *column);
            if has_own.is_err() {
                cells.push((*column, value.clone()));
            }
        }
        for (column, value) in &cells[..own] {
            if let Some(last) = self.until.get(&(row, *column)) {
                self.current.insert(*column, (*last, value.clone()));
            }
        }
        let added = cells.len() - own;
        if added > 0 {
            cells.sort_by_key(|(column, _)| *column);
        }
        added
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(cells: &[(u32, Cell<'static>)]) -> Vec<(u32, String)> {
        cells
            .iter()
            .map(|(column, cell)| (*column, cell.shown().into_owned()))
            .collect()
    }

    #[test]
    fn a_merged_value_counts_for_every_row_that_it_covers() {
        let mut merged = Merged::of([(1, 0, 3), (1, 2, 1)]).unwrap();
        let rows = [
            (1, vec![(0, "A"), (2, "x")]),
            (2, vec![(1, "b")]),
            (3, vec![]),
            (4, vec![(1, "d")]),
        ];
        let repaired_parts = rows.map(|(row, cells)| {
            let mut cells: Vec<_> = cells
                .into_iter()
                .map(|(column, text)| (column, Cell::text(text)))
                .collect();
            merged.complete(row, &mut cells);
            texts(&cells)
        });
        let text = |column, text: &str| (column, text.to_owned());
        assert_eq!(repaired_parts[0], [text(0, "A"), text(2, "x")]);
        assert_eq!(repaired_parts[1], [text(0, "A"), text(1, "b")]);
        assert_eq!(repaired_parts[2], [text(0, "A")]);
        assert_eq!(repaired_parts[3], [text(1, "d")]);
    }
}
