//! Merging an update into the order that the sandbox has: a property that the update lacks is kept.
//!
//! This applies to each property alone: a status without `updatedAt` keeps the earlier `updatedAt`.

use crate::paylocity::model::{AssessmentUpdate, OrderUpdate, TestUpdate};
use crate::schema::part::Part;

/// Merges an update into an order; reports are always appended, even if the order has them.
pub(crate) fn order(order: &mut OrderUpdate, update: OrderUpdate) {
    part(order, &update);
    for update in update.assessments {
        let same = |held: &AssessmentUpdate| held.assessment_id == update.assessment_id;
        let at = position(&mut order.assessments, same);
        assessment(&mut order.assessments[at], update);
    }
}

fn part<P: Part>(held: &mut P, update: &P) {
    held.merge_values(update);
    held.add_reports(update.reports().iter().cloned());
}

fn assessment(held: &mut AssessmentUpdate, update: AssessmentUpdate) {
    part(held, &update);
    held.assessment_id = update.assessment_id;
    let tests = update.assessment_results.map(|results| results.tests);
    for update in tests.into_iter().flatten() {
        let results = held.assessment_results.get_or_insert_default();
        let at = position(&mut results.tests, |held| key(held) == key(&update));
        test(&mut results.tests[at], update);
    }
}

/// Returns the key of a test: a new pair of id and attempt inserts, an existing pair updates.
fn key(test: &TestUpdate) -> (Option<&str>, Option<u32>) {
    let attempt = test.score.as_ref().and_then(|score| score.attempt);
    (test.id.as_deref(), attempt)
}

fn test(held: &mut TestUpdate, update: TestUpdate) {
    part(held, &update);
    held.id = update.id;
    if let Some(score) = update.score {
        held.score.get_or_insert_default().attempt = score.attempt;
    }
}

/// Returns the index of the matching entry; appends one if there is none.
fn position<T: Default>(held: &mut Vec<T>, same: impl FnMut(&T) -> bool) -> usize {
    held.iter().position(same).unwrap_or_else(|| {
        held.push(T::default());
        held.len() - 1
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn merged(updates: &[Value]) -> Value {
        let mut held = OrderUpdate::default();
        for update in updates {
            order(&mut held, serde_json::from_value(update.clone()).unwrap());
        }
        serde_json::to_value(held).unwrap()
    }

    fn one_test(id: &str, score: &Value, status: Option<&str>) -> Value {
        let mut test = json!({"id": id, "score": score});
        if let Some(word) = status {
            test["testStatus"] = json!({"value": word});
        }
        json!({"assessments": [{"assessmentId": "A", "assessmentResults": {"tests": [test]}}]})
    }

    #[test]
    fn a_missing_property_is_kept() {
        let first = json!({
            "partnerTrackingId": "T", "overallScore": "1",
            "assessments": [{
                "assessmentStatus": {"updatedAt": "2026-01-01T00:00:00Z", "value": "InProgress"},
                "assessmentResults": {"score": "5", "scoreDescription": "five"},
            }],
        });
        let second = json!({
            "overallScore": "2",
            "assessments": [{
                "assessmentStatus": {"value": "Hold"},
                "assessmentResults": {"score": "6"},
            }],
        });
        let expected = json!({
            "partnerTrackingId": "T", "overallScore": "2",
            "assessments": [{
                "assessmentStatus": {"updatedAt": "2026-01-01T00:00:00Z", "value": "Hold"},
                "assessmentResults": {"score": "6", "scoreDescription": "five"},
            }],
        });
        assert_eq!(merged(&[first, second]), expected);
    }

    #[test]
    fn id_and_attempt_identify_a_test() {
        let held = merged(&[
            one_test("N", &json!({"attempt": 1, "value": "10"}), Some("Complete")),
            one_test("N", &json!({"attempt": 2, "value": "20"}), None),
            one_test("n", &json!({"attempt": 1}), None),
            one_test("N", &json!({"attempt": 1, "value": "11"}), None),
        ]);
        let expected = json!([
            {"id": "N", "score": {"value": "11", "attempt": 1}, "testStatus": {"value": "Complete"}},
            {"id": "N", "score": {"value": "20", "attempt": 2}},
            {"id": "n", "score": {"attempt": 1}},
        ]);
        assert_eq!(
            held["assessments"][0]["assessmentResults"]["tests"],
            expected
        );
    }

    #[test]
    fn a_repeated_report_is_appended_again() {
        let links = json!([{"name": "R", "url": "https://example.com/r"}]);
        let update = json!({
            "overallReports": links,
            "assessments": [{"assessmentResults": {
                "tests": [{"id": "N", "score": {"attempt": 1, "reports": links}}],
                "reports": links,
            }}],
        });
        let held = merged(&[update.clone(), update]);
        let results = &held["assessments"][0]["assessmentResults"];
        for reports in [
            &held["overallReports"],
            &results["reports"],
            &results["tests"][0]["score"]["reports"],
        ] {
            assert_eq!(reports.as_array().unwrap().len(), 2);
        }
    }

    #[test]
    fn assessments_without_an_id_are_one_assessment() {
        let nameless = json!({"assessments": [{"assessmentStatus": {"value": "Hold"}}]});
        let named = json!({"assessments": [{"assessmentId": "A"}]});
        let held = merged(&[nameless.clone(), named, nameless]);
        assert_eq!(held["assessments"].as_array().unwrap().len(), 2);
    }
}
