//! The rules for a whole order, checked on its merged content.

use std::borrow::Cow;

use super::content::{AssessmentContent, OrderContent};
use super::order::{CellAt, Order, RowAt};
use crate::diagnostics::diagnostic::{Code, Diagnostic, Place, excerpt};
use crate::input::SheetHead;
use crate::paylocity::status::{FINAL_ASSESSMENT_STATUSES, FINAL_TEST_STATUSES};
use crate::schema::columns::Column;

/// Returns the diagnostics of an order as a whole.
pub(crate) fn order(
    order: &Order,
    content: &OrderContent<'_>,
    heads: &[SheetHead],
) -> Vec<Diagnostic> {
    let assessments = content.assessments.iter();
    let mut found: Vec<Diagnostic> = assessments
        .flat_map(|(id, assessment)| incomplete_tests(*id, assessment, heads))
        .collect();
    found.extend(empty_update(order, content, heads));
    found.extend(missing_assessment_id(order, content, heads));
    found
}

/// Checks that the tests of a final assessment are final too, as the API requires. A test without a status is accepted.
fn incomplete_tests(
    id: Option<&str>,
    assessment: &AssessmentContent<'_>,
    heads: &[SheetHead],
) -> Vec<Diagnostic> {
    let status = assessment.own.values.text(Column::AssessmentStatus);
    let Some(status) = status.filter(|status| FINAL_ASSESSMENT_STATUSES.contains(status)) else {
        return Vec::new();
    };
    let named = id.map_or_else(
        || "the assessment".to_owned(),
        |id| format!("assessment {}", excerpt(id)),
    );
    let open = assessment.tests.iter().filter_map(|(test, group)| {
        let test_status = group.values.get(Column::TestStatus)?;
        if FINAL_TEST_STATUSES.contains(&test_status.text) {
            return None;
        }
        let message = format!(
            "{named} is {status}, but attempt {} at its test {} is {}",
            test.attempt,
            excerpt(test.id),
            test_status.text
        );
        let help = format!(
            "wait until the test is one of {}, or give the assessment another status",
            FINAL_TEST_STATUSES.join(", ")
        );
        let (code, cell) = (Code::IncompleteTests, test_status.cell);
        let diagnostic = at_cell(code, cell, Column::TestStatus, message, help, heads);
        Some(diagnostic.with_value(test_status.text))
    });
    open.collect()
}

/// Checks that the order has anything besides ids: an empty update would cost a request and change nothing.
fn empty_update(
    order: &Order,
    content: &OrderContent<'_>,
    heads: &[SheetHead],
) -> Option<Diagnostic> {
    let has_results = |assessment: &AssessmentContent<'_>| {
        !assessment.tests.is_empty() || !assessment.own.is_empty()
    };
    let is_empty = content.own.is_empty() && !content.assessments.values().any(has_results);
    // A cell with an error is left out of the content and has its own diagnostic.
    if !is_empty || order.errors > 0 {
        return None;
    }
    let message = format!(
        "the rows of order {} hold nothing to send",
        excerpt(&order.order_id)
    );
    let help = "fill in a score or a status, or delete the row";
    let first = order.rows.first()?;
    Some(at_row(
        Code::EmptyUpdate,
        *first,
        Column::OrderId,
        message,
        help,
        heads,
    ))
}

/// Warns of results without an assessment id: the API accepts them but may not know where they belong.
fn missing_assessment_id(
    order: &Order,
    content: &OrderContent<'_>,
    heads: &[SheetHead],
) -> Option<Diagnostic> {
    let row = content.without_assessment_id?;
    let message = format!(
        "order {} has results and names no assessment for them",
        excerpt(&order.order_id)
    );
    let help =
        "enter the assessment id if the order has one; without it the results are sent as they are";
    Some(at_row(
        Code::AssessmentIdMissing,
        row,
        Column::AssessmentId,
        message,
        help,
        heads,
    ))
}

/// Returns a diagnostic at the cell of a column, or at the row if the sheet lacks the column.
fn at_row(
    code: Code,
    row: RowAt,
    column: Column,
    message: String,
    help: &'static str,
    heads: &[SheetHead],
) -> Diagnostic {
    let head = &heads[row.sheet as usize];
    match head.header.column_of(column) {
        Some(index) => {
            let cell = CellAt { row, column: index };
            at_cell(code, cell, column, message, help, heads)
        }
        None => Diagnostic::new(code, Place::row(&head.source, row.row), message, help),
    }
}

fn at_cell(
    code: Code,
    cell: CellAt,
    column: Column,
    message: String,
    help: impl Into<Cow<'static, str>>,
    heads: &[SheetHead],
) -> Diagnostic {
    let head = &heads[cell.row.sheet as usize];
    let place = Place::cell(&head.source, cell.row.row, cell.column);
    let header = head.header.text(cell.column).cloned();
    Diagnostic::new(code, place, message, help).in_column(header, Some(column.into()))
}
