//! Queries of a `SQLite` ledger.

use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};

use crate::ledger::entry::{Delivery, LastSent, Run, RunEnd, RunRecord, Settled};
use crate::paylocity::model::Text;

pub(crate) const RUNS: &str =
    "SELECT id, mode, target, started_at, inputs, finished_at, exit_code, totals, plan FROM runs";

pub(crate) const DELIVERIES: &str = "
    SELECT run, target, company_id, order_id, body, intended_at,
        settled_at, outcome, http_status, attempts, message
    FROM deliveries JOIN runs ON runs.id = run";

/// Returns the states of orders at a target, as JSON, in the order of `orders`.
pub(crate) fn known(
    connection: &Connection,
    target: &str,
    orders: &[(Text, Text)],
) -> rusqlite::Result<Vec<Option<String>>> {
    let sql = "SELECT known FROM orders WHERE target = ?1 AND company_id = ?2 AND order_id = ?3";
    // Without a transaction each query locks and unlocks the file, which doubles its time.
    let snapshot = connection.unchecked_transaction()?;
    let mut statement = snapshot.prepare_cached(sql)?;
    let of = |(company_id, order_id): &(Text, Text)| {
        let key = params![target, company_id.as_str(), order_id.as_str()];
        statement.query_row(key, |row| row.get(0)).optional()
    };
    orders.iter().map(of).collect()
}

/// Returns the latest runs, newest first.
pub(crate) fn runs(connection: &Connection, limit: usize) -> rusqlite::Result<Vec<Run>> {
    let sql = format!("{RUNS} ORDER BY started_at DESC, rowid DESC LIMIT ?1");
    // A negative limit means no limit.
    let limit = i64::try_from(limit).unwrap_or(-1);
    let mut statement = connection.prepare(&sql)?;
    statement.query_map([limit], run_of)?.collect()
}

/// Returns a run.
pub(crate) fn run(connection: &Connection, id: &str) -> rusqlite::Result<Option<Run>> {
    let sql = format!("{RUNS} WHERE id = ?1");
    connection.query_row(&sql, [id], run_of).optional()
}

/// Returns the runs that applied a plan, oldest first.
pub(crate) fn runs_of_plan(connection: &Connection, plan: &str) -> rusqlite::Result<Vec<Run>> {
    let sql = format!("{RUNS} WHERE plan = ?1 ORDER BY started_at, rowid");
    let mut statement = connection.prepare(&sql)?;
    statement.query_map([plan], run_of)?.collect()
}

/// Returns the last update sent for each order at a target, in the order of `orders`.
pub(crate) fn last_sent(
    connection: &Connection,
    target: &str,
    orders: &[(Text, Text)],
) -> rusqlite::Result<Vec<Option<LastSent>>> {
    let sql = "
        SELECT run, outcome FROM deliveries JOIN runs ON runs.id = run
        WHERE order_id = ?3 AND company_id = ?2 AND target = ?1 AND body IS NOT NULL
        ORDER BY deliveries.rowid DESC LIMIT 1";
    let snapshot = connection.unchecked_transaction()?;
    let mut statement = snapshot.prepare_cached(sql)?;
    let sent = |row: &Row| {
        Ok(LastSent {
            run: row.get(0)?,
            outcome: row.get(1)?,
        })
    };
    let of = |(company_id, order_id): &(Text, Text)| {
        let key = params![target, company_id.as_str(), order_id.as_str()];
        statement.query_row(key, sent).optional()
    };
    orders.iter().map(of).collect()
}

/// Returns the deliveries of a run, in the order in which they were first written.
pub(crate) fn deliveries_of_run(
    connection: &Connection,
    run: &str,
) -> rusqlite::Result<Vec<Delivery>> {
    let rest = "WHERE run = ?1 ORDER BY deliveries.rowid";
    deliveries(connection, rest, &[&run])
}

/// Returns the deliveries of an order at one target or all targets, oldest first.
pub(crate) fn deliveries_of_order(
    connection: &Connection,
    order_id: &str,
    target: Option<&str>,
) -> rusqlite::Result<Vec<Delivery>> {
    let rest =
        "WHERE order_id = ?1 AND (?2 IS NULL OR target = ?2) ORDER BY started_at, deliveries.rowid";
    deliveries(connection, rest, &[&order_id, &target])
}

fn deliveries(
    connection: &Connection,
    rest: &str,
    values: &[&dyn ToSql],
) -> rusqlite::Result<Vec<Delivery>> {
    let mut statement = connection.prepare(&format!("{DELIVERIES} {rest}"))?;
    statement.query_map(values, delivery_of)?.collect()
}

pub(crate) fn run_of(row: &Row) -> rusqlite::Result<Run> {
    let end = match parsed(row, 5)? {
        Some(finished_at) => Some(RunEnd {
            finished_at,
            exit_code: row.get(6)?,
            totals: row.get(7)?,
        }),
        None => None,
    };
    let record = RunRecord {
        id: row.get(0)?,
        mode: row.get(1)?,
        target: row.get(2)?,
        started_at: parsed(row, 3)?.unwrap_or_default(),
        inputs: row.get(4)?,
        plan: row.get(8)?,
    };
    Ok(Run { record, end })
}

pub(crate) fn delivery_of(row: &Row) -> rusqlite::Result<Delivery> {
    let settled = match parsed(row, 6)? {
        Some(at) => Some(Settled {
            at,
            outcome: row.get(7)?,
            http_status: row.get(8)?,
            attempts: row.get(9)?,
            message: row.get(10)?,
        }),
        None => None,
    };
    Ok(Delivery {
        run: row.get(0)?,
        target: row.get(1)?,
        company_id: row.get::<_, String>(2)?.into(),
        order_id: row.get::<_, String>(3)?.into(),
        body: row.get(4)?,
        intended_at: parsed(row, 5)?,
        settled,
    })
}

pub(crate) fn parsed(row: &Row, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    let text: Option<String> = row.get(column)?;
    let time = text.as_deref().map(Timestamp::from_str).transpose();
    time.map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sqlite::schema;

    #[test]
    fn the_last_update_of_an_order_is_found_per_target() {
        let mut connection = Connection::open_in_memory().unwrap();
        schema::migrate(&mut connection).unwrap();
        let runs = "
            INSERT INTO runs (id, mode, target, started_at, inputs, plan) VALUES
                ('R1', 'apply', 'demo', '2026-03-04T17:06:00Z', '', 'P'),
                ('R2', 'import', 'demo', '2026-03-04T18:06:00Z', '', NULL),
                ('R3', 'apply', 'demo', '2026-03-04T19:06:00Z', '', 'P');
            INSERT INTO deliveries (run, company_id, order_id, body, outcome) VALUES
                ('R1', 'B1', 'A1', '{}', 'accepted'), ('R1', 'B1', 'A2', '{}', 'failed'),
                ('R2', 'B1', 'A2', '{}', NULL), ('R3', 'B1', 'A1', NULL, 'unknown');";
        connection.execute_batch(runs).unwrap();
        let orders = ["A2", "A1", "A3"].map(|order| ("B1".into(), order.into()));
        let sent = |target| last_sent(&connection, target, &orders).unwrap();
        let found = |run: &str, outcome: Option<&str>| {
            let outcome = outcome.map(str::to_owned);
            let run = run.to_owned();
            Some(LastSent { run, outcome })
        };
        let of_demo = [found("R2", None), found("R1", Some("accepted")), None];
        assert_eq!(sent("demo"), of_demo);
        assert_eq!(sent("production"), [None, None, None]);
        let runs = runs_of_plan(&connection, "P").unwrap();
        let ids: Vec<&str> = runs.iter().map(|run| run.record.id.as_str()).collect();
        assert_eq!(ids, ["R1", "R3"]);
    }
}
