//! The diagnostics of the rows of a chunk, and what the diagnostics of the whole sheet are made of.

use crate::diagnostics::diagnostic::Diagnostic;
use crate::input::values::timestamp::DateOrder;

/// The findings in the rows of a chunk.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// The diagnostics.
    pub(crate) problems: Vec<Diagnostic>,
    /// The number of placeholders.
    pub(crate) placeholders: usize,
    /// The row and column of the first placeholder.
    pub(crate) first_placeholder: Option<(u32, u32)>,
    /// The date orders that dates such as `3/14/2026` prove.
    pub(crate) date_orders: Vec<DateOrderProof>,
}

/// A cell that proves the date order of its column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DateOrderProof {
    pub(crate) column: u32,
    pub(crate) order: DateOrder,
    pub(crate) row: u32,
}

impl Findings {
    /// Adds a proof, unless an earlier row proves the same order for the column.
    pub(crate) fn prove(&mut self, proof: DateOrderProof) {
        let mut proofs = self.date_orders.iter();
        if !proofs.any(|known| (known.column, known.order) == (proof.column, proof.order)) {
            self.date_orders.push(proof);
        }
    }
}
