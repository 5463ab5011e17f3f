//! Leases: in a shared ledger, an order is leased by one importer at a time.
//!
//! An importer releases its leases when it ends. If it is killed or loses the ledger, its leases expire, and another
//! importer continues from the durable state. A request must end before its lease can expire, so a lease is longer than
//! the request timeout.

use std::time::{Duration, Instant};

use super::lock::Holder;

/// The margin of a lease over the request timeout: it covers the time between an intent and its request, and between
/// two heartbeats.
const SLACK: Duration = Duration::from_secs(10);

/// An importer that leases orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Importer {
    /// The process and its run.
    pub(crate) holder: Holder,
    /// How long its leases outlive its last heartbeat.
    pub(crate) lease: Duration,
}

impl Importer {
    /// Creates an importer with a request timeout.
    pub(crate) fn of(holder: Holder, timeout: Duration) -> Self {
        Self {
            holder,
            lease: timeout + SLACK,
        }
    }

    /// Returns until when a request may be sent if its intent was written at a time or later.
    pub(crate) fn may_leave_until(written: Instant) -> Instant {
        written + SLACK / 2
    }

    /// Returns the heartbeat interval.
    pub(crate) fn heartbeat_interval() -> Duration {
        SLACK / 4
    }
}

/// The result of leasing an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lease {
    /// The order is leased; its current state, as JSON.
    Ours(Option<String>),
    /// Another importer may be sending it.
    Elsewhere,
}

/// The result of writing an intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Intended {
    /// It is durable, and the request may be sent, until the given time if there is one.
    Durable(Option<Instant>),
    /// It was not written: the lease of the order has expired, and another importer may be sending it.
    LeaseEnded,
}

impl Intended {
    /// Whether the request may be sent now.
    pub(crate) fn may_leave(self, now: Instant) -> bool {
        match self {
            Self::Durable(until) => until.is_none_or(|until| now < until),
            Self::LeaseEnded => false,
        }
    }
}
