//! Which values an update would change, one by one: for people to read, and scripts to count.
//!
//! Whether an update is to be sent at all is for [`mod@super::plan`].

use serde::Serialize;

use crate::ledger::flat_update::{PartId, Parts};
use crate::ledger::order_state::OrderState;
use crate::paylocity::model::{OrderUpdate, Text};
use crate::schema::columns::Column;

/// The columns of a part's values, in the order in which the parts hold them.
const OF_ORDER: [Column; 3] = [
    Column::PartnerTrackingId,
    Column::OverallScore,
    Column::OverallScoreDescription,
];
const OF_ASSESSMENT: [Column; 4] = [
    Column::AssessmentStatusUpdatedAt,
    Column::AssessmentStatus,
    Column::AssessmentScore,
    Column::AssessmentScoreDescription,
];
const OF_TEST: [Column; 4] = [
    Column::TestStatusUpdatedAt,
    Column::TestStatus,
    Column::TestScore,
    Column::TestScoreDescription,
];

/// A value that an update would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct ValueChange {
    /// The canonical name of its column.
    pub(crate) field: &'static str,
    /// The assessment, where it is about one that has an id.
    pub(crate) assessment_id: Option<Text>,
    /// The test, where it is about one.
    pub(crate) test_id: Option<Text>,
    /// The attempt at the test.
    pub(crate) attempt: Option<u32>,
    /// What the server has acknowledged last; `None` where that is nothing, or in doubt.
    pub(crate) before: Option<Text>,
    /// What the update says.
    pub(crate) after: Text,
}

/// Returns the values of a body that the server has not acknowledged, in the body's order.
pub(crate) fn changes(body: &OrderUpdate, known: &OrderState) -> Vec<ValueChange> {
    let (asked, held) = (Parts::of_body(body), Parts::of_body(&known.accepted));
    asked
        .values_not_in(&held)
        .filter_map(|(id, place, before, after)| {
            let (columns, assessment_id, test_id, attempt): (&[Column], _, _, _) = match id {
                PartId::Order => (&OF_ORDER, None, None, None),
                PartId::Assessment(assessment) => (&OF_ASSESSMENT, assessment.clone(), None, None),
                PartId::Test {
                    assessment,
                    id,
                    attempt,
                } => (&OF_TEST, assessment.clone(), id.clone(), *attempt),
            };
            Some(ValueChange {
                field: columns.get(place)?.name(),
                assessment_id,
                test_id,
                attempt,
                before: before.cloned(),
                after: after.clone(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_value_that_was_not_acknowledged_is_told_with_what_stood_there() {
        let body = |score: &str, status: &str| -> OrderUpdate {
            let test = json!({
                "id": "N", "score": {"value": score, "attempt": 2}, "testStatus": {"value": status},
            });
            let results = json!({"score": "9", "scoreDescription": "good", "tests": [test]});
            let assessment = json!({"assessmentId": "A", "assessmentResults": results});
            serde_json::from_value(json!({"overallScore": "5", "assessments": [assessment]}))
                .unwrap()
        };
        let mut known = OrderState::default();
        known.accept(&body("1", "Hold"));
        assert_eq!(changes(&body("1", "Hold"), &known), []);
        let found = changes(&body("2", "Hold"), &known);
        let expected = ValueChange {
            field: "test_score",
            assessment_id: Some("A".into()),
            test_id: Some("N".into()),
            attempt: Some(2),
            before: Some("1".into()),
            after: "2".into(),
        };
        assert_eq!(found, [expected]);
        let all: Vec<&str> = changes(&body("1", "Hold"), &OrderState::default())
            .iter()
            .map(|change| change.field)
            .collect();
        let fields = [
            "overall_score",
            "assessment_score",
            "assessment_score_description",
            "test_status",
            "test_score",
        ];
        assert_eq!(all, fields);
    }
}
