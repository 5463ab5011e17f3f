//! The rows of a sheet whose header is invalid: they are checked in the same pass, but none of them is used.

use std::sync::Arc;

use super::batch::Batch;
use super::row::Chunk;
use super::value::Rules;
use crate::diagnostics::diagnostic::{Code, Diagnostic};
use crate::input::BadHeaderRows;

/// Returns the diagnostics of rows under an invalid header.
///
/// Diagnostics that only follow from the header are left out: those of a column that occurs twice, and those of an
/// order as a whole if a key column occurs twice or other sheets may have the rest of the order.
pub(crate) fn check(rows: BadHeaderRows<Chunk>, rules: &Rules) -> Vec<Diagnostic> {
    let BadHeaderRows {
        head,
        ambiguous: unclear,
        chunks,
    } = rows;
    let is_grouped = !unclear.iter().any(|field| field.column.is_key());
    let unclear: Vec<Option<u32>> = unclear
        .iter()
        .map(|field| head.header.column_of(*field))
        .collect();
    let mut batch = Batch::default();
    batch.add_rows(head, chunks, rules);
    if is_grouped {
        batch.group(rules);
    }
    let mut diagnostics = Arc::unwrap_or_clone(batch.problems);
    diagnostics.retain(|diagnostic| {
        let column = diagnostic.place.column;
        let is_of_unclear = column.is_some() && unclear.contains(&column);
        !is_of_unclear && diagnostic.code != Code::EmptyUpdate
    });
    diagnostics
}
