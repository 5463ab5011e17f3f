//! The orders that a `--resend` run did not reach. The ledger marks them, so that the next run sends them again even
//! without `--resend`.

use super::planning::{CHUNK, id_of, parse_known};
use super::session::{LedgerSession, settlement};
use crate::delivery::{Delivery, Outcome};
use crate::error::Error;
use crate::ledger::Lease;
use crate::orders::Order;
use crate::pipeline::results::Results;

/// Marks the orders that are still to be sent again.
pub(crate) fn keep(session: &LedgerSession, run: &str, results: &Results) -> Result<(), Error> {
    let orders = results.batch.orders.iter().zip(&results.deliveries);
    let left: Vec<(&Order, &Delivery)> = orders
        .filter(|(_, delivery)| matches!(delivery.outcome, Outcome::NotSent | Outcome::Failed))
        .collect();
    for chunk in left.chunks(CHUNK) {
        let texts = session.known(chunk.iter().map(|(order, _)| id_of(order)).collect())?;
        for ((order, delivery), text) in chunk.iter().zip(texts) {
            if let Some(text) = text {
                keep_order(session, run, order, delivery, &text)?;
            }
        }
    }
    Ok(())
}

/// Marks one order, unless another importer has its lease.
fn keep_order(
    session: &LedgerSession,
    run: &str,
    order: &Order,
    delivery: &Delivery,
    text: &str,
) -> Result<(), Error> {
    let ledger = session.ledger();
    let key = session.key(order);
    let now = if ledger.is_shared() {
        match ledger.lease_now(key.clone())? {
            Lease::Ours(now) => now,
            Lease::Elsewhere => return Ok(()),
        }
    } else {
        None
    };
    let mut known = parse_known(now.as_deref().unwrap_or(text), &order.order_id)?;
    known.due_again = true;
    ledger.settle(settlement(
        run,
        key.clone(),
        delivery,
        Some(known.to_json()),
    ));
    ledger.release(key);
    Ok(())
}
