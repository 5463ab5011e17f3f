//! Reading the ids of companies, orders, assessments and tests: exactly, or not at all.

use super::finding::{Finding, Value};
use super::limit::is_longer;
use crate::diagnostics::diagnostic::{Code, excerpt};
use crate::input::Cell;
use crate::schema::columns::Column;

pub(crate) fn read<'c>(column: Column, cell: &'c Cell<'_>) -> Value<'c> {
    let text = cell.shown();
    let inexact = match cell {
        Cell::Number(number) => number.abs() >= 1e15,
        _ => is_scientific(&text),
    };
    if inexact {
        return not_exact(column, &text).into();
    }
    let finding = match column {
        Column::OrderId if matches!(&*text, "." | "..") => Some(dot_segment(column, &text)),
        Column::CompanyId => company_id_finding(&text),
        Column::TestId => long_test_id(&text),
        _ => None,
    };
    let is_refused =
        |finding: &Finding| matches!(finding.code, Code::OrderIdInvalid | Code::CompanyIdMissing);
    let refused = finding.as_ref().is_some_and(is_refused);
    Value {
        text: (!refused).then_some(text),
        finding: finding.map(Box::new),
        ..Value::default()
    }
}

/// Warns of a test id that is longer than documented.
fn long_test_id(text: &str) -> Option<Finding> {
    let limit = Column::TestId.spec().limit.documented()?;
    if !is_longer(text, limit) {
        return None;
    }
    let length = text.chars().count();
    let message = format!("the test id has {length} characters, and the API may take only {limit}");
    let help = "check the id; if the API refuses it, the report shows its answer";
    Some(Finding::new(Code::TestIdLong, message, help))
}

/// Returns the error of `.` and `..`, which a URL path cannot contain as a segment.
fn dot_segment(column: Column, text: &str) -> Finding {
    let (code, what) = match column {
        Column::CompanyId => (Code::CompanyIdMissing, "a company id"),
        _ => (Code::OrderIdInvalid, "an order id"),
    };
    let message = format!("`{text}` cannot be {what}: a URL cannot contain it");
    Finding::new(code, message, "enter the id as Paylocity shows it")
}

/// Returns the error of a company id that is too long or names a company set (`CS…`).
pub(crate) fn company_id_finding(text: &str) -> Option<Finding> {
    if matches!(text, "." | "..") {
        return Some(dot_segment(Column::CompanyId, text));
    }
    if text.starts_with("CS") {
        let message = format!(
            "`{}` names a set of companies, not a company",
            excerpt(text)
        );
        let help = "enter the id of the one company that the order belongs to";
        return Some(Finding::new(Code::CompanyIdIsASet, message, help));
    }
    let limit = Column::CompanyId
        .spec()
        .limit
        .max()
        .filter(|limit| is_longer(text, *limit))?;
    let length = text.chars().count();
    let message = format!(
        "`{}` has {length} characters, and a company id at most {limit}",
        excerpt(text)
    );
    let help = "enter the Paylocity company id, such as A00123 or B6001";
    Some(Finding::new(Code::CompanyIdTooLong, message, help))
}

fn not_exact(column: Column, text: &str) -> Finding {
    let message = format!(
        "{} is {text}, a number that the spreadsheet rounded",
        column.name()
    );
    let help = "format the column as text, then enter the id again from its source";
    Finding::new(Code::IdNotExact, message, help)
}

/// Whether a text is a number with an exponent, such as `9.90694E+11`.
fn is_scientific(text: &str) -> bool {
    if !text.as_bytes().contains(&b'+') {
        return false;
    }
    let Some((mantissa, exponent)) = text.split_once("E+").or_else(|| text.split_once("e+")) else {
        return false;
    };
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    let (whole, decimals) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
    digits(whole) && digits(decimals) && digits(exponent)
}
