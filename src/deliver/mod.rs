//! Updates to outcomes: bounded concurrency, one pace, one token, one retry layer.
//!
//! Workers take the updates in their order and only send [`Event`]s; whoever calls owns all state. Nothing here
//! prints, and an update is in flight at most once at any time.

pub mod client;
mod course;
pub mod credentials;
mod message;
pub mod outcome;
pub mod pace;
pub mod rate;
pub mod retry;
pub mod stop;
pub mod token;
mod worker;

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinSet;
use tokio::time::Instant;

use self::client::Client;
pub use self::outcome::{Delivery, Exchange, Outcome};
pub use self::stop::{End, Stop, Watch};
use self::worker::Workers;
use crate::ledger::{Known, Ledger, OnAmbiguous};
use crate::order::model::{OrderUpdate, Text};

/// One order's update, ready to be sent.
#[derive(Debug)]
pub struct Update {
    /// The company, one path segment once encoded.
    pub company_id: Text,
    /// The order, one path segment once encoded.
    pub order_id: Text,
    /// All that the inputs say of the order.
    pub wanted: OrderUpdate,
    /// What the ledger knows of the order.
    pub known: Known,
}

/// How updates are delivered.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The most requests in any window of time.
    pub rate: rate::Rate,
    /// The most updates in flight at once.
    pub concurrency: usize,
    /// How often an update is sent again, at most.
    pub retries: u32,
    /// What to do with reports that may have been appended already.
    pub on_ambiguous: OnAmbiguous,
    /// Whether to send everything, whatever was accepted before.
    pub resend: bool,
}

/// Where intents are written before a request leaves.
#[derive(Debug, Clone)]
pub struct Journal {
    /// The ledger.
    pub ledger: Ledger,
    /// The id of the run, which has begun.
    pub run: String,
}

/// What the workers tell.
#[derive(Debug)]
pub enum Event {
    /// A token was asked for.
    TokenRequested,
    /// The update with this index is about to leave.
    Sent(usize),
    /// The server answered 429: nobody sends until then.
    Throttled(Instant),
    /// The update with this index has come to its end, and this is known of its order now.
    Finished(usize, Delivery, Box<Known>),
    /// A request begins to wait for the pace.
    PaceAwaited,
    /// A request has waited for the pace, and goes on or is given up.
    PaceGranted,
}

/// Delivers updates until each has an outcome or `stop` is requested; then those in flight are waited for.
///
/// Updates that never left have no [`Event::Finished`].
pub async fn deliver(
    updates: Arc<[Update]>,
    client: Client,
    journal: Journal,
    policy: &Policy,
    stop: &Stop,
    events: UnboundedSender<Event>,
) {
    let count = policy.concurrency.min(updates.len());
    let shared = Arc::new(Workers::new(updates, client, journal, policy, stop, events));
    let mut workers = JoinSet::new();
    for _ in 0..count {
        workers.spawn(Arc::clone(&shared).work());
    }
    while let Some(worker) = workers.join_next().await {
        if worker.is_err_and(|error| error.is_panic()) {
            stop.request(End::Unreachable(
                "a part of the delivery has failed; this is a fault of Scoreload".to_owned(),
            ));
        }
    }
}
