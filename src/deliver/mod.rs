//! Updates to outcomes: bounded concurrency, one pace, one token, one retry layer.
//!
//! Workers take the updates in their order and only send [`Event`]s; whoever calls owns all state. Nothing here
//! prints, and an update is in flight at most once at any time.

mod canary;
pub mod client;
mod course;
pub mod credentials;
pub mod limits;
mod message;
pub mod outcome;
pub mod pace;
pub mod rate;
pub mod retry;
pub mod stop;
pub mod token;
mod worker;

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::Instant;

use self::client::Client;
pub use self::course::KEPT_BACK;
pub use self::outcome::{Delivery, Exchange, Outcome};
pub use self::stop::{End, Stop, Watch};
use self::worker::Workers;
use crate::ledger::budget::Places;
use crate::ledger::entry::Settlement;
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
    /// Where it is kept what is used of the rate.
    pub budget: Places,
    /// The most updates in flight at once.
    pub concurrency: usize,
    /// How often an update is sent again, at most.
    pub retries: u32,
    /// What to do with reports that may have been appended already.
    pub on_ambiguous: OnAmbiguous,
    /// Whether to send everything, whatever was accepted before.
    pub resend: bool,
    /// What ends the run before all is sent.
    pub limits: limits::Limits,
}

/// What the ledger says of an order whose reports were sent again after they may have been taken.
const PERHAPS_TWICE: &str = "its reports may stand twice with the server";

/// Where intents are written before a request leaves.
#[derive(Debug, Clone)]
pub struct Journal {
    /// The ledger.
    pub ledger: Ledger,
    /// The id of the run, which has begun.
    pub run: String,
}

impl Journal {
    /// Writes down what has become of an update so far, without waiting until that is durable.
    ///
    /// That its reports may stand twice is written down too: a run that is cut off leaves no report to say so.
    /// `known` is what is known of the order from now on, as [`Known::to_json`] writes it.
    pub fn settle(&self, update: &Update, delivery: &Delivery, known: String) {
        let perhaps_twice = delivery.possible_duplicate_reports.then_some(PERHAPS_TWICE);
        let message = delivery.message.as_deref().or(perhaps_twice);
        self.ledger.settle(Settlement {
            run: self.run.clone(),
            company_id: update.company_id.clone(),
            order_id: update.order_id.clone(),
            outcome: delivery.outcome.words().to_owned(),
            http_status: delivery.http_status,
            attempts: delivery.attempts,
            message: message.map(str::to_owned),
            known: Some(known),
            at: Timestamp::now(),
        });
    }
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
    /// The server asked another import to wait until then, which holds for everybody.
    Paused(Instant),
    /// The update with this index has come to its end, and this is known of its order now, as the ledger keeps it. The
    /// worker goes on once the last part is dropped: by then a stop has been requested, if there is a reason.
    Finished(usize, Delivery, String, oneshot::Sender<()>),
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
    for number in 0..count {
        workers.spawn(Arc::clone(&shared).work(number == 0));
    }
    while let Some(worker) = workers.join_next().await {
        if worker.is_err_and(|error| error.is_panic()) {
            stop.request(End::Unreachable(
                "a part of the delivery has failed; this is a fault of Scoreload".to_owned(),
            ));
        }
    }
    shared.end().await;
}
