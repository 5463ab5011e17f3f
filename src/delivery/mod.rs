//! Updates to outcomes: bounded concurrency, one pace, one token, one retry layer.
//!
//! Workers take the updates in their order and only send [`Event`]s; whoever calls owns all state. Nothing here
//! prints, and an update is in flight at most once at any time.

mod attempts;
mod first_order;
pub(crate) mod limits;
pub(crate) mod outcome;
mod queue;
pub(crate) mod retry;
pub(crate) mod shutdown;
pub(crate) mod token_source;
mod worker;

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::Instant;

pub(crate) use self::outcome::{Delivery, Exchange, Outcome};
use self::worker::Workers;
pub(crate) use crate::delivery::attempts::KEPT_BACK;
pub(crate) use crate::delivery::shutdown::{End, Stop, Watch};
use crate::ledger::entry::{OrderKey, Settlement};
use crate::ledger::error::StorageError;
use crate::ledger::{Lease, Ledger, LedgerError, OnAmbiguous, OrderState, Remembered};
use crate::orders::Batch;
use crate::paylocity::client::Client;
use crate::paylocity::model::{OrderUpdate, Text};
use crate::rate_limit::store::Places;

/// One order's update, ready to be sent.
#[derive(Debug)]
pub(crate) struct Update {
    /// The company, one path segment once encoded.
    pub(crate) company_id: Text,
    /// The order, one path segment once encoded.
    pub(crate) order_id: Text,
    /// All that the inputs say of the order.
    pub(crate) wanted: Wanted,
    /// What the ledger remembers of the order.
    pub(crate) remembered: Remembered,
}

/// All that the inputs say of an order.
#[derive(Debug)]
pub(crate) enum Wanted {
    /// The body itself.
    Body(Box<OrderUpdate>),
    /// An order of a batch, by its location: put together from its rows when its turn comes.
    Order(Arc<Batch>, usize),
}

impl Wanted {
    /// Returns the body.
    pub(crate) fn body(&self) -> Cow<'_, OrderUpdate> {
        match self {
            Self::Body(body) => Cow::Borrowed(body),
            Self::Order(batch, index) => Cow::Owned(batch.body(&batch.orders[*index])),
        }
    }
}

/// How updates are delivered.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    /// The most requests in any window of time.
    pub(crate) rate: crate::rate_limit::rate::Rate,
    /// Where it is kept what is used of the rate.
    pub(crate) budget: Places,
    /// The most updates in flight at once.
    pub(crate) concurrency: usize,
    /// How often an update is sent again, at most.
    pub(crate) retries: u32,
    /// What to do with reports that may have been appended already.
    pub(crate) on_ambiguous: OnAmbiguous,
    /// Whether to send everything, whatever was accepted before.
    pub(crate) resend: bool,
    /// Whether each order is sent as it was planned, or not at all.
    pub(crate) exactly: bool,
    /// What ends the run before all is sent.
    pub(crate) limits: limits::Limits,
}

/// What the ledger says of an order whose reports were sent again after they may have been taken.
const PERHAPS_TWICE: &str = "its reports may stand twice with the server";

/// Where intents are written before a request leaves.
#[derive(Debug, Clone)]
pub(crate) struct Journal {
    /// The ledger.
    pub(crate) ledger: Ledger,
    /// The id of the run, which has begun.
    pub(crate) run: String,
    /// The name under which the ledger keeps the run's orders.
    pub(crate) target: String,
}

impl Journal {
    /// Returns the name of an update's order in the ledger.
    pub(crate) fn order(&self, update: &Update) -> OrderKey {
        OrderKey::new(&self.target, &update.company_id, &update.order_id)
    }

    /// Takes the lease of an update's order where others may send it too, and returns what is known of it now; `None`
    /// where another importer has it. Where nobody else may, what is known is what was.
    ///
    /// # Errors
    /// When the ledger fails, or holds what cannot be read.
    pub(crate) async fn lease(
        &self,
        update: &Update,
        wanted: &OrderUpdate,
    ) -> Result<Option<OrderState>, LedgerError> {
        if !self.ledger.is_shared() {
            return Ok(Some(update.remembered.known(wanted)));
        }
        match self.ledger.lease(self.order(update)).await? {
            Lease::Elsewhere => Ok(None),
            Lease::Ours(None) => Ok(Some(OrderState::default())),
            Lease::Ours(Some(text)) => {
                OrderState::from_json(&text)
                    .map(Some)
                    .map_err(|words| LedgerError::Failed {
                        location: self.ledger.location().clone(),
                        error: StorageError::Damaged(words),
                    })
            }
        }
    }

    /// Gives the lease of an update's order back.
    pub(crate) fn release(&self, update: &Update) {
        if self.ledger.is_shared() {
            self.ledger.release(self.order(update));
        }
    }

    /// Writes down what has become of an update so far, without waiting until that is durable.
    ///
    /// That its reports may stand twice is written down too: a run that is cut off leaves no report to say so.
    /// `known` is what is known of the order from now on, as [`OrderState::to_json`] writes it.
    pub(crate) fn settle(&self, update: &Update, delivery: &Delivery, known: String) {
        let perhaps_twice = delivery.possible_duplicate_reports.then_some(PERHAPS_TWICE);
        let message = delivery.message.as_deref().or(perhaps_twice);
        self.ledger.settle(Settlement {
            run: self.run.clone(),
            order: self.order(update),
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
pub(crate) enum Event {
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
    /// What is used of the rate cannot be known any more: nobody may send.
    BudgetLost(StorageError),
    /// Nothing is left but orders that other importers are sending.
    Elsewhere,
    /// A request begins to wait for the pace.
    PaceAwaited,
    /// A request has waited for the pace, and goes on or is given up.
    PaceGranted,
}

/// Delivers updates until each has an outcome or `stop` is requested; then those in flight are waited for.
///
/// Updates that never left have no [`Event::Finished`].
pub(crate) async fn deliver(
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
