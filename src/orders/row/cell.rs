//! The state of a mapped cell after it was checked.

use crate::input::{Cell, Row};
use crate::orders::column_map::MappedColumn;
use crate::orders::row_store::CellText;

/// Returns the cell of a mapped column.
pub(crate) fn cell<'r>(row: &'r Row<'_>, column: MappedColumn) -> &'r Cell<'r> {
    row.cells.get(column.index as usize).unwrap_or(&Cell::Blank)
}

/// A checked cell.
#[derive(Debug)]
pub(crate) enum CheckedCell {
    /// It is blank or invalid.
    Empty,
    /// Its text equals that of the cell above.
    SameAsAbove,
    /// Its text is used exactly as in the file, without a diagnostic.
    Verbatim,
    /// A text that was computed from the cell, or that has a diagnostic.
    Derived(String),
}

impl CheckedCell {
    /// Returns the text for the update; `cell` is the cell that was checked.
    pub(crate) fn text<'r>(&'r self, cell: &'r Cell<'_>) -> Option<&'r str> {
        match (self, cell) {
            (Self::Derived(text), _) => Some(text),
            (Self::SameAsAbove | Self::Verbatim, Cell::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Returns what the row store keeps; `cell` is the cell that was checked.
    pub(crate) fn stored<'r>(&'r self, cell: &'r Cell<'_>) -> CellText<'r> {
        match (self, self.text(cell)) {
            (_, None) => CellText::Blank,
            (Self::SameAsAbove, Some(_)) => CellText::SameAsAbove,
            (Self::Derived(_), Some(text)) => CellText::Derived(text),
            (_, Some(text)) => CellText::Verbatim(text),
        }
    }
}
