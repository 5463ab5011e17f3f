//! The template: an input file without rows, as a workbook or as CSV.

mod columns;
mod csv;
mod header_format;
mod readme;
mod workbook;

pub(crate) use self::csv::csv;
pub(crate) use self::workbook::workbook;

#[cfg(test)]
pub(crate) mod tests {
    use super::columns::{columns, header};
    use super::*;
    use crate::diagnostics::diagnostic::WarningPolicy;
    use crate::input::Options;
    use crate::orders;
    use crate::orders::{Batch, Rules, value};
    use crate::paylocity::status::StatusWords;
    use crate::schema::header_names::HeaderNames;

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
            let found = HeaderNames::default().find(&header(column));
            assert_eq!(found, Some(column.into()), "{column:?}");
        }
    }
}
