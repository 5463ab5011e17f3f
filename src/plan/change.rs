//! How an order differs from what its target accepted.

use serde::{Deserialize, Serialize};

use crate::delivery::Outcome;
use crate::ledger;

/// How an order differs from what its target accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Change {
    /// The ledger does not have the order.
    New,
    /// At least one value or report was not accepted yet.
    Changed,
    /// Everything was accepted, so nothing is sent.
    Unchanged,
    /// The order's rows have errors, so it is held back.
    Invalid,
    /// Only held reports are left, which wait for `resolve`.
    Unknown,
}

impl Change {
    /// Every kind, in the order in which they are printed.
    pub(crate) const ALL: [Self; 5] = [
        Self::New,
        Self::Changed,
        Self::Unchanged,
        Self::Invalid,
        Self::Unknown,
    ];

    /// Returns the character that marks this kind on the screen.
    pub(crate) const fn sign(self) -> char {
        match self {
            Self::New => '+',
            Self::Changed => '*',
            Self::Unchanged => '=',
            Self::Invalid => '!',
            Self::Unknown => '?',
        }
    }

    /// Returns the name of this kind.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Invalid => "invalid",
            Self::Unknown => "unknown",
        }
    }

    /// Returns the outcome of the order if nothing is sent.
    pub(crate) const fn outcome(self) -> Outcome {
        match self {
            Self::New | Self::Changed => Outcome::Valid,
            Self::Unchanged => Outcome::Unchanged,
            Self::Invalid => Outcome::Invalid,
            Self::Unknown => Outcome::Unknown,
        }
    }
}

impl From<ledger::Change> for Change {
    fn from(change: ledger::Change) -> Self {
        match change {
            ledger::Change::New => Self::New,
            ledger::Change::Changed | ledger::Change::Resume => Self::Changed,
            ledger::Change::Unchanged => Self::Unchanged,
            ledger::Change::Held => Self::Unknown,
        }
    }
}
