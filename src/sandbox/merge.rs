//! What an update does to the order that is held: what is left out is left alone (API.md).
//!
//! The rule holds for each property by itself: a status word without `updatedAt` leaves the held `updatedAt`.

use crate::paylocity::model::{
    AssessmentResults, AssessmentUpdate, OrderUpdate, StatusUpdate, TestScore, TestUpdate,
};

/// Merges an update into the order that is held; reports are always appended, also a second time.
pub(crate) fn order(held: &mut OrderUpdate, update: OrderUpdate) {
    replace(&mut held.partner_tracking_id, update.partner_tracking_id);
    replace(&mut held.overall_score, update.overall_score);
    replace(
        &mut held.overall_score_description,
        update.overall_score_description,
    );
    held.overall_reports.extend(update.overall_reports);
    for update in update.assessments {
        let same = |held: &AssessmentUpdate| held.assessment_id == update.assessment_id;
        let at = position(&mut held.assessments, same);
        assessment(&mut held.assessments[at], update);
    }
}

fn assessment(held: &mut AssessmentUpdate, update: AssessmentUpdate) {
    replace(&mut held.assessment_id, update.assessment_id);
    merge(
        &mut held.assessment_status,
        update.assessment_status,
        status,
    );
    merge(
        &mut held.assessment_results,
        update.assessment_results,
        results,
    );
}

fn results(held: &mut AssessmentResults, update: AssessmentResults) {
    replace(&mut held.score, update.score);
    replace(&mut held.score_description, update.score_description);
    held.reports.extend(update.reports);
    for update in update.tests {
        let at = position(&mut held.tests, |held| key(held) == key(&update));
        test(&mut held.tests[at], update);
    }
}

/// API.md: a test is identified by its id and attempt; a new pair inserts, an existing pair updates.
fn key(test: &TestUpdate) -> (Option<&str>, Option<u32>) {
    let attempt = test.score.as_ref().and_then(|score| score.attempt);
    (test.id.as_deref(), attempt)
}

fn test(held: &mut TestUpdate, update: TestUpdate) {
    replace(&mut held.id, update.id);
    merge(&mut held.score, update.score, score);
    merge(&mut held.test_status, update.test_status, status);
}

fn score(held: &mut TestScore, update: TestScore) {
    replace(&mut held.value, update.value);
    replace(&mut held.description, update.description);
    replace(&mut held.attempt, update.attempt);
    held.reports.extend(update.reports);
}

fn status(held: &mut StatusUpdate, update: StatusUpdate) {
    replace(&mut held.updated_at, update.updated_at);
    replace(&mut held.value, update.value);
}

fn replace<T>(held: &mut Option<T>, update: Option<T>) {
    if update.is_some() {
        *held = update;
    }
}

fn merge<T: Default>(held: &mut Option<T>, update: Option<T>, with: impl FnOnce(&mut T, T)) {
    if let Some(update) = update {
        with(held.get_or_insert_default(), update);
    }
}

/// Finds the entry that is meant, or makes room for it at the end.
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
    fn what_is_left_out_is_left_alone() {
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
    fn tests_are_told_apart_by_id_and_attempt() {
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
    fn reports_are_appended_also_a_second_time() {
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
    fn assessments_without_an_id_are_one() {
        let nameless = json!({"assessments": [{"assessmentStatus": {"value": "Hold"}}]});
        let named = json!({"assessments": [{"assessmentId": "A"}]});
        let held = merged(&[nameless.clone(), named, nameless]);
        assert_eq!(held["assessments"].as_array().unwrap().len(), 2);
    }
}
