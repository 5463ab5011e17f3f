//! The wire model: the body of an update as the API defines it.
//!
//! Types are serialized in the order of the API's schema, without absent properties. The sandbox deserializes them;
//! an unknown property is an error there, as it is for the API.

use serde::{Deserialize, Serialize};

/// A text of a body; up to 24 bytes are stored inline.
pub(crate) type Text = compact_str::CompactString;

/// The body of one `PATCH …/assessmentOrders/{orderId}`; the server keeps absent properties as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OrderUpdate {
    /// The provider's own id of the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) partner_tracking_id: Option<Text>,
    /// The score of the whole order, at most 30 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) overall_score: Option<Text>,
    /// The meaning of the overall score, at most 250 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) overall_score_description: Option<Text>,
    /// Reports on the whole order; the server appends them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) overall_reports: Vec<ReportLink>,
    /// The assessments (batteries) that the update describes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) assessments: Vec<AssessmentUpdate>,
}

impl OrderUpdate {
    /// Whether it has no property.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns the body as compact JSON.
    pub fn to_json(&self) -> Vec<u8> {
        // Serializing texts and numbers into memory cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// One assessment (battery) of an order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AssessmentUpdate {
    /// The id of the assessment within the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) assessment_id: Option<Text>,
    /// The status of the assessment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) assessment_status: Option<StatusUpdate>,
    /// Its tests, score and reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) assessment_results: Option<AssessmentResults>,
}

/// The results of an assessment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AssessmentResults {
    /// The tests of the assessment, one entry for each attempt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tests: Vec<TestUpdate>,
    /// The score of the whole assessment, at most 30 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) score: Option<Text>,
    /// The meaning of that score, at most 250 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) score_description: Option<Text>,
    /// Reports on the assessment; the server appends them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) reports: Vec<ReportLink>,
}

/// One attempt at one test, identified by `id` and `score.attempt`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TestUpdate {
    /// The test's id, required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<Text>,
    /// The score; always sent, as it contains the attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) score: Option<TestScore>,
    /// The status of the test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) test_status: Option<StatusUpdate>,
}

/// The score of one attempt at a test.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TestScore {
    /// The score itself, a string of at most 50 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<Text>,
    /// The meaning of the score, at most 250 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<Text>,
    /// The number of the attempt, required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) attempt: Option<u32>,
    /// Reports on the test; the server appends them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) reports: Vec<ReportLink>,
}

/// A status and the time at which it was reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StatusUpdate {
    /// The time in RFC 3339, UTC, with seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) updated_at: Option<Text>,
    /// One of the API's statuses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<Text>,
}

/// A link to a report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ReportLink {
    /// The title of the report, at most 50 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<Text>,
    /// The URL of the report, at most 250 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<Text>,
}
