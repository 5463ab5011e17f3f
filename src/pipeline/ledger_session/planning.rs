//! Compares the orders with the ledger: an update has what the target has not accepted.

use std::sync::Arc;

use rayon::prelude::*;

use super::session::LedgerSession;
use crate::config::Delivery as Settings;
use crate::delivery::{Delivery, Outcome, Payload, REPORTS_HELD, Update};
use crate::error::Error;
use crate::ledger::{Change, OrderState, Planned, Remembered};
use crate::orders::{Batch, Order};
use crate::paylocity::model::{OrderUpdate, Text};

/// The number of orders that are read from the ledger at once. More would fill the memory with their stored states.
pub(super) const CHUNK: usize = 4096;

/// An order compared with the ledger.
pub(crate) struct PlannedOrder {
    /// The index of the order in the batch.
    pub(crate) index: usize,
    /// The order's state in the ledger.
    pub(crate) remembered: Remembered,
    /// The part to send.
    pub(crate) planned: Planned,
    /// The state as the ledger stores it; `None` for a new order.
    pub(crate) text: Option<String>,
}

impl LedgerSession {
    /// Returns the updates of the valid orders that have something to send, in order. Valid orders without an update get
    /// their outcome in `deliveries`.
    pub(crate) fn plan_updates(
        &self,
        batch: &Arc<Batch>,
        settings: &Settings,
        deliveries: &mut [Delivery],
    ) -> Result<Vec<Update>, Error> {
        let mut updates = Vec::new();
        self.plan_each(
            batch,
            settings,
            |planned| planned,
            |order| {
                let index = order.index;
                if order.planned.is_open() {
                    let (company_id, order_id) = id_of(&batch.orders[index]);
                    updates.push(Update {
                        company_id,
                        order_id,
                        payload: Payload::Order(Arc::clone(batch), index),
                        remembered: order.remembered,
                    });
                } else {
                    deliveries[index] = unsent_delivery(order.planned);
                }
                Ok(())
            },
        )?;
        Ok(updates)
    }

    /// Plans each valid order and maps it by `map`, on all cores. `each` gets the results in order.
    ///
    /// # Errors
    /// Those of the ledger and of `each`.
    pub(crate) fn plan_each<T: Send>(
        &self,
        batch: &Batch,
        settings: &Settings,
        map: impl Fn(PlannedOrder) -> T + Sync,
        mut each: impl FnMut(T) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let valid: Vec<usize> = (0..batch.orders.len())
            .filter(|index| batch.orders[*index].errors == 0)
            .collect();
        let plan = |(index, text): (usize, Option<String>)| {
            let order = &batch.orders[index];
            let (remembered, planned) = match &text {
                None => {
                    let remembered = Remembered::Nothing;
                    let planned = planned(&remembered, || batch.body(order), settings);
                    (remembered, planned)
                }
                Some(text) => {
                    let wanted = batch.body(order);
                    let remembered = remembered(Some(text), &wanted, &order.order_id)?;
                    let planned = planned(&remembered, || wanted, settings);
                    (remembered, planned)
                }
            };
            Ok(map(PlannedOrder {
                index,
                remembered,
                planned,
                text,
            }))
        };
        let id = |index: &usize| id_of(&batch.orders[*index]);
        let known = |chunk: Option<&[usize]>| {
            chunk
                .map(|chunk| self.known(chunk.iter().map(id).collect()))
                .transpose()
        };
        // Reads the next chunk from the ledger while this one is compared.
        let mut chunks = valid.chunks(CHUNK);
        let mut chunk = chunks.next();
        let mut texts = known(chunk)?;
        while let (Some(indices), Some(texts_of_chunk)) = (chunk, texts) {
            let next = chunks.next();
            let plan_chunk = || {
                let orders = indices.par_iter().copied().zip(texts_of_chunk);
                orders.map(plan).collect::<Result<Vec<T>, Error>>()
            };
            let (texts_of_next, results) = rayon::join(|| known(next), plan_chunk);
            results?.into_iter().try_for_each(&mut each)?;
            (chunk, texts) = (next, texts_of_next?);
        }
        Ok(())
    }
}

/// Parses the stored state of an order.
pub(crate) fn parse_known(text: &str, order_id: &str) -> Result<OrderState, Error> {
    OrderState::from_json(text).map_err(|reason| damaged(order_id, reason))
}

/// Parses the stored state of an order, comparing it with the wanted body.
pub(crate) fn remembered(
    text: Option<&str>,
    wanted: &OrderUpdate,
    order_id: &str,
) -> Result<Remembered, Error> {
    Remembered::read(text, wanted).map_err(|reason| damaged(order_id, reason))
}

fn damaged(order_id: &str, reason: String) -> Error {
    Error::DamagedEntry {
        order_id: order_id.to_owned(),
        reason,
    }
}

/// Returns the part of an order to send.
pub(crate) fn planned(
    remembered: &Remembered,
    wanted: impl FnOnce() -> OrderUpdate,
    settings: &Settings,
) -> Planned {
    let policy = &settings.policy;
    remembered.plan(wanted, policy.on_ambiguous, policy.resend)
}

/// Returns the company id and the id of an order.
pub(super) fn id_of(order: &Order) -> (Text, Text) {
    (order.company_id.clone(), order.order_id.clone())
}

/// Returns the outcome of an order that has nothing to send.
pub(crate) fn unsent_delivery(planned: Planned) -> Delivery {
    let (outcome, message) = match planned.change {
        Change::Held => (Outcome::Unknown, Some(REPORTS_HELD.to_owned())),
        _ => (Outcome::Unchanged, None),
    };
    Delivery {
        outcome,
        message,
        held_reports: planned.held_reports,
        ..Delivery::not_sent()
    }
}
