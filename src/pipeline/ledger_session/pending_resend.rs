//! What a run leaves that was to send everything once more (`--resend`): the ledger keeps which orders are still due.

use super::{LOOKED_AT_ONCE, Memory, id_of, read_known};
use crate::delivery::{Delivery, Outcome};
use crate::error::Error;
use crate::ledger::Lease;
use crate::ledger::entry::{OrderKey, Settlement};
use crate::orders::{Batch, Order};

impl Memory {
    /// Has the ledger know which orders are still to be sent once more, at the end of a run that was to send them all:
    /// so the next run does, without being told again what the others are done with.
    pub(crate) fn keep_due(&self, batch: &Batch, deliveries: &[Delivery]) -> Result<(), Error> {
        let left: Vec<(&Order, &Delivery)> = batch
            .orders
            .iter()
            .zip(deliveries)
            .filter(|(_, delivery)| matches!(delivery.outcome, Outcome::NotSent | Outcome::Failed))
            .collect();
        for part in left.chunks(LOOKED_AT_ONCE) {
            let texts = self.known(part.iter().map(|(order, _)| id_of(order)).collect())?;
            for ((order, delivery), text) in part.iter().zip(texts) {
                if let Some(text) = text {
                    self.keep_order_due(order, delivery, &text)?;
                }
            }
        }
        Ok(())
    }

    /// Does so for one order of which something is known; another importer that has its lease is left alone.
    fn keep_order_due(&self, order: &Order, delivery: &Delivery, text: &str) -> Result<(), Error> {
        let ledger = &self.journal.ledger;
        let key = OrderKey::new(&self.target, &order.company_id, &order.order_id);
        let now = if ledger.is_shared() {
            match ledger.lease_now(key.clone()).map_err(Error::Ledger)? {
                Lease::Ours(now) => now,
                Lease::Elsewhere => return Ok(()),
            }
        } else {
            None
        };
        let mut known = read_known(now.as_deref().unwrap_or(text), &order.order_id)?;
        known.due_again = true;
        ledger.settle(Settlement {
            run: self.journal.run.clone(),
            order: key.clone(),
            outcome: delivery.outcome.words().to_owned(),
            http_status: delivery.http_status,
            attempts: delivery.attempts,
            message: delivery.message.clone(),
            known: Some(known.to_json()),
            at: jiff::Timestamp::now(),
        });
        ledger.release(key);
        Ok(())
    }
}
