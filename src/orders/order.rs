//! An order of a batch, and the places of its rows.

use crate::paylocity::model::Text;

/// A row of the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowAt {
    /// The index of the sheet among the usable ones.
    pub sheet: u32,
    /// The row number that the user sees.
    pub row: u32,
}

/// A cell of the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CellAt {
    /// The row.
    pub(crate) row: RowAt,
    /// The column, from 0.
    pub(crate) column: u32,
}

/// An order and its rows.
#[derive(Debug)]
pub struct Order {
    /// The company.
    pub company_id: Text,
    /// The order.
    pub order_id: Text,
    /// Its rows, in the order of the inputs.
    pub rows: Vec<RowAt>,
    /// How many errors its rows have; with one or more the whole order is held back.
    pub errors: usize,
    /// Its runs, as the start and the length of a range of the batch's runs.
    pub runs: (u32, u32),
}

impl Order {
    /// Returns an order whose content is not known, only its rows and the number of their errors.
    pub(crate) fn without_content(
        company_id: Text,
        order_id: Text,
        rows: Vec<RowAt>,
        errors: usize,
    ) -> Self {
        Self {
            company_id,
            order_id,
            rows,
            errors,
            runs: (0, 0),
        }
    }
}
