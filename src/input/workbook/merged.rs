//! Vertically merged cells: their value counts for every row that they cover and that has cells of its own.

use std::collections::HashMap;

use calamine::Dimensions;

use crate::input::Cell;

/// The merges of a sheet, as its rows come by.
#[derive(Default)]
pub(super) struct Merged {
    /// By the cell that holds the value, the last row that it counts for.
    until: HashMap<(u32, u32), u32>,
    /// By column, the value that still counts, and the last row that it does.
    current: HashMap<u32, (u32, Cell<'static>)>,
}

impl Merged {
    /// Takes the merges that cover several rows; in those beside each other only the left column has the value.
    pub(super) fn of(merges: &[Dimensions]) -> Self {
        let vertical = merges.iter().filter(|merge| merge.end.0 > merge.start.0);
        Self {
            until: vertical.map(|merge| (merge.start, merge.end.0)).collect(),
            current: HashMap::new(),
        }
    }

    /// Adds to a row (from 0) what cells above it say for it too, and notes what its own say for those below.
    pub(super) fn complete(&mut self, row: u32, cells: &mut Vec<(u32, Cell<'static>)>) {
        if self.until.is_empty() {
            return;
        }
        self.current.retain(|_, (last, _)| *last >= row);
        for (column, (_, value)) in &self.current {
            if !cells.iter().any(|(other, _)| other == column) {
                cells.push((*column, value.clone()));
            }
        }
        for (column, value) in &*cells {
            if let Some(last) = self.until.get(&(row, *column)) {
                self.current.insert(*column, (*last, value.clone()));
            }
        }
        cells.sort_by_key(|(column, _)| *column);
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
        let mut merged = Merged::of(&[
            Dimensions::new((1, 0), (3, 0)),
            Dimensions::new((1, 2), (1, 5)),
        ]);
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
