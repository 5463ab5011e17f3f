//! What can be known only of a whole order: pure rules over the gathered rows.

use std::borrow::Cow;

use super::group::{Assessment, At, Content, Order, RowAt};
use crate::diagnostics::diagnostic::{Code, Diagnostic, Place, excerpt};
use crate::input::SheetHead;
use crate::paylocity::status::{FINAL_ASSESSMENT_STATUSES, FINAL_TEST_STATUSES};
use crate::schema::columns::Column;

/// Returns what is wrong, or doubtful, with an order as a whole.
pub(crate) fn order(order: &Order, content: &Content<'_>, heads: &[SheetHead]) -> Vec<Diagnostic> {
    let assessments = content.assessments.iter();
    let mut found: Vec<Diagnostic> = assessments
        .flat_map(|(id, assessment)| incomplete_tests(id, assessment, heads))
        .collect();
    found.extend(empty_update(order, content, heads));
    found.extend(nameless_assessment(order, content, heads));
    found
}

/// The Complete rule (API.md, "How the server behaves"), over the tests in the body: when an assessment is over, so
/// are its tests. A test without a status does not break it.
fn incomplete_tests(
    id: Option<&str>,
    assessment: &Assessment<'_>,
    heads: &[SheetHead],
) -> Vec<Diagnostic> {
    let status = assessment.own.fields.text(Column::AssessmentStatus);
    let Some(status) = status.filter(|status| FINAL_ASSESSMENT_STATUSES.contains(status)) else {
        return Vec::new();
    };
    let named = id.map_or_else(
        || "the assessment".to_owned(),
        |id| format!("assessment {}", excerpt(id)),
    );
    let open = assessment
        .tests
        .iter()
        .filter_map(|((test, attempt), group)| {
            let (test_status, at) = group.fields.entry(Column::TestStatus)?;
            if FINAL_TEST_STATUSES.contains(&test_status) {
                return None;
            }
            let message = format!(
                "{named} is {status}, but attempt {attempt} at its test {} is {test_status}",
                excerpt(test)
            );
            let help = format!(
                "wait until the test is one of {}, or give the assessment another status",
                FINAL_TEST_STATUSES.join(", ")
            );
            Some(
                at_cell(
                    Code::IncompleteTests,
                    at,
                    Column::TestStatus,
                    message,
                    help,
                    heads,
                )
                .with_value(test_status),
            )
        });
    open.collect()
}

/// An order whose rows hold nothing but ids would cost a request and change nothing.
fn empty_update(order: &Order, content: &Content<'_>, heads: &[SheetHead]) -> Option<Diagnostic> {
    let says_something = |(_, assessment): (_, &Assessment<'_>)| {
        !assessment.tests.is_empty() || !assessment.own.is_empty()
    };
    let empty = content.own.is_empty() && !content.assessments.iter().any(says_something);
    // Where a cell could not be read, the order is not empty: it is wrong, and that was said.
    if !empty || order.errors > 0 {
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

/// Tests of an assessment without id: the API takes them, and may not know where they belong.
fn nameless_assessment(
    order: &Order,
    content: &Content<'_>,
    heads: &[SheetHead],
) -> Option<Diagnostic> {
    let row = content.nameless?;
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

/// Places a finding at a row's cell of a column, or at the row where the sheet has no such column.
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
            let at = At {
                sheet: row.sheet,
                row: row.row,
                column: index,
            };
            at_cell(code, at, column, message, help, heads)
        }
        None => Diagnostic::new(code, Place::row(&head.source, row.row), message, help),
    }
}

fn at_cell(
    code: Code,
    at: At,
    column: Column,
    message: String,
    help: impl Into<Cow<'static, str>>,
    heads: &[SheetHead],
) -> Diagnostic {
    let head = &heads[at.sheet as usize];
    Diagnostic::new(
        code,
        Place::cell(&head.source, at.row, at.column),
        message,
        help,
    )
    .in_column(head.header.text(at.column).cloned(), Some(column.into()))
}
