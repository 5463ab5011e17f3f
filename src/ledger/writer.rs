//! The one thread that owns a ledger's connection: it takes messages, and commits whatever has queued up as one group.
//!
//! A commit on the disk takes about as long for one intent as for a hundred, so the more is asked of the ledger, the
//! larger the groups become.

use std::sync::mpsc::Receiver;

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::entry::{Intent, RunEnd, RunRecord, Settlement};
use super::fault::{Fault, LedgerError};
use super::place::Place;

/// The most writes in one commit, so that the first of them need not wait without end.
const LARGEST_GROUP: usize = 1_000;

/// Takes the news that a write is durable, or that it is not.
pub(super) type Reply = Box<dyn FnOnce(Result<(), LedgerError>) + Send>;

/// Takes the connection as soon as everything before is durable, or the reason why that cannot be.
pub(super) type Query = Box<dyn FnOnce(Result<&Connection, LedgerError>) + Send>;

/// Something that is asked of the writer.
pub(super) enum Message {
    /// To write something, and to tell when it is durable where somebody waits for it.
    Write(Write, Option<Reply>),
    /// To tell when everything before is durable.
    Flush(Reply),
    /// To look at what is durable.
    Read(Query),
}

/// Something to write.
pub(super) enum Write {
    Begin(RunRecord),
    Intend(Intent),
    Settle(Settlement),
    Finish(String, RunEnd),
}

/// The owner of a connection.
pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) place: Place,
    pub(super) messages: Receiver<Message>,
    /// The first failure. After it nothing is written any more: what is in the file is whole, and no request may
    /// leave without an intent in it.
    pub(super) failure: Option<LedgerError>,
}

impl Writer {
    /// Works until nobody can ask for anything any more.
    pub(super) fn run(mut self) {
        while let Ok(first) = self.messages.recv() {
            let (group, next) = self.gather(first);
            if !group.is_empty() {
                self.commit(group);
            }
            match next {
                Some(Message::Flush(reply)) => reply(self.state()),
                Some(Message::Read(read)) => read(self.state().map(|()| &self.connection)),
                Some(Message::Write(..)) | None => {}
            }
        }
    }

    fn state(&self) -> Result<(), LedgerError> {
        self.failure.clone().map_or(Ok(()), Err)
    }

    /// Takes the writes that have queued up, as far as the first message of another kind.
    fn gather(&self, first: Message) -> (Vec<(Write, Option<Reply>)>, Option<Message>) {
        let mut group = Vec::new();
        let mut next = Some(first);
        while let Some(Message::Write(write, reply)) = next {
            group.push((write, reply));
            if group.len() == LARGEST_GROUP {
                return (group, None);
            }
            next = self.messages.try_recv().ok();
        }
        (group, next)
    }

    /// Commits a group, and tells everybody who waits for a part of it.
    fn commit(&mut self, group: Vec<(Write, Option<Reply>)>) {
        let (writes, replies): (Vec<Write>, Vec<Option<Reply>>) = group.into_iter().unzip();
        if self.failure.is_none()
            && let Err(error) = write_group(&mut self.connection, &writes)
        {
            self.failure = Some(LedgerError::Failed {
                place: self.place.clone(),
                fault: Fault::from(error),
            });
        }
        for reply in replies.into_iter().flatten() {
            reply(self.state());
        }
    }
}

fn write_group(connection: &mut Connection, writes: &[Write]) -> rusqlite::Result<()> {
    // A transaction that turns to writing midway fails at once where another process writes; this one waits.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for write in writes {
        match write {
            Write::Begin(run) => begin(&transaction, run),
            Write::Intend(intent) => intend(&transaction, intent),
            Write::Settle(settlement) => settle(&transaction, settlement),
            Write::Finish(run, end) => finish(&transaction, run, end),
        }?;
    }
    transaction.commit()
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
    let (company_id, order_id) = (intent.company_id.as_str(), intent.order_id.as_str());
    transaction.prepare_cached(sql)?.execute(params![
        intent.run,
        company_id,
        order_id,
        intent.body,
        intent.at.to_string(),
    ])?;
    remember(
        transaction,
        &intent.run,
        (company_id, order_id),
        &intent.known,
        intent.at,
    )
}

fn settle(transaction: &Transaction, settlement: &Settlement) -> rusqlite::Result<()> {
    let sql = "
        INSERT INTO deliveries (run, company_id, order_id, settled_at, outcome, http_status, attempts, message)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        ON CONFLICT (run, company_id, order_id) DO UPDATE SET
            settled_at = excluded.settled_at, outcome = excluded.outcome, http_status = excluded.http_status,
            attempts = excluded.attempts, message = excluded.message";
    let order = (settlement.company_id.as_str(), settlement.order_id.as_str());
    transaction.prepare_cached(sql)?.execute(params![
        settlement.run,
        order.0,
        order.1,
        settlement.at.to_string(),
        settlement.outcome,
        settlement.http_status,
        settlement.attempts,
        settlement.message,
    ])?;
    match &settlement.known {
        Some(known) => remember(transaction, &settlement.run, order, known, settlement.at),
        None => Ok(()),
    }
}

/// Keeps what is known of an order at the target of a run.
fn remember(
    transaction: &Transaction,
    run: &str,
    (company_id, order_id): (&str, &str),
    known: &str,
    at: Timestamp,
) -> rusqlite::Result<()> {
    let sql = "
        INSERT INTO orders (target, company_id, order_id, known, changed_at)
        SELECT target, ?2, ?3, ?4, ?5 FROM runs WHERE id = ?1
        ON CONFLICT (target, company_id, order_id) DO UPDATE SET
            known = excluded.known, changed_at = excluded.changed_at";
    let written = transaction.prepare_cached(sql)?.execute(params![
        run,
        company_id,
        order_id,
        known,
        at.to_string()
    ])?;
    is_one(written)
}

fn finish(transaction: &Transaction, run: &str, end: &RunEnd) -> rusqlite::Result<()> {
    let sql = "UPDATE runs SET finished_at = ?2, exit_code = ?3, totals = ?4 WHERE id = ?1";
    let finished_at = end.finished_at.to_string();
    is_one(transaction.execute(sql, params![run, finished_at, end.exit_code, end.totals])?)
}

/// Refuses a write that found no run: it must not pass for one that was made.
fn is_one(written: usize) -> rusqlite::Result<()> {
    match written {
        1 => Ok(()),
        _ => Err(rusqlite::Error::StatementChangedRows(written)),
    }
}
