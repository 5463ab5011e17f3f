//! What a run does with its updates.

/// Whether a run delivers updates or only plans them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Sends the updates, which needs credentials, a ledger and consent.
    Deliver,
    /// Sends nothing, needs no credentials and creates no ledger.
    Plan,
}
