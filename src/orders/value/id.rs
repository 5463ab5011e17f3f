//! Ids of companies, orders, assessments and tests: exact, or refused.

use super::{Finding, Value, is_longer};
use crate::diagnostics::diagnostic::{Code, excerpt};
use crate::input::Cell;
use crate::schema::columns::Column;

/// The longest test id that the API is known to take (API.md says 36, and that some limits were raised).
const TEST_ID_LIMIT: usize = 36;

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
        Column::OrderId if matches!(&*text, "." | "..") => Some(no_segment(column, &text)),
        Column::CompanyId => company_id_finding(&text),
        Column::TestId if is_longer(&text, TEST_ID_LIMIT) => Some(Finding::new(
            Code::TestIdLong,
            format!(
                "the test id has {} characters, and the API may take only {TEST_ID_LIMIT}",
                text.chars().count()
            ),
            "check the id; if the API refuses it, the report will show its answer",
        )),
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

/// `.` and `..` mean the place itself and the one above: no URL can carry them as a name.
fn no_segment(column: Column, text: &str) -> Finding {
    let (code, what) = match column {
        Column::CompanyId => (Code::CompanyIdMissing, "a company id"),
        _ => (Code::OrderIdInvalid, "an order id"),
    };
    let message = format!("`{text}` cannot be {what}: no URL can carry it");
    Finding::new(code, message, "enter the id as Paylocity shows it")
}

/// Says what is wrong with a company id (API.md: at most 9 characters; `CS…` names company sets).
pub(crate) fn company_id_finding(text: &str) -> Option<Finding> {
    if matches!(text, "." | "..") {
        return Some(no_segment(Column::CompanyId, text));
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
        "{} is {text}, a number that the spreadsheet has rounded",
        column.name()
    );
    let help = "format the column as text, then enter the id again from where it came";
    Finding::new(Code::IdNotExact, message, help)
}

/// Tells whether a text is a number with an exponent: `9.90694E+11`.
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
