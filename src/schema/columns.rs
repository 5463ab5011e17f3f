//! The one table of columns: what a header may be called, what its cells mean, where they go in a body.
//!
//! Header matching, checking, the body builder, the help texts and the README's table all read [`COLUMNS`]. Which
//! column a header names is told in `names`.

/// A column that Scoreload understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is described by its row in COLUMNS")]
pub enum Column {
    CompanyId,
    OrderId,
    PartnerTrackingId,
    OverallScore,
    OverallScoreDescription,
    OverallReportName,
    OverallReportUrl,
    AssessmentId,
    AssessmentStatus,
    AssessmentStatusUpdatedAt,
    AssessmentScore,
    AssessmentScoreDescription,
    AssessmentReportName,
    AssessmentReportUrl,
    TestId,
    TestScore,
    TestScoreDescription,
    Attempt,
    TestReportName,
    TestReportUrl,
    TestStatus,
    TestStatusUpdatedAt,
}

/// Which part of a body a column speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The order as a whole.
    Order,
    /// One assessment (battery) of the order.
    Assessment,
    /// One attempt at one test of the assessment.
    Test,
}

/// What the cells of a column hold, which decides how they are read and checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An id: exact text, a placeholder means that it is missing.
    Id,
    /// A score: text for the API, whatever it looks like.
    Score,
    /// A name or description: every text is kept.
    Prose,
    /// The link of a report.
    Url,
    /// The number of an attempt.
    Attempt,
    /// A status of an assessment.
    AssessmentStatus,
    /// A status of a test.
    TestStatus,
    /// A point in time.
    Time,
}

/// A row of the table.
#[derive(Debug)]
pub struct ColumnSpec {
    /// The column that the row describes.
    pub column: Column,
    /// Its canonical name.
    pub name: &'static str,
    /// Other names, beside the API path.
    pub aliases: &'static [&'static str],
    /// Where its cells go in the API; `[]` marks a list.
    pub api_path: &'static str,
    /// Which part of the body it belongs to.
    pub scope: Scope,
    /// What its cells hold.
    pub kind: Kind,
    /// The longest text, in Unicode scalar values, where the API states one (API.md, table of fields).
    pub limit: Option<usize>,
    /// What it is, for people.
    pub about: &'static str,
}

use Column as C;
use Kind as K;
use Scope as S;

const fn spec(
    (column, name): (Column, &'static str),
    aliases: &'static [&'static str],
    api_path: &'static str,
    (scope, kind, limit): (Scope, Kind, Option<usize>),
    about: &'static str,
) -> ColumnSpec {
    ColumnSpec {
        column,
        name,
        aliases,
        api_path,
        scope,
        kind,
        limit,
        about,
    }
}

/// Every column, in the order of [`Column`].
#[rustfmt::skip]
pub static COLUMNS: [ColumnSpec; 22] = [
    spec((C::CompanyId, "company_id"), &["company"], "companyId",
        (S::Order, K::Id, Some(9)), "the customer's Paylocity company"),
    spec((C::OrderId, "order_id"), &["order", "order_no", "order_number", "assessment_order_id"], "orderId",
        (S::Order, K::Id, None), "the assessment order; rows with the same company and order become one update"),
    spec((C::PartnerTrackingId, "partner_tracking_id"), &["tracking_id"], "partnerTrackingId",
        (S::Order, K::Id, None), "your own id of the order"),
    spec((C::OverallScore, "overall_score"), &[], "overallScore",
        (S::Order, K::Score, Some(30)), "the score of the whole order"),
    spec((C::OverallScoreDescription, "overall_score_description"), &[], "overallScoreDescription",
        (S::Order, K::Prose, Some(250)), "what the overall score means"),
    spec((C::OverallReportName, "overall_report_name"), &[], "overallReports[].name",
        (S::Order, K::Prose, Some(50)), "the title of a report on the order"),
    spec((C::OverallReportUrl, "overall_report_url"), &[], "overallReports[].url",
        (S::Order, K::Url, Some(250)), "the link of a report on the order"),
    spec((C::AssessmentId, "assessment_id"), &["battery_id"], "assessments[].assessmentId",
        (S::Assessment, K::Id, None), "the assessment (battery) that the test belongs to"),
    spec((C::AssessmentStatus, "assessment_status"), &[], "assessments[].assessmentStatus.value",
        (S::Assessment, K::AssessmentStatus, None), "how far the assessment has come"),
    spec((C::AssessmentStatusUpdatedAt, "assessment_status_updated_at"), &[], "assessments[].assessmentStatus.updatedAt",
        (S::Assessment, K::Time, None), "since when the assessment has that status"),
    spec((C::AssessmentScore, "assessment_score"), &[], "assessments[].assessmentResults.score",
        (S::Assessment, K::Score, Some(30)), "the score of the whole assessment"),
    spec((C::AssessmentScoreDescription, "assessment_score_description"), &[], "assessments[].assessmentResults.scoreDescription",
        (S::Assessment, K::Prose, Some(250)), "what the assessment's score means"),
    spec((C::AssessmentReportName, "assessment_report_name"), &[], "assessments[].assessmentResults.reports[].name",
        (S::Assessment, K::Prose, Some(50)), "the title of a report on the assessment"),
    spec((C::AssessmentReportUrl, "assessment_report_url"), &[], "assessments[].assessmentResults.reports[].url",
        (S::Assessment, K::Url, Some(250)), "the link of a report on the assessment"),
    spec((C::TestId, "test_id"), &[], "assessments[].assessmentResults.tests[].id",
        (S::Test, K::Id, None), "the test"),
    spec((C::TestScore, "test_score"), &["score"], "assessments[].assessmentResults.tests[].score.value",
        (S::Test, K::Score, Some(50)), "the score of the test"),
    spec((C::TestScoreDescription, "test_score_description"), &["score_description"], "assessments[].assessmentResults.tests[].score.description",
        (S::Test, K::Prose, Some(250)), "what the test's score means"),
    spec((C::Attempt, "attempt"), &["test_attempt", "attempt_number"], "assessments[].assessmentResults.tests[].score.attempt",
        (S::Test, K::Attempt, None), "which attempt at the test it was, a whole number; 1 is the first"),
    spec((C::TestReportName, "test_report_name"), &["report_name"], "assessments[].assessmentResults.tests[].score.reports[].name",
        (S::Test, K::Prose, Some(50)), "the title of a report on the test"),
    spec((C::TestReportUrl, "test_report_url"), &["report_url"], "assessments[].assessmentResults.tests[].score.reports[].url",
        (S::Test, K::Url, Some(250)), "the link of a report on the test"),
    spec((C::TestStatus, "test_status"), &["status"], "assessments[].assessmentResults.tests[].testStatus.value",
        (S::Test, K::TestStatus, None), "how far the test has come"),
    spec((C::TestStatusUpdatedAt, "test_status_updated_at"), &["updated_at"], "assessments[].assessmentResults.tests[].testStatus.updatedAt",
        (S::Test, K::Time, None), "since when the test has that status"),
];

impl Column {
    /// Returns the column's row of the table.
    pub(crate) fn spec(self) -> &'static ColumnSpec {
        &COLUMNS[self as usize]
    }

    /// Returns the canonical name.
    pub(crate) fn name(self) -> &'static str {
        self.spec().name
    }

    /// Tells whether the column may stand several times, each time for one more report.
    pub(crate) fn repeats(self) -> bool {
        REPORT_COLUMNS
            .iter()
            .any(|(_, name, url)| [*name, *url].contains(&self))
    }
}

/// For each scope the columns that together make its reports: name and link.
pub(crate) const REPORT_COLUMNS: [(Scope, Column, Column); 3] = [
    (S::Order, C::OverallReportName, C::OverallReportUrl),
    (
        S::Assessment,
        C::AssessmentReportName,
        C::AssessmentReportUrl,
    ),
    (S::Test, C::TestReportName, C::TestReportUrl),
];

/// What a header means: a column, and for report columns which report of the row (1 is the first).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Field {
    /// The column.
    pub(crate) column: Column,
    /// Which one of the row's reports; 1 for every other column.
    pub(crate) number: u16,
}

impl Field {
    /// Returns the name of the field: the canonical name, with `_2` and so on for further reports.
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
    fn the_table_is_in_the_order_of_its_columns() {
        for (index, spec) in COLUMNS.iter().enumerate() {
            assert_eq!(spec.column as usize, index, "{}", spec.name);
        }
    }
}
