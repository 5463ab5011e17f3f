//! Delivers updates: concurrent workers, one rate limiter, one token source, one retry policy.
//!
//! Workers take updates from a queue in order, at most one request per order at any time, and only send [`Event`]s. The
//! caller owns the outcomes, the counts and the display; nothing here prints.
//!
//! # How a 429 is handled
//!
//! [`retry`] classifies the response as [`retry::RetryAction::Throttle`]. The worker that received it calls
//! [`RateLimiter::slow_down`](crate::rate_limit::RateLimiter::slow_down) with the server's `Retry-After`, or with its own
//! exponential back-off if that is longer. From then on every worker waits in the limiter, also those that already have
//! a permit, and other processes that share the rate-limit state wait too. Afterwards the limiter runs at a lower rate
//! for a while. The worker then sends its order again. A 429 is not a failure: only [`attempts`] bounds their number.
//!
//! # Why an order may be sent twice
//!
//! A time-out, a broken connection or a 5xx other than 503 leaves open whether the server applied the update
//! ([`retry::RetryAction::RetryAmbiguous`]). Scores and statuses are sent again, because that is harmless. The server
//! appends reports each time, so `--on-ambiguous resend` sends them again and marks the order with
//! `possible_duplicate_reports`, and `hold` leaves them out until `resolve`. The same applies to a run that was killed:
//! its intents are in the ledger, and the next run finds them without an outcome.

mod attempts;
pub(crate) mod events;
pub(crate) mod failure_monitor;
mod first_order;
pub(crate) mod journal;
pub(crate) mod limits;
pub(crate) mod outcome;
pub(crate) mod policy;
mod queue;
pub(crate) mod retry;
pub(crate) mod shutdown;
pub(crate) mod update;
mod worker;

pub(crate) use self::attempts::REPORTS_HELD;
pub(crate) use self::events::Event;
pub(crate) use self::failure_monitor::FailureMonitor;
pub(crate) use self::journal::Journal;
pub(crate) use self::outcome::{Attempt, Delivery, Outcome};
pub(crate) use self::policy::Policy;
pub(crate) use self::shutdown::{StopReason, StopSignal};
pub(crate) use self::update::{Payload, Update};
pub(crate) use self::worker::deliver;
