//! The body of an update, in the API's own words: the shapes that go over the wire.
//!
//! Serialised, each type gives its properties in the order of the API's schema and leaves out what it does
//! not hold. Deserialised (the sandbox does that), an unknown property is an error, as it is for the API.

use serde::{Deserialize, Serialize};

/// Text of a cell as it goes into a body: short texts are held in place, without an allocation.
pub(crate) type Text = compact_str::CompactString;

/// The body of one `PATCH …/assessmentOrders/{orderId}`. What is left out is left alone by the server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OrderUpdate {
    /// The provider's own id of the order, the API's only tracing aid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) partner_tracking_id: Option<Text>,
    /// The score of the whole order, at most 30 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) overall_score: Option<Text>,
    /// What the overall score means, at most 250 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) overall_score_description: Option<Text>,
    /// Reports on the whole order; the server appends them to those it has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) overall_reports: Vec<ReportLink>,
    /// The assessments (batteries) of the order that this update speaks of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) assessments: Vec<AssessmentUpdate>,
}

impl OrderUpdate {
    /// Tells whether it says nothing.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns the body as JSON, compact.
    pub fn to_json(&self) -> Vec<u8> {
        // Serializing texts and numbers into memory cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// One assessment (battery) of an order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AssessmentUpdate {
    /// What tells the assessments of an order apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) assessment_id: Option<Text>,
    /// How far the assessment has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) assessment_status: Option<StatusUpdate>,
    /// Its tests, score and reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) assessment_results: Option<AssessmentResults>,
}

/// What came out of an assessment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AssessmentResults {
    /// The tests of the assessment, each attempt an entry of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tests: Vec<TestUpdate>,
    /// The score of the whole assessment, at most 30 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) score: Option<Text>,
    /// What that score means, at most 250 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) score_description: Option<Text>,
    /// Reports on the assessment; the server appends them to those it has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) reports: Vec<ReportLink>,
}

/// One attempt at one test: the server knows it by (`id`, `score.attempt`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TestUpdate {
    /// The test's id, required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<Text>,
    /// The score with its attempt; the attempt sits here, so this is always sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) score: Option<TestScore>,
    /// How far the test has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) test_status: Option<StatusUpdate>,
}

/// The score of one attempt at a test.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TestScore {
    /// The score itself, at most 50 characters; scores are strings for the API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<Text>,
    /// What the score means, at most 250 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<Text>,
    /// Which attempt this was, required with a test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) attempt: Option<u32>,
    /// Reports on the test; the server appends them to those it has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) reports: Vec<ReportLink>,
}

/// A status and since when it holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StatusUpdate {
    /// RFC 3339 in UTC with seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) updated_at: Option<Text>,
    /// One of the API's status words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<Text>,
}

/// A link to a report that a person can open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ReportLink {
    /// What the link is called, at most 50 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<Text>,
    /// Where the report is, at most 250 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<Text>,
}
