//! Orders to bodies: what the rows say, in the API's shape.

use super::group::{Assessment, Fields, Group, Order};
use super::model::{
    AssessmentResults, AssessmentUpdate, OrderUpdate, StatusUpdate, TestScore, TestUpdate, Text,
};
use crate::columns::Column;

/// Returns the body of the order's update.
#[must_use]
pub fn of(order: &Order) -> OrderUpdate {
    let fields = &order.own.fields;
    OrderUpdate {
        partner_tracking_id: fields.text(Column::PartnerTrackingId).cloned(),
        overall_score: fields.text(Column::OverallScore).cloned(),
        overall_score_description: fields.text(Column::OverallScoreDescription).cloned(),
        overall_reports: order.own.reports.clone(),
        assessments: order
            .assessments
            .iter()
            .map(|(id, assessment)| assessment_update(id.as_ref(), assessment))
            .collect(),
    }
}

fn assessment_update(id: Option<&Text>, assessment: &Assessment) -> AssessmentUpdate {
    let fields = &assessment.own.fields;
    let results = AssessmentResults {
        tests: assessment
            .tests
            .iter()
            .map(|((id, attempt), test)| test_update(id, *attempt, test))
            .collect(),
        score: fields.text(Column::AssessmentScore).cloned(),
        score_description: fields.text(Column::AssessmentScoreDescription).cloned(),
        reports: assessment.own.reports.clone(),
    };
    AssessmentUpdate {
        assessment_id: id.cloned(),
        assessment_status: status(
            fields,
            Column::AssessmentStatus,
            Column::AssessmentStatusUpdatedAt,
        ),
        assessment_results: (results != AssessmentResults::default()).then_some(results),
    }
}

fn test_update(id: &Text, attempt: u32, test: &Group) -> TestUpdate {
    let fields = &test.fields;
    TestUpdate {
        id: Some(id.clone()),
        score: Some(TestScore {
            value: fields.text(Column::TestScore).cloned(),
            description: fields.text(Column::TestScoreDescription).cloned(),
            attempt: Some(attempt),
            reports: test.reports.clone(),
        }),
        test_status: status(fields, Column::TestStatus, Column::TestStatusUpdatedAt),
    }
}

fn status(fields: &Fields, value: Column, updated_at: Column) -> Option<StatusUpdate> {
    let status = StatusUpdate {
        updated_at: fields.text(updated_at).cloned(),
        value: fields.text(value).cloned(),
    };
    (status != StatusUpdate::default()).then_some(status)
}
