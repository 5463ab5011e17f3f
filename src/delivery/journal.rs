//! The ledger as workers use it: leases, intents and outcomes of the run's orders.

use jiff::Timestamp;

use super::outcome::Delivery;
use super::update::Update;
use crate::ledger::entry::{Intent, OrderKey, Settlement};
use crate::ledger::{Intended, Lease, Ledger, LedgerError, OrderState};
use crate::paylocity::model::OrderUpdate;
use crate::storage::error::StorageError;

const POSSIBLE_DUPLICATES: &str = "the server may have two copies of its reports";

/// Records the run's orders in the ledger.
#[derive(Debug, Clone)]
pub(crate) struct Journal {
    pub(crate) ledger: Ledger,
    /// The id of the run, which the ledger already knows.
    pub(crate) run: String,
    /// The target's name in the ledger.
    pub(crate) target: String,
}

impl Journal {
    fn order_key(&self, update: &Update) -> OrderKey {
        OrderKey::new(&self.target, &update.company_id, &update.order_id)
    }

    /// Takes the lease of an order and returns the order's current state, or `None` if another importer has the lease.
    /// A ledger that is not shared has no leases, and the state is unchanged since the run began.
    pub(super) async fn lease(
        &self,
        update: &Update,
        wanted: &OrderUpdate,
    ) -> Result<Option<OrderState>, LedgerError> {
        if !self.ledger.is_shared() {
            return Ok(Some(update.remembered.known(wanted)));
        }
        match self.ledger.lease(self.order_key(update)).await? {
            Lease::Elsewhere => Ok(None),
            Lease::Ours(None) => Ok(Some(OrderState::default())),
            Lease::Ours(Some(text)) => {
                OrderState::from_json(&text)
                    .map(Some)
                    .map_err(|message| LedgerError::Failed {
                        location: self.ledger.location().clone(),
                        error: StorageError::Damaged(message),
                    })
            }
        }
    }

    /// Returns the lease of an order.
    pub(super) fn release(&self, update: &Update) {
        if self.ledger.is_shared() {
            self.ledger.release(self.order_key(update));
        }
    }

    /// Makes an intent durable before the request leaves. Whatever happens afterwards, the ledger knows that the order
    /// may have been sent.
    pub(super) async fn intend(
        &self,
        update: &Update,
        body: &[u8],
        state: &OrderState,
    ) -> Result<Intended, LedgerError> {
        let intent = Intent {
            run: self.run.clone(),
            order: self.order_key(update),
            body: String::from_utf8_lossy(body).into_owned(),
            known: state.to_json(),
            at: Timestamp::now(),
        };
        self.ledger.intend(intent).await
    }

    /// Records the current outcome without waiting until it is durable.
    ///
    /// `order_state` is the order's new state, as [`OrderState::to_json`] returns it. The message mentions possible
    /// duplicates, because a run that is killed leaves no report to say so.
    pub(crate) fn settle(&self, update: &Update, delivery: &Delivery, order_state: String) {
        let duplicates = delivery
            .possible_duplicate_reports
            .then_some(POSSIBLE_DUPLICATES);
        let message = delivery.message.as_deref().or(duplicates);
        self.ledger.settle(Settlement {
            run: self.run.clone(),
            order: self.order_key(update),
            outcome: delivery.outcome.words().to_owned(),
            http_status: delivery.http_status,
            attempts: delivery.attempts,
            message: message.map(str::to_owned),
            known: Some(order_state),
            at: Timestamp::now(),
        });
    }
}
