//! Queries of a `PostgreSQL` ledger.

use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tokio_postgres::Row;

use crate::ledger::entry::{
    Delivery, LastSent, OrderKey, OrderRecord, Run, RunEnd, RunRecord, Settled,
};
use crate::ledger::lease::Importer;
use crate::ledger::lock::Holder;
use crate::paylocity::model::Text;
use crate::storage::error::StorageError;
use crate::storage::postgres::session::{Session, SessionError};

/// The number of orders per query.
const AT_ONCE: usize = 10_000;

/// Queries of runs and deliveries with the columns that [`run_of`] and [`delivery_of`] read.
macro_rules! select_runs {
    ($rest:literal) => {
        concat!(
            "SELECT id, mode, target, started_at, inputs, plan, finished_at, exit_code, totals FROM scoreload.runs ",
            $rest
        )
    };
}
macro_rules! select_deliveries {
    ($rest:literal) => {
        concat!(
            "SELECT run, target, company_id, order_id, body, intended_at, settled_at, outcome, http_status, attempts,
                message FROM scoreload.deliveries JOIN scoreload.runs ON runs.id = run ",
            $rest
        )
    };
}
pub(crate) use {select_deliveries, select_runs};

/// Returns the key of an order, which has a fixed length.
pub(crate) fn key(target: &str, company_id: &str, order_id: &str) -> Vec<u8> {
    let mut digest = Sha256::new();
    for part in [target, company_id, order_id] {
        digest.update(part.len().to_be_bytes());
        digest.update(part);
    }
    digest.finalize().to_vec()
}

pub(crate) fn key_of(order: &OrderKey) -> Vec<u8> {
    key(&order.target, &order.company_id, &order.order_id)
}

/// Returns the states of orders, as JSON, in the order of `orders`.
pub(crate) async fn known(
    session: &Session,
    target: &str,
    orders: &[(Text, Text)],
) -> Result<Vec<Option<String>>, SessionError> {
    let sql = "
        SELECT known FROM unnest($1::bytea[]) WITH ORDINALITY AS asked (key, number)
        LEFT JOIN scoreload.orders USING (key) ORDER BY number";
    let mut found = Vec::with_capacity(orders.len());
    for some in orders.chunks(AT_ONCE) {
        let rows = session.query(sql, &[&keys(target, some)]).await?;
        found.extend(rows.iter().map(|row| row.get(0)));
    }
    Ok(found)
}

/// Returns the last update sent for each order, in the order of `orders`.
pub(crate) async fn last_sent(
    session: &Session,
    target: &str,
    orders: &[(Text, Text)],
) -> Result<Vec<Option<LastSent>>, SessionError> {
    let sql = "
        SELECT run, outcome FROM unnest($1::bytea[]) WITH ORDINALITY AS asked (key, number)
        LEFT JOIN LATERAL (
            SELECT run, outcome FROM scoreload.deliveries
            WHERE deliveries.key = asked.key AND body IS NOT NULL ORDER BY place DESC LIMIT 1
        ) AS last ON true
        ORDER BY number";
    let mut found = Vec::with_capacity(orders.len());
    for some in orders.chunks(AT_ONCE) {
        let rows = session.query(sql, &[&keys(target, some)]).await?;
        found.extend(rows.iter().map(|row| {
            Some(LastSent {
                run: row.get::<_, Option<String>>(0)?,
                outcome: row.get(1),
            })
        }));
    }
    Ok(found)
}

fn keys(target: &str, orders: &[(Text, Text)]) -> Vec<Vec<u8>> {
    let key = |(company_id, order_id): &(Text, Text)| key(target, company_id, order_id);
    orders.iter().map(key).collect()
}

/// Returns the latest runs, newest first.
pub(crate) async fn runs(session: &Session, limit: usize) -> Result<Vec<Run>, SessionError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let sql = select_runs!(r#"ORDER BY started_at COLLATE "C" DESC, place DESC LIMIT $1"#);
    all(&session.query(sql, &[&limit]).await?, run_of)
}

/// Returns a run.
pub(crate) async fn run(session: &Session, id: &str) -> Result<Option<Run>, SessionError> {
    let rows = session.query(select_runs!("WHERE id = $1"), &[&id]).await?;
    Ok(all(&rows, run_of)?.pop())
}

/// Returns the runs that applied a plan, oldest first.
pub(crate) async fn runs_of_plan(session: &Session, plan: &str) -> Result<Vec<Run>, SessionError> {
    let sql = select_runs!(r#"WHERE plan = $1 ORDER BY started_at COLLATE "C", place"#);
    all(&session.query(sql, &[&plan]).await?, run_of)
}

/// Returns the deliveries of a run, in the order in which they were first written.
pub(crate) async fn deliveries_of_run(
    session: &Session,
    run: &str,
) -> Result<Vec<Delivery>, SessionError> {
    let sql = select_deliveries!("WHERE run = $1 ORDER BY deliveries.place");
    all(&session.query(sql, &[&run]).await?, delivery_of)
}

/// Returns the deliveries of an order at one target or all targets, oldest first.
pub(crate) async fn deliveries_of_order(
    session: &Session,
    order_id: &str,
    target: Option<&str>,
) -> Result<Vec<Delivery>, SessionError> {
    let sql = select_deliveries!(
        r#"WHERE order_id = $1 AND ($2::text IS NULL OR target = $2)
            ORDER BY started_at COLLATE "C", deliveries.place"#
    );
    all(
        &session.query(sql, &[&order_id, &target]).await?,
        delivery_of,
    )
}

/// Returns the importers that are running, except this one.
pub(crate) async fn others(session: &Session, id: &str) -> Result<Vec<Importer>, SessionError> {
    let sql = "
        SELECT process, host, run, started_at, extract(epoch FROM expires_at - clock_timestamp())::float8
        FROM scoreload.importers
        WHERE id <> $1 AND expires_at > clock_timestamp() ORDER BY started_at";
    let importer = |row: &Row| {
        Ok(Importer {
            holder: Holder {
                pid: number(row.try_get(0)?),
                host: row.try_get(1)?,
                run: row.try_get(2)?,
                started_at: parsed(row, 3)?.unwrap_or_default(),
            },
            lease: Duration::try_from_secs_f64(row.try_get(4)?).unwrap_or_default(),
        })
    };
    all(&session.query(sql, &[&id]).await?, importer)
}

/// Reads rows.
pub(crate) fn all<T>(
    rows: &[Row],
    read: impl Fn(&Row) -> Result<T, SessionError>,
) -> Result<Vec<T>, SessionError> {
    rows.iter().map(read).collect()
}

pub(crate) fn run_of(row: &Row) -> Result<Run, SessionError> {
    let end = match parsed(row, 6)? {
        Some(finished_at) => Some(RunEnd {
            finished_at,
            exit_code: number(row.try_get::<_, Option<i32>>(7)?.map(i64::from)),
            totals: row.try_get::<_, Option<String>>(8)?.unwrap_or_default(),
        }),
        None => None,
    };
    let record = RunRecord {
        id: row.try_get(0)?,
        mode: row.try_get(1)?,
        target: row.try_get(2)?,
        started_at: parsed(row, 3)?.unwrap_or_default(),
        inputs: row.try_get(4)?,
        plan: row.try_get(5)?,
    };
    Ok(Run { record, end })
}

pub(crate) fn remembered(row: &Row) -> Result<OrderRecord, SessionError> {
    Ok(OrderRecord {
        key: OrderKey {
            target: row.try_get(0)?,
            company_id: row.try_get::<_, String>(1)?.into(),
            order_id: row.try_get::<_, String>(2)?.into(),
        },
        known: row.try_get(3)?,
        changed_at: parsed(row, 4)?.unwrap_or_default(),
    })
}

pub(crate) fn delivery_of(row: &Row) -> Result<Delivery, SessionError> {
    let settled = match parsed(row, 6)? {
        Some(at) => Some(Settled {
            at,
            outcome: row.try_get::<_, Option<String>>(7)?.unwrap_or_default(),
            http_status: row
                .try_get::<_, Option<i32>>(8)?
                .and_then(|status| u16::try_from(status).ok()),
            attempts: number(row.try_get(9)?),
            message: row.try_get(10)?,
        }),
        None => None,
    };
    Ok(Delivery {
        run: row.try_get(0)?,
        target: row.try_get(1)?,
        company_id: row.try_get::<_, String>(2)?.into(),
        order_id: row.try_get::<_, String>(3)?.into(),
        body: row.try_get(4)?,
        intended_at: parsed(row, 5)?,
        settled,
    })
}

/// Converts a number to the type that it was written from; any other number counts as zero.
fn number<T: TryFrom<i64> + Default>(found: Option<i64>) -> T {
    found
        .and_then(|found| T::try_from(found).ok())
        .unwrap_or_default()
}

fn parsed(row: &Row, column: usize) -> Result<Option<Timestamp>, SessionError> {
    let text: Option<&str> = row.try_get(column)?;
    let time = text.map(Timestamp::from_str).transpose();
    time.map_err(|error| StorageError::Damaged(error.to_string()).into())
}
