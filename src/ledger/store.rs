//! The handle to a ledger: each call is a message to the thread that owns it.

use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::entry::{Delivery, Intent, LastSent, Run, RunEnd, RunRecord, Settlement};
use super::fault::{Fault, LedgerError};
use super::opening;
use super::place::Place;
use super::query;
use super::writer::{Message, Reply, Write, Writer};
use crate::order::model::Text;

/// A handle to an open ledger, cheap to clone. The last one to go waits until everything is written.
///
/// After a write has failed every call fails with the same error: no request may leave without a durable intent.
#[derive(Debug, Clone)]
pub struct Ledger(Arc<Desk>);

/// Where messages to the writer are handed in.
#[derive(Debug)]
struct Desk {
    place: Place,
    /// Present until the desk closes.
    messages: Option<Sender<Message>>,
    writer: Option<JoinHandle<()>>,
}

impl Drop for Desk {
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
    pub fn open(place: &Place) -> Result<Self, LedgerError> {
        let unopened = |fault| LedgerError::Unopened {
            place: place.clone(),
            fault,
        };
        let connection = opening::connect(place).map_err(unopened)?;
        let (sender, messages) = mpsc::channel();
        let writer = Writer {
            connection,
            place: place.clone(),
            messages,
            failure: None,
        };
        let writer = thread::Builder::new()
            .name("ledger".to_owned())
            .spawn(|| writer.run())
            .map_err(|error| unopened(Fault::from(error)))?;
        Ok(Self(Arc::new(Desk {
            place: place.clone(),
            messages: Some(sender),
            writer: Some(writer),
        })))
    }

    /// Returns where it is.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.0.place
    }

    /// Writes that a run begins, and waits until that is durable.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin(&self, run: RunRecord) -> Result<(), LedgerError> {
        self.write(Write::Begin(run))
    }

    /// Writes that a run has ended, and waits until that and everything before is durable.
    ///
    /// # Errors
    /// When it cannot be written, or something before could not.
    pub fn finish(&self, run: &str, end: RunEnd) -> Result<(), LedgerError> {
        self.write(Write::Finish(run.to_owned(), end))
    }

    /// Writes that an update is about to leave, and what is known of its order from then on. Once this returns, it is
    /// on the disk. Those that come together share a commit.
    ///
    /// A second intent for an order in a run takes the place of the first.
    ///
    /// # Errors
    /// When it cannot be written, or something before could not: the update must not leave.
    pub async fn intend(&self, intent: Intent) -> Result<(), LedgerError> {
        self.durable(|reply| Message::Write(Write::Intend(intent), Some(reply)))
            .await
    }

    /// Writes what became of an order, without waiting: [`Self::flush`] and [`Self::finish`] tell whether it could be.
    pub fn settle(&self, settlement: Settlement) {
        // Where the writer is gone, the next call that has an answer says so.
        let _ = self.send(Message::Write(Write::Settle(settlement), None));
    }

    /// Waits until everything before is durable.
    ///
    /// # Errors
    /// When something before could not be written.
    pub async fn flush(&self) -> Result<(), LedgerError> {
        self.durable(Message::Flush).await
    }

    /// Returns what is known of each of some orders (company, order) at a target, in their order.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn known(
        &self,
        target: &str,
        orders: Vec<(Text, Text)>,
    ) -> Result<Vec<Option<String>>, LedgerError> {
        let target = target.to_owned();
        self.read(move |connection| query::known(connection, &target, &orders))
    }

    /// Returns which update of each of some orders (company, order) left last for a target, in their order.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn last_sent(
        &self,
        target: &str,
        orders: Vec<(Text, Text)>,
    ) -> Result<Vec<Option<LastSent>>, LedgerError> {
        let target = target.to_owned();
        self.read(move |connection| query::last_sent(connection, &target, &orders))
    }

    /// Returns the runs that applied a plan, the first one first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn runs_of_plan(&self, plan: &str) -> Result<Vec<Run>, LedgerError> {
        let plan = plan.to_owned();
        self.read(move |connection| query::runs_of_plan(connection, &plan))
    }

    /// Returns the latest runs, the last first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn runs(&self, limit: usize) -> Result<Vec<Run>, LedgerError> {
        self.read(move |connection| query::runs(connection, limit))
    }

    /// Returns a run, if there is one with this id.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn run(&self, id: &str) -> Result<Option<Run>, LedgerError> {
        let id = id.to_owned();
        self.read(move |connection| query::run(connection, &id))
    }

    /// Returns the orders of a run, in the order in which the ledger first met them.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn deliveries_of_run(&self, run: &str) -> Result<Vec<Delivery>, LedgerError> {
        let run = run.to_owned();
        self.read(move |connection| query::deliveries_of_run(connection, &run))
    }

    /// Returns an order's part in every run, at one target or at all, the first run first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn deliveries_of_order(
        &self,
        order_id: &str,
        target: Option<&str>,
    ) -> Result<Vec<Delivery>, LedgerError> {
        let (order_id, target) = (order_id.to_owned(), target.map(str::to_owned));
        self.read(move |connection| {
            query::deliveries_of_order(connection, &order_id, target.as_deref())
        })
    }

    /// Reads the whole file, and returns what is damaged in it: nothing, where it is sound.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn damages(&self) -> Result<Vec<String>, LedgerError> {
        self.read(query::damages)
    }

    fn write(&self, write: Write) -> Result<(), LedgerError> {
        let (sender, receiver) = mpsc::channel();
        self.send(Message::Write(write, Some(reply_to(sender))))?;
        receiver.recv().map_err(|_| self.ended())?
    }

    async fn durable(&self, ask: impl FnOnce(Reply) -> Message) -> Result<(), LedgerError> {
        let (sender, receiver) = oneshot::channel();
        self.send(ask(Box::new(move |result| {
            // Whoever gave up waiting has no use for the answer.
            let _ = sender.send(result);
        })))?;
        receiver.await.map_err(|_| self.ended())?
    }

    pub(super) fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let (sender, receiver) = mpsc::channel();
        let place = self.0.place.clone();
        self.send(Message::Read(Box::new(move |connection| {
            let failed = |error| LedgerError::Failed {
                place,
                fault: Fault::from(&error),
            };
            let answer = connection.and_then(|connection| query(connection).map_err(failed));
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
            place: self.0.place.clone(),
            fault: Fault::Ended,
        }
    }
}

fn reply_to(sender: Sender<Result<(), LedgerError>>) -> Reply {
    Box::new(move |result| {
        let _ = sender.send(result);
    })
}
