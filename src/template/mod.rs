//! The empty input file: every column in an order that is easy to fill in. As a workbook it is made in
//! `workbook`; as CSV it is the header alone.

mod readme;
mod workbook;

pub(crate) use self::workbook::make as workbook;
use crate::paylocity::status::{ASSESSMENT_STATUSES, TEST_STATUSES};
use crate::schema::columns::{Column, Kind};

/// A column of the template.
#[derive(Debug)]
struct Slot {
    column: Column,
    /// What it could hold; shown on the second sheet, never in a row that could be sent.
    example: &'static str,
    /// Its width on the sheet, in characters.
    width: f64,
}

use Column as C;

const fn slot(column: Column, width: f64, example: &'static str) -> Slot {
    Slot {
        column,
        example,
        width,
    }
}

/// The columns from left to right: whose result it is, the test, then the assessment and the order as a whole.
#[rustfmt::skip]
static SLOTS: [Slot; 22] = [
    slot(C::CompanyId, 14.0, "B6001"),
    slot(C::OrderId, 18.0, "ORD-2041"),
    slot(C::AssessmentId, 16.0, "COG-A"),
    slot(C::TestId, 16.0, "NUM-01"),
    slot(C::Attempt, 11.0, "1"),
    slot(C::TestScore, 13.0, "82"),
    slot(C::TestScoreDescription, 34.0, "Above average"),
    slot(C::TestStatus, 20.0, "Complete"),
    slot(C::TestStatusUpdatedAt, 24.0, "2026-03-04 17:06"),
    slot(C::TestReportName, 24.0, "Score sheet"),
    slot(C::TestReportUrl, 40.0, "https://reports.example.com/ord-2041/num-01.pdf"),
    slot(C::AssessmentStatus, 22.0, "Complete"),
    slot(C::AssessmentStatusUpdatedAt, 32.0, "2026-03-04 17:30"),
    slot(C::AssessmentScore, 19.0, "82"),
    slot(C::AssessmentScoreDescription, 34.0, "Well suited"),
    slot(C::AssessmentReportName, 27.0, "Summary"),
    slot(C::AssessmentReportUrl, 40.0, "https://reports.example.com/ord-2041/summary.pdf"),
    slot(C::OverallScore, 16.0, "82"),
    slot(C::OverallScoreDescription, 34.0, "Well suited"),
    slot(C::OverallReportName, 24.0, "Certificate"),
    slot(C::OverallReportUrl, 40.0, "https://reports.example.com/ord-2041/certificate.pdf"),
    slot(C::PartnerTrackingId, 24.0, "TRK-7781"),
];

/// Columns that every row with a test must fill in.
const REQUIRED: [Column; 4] = [C::CompanyId, C::OrderId, C::TestId, C::Attempt];

impl Slot {
    fn is_required(&self) -> bool {
        REQUIRED.contains(&self.column)
    }

    /// Returns the header: the canonical name, with a star where the column is required.
    fn header(&self) -> String {
        let star = if self.is_required() { "*" } else { "" };
        format!("{}{star}", self.column.name())
    }

    /// Says how its cells are written, where that is not plain.
    fn form(&self) -> String {
        match self.column.spec().kind {
            Kind::Id => "The id alone, kept as it is typed.".to_owned(),
            Kind::Score => "Kept as it is typed: 82, 87.5, 85%, Pass.".to_owned(),
            Kind::Prose => String::new(),
            Kind::Url => "The whole link, beginning with https:// or http://.".to_owned(),
            Kind::Attempt => "A whole number; 1 is the first attempt.".to_owned(),
            Kind::AssessmentStatus => format!("One of {}.", ASSESSMENT_STATUSES.join(", ")),
            Kind::TestStatus => format!("One of {}.", TEST_STATUSES.join(", ")),
            Kind::Time => {
                "A date and time, such as 2026-03-04 17:06; UTC unless told otherwise.".to_owned()
            }
        }
    }
}

/// Returns the template as CSV: the header alone.
pub(crate) fn csv() -> String {
    let names: Vec<&str> = SLOTS.iter().map(|slot| slot.column.name()).collect();
    names.join(",") + "\n"
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::diagnostics::diagnostic::WarningPolicy;
    use crate::input::Options;
    use crate::orders;
    use crate::orders::{Batch, Rules, value};
    use crate::paylocity::status::StatusWords;
    use crate::schema::columns::COLUMNS;
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
    fn every_column_stands_there_once() {
        let columns: HashSet<Column> = SLOTS.iter().map(|slot| slot.column).collect();
        assert_eq!(columns.len(), COLUMNS.len());
        assert_eq!(SLOTS.len(), COLUMNS.len());
    }

    #[test]
    fn the_example_is_right() {
        let path = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
        let cells: Vec<&str> = SLOTS.iter().map(|slot| slot.example).collect();
        std::fs::write(&path, csv() + &cells.join(",") + "\n").unwrap();
        let batch = gathered(path.path());
        assert_eq!(*batch.problems, []);
        assert_eq!(batch.orders.len(), 1);
    }

    #[test]
    fn every_header_means_its_column() {
        for slot in &SLOTS {
            let found = Names::default().find(&slot.header());
            assert_eq!(found, Some(slot.column.into()), "{}", slot.header());
        }
    }
}
