//! Writes to a `SQLite` ledger, in groups that share a transaction.

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use crate::ledger::backend::{Write, WriteResult};
use crate::ledger::entry::{Intent, OrderKey, RunEnd, RunRecord, Settlement};

/// Commits a group.
pub(crate) fn write_group(
    connection: &mut Connection,
    group: &[Write],
) -> rusqlite::Result<Vec<WriteResult>> {
    // A deferred transaction that starts to write fails at once if another process is writing; this one waits.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for write in group {
        match write {
            Write::Begin(run) => begin(&transaction, run),
            Write::Intend(intent) => intend(&transaction, intent),
            Write::Settle(settlement) => settle(&transaction, settlement),
            Write::Finish(run, end) => finish(&transaction, run, end),
            // The lock of the ledger file makes leases unnecessary.
            Write::Lease(_) | Write::Release(_) => Ok(()),
        }?;
    }
    transaction.commit()?;
    let written = |write: &Write| match write {
        Write::Lease(_) => WriteResult::Leased(None),
        _ => WriteResult::Done,
    };
    Ok(group.iter().map(written).collect())
}

fn begin(transaction: &Transaction, run: &RunRecord) -> rusqlite::Result<()> {
    let sql = "INSERT INTO runs (id, mode, target, started_at, inputs, plan) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let started_at = run.started_at.to_string();
    transaction.execute(
        sql,
        params![
            run.id, run.mode, run.target, started_at, run.inputs, run.plan
        ],
    )?;
    Ok(())
}

fn intend(transaction: &Transaction, intent: &Intent) -> rusqlite::Result<()> {
    let sql = "
        INSERT INTO deliveries (run, company_id, order_id, body, intended_at) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (run, company_id, order_id) DO UPDATE SET
            body = excluded.body, intended_at = excluded.intended_at,
            settled_at = NULL, outcome = NULL, http_status = NULL, attempts = NULL, message = NULL";
    let order = &intent.order;
    transaction.prepare_cached(sql)?.execute(params![
        intent.run,
        order.company_id.as_str(),
        order.order_id.as_str(),
        intent.body,
        intent.at.to_string(),
    ])?;
    put_order(transaction, order, &intent.known, intent.at)
}

fn settle(transaction: &Transaction, settlement: &Settlement) -> rusqlite::Result<()> {
    let sql = "
        INSERT INTO deliveries (run, company_id, order_id, settled_at, outcome, http_status, attempts, message)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        ON CONFLICT (run, company_id, order_id) DO UPDATE SET
            settled_at = excluded.settled_at, outcome = excluded.outcome, http_status = excluded.http_status,
            attempts = excluded.attempts, message = excluded.message";
    let order = &settlement.order;
    transaction.prepare_cached(sql)?.execute(params![
        settlement.run,
        order.company_id.as_str(),
        order.order_id.as_str(),
        settlement.at.to_string(),
        settlement.outcome,
        settlement.http_status,
        settlement.attempts,
        settlement.message,
    ])?;
    match &settlement.known {
        Some(known) => put_order(transaction, order, known, settlement.at),
        None => Ok(()),
    }
}

/// Writes the state of an order.
fn put_order(
    transaction: &Transaction,
    order: &OrderKey,
    known: &str,
    at: Timestamp,
) -> rusqlite::Result<()> {
    let sql = "
        INSERT INTO orders (target, company_id, order_id, known, changed_at) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (target, company_id, order_id) DO UPDATE SET
            known = excluded.known, changed_at = excluded.changed_at";
    transaction.prepare_cached(sql)?.execute(params![
        order.target,
        order.company_id.as_str(),
        order.order_id.as_str(),
        known,
        at.to_string()
    ])?;
    Ok(())
}

fn finish(transaction: &Transaction, run: &str, end: &RunEnd) -> rusqlite::Result<()> {
    let sql = "UPDATE runs SET finished_at = ?2, exit_code = ?3, totals = ?4 WHERE id = ?1";
    let finished_at = end.finished_at.to_string();
    expect_one_row(transaction.execute(sql, params![run, finished_at, end.exit_code, end.totals])?)
}

/// Fails if an update did not find its run.
fn expect_one_row(written: usize) -> rusqlite::Result<()> {
    match written {
        1 => Ok(()),
        _ => Err(rusqlite::Error::StatementChangedRows(written)),
    }
}
