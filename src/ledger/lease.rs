//! Who sends an order where many share a ledger: an order is leased by one importer at a time.
//!
//! An importer that ends gives its leases back. One that is killed, or is cut off from the ledger, loses them after a
//! bounded time, and another takes over with what is durable. So a request must be over by the time at which its lease
//! may have ended: a lease outlives the longest answer that is waited for.

use std::time::{Duration, Instant};

use super::lock::Holder;

/// By how much a lease outlives the longest answer: what may pass between an intent and the request, or between the
/// signs of life of an importer that is well.
const SLACK: Duration = Duration::from_secs(10);

/// Who leases orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Importer {
    /// The process and its run.
    pub(crate) holder: Holder,
    /// How long a lease outlives its importer.
    pub(crate) lease: Duration,
}

impl Importer {
    /// Returns an importer that waits so long for an answer at most.
    pub(crate) fn of(holder: Holder, timeout: Duration) -> Self {
        Self {
            holder,
            lease: timeout + SLACK,
        }
    }

    /// Returns until when a request may leave whose intent was written at that moment or later.
    pub(crate) fn may_leave_until(written: Instant) -> Instant {
        written + SLACK / 2
    }

    /// Returns how often the importer must give a sign of life.
    pub(crate) fn heartbeat_interval() -> Duration {
        SLACK / 4
    }
}

/// What came of an attempt to lease an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lease {
    /// The order is ours; what the ledger knows of it now.
    Ours(Option<String>),
    /// Another importer may be sending it.
    Elsewhere,
}

/// What came of writing an intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Intended {
    /// It is durable, and the request may leave; where a moment is given, no later than that.
    Durable(Option<Instant>),
    /// It was not written: the lease of the order had ended, and another importer may be sending it.
    LeaseEnded,
}

impl Intended {
    /// Tells whether the request may leave at this moment.
    pub(crate) fn may_leave(self, now: Instant) -> bool {
        match self {
            Self::Durable(until) => until.is_none_or(|until| now < until),
            Self::LeaseEnded => false,
        }
    }
}
