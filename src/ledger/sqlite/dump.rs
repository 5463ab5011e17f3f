//! Export, import and pruning of a `SQLite` ledger.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::query::{DELIVERIES, RUNS, delivery_of, parsed, run_of};
use crate::ledger::backend::{Entries, PrunedCounts, Take, Work};
use crate::ledger::entry::{Delivery, Entry, OrderKey, OrderRecord, Run};
use crate::storage::error::StorageError;

/// Passes all entries of one snapshot to a function.
pub(crate) fn each(connection: &Connection, take: &mut Take<'_>) -> Result<(), StorageError> {
    let snapshot = connection.unchecked_transaction()?;
    let mut runs = snapshot.prepare(&format!("{RUNS} ORDER BY started_at, rowid"))?;
    for run in runs.query_map([], run_of)? {
        take(Entry::Run(run?))?;
    }
    let mut orders = snapshot.prepare(&format!("{ORDERS} ORDER BY rowid"))?;
    for order in orders.query_map([], order_of)? {
        take(Entry::Order(order?))?;
    }
    let mut deliveries = snapshot.prepare(&format!("{DELIVERIES} ORDER BY deliveries.rowid"))?;
    for delivery in deliveries.query_map([], delivery_of)? {
        take(Entry::Delivery(delivery?))?;
    }
    Ok(())
}

/// Runs a function in one transaction.
pub(crate) fn rewrite(
    connection: &mut Connection,
    work: &mut Work<'_>,
) -> Result<(), StorageError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    work(&mut Rewriting(&transaction))?;
    Ok(transaction.commit()?)
}

/// Deletes runs that started before a time, with their settled deliveries. Unknown deliveries stay with their runs,
/// because a person can still settle them.
pub(crate) fn prune(
    connection: &mut Connection,
    before: Timestamp,
) -> rusqlite::Result<PrunedCounts> {
    let before = before.to_string();
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let deliveries = transaction.execute(
        "DELETE FROM deliveries WHERE outcome <> 'unknown'
            AND run IN (SELECT id FROM runs WHERE started_at < ?1)",
        [&before],
    )?;
    let runs = transaction.execute(
        "DELETE FROM runs WHERE started_at < ?1
            AND NOT EXISTS (SELECT 1 FROM deliveries WHERE run = runs.id)",
        [&before],
    )?;
    transaction.commit()?;
    if deliveries + runs > 0 {
        // Deleting rows does not shrink the file.
        connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)")?;
    }
    Ok(PrunedCounts {
        runs: runs as u64,
        deliveries: deliveries as u64,
    })
}

const ORDERS: &str = "SELECT target, company_id, order_id, known, changed_at FROM orders";

fn order_of(row: &rusqlite::Row) -> rusqlite::Result<OrderRecord> {
    Ok(OrderRecord {
        key: OrderKey {
            target: row.get(0)?,
            company_id: row.get::<_, String>(1)?.into(),
            order_id: row.get::<_, String>(2)?.into(),
        },
        known: row.get(3)?,
        changed_at: parsed(row, 4)?.unwrap_or_default(),
    })
}

struct Rewriting<'a>(&'a Transaction<'a>);

impl Entries for Rewriting<'_> {
    fn runs(&mut self, ids: &[&str]) -> Result<Vec<Option<Run>>, StorageError> {
        let mut statement = self.0.prepare_cached(&format!("{RUNS} WHERE id = ?1"))?;
        let mut found = |id: &&str| Ok(statement.query_row([id], run_of).optional()?);
        ids.iter().map(&mut found).collect()
    }

    fn put_runs(&mut self, runs: &[Run]) -> Result<(), StorageError> {
        let sql = "
            INSERT INTO runs (id, mode, target, started_at, inputs, plan, finished_at, exit_code, totals)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
            ON CONFLICT (id) DO UPDATE SET
                finished_at = excluded.finished_at, exit_code = excluded.exit_code, totals = excluded.totals";
        let mut statement = self.0.prepare_cached(sql)?;
        for Run { record, end } in runs {
            statement.execute(params![
                record.id,
                record.mode,
                record.target,
                record.started_at.to_string(),
                record.inputs,
                record.plan,
                end.as_ref().map(|end| end.finished_at.to_string()),
                end.as_ref().map(|end| end.exit_code),
                end.as_ref().map(|end| &end.totals),
            ])?;
        }
        Ok(())
    }

    fn orders(&mut self, keys: &[OrderKey]) -> Result<Vec<Option<OrderRecord>>, StorageError> {
        let sql = format!("{ORDERS} WHERE target = ?1 AND company_id = ?2 AND order_id = ?3");
        let mut statement = self.0.prepare_cached(&sql)?;
        let mut found = |key: &OrderKey| {
            let key = params![key.target, key.company_id.as_str(), key.order_id.as_str()];
            Ok(statement.query_row(key, order_of).optional()?)
        };
        keys.iter().map(&mut found).collect()
    }

    fn put_orders(&mut self, orders: &[OrderRecord]) -> Result<(), StorageError> {
        let sql = "
            INSERT INTO orders (target, company_id, order_id, known, changed_at) VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT (target, company_id, order_id) DO UPDATE SET
                known = excluded.known, changed_at = excluded.changed_at";
        let mut statement = self.0.prepare_cached(sql)?;
        for order in orders {
            statement.execute(params![
                order.key.target,
                order.key.company_id.as_str(),
                order.key.order_id.as_str(),
                order.known,
                order.changed_at.to_string(),
            ])?;
        }
        Ok(())
    }

    fn deliveries(
        &mut self,
        keys: &[(String, OrderKey)],
    ) -> Result<Vec<Option<Delivery>>, StorageError> {
        let sql = format!("{DELIVERIES} WHERE run = ?1 AND company_id = ?2 AND order_id = ?3");
        let mut statement = self.0.prepare_cached(&sql)?;
        let mut found = |(run, key): &(String, OrderKey)| {
            let key = params![run, key.company_id.as_str(), key.order_id.as_str()];
            Ok(statement.query_row(key, delivery_of).optional()?)
        };
        keys.iter().map(&mut found).collect()
    }

    fn put_deliveries(&mut self, deliveries: &[Delivery]) -> Result<(), StorageError> {
        let sql = "
            INSERT INTO deliveries (run, company_id, order_id, body, intended_at,
                settled_at, outcome, http_status, attempts, message)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
            ON CONFLICT (run, company_id, order_id) DO UPDATE SET
                body = excluded.body, intended_at = excluded.intended_at, settled_at = excluded.settled_at,
                outcome = excluded.outcome, http_status = excluded.http_status, attempts = excluded.attempts,
                message = excluded.message";
        let mut statement = self.0.prepare_cached(sql)?;
        for delivery in deliveries {
            let settled = delivery.settled.as_ref();
            statement.execute(params![
                delivery.run,
                delivery.company_id.as_str(),
                delivery.order_id.as_str(),
                delivery.body,
                delivery.intended_at.map(|at| at.to_string()),
                settled.map(|settled| settled.at.to_string()),
                settled.map(|settled| &settled.outcome),
                settled.and_then(|settled| settled.http_status),
                settled.map(|settled| settled.attempts),
                settled.and_then(|settled| settled.message.as_ref()),
            ])?;
        }
        Ok(())
    }
}
