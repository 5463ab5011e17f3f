//! The template: an input file without rows, as a workbook or as CSV.

mod readme;
mod workbook;

pub(crate) use self::workbook::make as workbook;
use crate::paylocity::status::{ASSESSMENT_STATUSES, TEST_STATUSES};
use crate::schema::columns::{Column, Kind, Scope};

/// Returns the columns from left to right: the keys, then the test, the assessment and the order.
fn columns() -> Vec<Column> {
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
fn header(column: Column) -> String {
    let star = if column.is_required() { "*" } else { "" };
    format!("{}{star}", column.name())
}

/// Describes the format of the cells of a column; empty for free text.
fn format_hint(column: Column) -> String {
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

/// Returns the template as CSV: the header alone.
pub(crate) fn csv() -> String {
    let names: Vec<&str> = columns().into_iter().map(Column::name).collect();
    names.join(",") + "\n"
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::diagnostics::diagnostic::WarningPolicy;
    use crate::input::Options;
    use crate::orders;
    use crate::orders::{Batch, Rules, value};
    use crate::paylocity::status::StatusWords;
    use crate::schema::header_names::Names;

    /// Reads a file as `validate` does.
    pub(crate) fn gathered(path: &std::path::Path) -> Batch {
        let options = Options::default();
        let rules = Rules {
            company_id: None,
            default_attempt: None,
            zone: jiff::tz::TimeZone::UTC,
            date_order: None,
            statuses: StatusWords::default(),
            placeholders: value::placeholders(),
            now: "2026-06-01T00:00:00Z".parse().unwrap(),
            warnings: WarningPolicy::Allow,
        };
        orders::gather(&[path.to_owned()], &options, &rules)
    }

    #[test]
    fn the_example_of_every_column_is_valid() {
        let path = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
        let cells: Vec<&str> = columns()
            .iter()
            .map(|column| column.spec().example)
            .collect();
        std::fs::write(&path, csv() + &cells.join(",") + "\n").unwrap();
        let batch = gathered(path.path());
        assert_eq!(*batch.problems, []);
        assert_eq!(batch.orders.len(), 1);
    }

    #[test]
    fn every_header_is_recognized() {
        for column in columns() {
            let found = Names::default().find(&header(column));
            assert_eq!(found, Some(column.into()), "{column:?}");
        }
    }
}
