//! The fate of an order.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::ledger::ScopedReport;

/// The fate of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// The order was checked and has no errors; nothing was to be sent.
    Valid,
    /// The server accepted it.
    Accepted,
    /// It contains nothing new, so nothing was sent.
    Unchanged,
    /// One of its rows has an error, so the whole order was held back.
    Invalid,
    /// The server refused it, and a retry would not help.
    Rejected,
    /// It was certainly not applied.
    Failed,
    /// It may have been applied or not.
    Unknown,
    /// It was never sent.
    NotSent,
}

impl Outcome {
    /// All outcomes in display order.
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

    /// Returns the outcome's name for people.
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

/// One request and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attempt {
    pub(crate) sent_at: Timestamp,
    /// The time until the answer, or until the request was given up.
    pub(crate) latency: Duration,
    /// The status of the answer, if there was one.
    pub(crate) http_status: Option<u16>,
    /// The server's message or the cause of the failure.
    pub(crate) message: Option<String>,
}

/// How one order's delivery ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub(crate) outcome: Outcome,
    /// The status of the last answer, if there was one.
    pub(crate) http_status: Option<u16>,
    /// The number of requests. It exceeds the length of `history` if the run was stopped before the answers came.
    pub(crate) attempts: u32,
    /// The latency of the last answer.
    pub(crate) latency: Option<Duration>,
    /// Reports were sent again after a request that may have been applied.
    pub(crate) possible_duplicate_reports: bool,
    /// Reports that were not sent because the server may already have them.
    pub(crate) held_reports: Vec<ScopedReport>,
    /// The server's message or the cause of the failure.
    pub(crate) message: Option<String>,
    /// The requests in order.
    pub(crate) history: Vec<Attempt>,
}

impl Delivery {
    /// Returns whether the same command would send more of the order. Held reports need `resolve` instead, but scores
    /// without an answer are sent again.
    pub(crate) fn is_worth_a_rerun(&self) -> bool {
        match self.outcome {
            Outcome::NotSent | Outcome::Failed => true,
            Outcome::Unknown if self.held_reports.is_empty() => true,
            Outcome::Unknown => {
                self.attempts > 0 && self.http_status.is_none_or(|status| status >= 300)
            }
            Outcome::Valid
            | Outcome::Accepted
            | Outcome::Unchanged
            | Outcome::Invalid
            | Outcome::Rejected => false,
        }
    }

    /// Returns the delivery of an order that was never sent.
    pub(crate) const fn not_sent() -> Self {
        Self {
            outcome: Outcome::NotSent,
            http_status: None,
            attempts: 0,
            latency: None,
            possible_duplicate_reports: false,
            held_reports: Vec::new(),
            message: None,
            history: Vec::new(),
        }
    }
}
