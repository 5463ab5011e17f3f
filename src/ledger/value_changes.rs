//! The values that an update would change, for screens and scripts.
//!
//! Whether an update is sent at all is decided by [`mod@super::plan`].

use serde::Serialize;

use super::flat_update::{DifferentValue, FlatUpdate, PartId};
use super::order_state::OrderState;
use crate::paylocity::model::{OrderUpdate, Text};

/// A value that an update would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct ValueChange {
    /// The canonical name of the column.
    pub(crate) field: &'static str,
    /// The assessment, if it has an id.
    pub(crate) assessment_id: Option<Text>,
    /// The test.
    pub(crate) test_id: Option<Text>,
    /// The attempt at the test.
    pub(crate) attempt: Option<u32>,
    /// The value that the server has acknowledged; `None` if there is none or if it is in doubt.
    pub(crate) before: Option<Text>,
    /// The value in the update.
    pub(crate) after: Text,
}

impl From<DifferentValue<'_>> for ValueChange {
    fn from(value: DifferentValue<'_>) -> Self {
        let (assessment_id, test_id, attempt) = match value.part.clone() {
            PartId::Order => (None, None, None),
            PartId::Assessment(assessment) => (assessment, None, None),
            PartId::Test {
                assessment,
                id,
                attempt,
            } => (assessment, id, attempt),
        };
        Self {
            field: value.column.name(),
            assessment_id,
            test_id,
            attempt,
            before: value.before.cloned(),
            after: value.after.clone(),
        }
    }
}

/// Returns the values of an update that the server has not acknowledged, part by part in the order of the table of
/// columns.
pub(crate) fn changes(update: &OrderUpdate, known: &OrderState) -> Vec<ValueChange> {
    let accepted = FlatUpdate::new(&known.accepted);
    let update = FlatUpdate::new(update);
    let values = update.values_not_in(&accepted);
    values.map(ValueChange::from).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_each_unacknowledged_value_with_the_acknowledged_one() {
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
            "test_score",
            "test_status",
        ];
        assert_eq!(all, fields);
    }
}
