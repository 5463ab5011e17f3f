//! The handle to a ledger, whatever database keeps it: each call is a message to the thread that owns it.

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

/// A handle to an open ledger, cheap to clone. The last one to go waits until everything is written.
///
/// After a write has failed every call fails with the same error: no request may leave without a durable intent.
#[derive(Debug, Clone)]
pub(crate) struct Ledger(Arc<Inner>);

/// Where messages to the writer are handed in.
#[derive(Debug)]
struct Inner {
    location: Location,
    haste: Shutdown,
    /// Present until the desk closes.
    messages: Option<Sender<Message>>,
    writer: Option<JoinHandle<()>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Without a sender the writer comes to its end; what it could not write, `flush` would have told.
        self.messages.take();
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

impl Ledger {
    /// Opens a ledger, and makes it first where there is none.
    ///
    /// # Errors
    /// When the file is none of ours, damaged, of a later version, or cannot be written. It is left as it is.
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

    /// Returns where it is.
    pub(crate) fn location(&self) -> &Location {
        &self.0.location
    }

    /// Tells whether others may write into it at the same time: then an order is sent by who has its lease.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self.0.location, Location::Database(_))
    }

    /// Says that the run is about to end: a database that is lost is not waited for any longer.
    pub(crate) fn begin_shutdown(&self) {
        self.0.haste.begin();
    }

    /// Writes that a run begins, and waits until that is durable.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn begin(&self, run: RunRecord) -> Result<(), LedgerError> {
        self.write(Write::Begin(run)).map(drop)
    }

    /// Writes that a run has ended, and waits until that and everything before is durable.
    ///
    /// # Errors
    /// When it cannot be written, or something before could not.
    pub(crate) fn finish(&self, run: &str, end: RunEnd) -> Result<(), LedgerError> {
        self.write(Write::Finish(run.to_owned(), end)).map(drop)
    }

    /// Writes that an update is about to leave, and what is known of its order from then on. Once this returns, it is
    /// on the disk. Those that come together share a commit.
    ///
    /// A second intent for an order in a run takes the location of the first.
    ///
    /// # Errors
    /// When it cannot be written, or something before could not: the update must not leave.
    pub(crate) async fn intend(&self, intent: Intent) -> Result<Intended, LedgerError> {
        let written = self.write_and_wait(Write::Intend(intent)).await?;
        Ok(match written {
            WriteResult::Done => Intended::Durable(None),
            WriteResult::DoneUntil(moment) => Intended::Durable(Some(moment)),
            _ => Intended::LeaseEnded,
        })
    }

    /// Writes what became of an order, without waiting: [`Self::flush`] and [`Self::finish`] tell whether it could be.
    pub(crate) fn settle(&self, settlement: Settlement) {
        // Where the writer is gone, the next call that has an answer says so.
        let _ = self.send(Message::Write(Write::Settle(settlement), None));
    }

    /// Says who imports: orders are leased in this name from now on.
    pub(crate) fn join(&self, importer: Importer) {
        // Where the writer is gone, the next call that has an answer says so.
        let _ = self.send(Message::Join(importer));
    }

    /// Takes the lease of an order, if nobody else has it. Those that come together share a round trip.
    ///
    /// # Errors
    /// When the ledger fails.
    pub(crate) async fn lease(&self, order: OrderKey) -> Result<Lease, LedgerError> {
        Ok(lease_of(self.write_and_wait(Write::Lease(order)).await?))
    }

    /// Takes the lease of an order, if nobody else has it, and waits until that is durable.
    ///
    /// # Errors
    /// When the ledger fails.
    pub(crate) fn lease_now(&self, order: OrderKey) -> Result<Lease, LedgerError> {
        Ok(lease_of(self.write(Write::Lease(order))?))
    }

    /// Gives the lease of an order back, after everything that was written of it, and without waiting.
    pub(crate) fn release(&self, order: OrderKey) {
        // What is not given back ends by itself.
        let _ = self.send(Message::Write(Write::Release(order), None));
    }

    /// Returns who else may be sending orders now.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(crate) fn others(&self) -> Result<Vec<Importer>, LedgerError> {
        self.read(|backend| backend.others())
    }

    /// Waits until everything before is durable.
    ///
    /// # Errors
    /// When something before could not be written.
    pub(crate) async fn flush(&self) -> Result<(), LedgerError> {
        self.durable(Message::Flush).await.map(drop)
    }

    /// Returns what is known of each of some orders (company, order) at a target, in their order.
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

    /// Returns which update of each of some orders (company, order) left last for a target, in their order.
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

    /// Returns the runs that applied a plan, the first one first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(crate) fn runs_of_plan(&self, plan: &str) -> Result<Vec<Run>, LedgerError> {
        let plan = plan.to_owned();
        self.read(move |backend| backend.runs_of_plan(&plan))
    }

    /// Returns the latest runs, the last first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(crate) fn runs(&self, limit: usize) -> Result<Vec<Run>, LedgerError> {
        self.read(move |backend| backend.runs(limit))
    }

    /// Returns a run, if there is one with this id.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(crate) fn run(&self, id: &str) -> Result<Option<Run>, LedgerError> {
        let id = id.to_owned();
        self.read(move |backend| backend.run(&id))
    }

    /// Returns the orders of a run, in the order in which the ledger first met them.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(crate) fn deliveries_of_run(&self, run: &str) -> Result<Vec<Delivery>, LedgerError> {
        let run = run.to_owned();
        self.read(move |backend| backend.deliveries_of_run(&run))
    }

    /// Returns an order's part in every run, at one target or at all, the first run first.
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

    /// Hands out everything as it is at one moment, on the ledger's own thread: the runs, the orders, then the orders'
    /// parts in runs. What `take` makes of it is returned.
    ///
    /// # Errors
    /// When the ledger cannot be read, or the words with which `take` gives up.
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

    /// Does some work on the entries, on the ledger's own thread, all of it durable or nothing.
    ///
    /// # Errors
    /// When the ledger cannot be written, or the words with which `work` gives up.
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

    /// Takes away the runs that began before a moment, and what was settled in them; what is known of orders stays.
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
            // Whoever gave up waiting has no use for the answer.
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
