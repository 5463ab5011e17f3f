//! What became of an order.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::ledger::ScopedReport;

/// What became of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// It could be sent; it was only checked.
    Valid,
    /// The server took it.
    Accepted,
    /// Nothing in it was new, so nothing was sent.
    Unchanged,
    /// A row of it has an error, so it was held back whole.
    Invalid,
    /// The server refused it for good.
    Rejected,
    /// It was certainly not applied.
    Failed,
    /// It may have been applied, or not.
    Unknown,
    /// It never left.
    NotSent,
}

impl Outcome {
    /// Every outcome, in the order in which they are told.
    pub(crate) const ALL: [Self; 8] = [
        Self::Valid,
        Self::Accepted,
        Self::Unchanged,
        Self::Invalid,
        Self::Rejected,
        Self::Failed,
        Self::Unknown,
        Self::NotSent,
    ];

    /// Returns the outcome in words.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Accepted => "accepted",
            Self::Unchanged => "unchanged",
            Self::Invalid => "invalid",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::NotSent => "not sent",
        }
    }
}

/// One request and what came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Exchange {
    /// When the request left.
    pub(crate) sent_at: Timestamp,
    /// How long the answer took, or how long it was waited for.
    pub(crate) latency: Duration,
    /// The status of the answer, if there was one.
    pub(crate) http_status: Option<u16>,
    /// What the server said, or what went wrong.
    pub(crate) message: Option<String>,
}

/// How one order's delivery ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delivery {
    /// What became of it.
    pub(crate) outcome: Outcome,
    /// The status of the last answer, if there was one.
    pub(crate) http_status: Option<u16>,
    /// How many requests it took.
    pub(crate) attempts: u32,
    /// How long the last answer took.
    pub(crate) latency: Option<Duration>,
    /// Whether an update with reports was sent again after one that may have been applied.
    pub(crate) possible_duplicate_reports: bool,
    /// Reports that were kept back because it is not known whether they were taken.
    pub(crate) held_reports: Vec<ScopedReport>,
    /// What the server said, or what went wrong.
    pub(crate) message: Option<String>,
    /// Each request of it, in their order.
    pub(crate) exchanges: Vec<Exchange>,
}

impl Delivery {
    /// Tells whether the same command would send more of the order. Reports that are kept back are for a person to
    /// settle; scores whose answer was lost are not.
    pub(crate) fn is_worth_a_rerun(&self) -> bool {
        match self.outcome {
            Outcome::NotSent | Outcome::Failed => true,
            Outcome::Unknown if self.held_reports.is_empty() => true,
            Outcome::Unknown => {
                self.attempts > 0 && self.http_status.is_none_or(|status| status >= 300)
            }
            _ => false,
        }
    }

    /// The delivery of an order that never left.
    pub(crate) const fn not_sent() -> Self {
        Self {
            outcome: Outcome::NotSent,
            http_status: None,
            attempts: 0,
            latency: None,
            possible_duplicate_reports: false,
            held_reports: Vec::new(),
            message: None,
            exchanges: Vec::new(),
        }
    }
}
