//! Writes to a `PostgreSQL` ledger, in groups that share a transaction and a round trip.
//!
//! The heartbeat of each group locks the importer's row first. Deleting its leases needs that row too, so a lease that a
//! group finds stays valid until the group is durable.

use std::time::Instant;

use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, Statement};

use super::query::key_of;
use crate::ledger::backend::{Write, WriteResult};
use crate::ledger::entry::{Intent, RunEnd, RunRecord, Settlement};
use crate::ledger::lease::Importer;
use crate::storage::error::StorageError;
use crate::storage::postgres::session::{Session, SessionError, answer, sent};

/// This importer and its id in the database.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    /// A random id: the id of a run is not unique, because `resolve` uses that of an earlier run.
    pub(crate) id: String,
    pub(crate) importer: Importer,
}

/// Commits a group.
pub(crate) async fn write_group(
    session: &Session,
    member: &Member,
    group: &[Write],
) -> Result<Vec<WriteResult>, SessionError> {
    let began = Instant::now();
    let statements = Statements::prepare(session).await?;
    let begin = sent(session.run("BEGIN")).await;
    let is_alive = group
        .iter()
        .any(|write| !matches!(write, Write::Finish(..)));
    let alive = if is_alive {
        Some(sent(send_heartbeat(session, &statements.alive, member)).await)
    } else {
        None
    };
    let mut parts = Vec::with_capacity(group.len());
    for write in group {
        parts.push(sent(part(session, &statements, member, write)).await);
    }
    let keys = keys_to_lease(group);
    let lease: [&(dyn ToSql + Sync); 2] = [&keys, &member.id];
    let leases = if keys.is_empty() {
        None
    } else {
        Some((
            sent(session.execute(&statements.delete_expired, &[])).await,
            sent(session.execute(&statements.lease, &lease)).await,
            sent(session.rows(&statements.select_leased, &lease)).await,
        ))
    };
    let commit = sent(session.run("COMMIT")).await;
    answer(begin).await?;
    if let Some(alive) = alive {
        answer(alive).await?;
    }
    let leased = match leases {
        None => Vec::new(),
        Some((expired, taken, selected)) => {
            answer(expired).await?;
            answer(taken).await?;
            answer(selected).await?
        }
    };
    let mut leased = leased.iter().map(lease_result);
    let mut written = Vec::with_capacity(group.len());
    for (write, part) in group.iter().zip(parts) {
        let rows = answer(part).await?;
        written.push(match write {
            Write::Intend(_) if rows == 0 => WriteResult::LeaseLost,
            Write::Intend(_) => WriteResult::DoneUntil(Importer::may_leave_until(began)),
            Write::Lease(_) => leased.next().unwrap_or(WriteResult::Elsewhere),
            Write::Begin(_) | Write::Finish(..) if rows != 1 => {
                let words = "the run is missing, or differs from the one with the same id";
                return Err(StorageError::Database(words.to_owned()).into());
            }
            _ => WriteResult::Done,
        });
    }
    answer(commit).await?;
    Ok(written)
}

/// The statements of a group.
struct Statements {
    alive: Statement,
    begin: Statement,
    intend: Statement,
    settle: Statement,
    finish: Statement,
    release: Statement,
    delete_expired: Statement,
    lease: Statement,
    select_leased: Statement,
}

impl Statements {
    async fn prepare(session: &Session) -> Result<Self, SessionError> {
        Ok(Self {
            alive: session.prepare(HEARTBEAT).await?,
            begin: session.prepare(BEGIN).await?,
            intend: session.prepare(INTEND).await?,
            settle: session.prepare(SETTLE).await?,
            finish: session.prepare(FINISH).await?,
            release: session.prepare(RELEASE).await?,
            delete_expired: session.prepare(DELETE_EXPIRED).await?,
            lease: session.prepare(LEASE).await?,
            select_leased: session.prepare(SELECT_LEASED).await?,
        })
    }
}

/// An importer whose row was deleted has lost its leases; the new row has none.
const HEARTBEAT: &str = "
    INSERT INTO scoreload.importers (id, run, host, process, started_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, clock_timestamp() + make_interval(secs => $6))
    ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at";

/// A retry after a lost answer finds its own row.
const BEGIN: &str = "
    INSERT INTO scoreload.runs (id, mode, target, started_at, inputs, plan) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (id) DO UPDATE SET mode = excluded.mode
        WHERE runs.target = excluded.target AND runs.started_at = excluded.started_at
            AND runs.inputs = excluded.inputs";

const INTEND: &str = "
    WITH mine AS (SELECT FROM scoreload.leases WHERE key = $2 AND importer = $9),
    noted AS (
        INSERT INTO scoreload.deliveries (run, key, company_id, order_id, body, intended_at)
        SELECT $1::text, $2::bytea, $4::text, $5::text, $6::text, $7::text FROM mine
        ON CONFLICT (run, key) DO UPDATE SET
            body = excluded.body, intended_at = excluded.intended_at,
            settled_at = NULL, outcome = NULL, http_status = NULL, attempts = NULL, message = NULL
    )
    INSERT INTO scoreload.orders (key, target, company_id, order_id, known, changed_at)
    SELECT $2, $3::text, $4, $5, $8::text, $7 FROM mine
    ON CONFLICT (key) DO UPDATE SET known = excluded.known, changed_at = excluded.changed_at";

/// The outcome is always written. The state of the order is written only while this importer has the lease: another one
/// would have continued from the intent, which has at least as much doubt.
const SETTLE: &str = "
    WITH noted AS (
        INSERT INTO scoreload.deliveries
            (run, key, company_id, order_id, settled_at, outcome, http_status, attempts, message)
        VALUES ($1, $2, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (run, key) DO UPDATE SET
            settled_at = excluded.settled_at, outcome = excluded.outcome, http_status = excluded.http_status,
            attempts = excluded.attempts, message = excluded.message
    )
    INSERT INTO scoreload.orders (key, target, company_id, order_id, known, changed_at)
    SELECT key, $3::text, $4, $5, $11::text, $6 FROM scoreload.leases
    WHERE key = $2 AND importer = $12 AND $11 IS NOT NULL
    ON CONFLICT (key) DO UPDATE SET known = excluded.known, changed_at = excluded.changed_at";

const FINISH: &str = "
    UPDATE scoreload.runs SET finished_at = $2, exit_code = $3, totals = $4 WHERE id = $1";

const RELEASE: &str = "DELETE FROM scoreload.leases WHERE key = $1 AND importer = $2";

/// Sends a prepared heartbeat.
pub(crate) async fn send_heartbeat(
    session: &Session,
    statement: &Statement,
    member: &Member,
) -> Result<u64, SessionError> {
    let Member { id, importer } = member;
    let holder = &importer.holder;
    session
        .execute(
            statement,
            &[
                id,
                &holder.run,
                &holder.host,
                &i64::from(holder.pid),
                &holder.started_at.to_string(),
                &importer.lease.as_secs_f64(),
            ],
        )
        .await
}

/// Sends a heartbeat while there is nothing to write.
pub(crate) async fn heartbeat(session: &Session, member: &Member) -> Result<(), SessionError> {
    let statement = session.prepare(HEARTBEAT).await?;
    send_heartbeat(session, &statement, member).await.map(drop)
}

async fn part(
    session: &Session,
    statements: &Statements,
    member: &Member,
    write: &Write,
) -> Result<u64, SessionError> {
    match write {
        Write::Begin(run) => begin(session, statements, run).await,
        Write::Intend(intent) => intend(session, statements, member, intent).await,
        Write::Settle(settlement) => settle(session, statements, member, settlement).await,
        Write::Finish(run, end) => finish(session, statements, run, end).await,
        Write::Release(order) => {
            let key = key_of(order);
            let values: [&(dyn ToSql + Sync); 2] = [&key, &member.id];
            session.execute(&statements.release, &values).await
        }
        // The leases of a group are taken together.
        Write::Lease(_) => Ok(0),
    }
}

async fn begin(
    session: &Session,
    statements: &Statements,
    run: &RunRecord,
) -> Result<u64, SessionError> {
    let started_at = run.started_at.to_string();
    session
        .execute(
            &statements.begin,
            &[
                &run.id,
                &run.mode,
                &run.target,
                &started_at,
                &run.inputs,
                &run.plan,
            ],
        )
        .await
}

async fn intend(
    session: &Session,
    statements: &Statements,
    member: &Member,
    intent: &Intent,
) -> Result<u64, SessionError> {
    let order = &intent.order;
    session
        .execute(
            &statements.intend,
            &[
                &intent.run,
                &key_of(order),
                &order.target,
                &plain(&order.company_id),
                &plain(&order.order_id),
                &intent.body,
                &intent.at.to_string(),
                &intent.known,
                &member.id,
            ],
        )
        .await
}

async fn settle(
    session: &Session,
    statements: &Statements,
    member: &Member,
    settlement: &Settlement,
) -> Result<u64, SessionError> {
    let order = &settlement.order;
    session
        .execute(
            &statements.settle,
            &[
                &settlement.run,
                &key_of(order),
                &order.target,
                &plain(&order.company_id),
                &plain(&order.order_id),
                &settlement.at.to_string(),
                &settlement.outcome,
                &settlement.http_status.map(i32::from),
                &i64::from(settlement.attempts),
                &settlement.message.as_deref().map(plain),
                &settlement.known,
                &member.id,
            ],
        )
        .await
}

async fn finish(
    session: &Session,
    statements: &Statements,
    run: &str,
    end: &RunEnd,
) -> Result<u64, SessionError> {
    let finished_at = end.finished_at.to_string();
    let code = i32::from(end.exit_code);
    session
        .execute(
            &statements.finish,
            &[&run, &finished_at, &code, &end.totals],
        )
        .await
}

/// Returns the keys of the orders that a group leases.
fn keys_to_lease(group: &[Write]) -> Vec<Vec<u8>> {
    let keys = group.iter().filter_map(|write| match write {
        Write::Lease(order) => Some(key_of(order)),
        _ => None,
    });
    keys.collect()
}

fn lease_result(row: &Row) -> WriteResult {
    if row.get(0) {
        WriteResult::Leased(row.get(1))
    } else {
        WriteResult::Elsewhere
    }
}

/// Deletes expired importers with their leases.
const DELETE_EXPIRED: &str = "
    DELETE FROM scoreload.importers WHERE id IN (
        SELECT id FROM scoreload.importers WHERE expires_at < clock_timestamp() FOR UPDATE SKIP LOCKED
    )";

/// Leases orders, sorted by key so that two importers do not deadlock.
const LEASE: &str = "
    INSERT INTO scoreload.leases (key, importer)
    SELECT key, $2::text FROM unnest($1::bytea[]) AS wanted (key) ORDER BY key
    ON CONFLICT (key) DO NOTHING";

const SELECT_LEASED: &str = "
    SELECT coalesce(leases.importer = $2::text, false), known
    FROM unnest($1::bytea[]) WITH ORDINALITY AS wanted (key, number)
    LEFT JOIN scoreload.leases USING (key) LEFT JOIN scoreload.orders USING (key) ORDER BY number";

/// Replaces NUL, which the type `text` cannot store.
pub(crate) fn plain(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
