//! Events from the workers to the caller.

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::outcome::Delivery;
use crate::rate_limit;

/// An event of the delivery.
#[derive(Debug)]
pub(crate) enum Event {
    /// A token request is about to be sent.
    TokenRequested,
    /// The update with this index is about to be sent.
    Sent(usize),
    /// The server answered 429; all workers wait until then.
    Throttled(Instant),
    RateLimit(rate_limit::Event),
    /// Only orders are left that other importers are sending.
    WaitingForOtherImporters,
    /// A request starts to wait for the rate limiter.
    RateWaitStarted,
    /// A request has stopped waiting for the rate limiter.
    RateWaitEnded,
    /// An update has its outcome. Updates that were never sent have no such event.
    Finished {
        index: usize,
        delivery: Delivery,
        /// The order's new state for the ledger, as [`crate::ledger::OrderState::to_json`] returns it.
        order_state: String,
        /// The worker continues when this is dropped. The receiver drops it after any [`super::StopSignal`] that the
        /// outcome calls for.
        handled: oneshot::Sender<()>,
    },
}
