//! Orders to bodies: what the rows say, in the API's shape.

use super::group::{Assessment, Content, Fields, Group, Link};
use crate::paylocity::model::{
    AssessmentResults, AssessmentUpdate, OrderUpdate, ReportLink, StatusUpdate, TestScore,
    TestUpdate, Text,
};
use crate::schema::columns::Column;

/// Returns the body of an order's update.
pub(crate) fn of(content: &Content<'_>) -> OrderUpdate {
    let fields = &content.own.fields;
    let assessments = content.assessments.iter();
    OrderUpdate {
        partner_tracking_id: text(fields, Column::PartnerTrackingId),
        overall_score: text(fields, Column::OverallScore),
        overall_score_description: text(fields, Column::OverallScoreDescription),
        overall_reports: reports(&content.own),
        assessments: assessments
            .map(|(id, assessment)| assessment_update(id, assessment))
            .collect(),
    }
}

fn text(fields: &Fields<'_>, column: Column) -> Option<Text> {
    fields.text(column).map(Text::from)
}

fn reports(group: &Group<'_>) -> Vec<ReportLink> {
    let link = |link: &Link<'_>| ReportLink {
        name: link.name.map(Text::from),
        url: link.url.map(Text::from),
    };
    group.reports.iter().map(link).collect()
}

fn assessment_update(id: Option<&str>, assessment: &Assessment<'_>) -> AssessmentUpdate {
    let fields = &assessment.own.fields;
    let tests = assessment.tests.iter();
    let results = AssessmentResults {
        tests: tests
            .map(|((id, attempt), test)| test_update(id, attempt, test))
            .collect(),
        score: text(fields, Column::AssessmentScore),
        score_description: text(fields, Column::AssessmentScoreDescription),
        reports: reports(&assessment.own),
    };
    AssessmentUpdate {
        assessment_id: id.map(Text::from),
        assessment_status: status(
            fields,
            Column::AssessmentStatus,
            Column::AssessmentStatusUpdatedAt,
        ),
        assessment_results: (results != AssessmentResults::default()).then_some(results),
    }
}

fn test_update(id: &str, attempt: u32, test: &Group<'_>) -> TestUpdate {
    let fields = &test.fields;
    TestUpdate {
        id: Some(Text::from(id)),
        score: Some(TestScore {
            value: text(fields, Column::TestScore),
            description: text(fields, Column::TestScoreDescription),
            attempt: Some(attempt),
            reports: reports(test),
        }),
        test_status: status(fields, Column::TestStatus, Column::TestStatusUpdatedAt),
    }
}

fn status(fields: &Fields<'_>, value: Column, updated_at: Column) -> Option<StatusUpdate> {
    let status = StatusUpdate {
        updated_at: text(fields, updated_at),
        value: text(fields, value),
    };
    (status != StatusUpdate::default()).then_some(status)
}
