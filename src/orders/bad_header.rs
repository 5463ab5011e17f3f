//! Rows whose header is wrong: what else is wrong with them is found in the same pass, and nothing of them is used.

use std::sync::Arc;

use super::Batch;
use super::value::Rules;
use crate::diagnostics::diagnostic::{Code, Diagnostic};
use crate::input::Doubtful;
use crate::orders::row::Part;
use crate::schema::columns::Column;

/// The columns that tell orders, assessments and tests apart.
const TELL_APART: [Column; 5] = [
    Column::CompanyId,
    Column::OrderId,
    Column::AssessmentId,
    Column::TestId,
    Column::Attempt,
];

/// Returns what is wrong with rows whose header is wrong: all of it is told in one pass, and nothing of them is used.
///
/// What follows from the header alone is left out: the values of a column of which there are two, and all that is only
/// known of an order as a whole where those are ids, or where other sheets may hold the rest of it.
pub(crate) fn checked(doubtful: Doubtful<Part>, rules: &Rules) -> Vec<Diagnostic> {
    let Doubtful {
        head,
        unclear,
        chunks: parts,
    } = doubtful;
    let is_grouped = !unclear
        .iter()
        .any(|field| TELL_APART.contains(&field.column));
    let unclear: Vec<Option<u32>> = unclear
        .iter()
        .map(|field| head.header.column_of(*field))
        .collect();
    let mut batch = Batch::default();
    batch.add_rows(head, parts, rules);
    if is_grouped {
        batch.group(rules);
    }
    let mut problems = Arc::unwrap_or_clone(batch.problems);
    problems.retain(|problem| {
        let column = problem.place.column;
        let is_of_unclear = column.is_some() && unclear.contains(&column);
        !is_of_unclear && problem.code != Code::EmptyUpdate
    });
    problems
}
