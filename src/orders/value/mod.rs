//! One cell under its column's rules: the text that goes into the body, or what is wrong with it. Ids and times have rooms of
//! their own.

mod id;
mod time;

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::tz::TimeZone;

pub(crate) use self::id::company_id_finding;
use crate::diagnostics::diagnostic::{Code, WarningPolicy, excerpt};
use crate::input::Cell;
use crate::input::values::timestamp::DateOrder;
use crate::orders::report_link;
use crate::paylocity::model::Text;
use crate::paylocity::status::{ASSESSMENT_STATUSES, StatusWords, TEST_STATUSES};
use crate::schema::columns::{Column, Kind};

/// What the user settles about the meaning of cells.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The company of rows in inputs that have no such column.
    pub company_id: Option<Text>,
    /// The attempt of tests that name none.
    pub default_attempt: Option<u32>,
    /// The zone of times that name none.
    pub zone: TimeZone,
    /// How to read a date between slashes that gives two different days.
    pub date_order: Option<DateOrder>,
    /// The words for statuses.
    pub statuses: StatusWords,
    /// What stands for "no value", whatever the case.
    pub placeholders: Vec<String>,
    /// When the run began: later times are doubtful.
    pub now: Timestamp,
    /// Whether warnings hold back as errors do.
    pub warnings: WarningPolicy,
}

/// What a cell gave.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Value<'c> {
    /// The text for the body; `None` where the field is left out.
    pub(crate) text: Option<Cow<'c, str>>,
    /// What is wrong, or doubtful, with the cell.
    pub(crate) finding: Option<Box<Finding>>,
    /// Whether a placeholder such as `N/A` stood there.
    pub(crate) placeholder: bool,
    /// What a date between slashes proves about the column.
    pub(crate) date_order: Option<DateOrder>,
}

/// What is wrong with a value, before its place is known.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// What kind it is.
    pub(crate) code: Code,
    /// What is wrong.
    pub(crate) message: String,
    /// What to do.
    pub(crate) help: Cow<'static, str>,
}

impl Finding {
    fn new(code: Code, message: impl Into<String>, help: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            message: message.into(),
            help: help.into(),
        }
    }
}

impl From<Finding> for Value<'_> {
    fn from(finding: Finding) -> Self {
        Self {
            finding: Some(finding.into()),
            ..Self::default()
        }
    }
}

impl<'c> From<Cow<'c, str>> for Value<'c> {
    fn from(text: Cow<'c, str>) -> Self {
        Self {
            text: Some(text),
            ..Self::default()
        }
    }
}

/// Returns what stands for "no value" in most exports.
pub fn placeholders() -> Vec<String> {
    ["-", "--", "---", "N/A", "NA", "NULL"]
        .map(str::to_owned)
        .to_vec()
}

/// The highest attempt: the API's attempt is an integer, taken as one of 32 bits.
const HIGHEST_ATTEMPT: u32 = i32::MAX.unsigned_abs();

/// Reads a cell by the rules of its column.
pub fn read<'c>(column: Column, cell: &'c Cell<'_>, rules: &Rules) -> Value<'c> {
    let kind = column.spec().kind;
    match cell {
        Cell::Blank => return Value::default(),
        Cell::Error(text) => return cell_error(text).into(),
        Cell::Formula => return formula_without_value().into(),
        Cell::Text(text) if kind != Kind::Prose && is_placeholder(text, rules) => {
            return Value {
                placeholder: true,
                ..Value::default()
            };
        }
        Cell::Date(_) | Cell::Duration(_) | Cell::Boolean(_) if wants_plain_text(kind) => {
            return cell_type(column, cell).into();
        }
        _ => {}
    }
    let value = match kind {
        Kind::Id => id::read(column, cell),
        Kind::Score | Kind::Prose => cell.shown().into(),
        Kind::Url => url(cell.shown()),
        Kind::Attempt => attempt(cell),
        Kind::AssessmentStatus => status(cell, &ASSESSMENT_STATUSES, rules),
        Kind::TestStatus => status(cell, &TEST_STATUSES, rules),
        Kind::Time => time::read(cell, rules),
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

/// Tells whether a date, duration or boolean cell in such a column means that a spreadsheet has changed the value.
fn wants_plain_text(kind: Kind) -> bool {
    matches!(kind, Kind::Id | Kind::Score | Kind::Attempt)
}

fn cell_error(text: &str) -> Finding {
    let message = format!("the cell holds the error {text} instead of a value");
    Finding::new(
        Code::CellError,
        message,
        "mend the formula, or put the value itself into the cell",
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
        "nothing to do if that is meant; else give the column the format 0% or enter the values as text",
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
    let help = "the spreadsheet has changed what was typed: format the column as text and enter the value again";
    Finding::new(Code::CellType, message, help)
}

fn url(text: Cow<'_, str>) -> Value<'_> {
    if report_link::is_link(&text) {
        return text.into();
    }
    let message = format!("`{}` is no web address", excerpt(&text));
    Finding::new(
        Code::UrlInvalid,
        message,
        "enter the whole link, beginning with https:// or http://",
    )
    .into()
}

fn attempt<'c>(cell: &'c Cell<'_>) -> Value<'c> {
    let text = cell.shown();
    // Exports that keep numbers as decimals write 1.0 for 1.
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

/// Tells whether digits are written as a number is: without zeros that count for nothing.
fn is_canonical(digits: &str) -> bool {
    digits == "0" || !digits.starts_with('0') && !digits.contains('.')
}

fn status<'c>(cell: &'c Cell<'_>, allowed: &[&'static str], rules: &Rules) -> Value<'c> {
    let text = cell.shown();
    match rules.statuses.find(&text, allowed) {
        // What is borrowed is the text of the cell.
        Some(name) if name == text => return text.into(),
        Some(name) => return Cow::<str>::Owned(name.to_owned()).into(),
        None => {}
    }
    let message = format!("`{}` is no status that the API knows here", excerpt(&text));
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

/// Tells whether a text has more characters than that; a character has a byte or more, so most texts need no count.
fn is_longer(text: &str, limit: usize) -> bool {
    text.len() > limit && text.chars().count() > limit
}

/// Holds a text to the limit of its column; the company id has a code of its own.
fn within_limit(column: Column, value: Value<'_>) -> Value<'_> {
    let (Some(limit), Some(text), None) = (column.spec().limit, &value.text, &value.finding) else {
        return value;
    };
    if !is_longer(text, limit) || column == Column::CompanyId {
        return value;
    }
    let length = text.chars().count();
    let message = format!(
        "{} has {length} characters, and the API takes at most {limit}",
        column.name()
    );
    Finding::new(
        Code::ValueTooLong,
        message,
        format!("shorten the text by {}", length - limit),
    )
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::values::timestamp::from_serial;

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
    fn texts_follow_the_rules_of_their_columns() {
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
    fn cells_that_a_spreadsheet_has_changed_are_told() {
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
