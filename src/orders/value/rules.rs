//! The settings that decide how cells are read.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::diagnostics::diagnostic::WarningPolicy;
use crate::input::values::timestamp::DateOrder;
use crate::paylocity::model::Text;
use crate::paylocity::status::StatusWords;

/// The settings that decide how cells are read.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The company of rows on sheets without a company column.
    pub company_id: Option<Text>,
    /// The attempt of tests without one.
    pub default_attempt: Option<u32>,
    /// The time zone of timestamps without one.
    pub zone: TimeZone,
    /// How to read a date such as `03/04/2026`.
    pub date_order: Option<DateOrder>,
    /// The words that are accepted as statuses.
    pub statuses: StatusWords,
    /// The texts that count as blank, in any case.
    pub placeholders: Vec<String>,
    /// The start of the run; later timestamps get a warning.
    pub now: Timestamp,
    /// Whether warnings count as errors.
    pub warnings: WarningPolicy,
}

/// Returns the placeholders for "no value" of common exports.
pub fn placeholders() -> Vec<String> {
    ["-", "--", "---", "N/A", "NA", "NULL"]
        .map(str::to_owned)
        .to_vec()
}
