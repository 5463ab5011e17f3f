//! Vertically merged cells: their value counts for every row that they cover and that has cells of its own.

use std::collections::{BTreeMap, HashMap};

use crate::input::limits::MOST_REGIONS;
use crate::input::values::cell::Cell;
use crate::input::workbook::error::Flaw;

/// The merges of a sheet, as its rows come by.
#[derive(Default)]
pub(crate) struct Merged {
    /// By the cell that holds the value, the last row that it counts for.
    until: HashMap<(u32, u32), u32>,
    /// By column, the value that still counts, and the last row that it does.
    current: BTreeMap<u32, (u32, Cell<'static>)>,
}

impl Merged {
    /// Takes merges, each its first row, its first column and its last row, and keeps those that cover several rows;
    /// in those beside each other only the left column has the value.
    pub(crate) fn of(merges: impl IntoIterator<Item = (u32, u32, u32)>) -> Result<Self, Flaw> {
        let mut until = HashMap::new();
        for (first, column, last) in merges {
            if last > first {
                until.insert((first, column), last);
            }
            if until.len() > MOST_REGIONS {
                let what = format!("it has more than {MOST_REGIONS} merged cells");
                return Err(Flaw::too_large(what));
            }
        }
        Ok(Self {
            until,
            current: BTreeMap::new(),
        })
    }

    /// Adds to a row (from 0), sorted by column, what cells above it say for it too, and notes what its own say for
    /// those below. Returns how many cells were added.
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
        let completed = rows.map(|(row, cells)| {
            let mut cells: Vec<_> = cells
                .into_iter()
                .map(|(column, text)| (column, Cell::text(text)))
                .collect();
            merged.complete(row, &mut cells);
            texts(&cells)
        });
        let text = |column, text: &str| (column, text.to_owned());
        assert_eq!(completed[0], [text(0, "A"), text(2, "x")]);
        assert_eq!(completed[1], [text(0, "A"), text(1, "b")]);
        assert_eq!(completed[2], [text(0, "A")]);
        assert_eq!(completed[3], [text(1, "d")]);
    }
}
