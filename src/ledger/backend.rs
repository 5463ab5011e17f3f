//! What a database must do to keep a ledger. `sqlite` does it for one machine, `postgres` for many; what is to be
//! written, and what follows from it, is the same for both.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::entry::{
    Delivery, Entry, Intent, LastSent, OrderKey, OrderRecord, Run, RunEnd, RunRecord, Settlement,
};
use super::lease::Importer;
use crate::paylocity::model::Text;
use crate::storage::error::StorageError;

/// Something to write.
#[derive(Debug, Clone)]
pub(crate) enum Write {
    Begin(RunRecord),
    Intend(Intent),
    Settle(Settlement),
    Finish(String, RunEnd),
    /// Keeps others from sending an order.
    Lease(OrderKey),
    /// Lets others send an order.
    Release(OrderKey),
}

/// What came of something that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WriteResult {
    /// It is durable.
    Done,
    /// It is durable, and the request may leave until then.
    DoneUntil(Instant),
    /// It was not written: others may send the order.
    LeaseLost,
    /// The order is ours; what is known of it now.
    Leased(Option<String>),
    /// The order is another importer's.
    Elsewhere,
}

/// What pruning took away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct PrunedCounts {
    /// Runs.
    pub(crate) runs: u64,
    /// Orders' parts in runs.
    pub(crate) deliveries: u64,
}

/// A database that keeps a ledger. The one thread that owns it calls.
pub(crate) trait Backend: Send {
    /// Writes a group, all of it durable or nothing, and returns what came of each part.
    fn write(&mut self, group: &[Write]) -> Result<Vec<WriteResult>, StorageError>;

    /// Says for whom orders are leased from now on.
    fn join(&mut self, importer: Importer);

    /// Returns how often [`Self::heartbeat`] is to be called while there is nothing else to do; `None` for never.
    fn heartbeat_interval(&self) -> Option<Duration>;

    /// Keeps the leases alive.
    fn heartbeat(&mut self) -> Result<(), StorageError>;

    /// Returns who else may be sending orders now.
    fn others(&mut self) -> Result<Vec<Importer>, StorageError>;

    /// Returns what is known of each of some orders at a target, in their order.
    fn known(
        &mut self,
        target: &str,
        orders: &[(Text, Text)],
    ) -> Result<Vec<Option<String>>, StorageError>;

    /// Returns which update of each of some orders left last for a target, in their order.
    fn last_sent(
        &mut self,
        target: &str,
        orders: &[(Text, Text)],
    ) -> Result<Vec<Option<LastSent>>, StorageError>;

    /// Returns the latest runs, the last first.
    fn runs(&mut self, limit: usize) -> Result<Vec<Run>, StorageError>;

    /// Returns a run.
    fn run(&mut self, id: &str) -> Result<Option<Run>, StorageError>;

    /// Returns the runs that applied a plan, the first one first.
    fn runs_of_plan(&mut self, plan: &str) -> Result<Vec<Run>, StorageError>;

    /// Returns the orders of a run, in the order in which the ledger first met them.
    fn deliveries_of_run(&mut self, run: &str) -> Result<Vec<Delivery>, StorageError>;

    /// Returns an order's part in every run, at one target or at all, the first run first.
    fn deliveries_of_order(
        &mut self,
        order_id: &str,
        target: Option<&str>,
    ) -> Result<Vec<Delivery>, StorageError>;

    /// Hands out everything as it is at one moment: the runs, the orders, then the orders' parts in runs.
    fn each(&mut self, take: &mut Take<'_>) -> Result<(), StorageError>;

    /// Does some work on the entries, all of it durable or nothing.
    fn rewrite(&mut self, work: &mut Work<'_>) -> Result<(), StorageError>;

    /// Takes away the runs that began before a moment, and what was settled in them.
    fn prune(&mut self, before: Timestamp) -> Result<PrunedCounts, StorageError>;

    /// Returns `SQLite`'s connection, for tests of what only it can do.
    #[cfg(test)]
    fn sqlite(&mut self) -> Option<&rusqlite::Connection> {
        None
    }
}

/// Takes an entry.
pub(crate) type Take<'a> = dyn FnMut(Entry) -> Result<(), StorageError> + 'a;

/// Some work on the entries of a ledger.
pub(crate) type Work<'a> = dyn FnMut(&mut dyn Entries) -> Result<(), StorageError> + 'a;

/// The entries of a ledger while a piece of work changes them.
pub(crate) trait Entries {
    /// Returns each of some runs, in their order.
    fn runs(&mut self, ids: &[&str]) -> Result<Vec<Option<Run>>, StorageError>;

    /// Writes runs, in the place of those with the same ids.
    fn put_runs(&mut self, runs: &[Run]) -> Result<(), StorageError>;

    /// Returns what is remembered of each of some orders, in their order.
    fn orders(&mut self, keys: &[OrderKey]) -> Result<Vec<Option<OrderRecord>>, StorageError>;

    /// Writes what is remembered of orders, in the place of what was.
    fn put_orders(&mut self, orders: &[OrderRecord]) -> Result<(), StorageError>;

    /// Returns each of some orders' parts in runs, in their order.
    fn deliveries(
        &mut self,
        keys: &[(String, OrderKey)],
    ) -> Result<Vec<Option<Delivery>>, StorageError>;

    /// Writes orders' parts in runs, in the place of what was.
    fn put_deliveries(&mut self, deliveries: &[Delivery]) -> Result<(), StorageError>;
}
