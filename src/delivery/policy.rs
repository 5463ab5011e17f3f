//! How updates are delivered.

use std::time::Duration;

use super::limits::Limits;
use crate::ledger::OnAmbiguous;
use crate::rate_limit::StateLocation;
use crate::rate_limit::rate::Rate;

/// How updates are delivered.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    pub(crate) rate: Rate,
    /// Where the usage of the rate is stored.
    pub(crate) rate_state: StateLocation,
    /// Maximum number of requests at the same time.
    pub(crate) concurrency: usize,
    /// Time limit for a response.
    pub(crate) timeout: Duration,
    /// Maximum number of retries of an update after failures.
    pub(crate) retries: u32,
    /// Whether reports are sent again that the server may already have.
    pub(crate) on_ambiguous: OnAmbiguous,
    /// Sends complete orders, including values and reports that were already accepted.
    pub(crate) resend: bool,
    /// Sends each order exactly as planned or not at all.
    pub(crate) exactly: bool,
    /// Limits that end the run early.
    pub(crate) limits: Limits,
}
