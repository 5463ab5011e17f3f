//! Export, import and pruning of a `PostgreSQL` ledger.

use std::collections::HashMap;
use std::hash::Hash;
use std::pin::pin;

use futures_util::StreamExt;
use jiff::Timestamp;
use tokio::runtime::Runtime;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, Statement};

use super::query::{delivery_of, key_of, remembered, run_of, select_deliveries, select_runs};
use crate::ledger::backend::{Entries, PrunedCounts, Take};
use crate::ledger::entry::{Delivery, Entry, OrderKey, OrderRecord, Run};
use crate::ledger::postgres::write::plain;
use crate::storage::error::StorageError;
use crate::storage::postgres::session::{Session, SessionError, answer, sent};

/// Passes all entries of one snapshot to a function.
pub(crate) async fn each(session: &Session, take: &mut Take<'_>) -> Result<(), SessionError> {
    session
        .run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await?;
    let runs = select_runs!(r#"ORDER BY started_at COLLATE "C", place"#);
    stream(session, runs, |row| {
        take(Entry::Run(run_of(row)?)).map_err(SessionError::from)
    })
    .await?;
    let orders = "
        SELECT target, company_id, order_id, known, changed_at FROM scoreload.orders ORDER BY place";
    stream(session, orders, |row| {
        take(Entry::Order(remembered(row)?)).map_err(SessionError::from)
    })
    .await?;
    let deliveries = select_deliveries!("ORDER BY deliveries.place");
    stream(session, deliveries, |row| {
        take(Entry::Delivery(delivery_of(row)?)).map_err(SessionError::from)
    })
    .await?;
    session.run("COMMIT").await
}

/// Passes the rows of a query to a function one by one, because they may not fit in memory.
async fn stream(
    session: &Session,
    sql: &str,
    mut take: impl FnMut(&Row) -> Result<(), SessionError>,
) -> Result<(), SessionError> {
    let none: [&(dyn ToSql + Sync); 0] = [];
    let rows = session.client.query_raw(sql, none).await?;
    let mut rows = pin!(rows);
    while let Some(row) = rows.next().await {
        take(&row?)?;
    }
    Ok(())
}

/// Begins an import. It requires that no importer is running, and blocks heartbeats until it ends.
pub(crate) async fn begin(session: &Session) -> Result<(), SessionError> {
    session
        .run("BEGIN; LOCK TABLE scoreload.importers IN EXCLUSIVE MODE")
        .await?;
    let at_work = "SELECT id FROM scoreload.importers WHERE expires_at > clock_timestamp() LIMIT 1";
    if session.query(at_work, &[]).await?.is_empty() {
        Ok(())
    } else {
        Err(StorageError::Locked.into())
    }
}

/// Deletes runs that started before a time and are not running, with their settled deliveries. Unknown deliveries stay
/// with their runs, because a person can still settle them.
pub(crate) async fn prune(
    session: &Session,
    before: Timestamp,
) -> Result<PrunedCounts, SessionError> {
    let old = r#"
        CREATE TEMPORARY TABLE old ON COMMIT DROP AS
        SELECT id FROM scoreload.runs
        WHERE started_at COLLATE "C" < $1 AND id NOT IN (
            SELECT run FROM scoreload.importers WHERE expires_at > clock_timestamp())"#;
    session.run("BEGIN").await?;
    // A statement that creates a table has no parameters.
    let old = old.replace("$1", &format!("'{before}'"));
    session.run(&old).await?;
    let client = &session.client;
    let deliveries = client
        .execute(
            "DELETE FROM scoreload.deliveries USING old WHERE run = id AND outcome <> 'unknown'",
            &[],
        )
        .await?;
    let runs = client
        .execute(
            "DELETE FROM scoreload.runs USING old WHERE runs.id = old.id
                AND NOT EXISTS (SELECT FROM scoreload.deliveries WHERE run = runs.id)",
            &[],
        )
        .await?;
    session.run("COMMIT").await?;
    Ok(PrunedCounts { runs, deliveries })
}

/// Access to the entries within a transaction.
pub(crate) struct Rewriting<'a> {
    pub(crate) runtime: &'a Runtime,
    pub(crate) session: &'a Session,
}

impl Rewriting<'_> {
    fn wait<T>(
        &self,
        work: impl Future<Output = Result<T, SessionError>>,
    ) -> Result<T, StorageError> {
        self.runtime
            .block_on(work)
            .map_err(|trouble| match trouble {
                SessionError::Fatal(fault) => fault,
                // Nothing was changed, and the user can retry.
                SessionError::Lost(words) | SessionError::Conflict(words) => {
                    StorageError::Unreachable(words)
                }
            })
    }

    /// Queries entries and returns them by key.
    fn found<K: Eq + Hash, T>(
        &self,
        sql: &'static str,
        names: &(dyn ToSql + Sync),
        read: impl Fn(&Row) -> Result<T, SessionError>,
        name: impl Fn(&T) -> K,
    ) -> Result<HashMap<K, T>, StorageError> {
        let rows = self.wait(self.session.query(sql, &[names]))?;
        let read = |row: &Row| self.wait(async { read(row) });
        let found = rows.iter().map(|row| read(row).map(|it| (name(&it), it)));
        found.collect()
    }

    /// Executes a statement for each entry, in one round trip.
    fn put<T>(
        &self,
        sql: &'static str,
        entries: &[T],
        put: &impl AsyncFn(&Session, &Statement, &T) -> Result<u64, SessionError>,
    ) -> Result<(), StorageError> {
        self.wait(async {
            let statement = self.session.prepare(sql).await?;
            let mut parts = Vec::with_capacity(entries.len());
            for entry in entries {
                parts.push(sent(put(self.session, &statement, entry)).await);
            }
            for part in parts {
                answer(part).await?;
            }
            Ok(())
        })
    }
}

/// Sorts the results into the requested order.
fn in_order<'a, K: Eq + Hash + 'a, T>(
    mut found: HashMap<K, T>,
    names: impl Iterator<Item = &'a K>,
) -> Vec<Option<T>> {
    names.map(|name| found.remove(name)).collect()
}

impl Entries for Rewriting<'_> {
    fn runs(&mut self, ids: &[&str]) -> Result<Vec<Option<Run>>, StorageError> {
        let name = |run: &Run| run.record.id.clone();
        let found = self.found(select_runs!("WHERE id = ANY ($1)"), &ids, run_of, name)?;
        let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        Ok(in_order(found, ids.iter()))
    }

    fn put_runs(&mut self, runs: &[Run]) -> Result<(), StorageError> {
        let sql = "
            INSERT INTO scoreload.runs
                (id, mode, target, started_at, inputs, plan, finished_at, exit_code, totals)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            ON CONFLICT (id) DO UPDATE SET
                finished_at = excluded.finished_at, exit_code = excluded.exit_code, totals = excluded.totals";
        self.put(
            sql,
            runs,
            &async |session, statement, Run { record, end }| {
                let end = end.as_ref();
                let values: [&(dyn ToSql + Sync); 9] = [
                    &record.id,
                    &record.mode,
                    &record.target,
                    &record.started_at.to_string(),
                    &record.inputs,
                    &record.plan,
                    &end.map(|end| end.finished_at.to_string()),
                    &end.map(|end| i32::from(end.exit_code)),
                    &end.map(|end| &end.totals),
                ];
                session.execute(statement, &values).await
            },
        )
    }

    fn orders(&mut self, orders: &[OrderKey]) -> Result<Vec<Option<OrderRecord>>, StorageError> {
        let sql = "
            SELECT target, company_id, order_id, known, changed_at FROM scoreload.orders
            WHERE key = ANY ($1)";
        let keys: Vec<Vec<u8>> = orders.iter().map(key_of).collect();
        let found = self.found(sql, &keys, remembered, |order| key_of(&order.key))?;
        Ok(in_order(found, keys.iter()))
    }

    fn put_orders(&mut self, orders: &[OrderRecord]) -> Result<(), StorageError> {
        let sql = "
            INSERT INTO scoreload.orders (key, target, company_id, order_id, known, changed_at)
            VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (key) DO UPDATE SET known = excluded.known, changed_at = excluded.changed_at";
        self.put(sql, orders, &async |session, statement, order| {
            let values: [&(dyn ToSql + Sync); 6] = [
                &key_of(&order.key),
                &order.key.target,
                &plain(&order.key.company_id),
                &plain(&order.key.order_id),
                &order.known,
                &order.changed_at.to_string(),
            ];
            session.execute(statement, &values).await
        })
    }

    fn deliveries(
        &mut self,
        named: &[(String, OrderKey)],
    ) -> Result<Vec<Option<Delivery>>, StorageError> {
        let names: Vec<(String, Vec<u8>)> = named
            .iter()
            .map(|(run, order)| (run.clone(), key_of(order)))
            .collect();
        let keys: Vec<&[u8]> = names.iter().map(|(_, key)| key.as_slice()).collect();
        let name = |it: &Delivery| (it.run.clone(), key_of(&it.order()));
        let sql = select_deliveries!("WHERE deliveries.key = ANY ($1)");
        let found = self.found(sql, &keys, delivery_of, name)?;
        Ok(in_order(found, names.iter()))
    }

    fn put_deliveries(&mut self, deliveries: &[Delivery]) -> Result<(), StorageError> {
        let sql = "
            INSERT INTO scoreload.deliveries (run, key, company_id, order_id, body, intended_at,
                settled_at, outcome, http_status, attempts, message)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            ON CONFLICT (run, key) DO UPDATE SET
                body = excluded.body, intended_at = excluded.intended_at, settled_at = excluded.settled_at,
                outcome = excluded.outcome, http_status = excluded.http_status, attempts = excluded.attempts,
                message = excluded.message";
        self.put(sql, deliveries, &async |session, statement, delivery| {
            let settled = delivery.settled.as_ref();
            let message = settled.and_then(|settled| settled.message.as_deref());
            let values: [&(dyn ToSql + Sync); 11] = [
                &delivery.run,
                &key_of(&delivery.order()),
                &plain(&delivery.company_id),
                &plain(&delivery.order_id),
                &delivery.body,
                &delivery.intended_at.map(|at| at.to_string()),
                &settled.map(|settled| settled.at.to_string()),
                &settled.map(|settled| &settled.outcome),
                &settled
                    .and_then(|settled| settled.http_status)
                    .map(i32::from),
                &settled.map(|settled| i64::from(settled.attempts)),
                &message.map(plain),
            ];
            session.execute(statement, &values).await
        })
    }
}
