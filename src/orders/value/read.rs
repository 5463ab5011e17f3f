//! Reading one cell by the rules of its column.

use std::borrow::Cow;

use super::finding::{Finding, Value};
use super::limit::within_limit;
use super::rules::Rules;
use super::{id, timestamp};
use crate::diagnostics::diagnostic::{Code, excerpt};
use crate::input::Cell;
use crate::orders::report_link;
use crate::paylocity::status::{ASSESSMENT_STATUSES, TEST_STATUSES};
use crate::schema::columns::{Column, Kind};

/// The highest attempt: the API documents an integer, assumed to have 32 bits.
const HIGHEST_ATTEMPT: u32 = i32::MAX.unsigned_abs();

/// Reads a cell by the rules of its column.
pub(crate) fn read<'c>(column: Column, cell: &'c Cell<'_>, rules: &Rules) -> Value<'c> {
    let kind = column.spec().kind;
    match cell {
        Cell::Blank => return Value::default(),
        Cell::Error(text) => return cell_error(text).into(),
        Cell::Formula => return formula_without_value().into(),
        Cell::Text(text) if kind != Kind::FreeText && is_placeholder(text, rules) => {
            return Value {
                placeholder: true,
                ..Value::default()
            };
        }
        Cell::Date(_) | Cell::Duration(_) | Cell::Boolean(_) if is_plain_text(kind) => {
            return cell_type(column, cell).into();
        }
        _ => {}
    }
    let value = match kind {
        Kind::Id => id::read(column, cell),
        Kind::Score | Kind::FreeText => cell.shown().into(),
        Kind::Url => url(cell.shown()),
        Kind::Attempt => attempt(cell),
        Kind::AssessmentStatus => status(cell, &ASSESSMENT_STATUSES, rules),
        Kind::TestStatus => status(cell, &TEST_STATUSES, rules),
        Kind::Timestamp => timestamp::read(cell, rules),
    };
    let value = match cell {
        Cell::Percentage(_) if value.finding.is_none() => Value {
            finding: Some(percent_as_number(cell).into()),
            ..value
        },
        _ => value,
    };
    within_limit(column, value)
}

fn is_placeholder(text: &str, rules: &Rules) -> bool {
    let is_same = |word: &String| word.eq_ignore_ascii_case(text);
    rules.placeholders.iter().any(is_same)
}

/// Whether a date, duration or boolean cell in a column of this kind was changed by the spreadsheet.
fn is_plain_text(kind: Kind) -> bool {
    matches!(kind, Kind::Id | Kind::Score | Kind::Attempt)
}

fn cell_error(text: &str) -> Finding {
    let message = format!("the cell holds the error {text} instead of a value");
    Finding::new(
        Code::CellError,
        message,
        "correct the formula, or enter the value itself",
    )
}

fn formula_without_value() -> Finding {
    Finding::new(
        Code::FormulaWithoutValue,
        "the cell holds a formula, and the file does not hold its value",
        "open the file in a spreadsheet program, which computes it, and save it again",
    )
}

fn percent_as_number(cell: &Cell<'_>) -> Finding {
    let text = cell.shown();
    Finding::new(
        Code::PercentAsNumber,
        format!("the cell shows a percentage, and is read as `{text}`"),
        "nothing to do if that is intended; otherwise give the column the format 0% or enter the values as text",
    )
}

fn cell_type(column: Column, cell: &Cell<'_>) -> Finding {
    let what = match cell {
        Cell::Date(_) => "date",
        Cell::Duration(_) => "duration",
        _ => "true-or-false value",
    };
    let message = format!(
        "the cell holds the {what} {} where {} is expected",
        cell.shown(),
        column.name()
    );
    let help =
        "the spreadsheet changed the input: format the column as text and enter the value again";
    Finding::new(Code::CellType, message, help)
}

fn url(text: Cow<'_, str>) -> Value<'_> {
    if report_link::is_link(&text) {
        return text.into();
    }
    let message = format!("`{}` is not a web address", excerpt(&text));
    Finding::new(
        Code::UrlInvalid,
        message,
        "enter the whole link, beginning with https:// or http://",
    )
    .into()
}

fn attempt<'c>(cell: &'c Cell<'_>) -> Value<'c> {
    let text = cell.shown();
    // Exports with decimal columns write 1.0 for 1.
    let whole = text
        .split_once('.')
        .filter(|(_, decimals)| !decimals.is_empty() && decimals.bytes().all(|b| b == b'0'));
    let digits = whole.map_or(&*text, |(whole, _)| whole);
    let parsed = digits
        .bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| digits.parse::<u32>().ok())
        .flatten();
    match parsed.filter(|number| *number <= HIGHEST_ATTEMPT) {
        Some(_) if is_canonical(&text) => text.into(),
        Some(number) => Cow::<str>::Owned(number.to_string()).into(),
        None => {
            let message = format!(
                "the attempt is `{}`, not a whole number of 0 or more",
                excerpt(&text)
            );
            Finding::new(
                Code::AttemptInvalid,
                message,
                "enter the number of the attempt; 1 is the first",
            )
            .into()
        }
    }
}

/// Whether digits have neither leading zeros nor decimals.
fn is_canonical(digits: &str) -> bool {
    digits == "0" || !digits.starts_with('0') && !digits.contains('.')
}

fn status<'c>(cell: &'c Cell<'_>, allowed: &[&'static str], rules: &Rules) -> Value<'c> {
    let text = cell.shown();
    match rules.statuses.find(&text, allowed) {
        // Borrowed, so that the caller sees that the text is unchanged.
        Some(name) if name == text => return text.into(),
        Some(name) => return Cow::<str>::Owned(name.to_owned()).into(),
        None => {}
    }
    let message = format!(
        "`{}` is not a status that the API accepts here",
        excerpt(&text)
    );
    let meant = rules
        .statuses
        .nearest(&text, allowed)
        .map(|name| format!("did you mean {name}? "));
    let help = format!(
        "{}use one of {}, or pass --status '{}=STATUS'",
        meant.unwrap_or_default(),
        allowed.join(", "),
        excerpt(&text)
    );
    Finding::new(Code::StatusUnknown, message, help).into()
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::diagnostics::diagnostic::WarningPolicy;
    use crate::input::values::timestamp::from_serial;
    use crate::orders::value::placeholders;
    use crate::paylocity::status::StatusWords;

    fn rules() -> Rules {
        Rules {
            company_id: None,
            default_attempt: None,
            zone: TimeZone::UTC,
            date_order: None,
            statuses: StatusWords::default(),
            placeholders: placeholders(),
            now: "2026-06-01T00:00:00Z".parse().unwrap(),
            warnings: WarningPolicy::Allow,
        }
    }

    fn outcome(column: Column, cell: &Cell<'_>) -> (Option<String>, Option<&'static str>) {
        let value = read(column, cell, &rules());
        (
            value.text.map(Into::into),
            value.finding.map(|finding| finding.code.name()),
        )
    }

    fn of_text(column: Column, text: &str) -> (Option<String>, Option<&'static str>) {
        outcome(column, &Cell::text(text))
    }

    #[test]
    fn each_kind_of_column_has_its_rules() {
        let long = "x".repeat(51);
        #[rustfmt::skip]
        let table: &[(Column, &str, Option<&str>, Option<&str>)] = &[
            (Column::TestScore, "87.0", Some("87.0"), None),
            (Column::TestScore, "N/A", None, None),
            (Column::TestScore, &long, None, Some("value-too-long")),
            (Column::TestScoreDescription, "n/a", Some("n/a"), None),
            (Column::TestScore, "#N/A", None, Some("cell-error")),
            (Column::Attempt, "1", Some("1"), None),
            (Column::Attempt, "01", Some("1"), None),
            (Column::Attempt, "2.0", Some("2"), None),
            (Column::Attempt, "0", Some("0"), None),
            (Column::Attempt, "1.5", None, Some("attempt-invalid")),
            (Column::Attempt, "-1", None, Some("attempt-invalid")),
            (Column::Attempt, "first", None, Some("attempt-invalid")),
            (Column::Attempt, "1.", None, Some("attempt-invalid")),
            (Column::Attempt, "2147483648", None, Some("attempt-invalid")),
            (Column::CompanyId, "B6001", Some("B6001"), None),
            (Column::CompanyId, "B600123456", Some("B600123456"), Some("company-id-too-long")),
            (Column::CompanyId, "CS001", Some("CS001"), Some("company-id-is-a-set")),
            (Column::OrderId, "..", None, Some("order-id-invalid")),
            (Column::OrderId, "-", None, None),
            (Column::OrderId, "9.90694E+11", None, Some("id-not-exact")),
            (Column::OrderId, "ORD-7E+X", Some("ORD-7E+X"), None),
            (Column::TestReportUrl, "https://x.example/r?a=1&b=ü", Some("https://x.example/r?a=1&b=ü"), None),
            (Column::TestReportUrl, "HTTP://x.example", Some("HTTP://x.example"), None),
            (Column::TestReportUrl, "x.example/r", None, Some("url-invalid")),
            (Column::TestReportUrl, "ftp://x.example/r", None, Some("url-invalid")),
            (Column::TestReportUrl, "https://", None, Some("url-invalid")),
            (Column::TestReportUrl, "https://x.example/a b", None, Some("url-invalid")),
            (Column::TestStatus, "completed", Some("Complete"), None),
            (Column::TestStatus, "Done", None, Some("status-unknown")),
            (Column::AssessmentStatus, "Pending", None, Some("status-unknown")),
            (Column::TestStatusUpdatedAt, "2026-03-04 17:06", Some("2026-03-04T17:06:00Z"), None),
            (Column::TestStatusUpdatedAt, "03/04/2026", None, Some("timestamp-ambiguous")),
            (Column::TestStatusUpdatedAt, "yesterday", None, Some("timestamp-invalid")),
            (Column::TestStatusUpdatedAt, "9999-06-01", Some("9999-06-01T00:00:00Z"), Some("timestamp-in-future")),
            (Column::TestStatusUpdatedAt, "9999-12-31", None, Some("timestamp-invalid")),
            (Column::TestReportUrl, "http:///report", None, Some("url-invalid")),
            (Column::TestReportUrl, "http://.", None, Some("url-invalid")),
            (Column::TestStatusUpdatedAt, "1999-12-31", None, Some("timestamp-invalid")),
            (Column::TestStatusUpdatedAt, "03/04/1999", None, Some("timestamp-invalid")),
            (Column::TestStatusUpdatedAt, "2099-01-01", Some("2099-01-01T00:00:00Z"), Some("timestamp-in-future")),
        ];
        for (column, text, expected, code) in table {
            assert_eq!(
                of_text(*column, text),
                (expected.map(str::to_owned), *code),
                "{column:?} {text}"
            );
        }
    }

    #[test]
    fn typed_cells_in_text_columns_are_errors() {
        let date = Cell::Date(from_serial(46_085.0, false).unwrap());
        assert_eq!(outcome(Column::TestScore, &date).1, Some("cell-type"));
        assert_eq!(
            outcome(Column::OrderId, &Cell::Boolean(true)).1,
            Some("cell-type")
        );
        assert_eq!(
            outcome(Column::TestReportName, &date).0.as_deref(),
            Some("2026-03-04")
        );
        assert_eq!(
            outcome(Column::TestStatusUpdatedAt, &date).0.as_deref(),
            Some("2026-03-04T00:00:00Z")
        );
        assert_eq!(
            outcome(Column::TestStatusUpdatedAt, &Cell::Number(46_085.0)).1,
            Some("timestamp-invalid")
        );
        assert_eq!(
            outcome(Column::OrderId, &Cell::Number(1e15)).1,
            Some("id-not-exact")
        );
        assert_eq!(
            outcome(Column::OrderId, &Cell::Number(990_694.0))
                .0
                .as_deref(),
            Some("990694")
        );
    }
}
