//! The columns of the template: their order, headers and hints.

use crate::paylocity::status::{ASSESSMENT_STATUSES, TEST_STATUSES};
use crate::schema::columns::{Column, Kind, Scope};

/// Returns the columns from left to right: the keys, then the test, the assessment and the order.
pub(crate) fn columns() -> Vec<Column> {
    let rank = |column: &Column| match (column.is_key(), column.scope()) {
        (true, _) => 0,
        (false, Scope::Test) => 1,
        (false, Scope::Assessment) => 2,
        (false, Scope::Order) => 3,
    };
    let mut columns = Column::ALL.to_vec();
    columns.sort_by_key(rank);
    columns
}

/// Returns the header of a column: the canonical name, with a star if the column is required.
pub(crate) fn header(column: Column) -> String {
    let star = if column.is_required() { "*" } else { "" };
    format!("{}{star}", column.name())
}

/// Describes the format of the cells of a column; empty for free text.
pub(crate) fn format_hint(column: Column) -> String {
    match column.spec().kind {
        Kind::Id => "The id alone, kept as typed.".to_owned(),
        Kind::Score => "Kept as typed: 82, 87.5, 85%, Pass.".to_owned(),
        Kind::FreeText => String::new(),
        Kind::Url => "The whole link, beginning with https:// or http://.".to_owned(),
        Kind::Attempt => "A whole number; 1 is the first attempt.".to_owned(),
        Kind::AssessmentStatus => format!("One of {}.", ASSESSMENT_STATUSES.join(", ")),
        Kind::TestStatus => format!("One of {}.", TEST_STATUSES.join(", ")),
        Kind::Timestamp => {
            "A date and time, such as 2026-03-04 17:06; UTC unless --timezone is given.".to_owned()
        }
    }
}
