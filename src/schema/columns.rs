//! The table of columns: names, meaning, limits, and where each goes in an update.
//!
//! Everything that depends on the set of columns reads [`COLUMNS`]: header matching, checks, grouping, the body of an
//! update, the ledger's comparison, the template, the sandbox's check and the README. A new column is one entry there
//! and one property of the [wire model](crate::paylocity::model).

use super::accessor::{Accessor, text};
use crate::paylocity::model::{AssessmentUpdate, OrderUpdate, TestUpdate};

/// The part of an update that a column describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The order as a whole.
    Order,
    /// One assessment (battery) of the order.
    Assessment,
    /// One attempt at one test of the assessment.
    Test,
}

impl Scope {
    /// Every scope, from the outermost to the innermost.
    pub(crate) const ALL: [Self; 3] = [Self::Order, Self::Assessment, Self::Test];
}

/// The content of a column's cells: decides how they are read and checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An id: exact text; a placeholder counts as missing.
    Id,
    /// A score: any text.
    Score,
    /// A name or description: any text, placeholders included.
    FreeText,
    /// The link of a report.
    Url,
    /// The number of an attempt.
    Attempt,
    /// The status of an assessment.
    AssessmentStatus,
    /// The status of a test.
    TestStatus,
    /// A point in time.
    Timestamp,
}

/// The longest text of a column, in Unicode scalar values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// The API documents no limit.
    None,
    /// A longer text is an error.
    Max(usize),
    /// A longer text is a warning: the documented limit is known to be outdated for some customers.
    Documented(usize),
}

impl Limit {
    /// Returns the limit beyond which a text is an error.
    pub const fn max(self) -> Option<usize> {
        match self {
            Self::Max(limit) => Some(limit),
            Self::None | Self::Documented(_) => None,
        }
    }

    /// Returns the limit that the API documents.
    pub(crate) const fn documented(self) -> Option<usize> {
        match self {
            Self::Max(limit) | Self::Documented(limit) => Some(limit),
            Self::None => None,
        }
    }
}

/// Where the text of a column goes in an update.
#[derive(Debug)]
pub(crate) enum Destination {
    /// Identifies the order, the assessment or the attempt at a test.
    Key(Scope),
    /// A text of the order.
    Order(Accessor<OrderUpdate>),
    /// A text of the assessment.
    Assessment(Accessor<AssessmentUpdate>),
    /// A text of the test.
    Test(Accessor<TestUpdate>),
    /// The name of a report.
    ReportName(Scope),
    /// The link of a report.
    ReportUrl(Scope),
}

/// An entry of the table.
#[derive(Debug)]
pub struct ColumnSpec {
    /// The canonical name.
    pub name: &'static str,
    /// Other names; the API path is one in any case.
    pub aliases: &'static [&'static str],
    /// The property of the API; `[]` marks a list.
    pub path: &'static str,
    /// The content of its cells.
    pub kind: Kind,
    /// The longest text.
    pub limit: Limit,
    /// Where the text goes in an update.
    pub(crate) destination: Destination,
    /// The meaning, for people.
    pub description: &'static str,
    /// A valid cell, for the template.
    pub(crate) example: &'static str,
}

/// Declares the columns: the enum [`Column`] and the table [`COLUMNS`] in the same order.
macro_rules! columns {
    ($($column:ident { $($property:ident: $value:expr),* $(,)? })*) => {
        /// A column that Scoreload understands.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "each is described by its entry in the table")]
        pub enum Column {
            $($column),*
        }

        impl Column {
            /// Every column, in the order of the table.
            pub(crate) const ALL: &[Self] = &[$(Self::$column),*];
        }

        /// Every column, in the order of [`Column`].
        pub static COLUMNS: [ColumnSpec; Column::ALL.len()] = [
            $(ColumnSpec { $($property: $value),* }),*
        ];
    };
}

columns! {
    CompanyId {
        name: "company_id",
        aliases: &["company"],
        path: "companyId",
        kind: Kind::Id,
        limit: Limit::Max(9),
        destination: Destination::Key(Scope::Order),
        description: "the customer's Paylocity company",
        example: "B6001",
    }
    OrderId {
        name: "order_id",
        aliases: &["order", "order_no", "order_number", "assessment_order_id"],
        path: "orderId",
        kind: Kind::Id,
        limit: Limit::None,
        destination: Destination::Key(Scope::Order),
        description: "the assessment order; rows with the same company and order become one update",
        example: "ORD-2041",
    }
    PartnerTrackingId {
        name: "partner_tracking_id",
        aliases: &["tracking_id"],
        path: "partnerTrackingId",
        kind: Kind::Id,
        limit: Limit::None,
        destination: Destination::Order(text!(partner_tracking_id)),
        description: "your own id of the order",
        example: "TRK-7781",
    }
    OverallScore {
        name: "overall_score",
        aliases: &[],
        path: "overallScore",
        kind: Kind::Score,
        limit: Limit::Max(30),
        destination: Destination::Order(text!(overall_score)),
        description: "the score of the whole order",
        example: "82",
    }
    OverallScoreDescription {
        name: "overall_score_description",
        aliases: &[],
        path: "overallScoreDescription",
        kind: Kind::FreeText,
        limit: Limit::Max(250),
        destination: Destination::Order(text!(overall_score_description)),
        description: "what the overall score means",
        example: "Well suited",
    }
    OverallReportName {
        name: "overall_report_name",
        aliases: &[],
        path: "overallReports[].name",
        kind: Kind::FreeText,
        limit: Limit::Max(50),
        destination: Destination::ReportName(Scope::Order),
        description: "the title of a report on the order",
        example: "Certificate",
    }
    OverallReportUrl {
        name: "overall_report_url",
        aliases: &[],
        path: "overallReports[].url",
        kind: Kind::Url,
        limit: Limit::Max(250),
        destination: Destination::ReportUrl(Scope::Order),
        description: "the link of a report on the order",
        example: "https://reports.example.com/ord-2041/certificate.pdf",
    }
    AssessmentId {
        name: "assessment_id",
        aliases: &["battery_id"],
        path: "assessments[].assessmentId",
        kind: Kind::Id,
        limit: Limit::None,
        destination: Destination::Key(Scope::Assessment),
        description: "the assessment (battery) that the test belongs to",
        example: "COG-A",
    }
    AssessmentStatus {
        name: "assessment_status",
        aliases: &[],
        path: "assessments[].assessmentStatus.value",
        kind: Kind::AssessmentStatus,
        limit: Limit::None,
        destination: Destination::Assessment(text!(assessment_status.value)),
        description: "the status of the assessment",
        example: "Complete",
    }
    AssessmentStatusUpdatedAt {
        name: "assessment_status_updated_at",
        aliases: &[],
        path: "assessments[].assessmentStatus.updatedAt",
        kind: Kind::Timestamp,
        limit: Limit::None,
        destination: Destination::Assessment(text!(assessment_status.updated_at)),
        description: "when the assessment reached that status",
        example: "2026-03-04 17:30",
    }
    AssessmentScore {
        name: "assessment_score",
        aliases: &[],
        path: "assessments[].assessmentResults.score",
        kind: Kind::Score,
        limit: Limit::Max(30),
        destination: Destination::Assessment(text!(assessment_results.score)),
        description: "the score of the whole assessment",
        example: "82",
    }
    AssessmentScoreDescription {
        name: "assessment_score_description",
        aliases: &[],
        path: "assessments[].assessmentResults.scoreDescription",
        kind: Kind::FreeText,
        limit: Limit::Max(250),
        destination: Destination::Assessment(text!(assessment_results.score_description)),
        description: "what the assessment's score means",
        example: "Well suited",
    }
    AssessmentReportName {
        name: "assessment_report_name",
        aliases: &[],
        path: "assessments[].assessmentResults.reports[].name",
        kind: Kind::FreeText,
        limit: Limit::Max(50),
        destination: Destination::ReportName(Scope::Assessment),
        description: "the title of a report on the assessment",
        example: "Summary",
    }
    AssessmentReportUrl {
        name: "assessment_report_url",
        aliases: &[],
        path: "assessments[].assessmentResults.reports[].url",
        kind: Kind::Url,
        limit: Limit::Max(250),
        destination: Destination::ReportUrl(Scope::Assessment),
        description: "the link of a report on the assessment",
        example: "https://reports.example.com/ord-2041/summary.pdf",
    }
    TestId {
        name: "test_id",
        aliases: &[],
        path: "assessments[].assessmentResults.tests[].id",
        kind: Kind::Id,
        limit: Limit::Documented(36),
        destination: Destination::Key(Scope::Test),
        description: "the test",
        example: "NUM-01",
    }
    Attempt {
        name: "attempt",
        aliases: &["test_attempt", "attempt_number"],
        path: "assessments[].assessmentResults.tests[].score.attempt",
        kind: Kind::Attempt,
        limit: Limit::None,
        destination: Destination::Key(Scope::Test),
        description: "which attempt at the test it was, a whole number; 1 is the first",
        example: "1",
    }
    TestScore {
        name: "test_score",
        aliases: &["score"],
        path: "assessments[].assessmentResults.tests[].score.value",
        kind: Kind::Score,
        limit: Limit::Max(50),
        destination: Destination::Test(text!(score.value)),
        description: "the score of the test",
        example: "82",
    }
    TestScoreDescription {
        name: "test_score_description",
        aliases: &["score_description"],
        path: "assessments[].assessmentResults.tests[].score.description",
        kind: Kind::FreeText,
        limit: Limit::Max(250),
        destination: Destination::Test(text!(score.description)),
        description: "what the test's score means",
        example: "Above average",
    }
    TestStatus {
        name: "test_status",
        aliases: &["status"],
        path: "assessments[].assessmentResults.tests[].testStatus.value",
        kind: Kind::TestStatus,
        limit: Limit::None,
        destination: Destination::Test(text!(test_status.value)),
        description: "the status of the test",
        example: "Complete",
    }
    TestStatusUpdatedAt {
        name: "test_status_updated_at",
        aliases: &["updated_at"],
        path: "assessments[].assessmentResults.tests[].testStatus.updatedAt",
        kind: Kind::Timestamp,
        limit: Limit::None,
        destination: Destination::Test(text!(test_status.updated_at)),
        description: "when the test reached that status",
        example: "2026-03-04 17:06",
    }
    TestReportName {
        name: "test_report_name",
        aliases: &["report_name"],
        path: "assessments[].assessmentResults.tests[].score.reports[].name",
        kind: Kind::FreeText,
        limit: Limit::Max(50),
        destination: Destination::ReportName(Scope::Test),
        description: "the title of a report on the test",
        example: "Score sheet",
    }
    TestReportUrl {
        name: "test_report_url",
        aliases: &["report_url"],
        path: "assessments[].assessmentResults.tests[].score.reports[].url",
        kind: Kind::Url,
        limit: Limit::Max(250),
        destination: Destination::ReportUrl(Scope::Test),
        description: "the link of a report on the test",
        example: "https://reports.example.com/ord-2041/num-01.pdf",
    }
}

impl ColumnSpec {
    /// Returns the part of an update that the column describes.
    pub(crate) const fn scope(&self) -> Scope {
        match self.destination {
            Destination::Key(scope)
            | Destination::ReportName(scope)
            | Destination::ReportUrl(scope) => scope,
            Destination::Order(_) => Scope::Order,
            Destination::Assessment(_) => Scope::Assessment,
            Destination::Test(_) => Scope::Test,
        }
    }
}

impl Column {
    /// Returns the entry of the column.
    pub(crate) fn spec(self) -> &'static ColumnSpec {
        &COLUMNS[self as usize]
    }

    /// Returns the canonical name.
    pub(crate) fn name(self) -> &'static str {
        self.spec().name
    }

    /// Returns the part of an update that the column describes.
    pub(crate) fn scope(self) -> Scope {
        self.spec().scope()
    }

    /// Whether the column identifies an order, an assessment or an attempt at a test.
    pub(crate) fn is_key(self) -> bool {
        matches!(self.spec().destination, Destination::Key(_))
    }

    /// Whether the column is part of a report; a sheet may repeat it, once for each further report.
    pub(crate) fn is_of_report(self) -> bool {
        self.is_report_name() || self.is_report_url()
    }

    /// Whether the column is the name of a report.
    pub(crate) fn is_report_name(self) -> bool {
        matches!(self.spec().destination, Destination::ReportName(_))
    }

    /// Whether the column is the link of a report.
    pub(crate) fn is_report_url(self) -> bool {
        matches!(self.spec().destination, Destination::ReportUrl(_))
    }

    /// Whether a row about a test must have the column.
    pub(crate) fn is_required(self) -> bool {
        self.is_key() && self.scope() != Scope::Assessment
    }

    /// Whether the column holds one value of its scope: it is neither a key nor part of a report.
    pub(crate) fn is_value(self) -> bool {
        !self.is_key() && !self.is_of_report()
    }
}

/// The meaning of a header: a column, and for report columns the number of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Field {
    /// The column.
    pub(crate) column: Column,
    /// The number of the row's report, from 1; 1 for every other column.
    pub(crate) number: u16,
}

impl Field {
    /// Returns the canonical name, with `_2` and so on for further reports.
    pub(crate) fn name(self) -> String {
        match self.number {
            1 => self.column.name().to_owned(),
            number => format!("{}_{number}", self.column.name()),
        }
    }
}

impl From<Column> for Field {
    fn from(column: Column) -> Self {
        Self { column, number: 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_has_the_two_columns_of_a_report() {
        for scope in Scope::ALL {
            let count = |is_of: fn(Column) -> bool| {
                let columns = Column::ALL.iter();
                columns
                    .filter(|column| column.scope() == scope && is_of(**column))
                    .count()
            };
            assert_eq!(count(Column::is_report_name), 1);
            assert_eq!(count(Column::is_report_url), 1);
        }
    }
}
