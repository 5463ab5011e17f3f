//! The handle of a ledger: each call is a message to the writer thread, which owns the database.

use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};

use jiff::Timestamp;
use tokio::sync::oneshot;

use super::backend::{Backend, Entries, PrunedCounts, Write, WriteResult};
use super::entry::{
    Delivery, Entry, Intent, LastSent, OrderKey, Run, RunEnd, RunRecord, Settlement,
};
use super::lease::{Importer, Intended, Lease};
use super::postgres::Postgres;
use super::sqlite::Sqlite;
use super::writer::{Message, Reply, Writer};
use crate::ledger::error::LedgerError;
use crate::ledger::location::Location;
use crate::paylocity::model::Text;
use crate::storage::error::StorageError;
use crate::storage::postgres::session::Shutdown;

/// A handle to an open ledger, cheap to clone. Dropping the last one waits until everything is written.
///
/// After a failed write every call fails with the same error, because no request may be sent without a durable intent.
#[derive(Debug, Clone)]
pub(crate) struct Ledger(Arc<Inner>);

/// The state that all handles share.
#[derive(Debug)]
struct Inner {
    location: Location,
    haste: Shutdown,
    /// Taken on drop.
    messages: Option<Sender<Message>>,
    writer: Option<JoinHandle<()>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        // The writer ends when its channel has no sender. `flush` reports errors of earlier writes.
        self.messages.take();
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

impl Ledger {
    /// Opens a ledger, and creates it if it does not exist.
    ///
    /// # Errors
    /// When the file is foreign, damaged, of a later version or not writable. It is not changed.
    pub(crate) fn open(location: &Location) -> Result<Self, LedgerError> {
        let unopened = |error| LedgerError::Open {
            location: location.clone(),
            error,
        };
        let haste = Shutdown::default();
        let (sender, messages) = mpsc::channel();
        let (opening, opened) = mpsc::channel();
        let theirs = (location.clone(), haste.clone());
        let writer = thread::Builder::new()
            .name("ledger".to_owned())
            .spawn(move || {
                let (location, haste) = theirs;
                match open(&location, &haste) {
                    Err(error) => drop(opening.send(Err(error))),
                    Ok(backend) => {
                        drop(opening.send(Ok(())));
                        let failure = None;
                        let writer = Writer {
                            backend,
                            location,
                            messages,
                            failure,
                        };
                        writer.run();
                    }
                }
            })
            .map_err(|error| unopened(StorageError::from(error)))?;
        let opened = opened.recv().unwrap_or(Err(StorageError::WriterEnded));
        opened.map_err(unopened)?;
        Ok(Self(Arc::new(Inner {
            location: location.clone(),
            haste,
            messages: Some(sender),
            writer: Some(writer),
        })))
    }

    /// Returns the location.
    pub(crate) fn location(&self) -> &Location {
        &self.0.location
    }

    /// Whether other importers may use it at the same time, so that orders must be leased.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self.0.location, Location::Database(_))
    }

    /// Announces the end of the run, after which a lost database is not retried for long.
    pub(crate) fn begin_shutdown(&self) {
        self.0.haste.begin();
    }

    /// Writes the start of a run and waits until it is durable.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn begin(&self, run: RunRecord) -> Result<(), LedgerError> {
        self.write(Write::Begin(run)).map(drop)
    }

    /// Writes the end of a run and waits until it and all earlier writes are durable.
    ///
    /// # Errors
    /// When it cannot be written, or something before could not.
    pub(crate) fn finish(&self, run: &str, end: RunEnd) -> Result<(), LedgerError> {
        self.write(Write::Finish(run.to_owned(), end)).map(drop)
    }

    /// Writes the intent to send an update and waits until it is durable. Concurrent intents share a commit.
    ///
    /// A second intent for an order in a run replaces the first.
    ///
    /// # Errors
    /// When this or an earlier write failed: the update must not be sent.
    pub(crate) async fn intend(&self, intent: Intent) -> Result<Intended, LedgerError> {
        let written = self.write_and_wait(Write::Intend(intent)).await?;
        Ok(match written {
            WriteResult::Done => Intended::Durable(None),
            WriteResult::DoneUntil(moment) => Intended::Durable(Some(moment)),
            _ => Intended::LeaseEnded,
        })
    }

    /// Writes the outcome of an order without waiting; [`Self::flush`] and [`Self::finish`] report errors.
    pub(crate) fn settle(&self, settlement: Settlement) {
        // If the writer has ended, the next call with a result reports it.
        let _ = self.send(Message::Write(Write::Settle(settlement), None));
    }

    /// Sets the importer that leases orders from now on.
    pub(crate) fn join(&self, importer: Importer) {
        // If the writer has ended, the next call with a result reports it.
        let _ = self.send(Message::Join(importer));
    }

    /// Leases an order, if no other importer has the lease. Concurrent calls share a round trip.
    ///
    /// # Errors
    /// When the ledger fails.
    pub(crate) async fn lease(&self, order: OrderKey) -> Result<Lease, LedgerError> {
        Ok(lease_of(self.write_and_wait(Write::Lease(order)).await?))
    }

    /// Leases an order, if no other importer has the lease, and blocks until it is durable.
    ///
    /// # Errors
    /// When the ledger fails.
    pub(crate) fn lease_now(&self, order: OrderKey) -> Result<Lease, LedgerError> {
        Ok(lease_of(self.write(Write::Lease(order))?))
    }

    /// Releases the lease of an order after all earlier writes, without waiting.
    pub(crate) fn release(&self, order: OrderKey) {
        // A lease that is not released expires.
        let _ = self.send(Message::Write(Write::Release(order), None));
    }

    /// Returns the importers that are running, except this one.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(crate) fn others(&self) -> Result<Vec<Importer>, LedgerError> {
        self.read(|backend| backend.others())
    }

    /// Waits until all earlier writes are durable.
    ///
    /// # Errors
    /// When an earlier write failed.
    pub(crate) async fn flush(&self) -> Result<(), LedgerError> {
        self.durable(Message::Flush).await.map(drop)
    }

    /// Returns the states of orders (company, order) at a target, as JSON, in the order of `orders`.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(crate) fn known(
        &self,
        target: &str,
        orders: Vec<(Text, Text)>,
    ) -> Result<Vec<Option<String>>, LedgerError> {
        let target = target.to_owned();
        self.read(move |backend| backend.known(&target, &orders))
    }

    /// Returns the last update sent for each order (company, order) at a target, in the order of `orders`.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(crate) fn last_sent(
        &self,
        target: &str,
        orders: Vec<(Text, Text)>,
    ) -> Result<Vec<Option<LastSent>>, LedgerError> {
        let target = target.to_owned();
        self.read(move |backend| backend.last_sent(&target, &orders))
    }

    /// Returns the runs that applied a plan, oldest first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(crate) fn runs_of_plan(&self, plan: &str) -> Result<Vec<Run>, LedgerError> {
        let plan = plan.to_owned();
        self.read(move |backend| backend.runs_of_plan(&plan))
    }

    /// Returns the latest runs, newest first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(crate) fn runs(&self, limit: usize) -> Result<Vec<Run>, LedgerError> {
        self.read(move |backend| backend.runs(limit))
    }

    /// Returns the run with an id, if there is one.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(crate) fn run(&self, id: &str) -> Result<Option<Run>, LedgerError> {
        let id = id.to_owned();
        self.read(move |backend| backend.run(&id))
    }

    /// Returns the deliveries of a run, in the order in which they were first written.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(crate) fn deliveries_of_run(&self, run: &str) -> Result<Vec<Delivery>, LedgerError> {
        let run = run.to_owned();
        self.read(move |backend| backend.deliveries_of_run(&run))
    }

    /// Returns the deliveries of an order at one target or all targets, oldest first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(crate) fn deliveries_of_order(
        &self,
        order_id: &str,
        target: Option<&str>,
    ) -> Result<Vec<Delivery>, LedgerError> {
        let (order_id, target) = (order_id.to_owned(), target.map(str::to_owned));
        self.read(move |backend| backend.deliveries_of_order(&order_id, target.as_deref()))
    }

    /// Folds all entries of one snapshot on the writer thread: runs, then orders, then deliveries.
    ///
    /// # Errors
    /// When the ledger cannot be read, or `take` fails.
    pub(crate) fn fold<S: Send + 'static>(
        &self,
        mut state: S,
        mut take: impl FnMut(&mut S, Entry) -> Result<(), StorageError> + Send + 'static,
    ) -> Result<S, LedgerError> {
        self.read(move |backend| {
            backend.each(&mut |entry| take(&mut state, entry))?;
            Ok(state)
        })
    }

    /// Runs a function that changes entries in one transaction on the writer thread.
    ///
    /// # Errors
    /// When the ledger cannot be written, or `work` fails.
    pub(crate) fn rewrite<T: Default + Send + 'static>(
        &self,
        mut work: impl FnMut(&mut dyn Entries) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        self.read(move |backend| {
            let mut result = T::default();
            backend.rewrite(&mut |entries| {
                result = work(entries)?;
                Ok(())
            })?;
            Ok(result)
        })
    }

    /// Deletes runs that started before a time, with their settled deliveries. The states of orders are kept.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub(crate) fn prune(&self, before: Timestamp) -> Result<PrunedCounts, LedgerError> {
        self.read(move |backend| backend.prune(before))
    }

    fn write(&self, write: Write) -> Result<WriteResult, LedgerError> {
        let (sender, receiver) = mpsc::channel();
        let reply: Reply = Box::new(move |result| {
            let _ = sender.send(result);
        });
        self.send(Message::Write(write, Some(reply)))?;
        receiver.recv().map_err(|_| self.ended())?
    }

    async fn write_and_wait(&self, write: Write) -> Result<WriteResult, LedgerError> {
        self.durable(|reply| Message::Write(write, Some(reply)))
            .await
    }

    async fn durable(
        &self,
        ask: impl FnOnce(Reply) -> Message,
    ) -> Result<WriteResult, LedgerError> {
        let (sender, receiver) = oneshot::channel();
        self.send(ask(Box::new(move |result| {
            // The caller may have stopped waiting.
            let _ = sender.send(result);
        })))?;
        receiver.await.map_err(|_| self.ended())?
    }

    pub(crate) fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&mut dyn Backend) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let (sender, receiver) = mpsc::channel();
        let location = self.0.location.clone();
        self.send(Message::Read(Box::new(move |backend| {
            let failed = |error| LedgerError::Failed { location, error };
            let answer = backend.and_then(|backend| query(backend).map_err(failed));
            let _ = sender.send(answer);
        })))?;
        receiver.recv().map_err(|_| self.ended())?
    }

    fn send(&self, message: Message) -> Result<(), LedgerError> {
        let Some(messages) = &self.0.messages else {
            return Err(self.ended());
        };
        messages.send(message).map_err(|_| self.ended())
    }

    fn ended(&self) -> LedgerError {
        LedgerError::Failed {
            location: self.0.location.clone(),
            error: StorageError::WriterEnded,
        }
    }
}

fn open(location: &Location, haste: &Shutdown) -> Result<Box<dyn Backend>, StorageError> {
    Ok(match location {
        Location::File(path) => Box::new(Sqlite::open(Some(path))?),
        Location::Memory => Box::new(Sqlite::open(None)?),
        Location::Database(address) => Box::new(Postgres::open(address, haste.clone())?),
    })
}

fn lease_of(written: WriteResult) -> Lease {
    match written {
        WriteResult::Leased(known) => Lease::Ours(known),
        _ => Lease::Elsewhere,
    }
}
