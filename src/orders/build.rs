//! Orders to bodies: what the rows say, in the API's shape.

use super::group::{Assessment, Content, Fields, Group, Link};
use crate::paylocity::model::{
    AssessmentResults, AssessmentUpdate, OrderUpdate, ReportLink, StatusUpdate, TestScore,
    TestUpdate,
};
use crate::schema::columns::Column;

/// How a body holds the texts of its rows.
pub(crate) trait Held<'a>: From<&'a str> + Default + PartialEq {}

impl<'a, T: From<&'a str> + Default + PartialEq> Held<'a> for T {}

/// Returns the body of an order's update.
pub(crate) fn of<'a, T: Held<'a>>(content: &Content<'a>) -> OrderUpdate<T> {
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

fn text<'a, T: Held<'a>>(fields: &Fields<'a>, column: Column) -> Option<T> {
    fields.text(column).map(T::from)
}

fn reports<'a, T: Held<'a>>(group: &Group<'a>) -> Vec<ReportLink<T>> {
    let link = |link: &Link<'a>| ReportLink {
        name: link.name.map(T::from),
        url: link.url.map(T::from),
    };
    group.reports.iter().map(link).collect()
}

fn assessment_update<'a, T: Held<'a>>(
    id: Option<&'a str>,
    assessment: &Assessment<'a>,
) -> AssessmentUpdate<T> {
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
        assessment_id: id.map(T::from),
        assessment_status: status(
            fields,
            Column::AssessmentStatus,
            Column::AssessmentStatusUpdatedAt,
        ),
        assessment_results: (results != AssessmentResults::default()).then_some(results),
    }
}

fn test_update<'a, T: Held<'a>>(id: &'a str, attempt: u32, test: &Group<'a>) -> TestUpdate<T> {
    let fields = &test.fields;
    TestUpdate {
        id: Some(T::from(id)),
        score: Some(TestScore {
            value: text(fields, Column::TestScore),
            description: text(fields, Column::TestScoreDescription),
            attempt: Some(attempt),
            reports: reports(test),
        }),
        test_status: status(fields, Column::TestStatus, Column::TestStatusUpdatedAt),
    }
}

fn status<'a, T: Held<'a>>(
    fields: &Fields<'a>,
    value: Column,
    updated_at: Column,
) -> Option<StatusUpdate<T>> {
    let status = StatusUpdate {
        updated_at: text(fields, updated_at),
        value: text(fields, value),
    };
    (status != StatusUpdate::default()).then_some(status)
}
