//! `[[wide]]` tables of the configuration file.

use serde::Deserialize;

/// One test of a wide sheet: its id, and where its fields are.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct WideTest {
    pub(crate) test_id: String,
    pub(crate) score: String,
    pub(crate) status: Option<FieldSource>,
    pub(crate) attempt: Option<FieldSource>,
    pub(crate) updated_at: Option<FieldSource>,
    pub(crate) description: Option<FieldSource>,
    pub(crate) report_url: Option<FieldSource>,
    pub(crate) assessment_id: Option<FieldSource>,
}

/// Where a field of a wide test is.
#[derive(Debug, Clone, Deserialize)]
#[serde(
    untagged,
    expecting = "expected a header, or a constant such as { const = \"Complete\" }"
)]
pub(crate) enum FieldSource {
    /// In the column with this header.
    Header(String),
    /// In no column: it is the same for every row.
    Constant {
        /// The value.
        #[serde(rename = "const")]
        constant: Constant,
    },
}

/// A constant value.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "expected a string or a whole number")]
pub(crate) enum Constant {
    /// A text.
    Text(String),
    /// A number, for the attempt.
    Number(u32),
}

impl Constant {
    /// Returns the value as the text of a cell.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
        }
    }
}
