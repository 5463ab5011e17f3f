//! Requests that the API refuses with 400: ids and bodies, with all violations of a body at once.

use serde_json::Value;

use super::schema::BODY;
use crate::paylocity::model::OrderUpdate;
use crate::paylocity::status::TEST_STATUSES;
use crate::sandbox::violations::{Violation, Violations};

/// Maximum length of a company id, as documented.
const COMPANY_ID_LENGTH: usize = 9;

/// The statuses of an assessment under which all its tests must have ended.
const CLOSING_STATUSES: [&str; 3] = ["Complete", "CompleteReview", "Expired"];

/// The statuses of a test that has ended.
const ENDED_STATUSES: [&str; 3] = ["Complete", "RetestRecommended", "Expired"];

/// Checks a company id: at most 9 characters, and never a company set ([`crate::paylocity`]).
pub(crate) fn company(id: &str) -> Result<(), Vec<Violation>> {
    let message = if id.chars().count() > COMPANY_ID_LENGTH {
        "must be at most 9 characters long"
    } else if id.starts_with("CS") {
        "names a company set, which cannot have orders"
    } else {
        return Ok(());
    };
    let mut violations = Violations::default();
    violations.add("invalid_company_id", "companyId", message);
    Err(violations.0)
}

/// Parses the body of an update, or returns all its violations.
pub(crate) fn update(body: &[u8]) -> Result<OrderUpdate, Vec<Violation>> {
    let mut violations = Violations::default();
    let body: Value = serde_json::from_slice(body).map_err(|error| unread(&error))?;
    violations.object("", &body, &BODY);
    for (index, assessment) in items(&body["assessments"]) {
        open_tests(&mut violations, index, assessment);
    }
    if violations.0.is_empty() {
        serde_json::from_value(body).map_err(|error| unread(&error))
    } else {
        Err(violations.0)
    }
}

fn unread(error: &serde_json::Error) -> Vec<Violation> {
    vec![Violation {
        code: "invalid_json",
        field: None,
        message: error.to_string(),
    }]
}

/// Checks the Complete rule over the tests of this body. Whether stored tests count too is not documented; a client can
/// obey this narrower reading without knowing what the server holds.
fn open_tests(violations: &mut Violations, index: usize, assessment: &Value) {
    let status = assessment["assessmentStatus"]["value"].as_str();
    let Some(closing) = status.filter(|word| CLOSING_STATUSES.contains(word)) else {
        return;
    };
    for (test, entry) in items(&assessment["assessmentResults"]["tests"]) {
        let status = entry["testStatus"]["value"].as_str().unwrap_or_default();
        if TEST_STATUSES.contains(&status) && !ENDED_STATUSES.contains(&status) {
            let at =
                format!("assessments[{index}].assessmentResults.tests[{test}].testStatus.value");
            let ended = ENDED_STATUSES.join(", ");
            let message = format!("must be one of {ended} when the assessment is {closing}");
            violations.add("incomplete_tests", &at, message);
        }
    }
}

fn items(list: &Value) -> impl Iterator<Item = (usize, &Value)> {
    list.as_array().into_iter().flatten().enumerate()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Returns the violations of a body as `code field`.
    fn violations(body: &Value) -> Vec<String> {
        let violations = update(body.to_string().as_bytes())
            .err()
            .unwrap_or_default();
        let line = |flaw: Violation| format!("{} {}", flaw.code, flaw.field.unwrap_or_default());
        violations.into_iter().map(line).collect()
    }

    fn with_tests(status: &str, tests: &Value) -> Value {
        json!({"assessments": [{
            "assessmentStatus": {"value": status},
            "assessmentResults": {"tests": tests},
        }]})
    }

    #[test]
    fn a_complete_update_round_trips() {
        let body = json!({
            "partnerTrackingId": "T", "overallScore": "1", "overallScoreDescription": "one",
            "overallReports": [{"name": "R", "url": "https://example.com"}],
            "assessments": [{
                "assessmentId": "A",
                "assessmentStatus": {"updatedAt": "2026-03-04T17:06:00Z", "value": "Complete"},
                "assessmentResults": {
                    "tests": [{
                        "id": "N",
                        "score": {"value": "5", "description": "five", "attempt": 0, "reports": []},
                        "testStatus": {"updatedAt": "2026-03-04T17:06:00Z", "value": "Expired"},
                    }],
                    "score": "5", "scoreDescription": "five", "reports": [{}],
                },
            }],
        });
        let read = update(body.to_string().as_bytes()).unwrap();
        assert_eq!(read.assessments.len(), 1);
        assert_eq!(violations(&json!({})), [""; 0]);
    }

    #[test]
    fn all_violations_are_reported_with_their_paths() {
        let body = json!({
            "score": "1",
            "overallScore": 87,
            "overallReports": {},
            "partnerTrackingId": null,
            "assessments": [{"assessmentId": "A", "assessmentResults": {"tests": [
                {"id": "N"},
                {"score": {"attempt": -1}},
                {"id": "", "score": {"attempt": 1.5}, "attempt": 1},
                {"id": "N", "score": {"attempt": "1"}, "testStatus": {"value": "complete"}},
                "N",
            ]}}],
        });
        let test = |rest: &str| rest.replace('#', "assessments[0].assessmentResults.tests");
        let expected = [
            "unknown_property score",
            "wrong_type partnerTrackingId",
            "wrong_type overallScore",
            "wrong_type overallReports",
            "required #[0].score.attempt",
            "required #[1].id",
            "negative #[1].score.attempt",
            "unknown_property #[2].attempt",
            "required #[2].id",
            "wrong_type #[2].score.attempt",
            "wrong_type #[3].score.attempt",
            "unknown_status #[3].testStatus.value",
            "wrong_type #[4]",
        ];
        assert_eq!(violations(&body), expected.map(test));
    }

    #[test]
    fn lengths_are_counted_in_unicode_scalar_values() {
        let score = |length| json!({"overallScore": "ü".repeat(length)});
        assert_eq!(violations(&score(30)), [""; 0]);
        assert_eq!(violations(&score(31)), ["too_long overallScore"]);
    }

    #[test]
    fn documented_lengths_are_enforced() {
        for (pointer, most) in [
            ("/overallScore", 30),
            ("/overallScoreDescription", 250),
            ("/overallReports/0/name", 50),
            ("/overallReports/0/url", 250),
            ("/assessments/0/assessmentResults/score", 30),
            ("/assessments/0/assessmentResults/scoreDescription", 250),
            ("/assessments/0/assessmentResults/tests/0/id", 36),
            ("/assessments/0/assessmentResults/tests/0/score/value", 50),
            (
                "/assessments/0/assessmentResults/tests/0/score/description",
                250,
            ),
            (
                "/assessments/0/assessmentResults/tests/0/score/reports/0/name",
                50,
            ),
        ] {
            let mut body = json!({
                "overallScore": "", "overallScoreDescription": "",
                "overallReports": [{"name": "", "url": ""}],
                "assessments": [{"assessmentResults": {"score": "", "scoreDescription": "", "tests": [{
                    "id": "N",
                    "score": {"attempt": 1, "value": "", "description": "", "reports": [{"name": ""}]},
                }]}}],
            });
            *body.pointer_mut(pointer).unwrap() = "x".repeat(most).into();
            assert_eq!(violations(&body), [""; 0], "{pointer}");
            *body.pointer_mut(pointer).unwrap() = "x".repeat(most + 1).into();
            assert_eq!(violations(&body).len(), 1, "{pointer}");
        }
    }

    #[test]
    fn a_closed_assessment_has_no_open_tests() {
        let tests = json!([
            {"id": "N", "score": {"attempt": 1}, "testStatus": {"value": "RetestRecommended"}},
            {"id": "V", "score": {"attempt": 1}, "testStatus": {"value": "InProgress"}},
            {"id": "W", "score": {"attempt": 1}},
        ]);
        let at = "assessments[0].assessmentResults.tests[1].testStatus.value";
        for closing in CLOSING_STATUSES {
            let expected = [format!("incomplete_tests {at}")];
            assert_eq!(violations(&with_tests(closing, &tests)), expected);
        }
        assert_eq!(
            violations(&with_tests("RetestRecommended", &tests)),
            [""; 0]
        );
    }

    #[test]
    fn bodies_that_are_not_objects_are_refused() {
        for body in ["", "{", "[]", "null", "\"{}\"", "{} {}"] {
            assert_eq!(update(body.as_bytes()).unwrap_err().len(), 1, "{body}");
        }
    }

    #[test]
    fn company_ids_are_short_and_not_company_sets() {
        for id in ["A00123", "B6001", "123456", "123456789", "Cs1", "ÄÖÜÄÖÜÄÖÜ"] {
            assert_eq!(company(id), Ok(()));
        }
        for id in ["1234567890", "CS1", "CS"] {
            assert!(company(id).is_err(), "{id}");
        }
    }
}
