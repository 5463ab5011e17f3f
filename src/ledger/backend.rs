//! The interface of a database that stores a ledger: `sqlite` on one machine, `postgres` shared by many.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::entry::{
    Delivery, Entry, Intent, LastSent, OrderKey, OrderRecord, Run, RunEnd, RunRecord, Settlement,
};
use super::lease::Importer;
use crate::paylocity::model::Text;
use crate::storage::error::StorageError;

/// A write operation.
#[derive(Debug, Clone)]
pub(crate) enum Write {
    Begin(RunRecord),
    Intend(Intent),
    Settle(Settlement),
    Finish(String, RunEnd),
    /// Leases an order, so that no other importer sends it.
    Lease(OrderKey),
    /// Releases the lease of an order.
    Release(OrderKey),
}

/// The result of a write operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WriteResult {
    /// It is durable.
    Done,
    /// It is durable, and the request may be sent until this time.
    DoneUntil(Instant),
    /// It was not written because the lease of the order has ended.
    LeaseLost,
    /// The order is leased; its current state, as JSON.
    Leased(Option<String>),
    /// Another importer has the lease.
    Elsewhere,
}

/// The number of entries that pruning deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct PrunedCounts {
    /// Runs.
    pub(crate) runs: u64,
    /// Deliveries of orders.
    pub(crate) deliveries: u64,
}

/// A database that stores a ledger. It is used by the writer thread alone.
pub(crate) trait Backend: Send {
    /// Writes a group in one transaction and returns the result of each operation.
    fn write(&mut self, group: &[Write]) -> Result<Vec<WriteResult>, StorageError>;

    /// Sets the importer that leases orders from now on.
    fn join(&mut self, importer: Importer);

    /// Returns the interval at which an idle writer calls [`Self::heartbeat`], or `None` for never.
    fn heartbeat_interval(&self) -> Option<Duration>;

    /// Extends the leases of this importer.
    fn heartbeat(&mut self) -> Result<(), StorageError>;

    /// Returns the importers that are running, except this one.
    fn others(&mut self) -> Result<Vec<Importer>, StorageError>;

    /// Returns the states of orders at a target, as JSON, in the order of `orders`.
    fn known(
        &mut self,
        target: &str,
        orders: &[(Text, Text)],
    ) -> Result<Vec<Option<String>>, StorageError>;

    /// Returns the last update sent for each order at a target, in the order of `orders`.
    fn last_sent(
        &mut self,
        target: &str,
        orders: &[(Text, Text)],
    ) -> Result<Vec<Option<LastSent>>, StorageError>;

    /// Returns the latest runs, newest first.
    fn runs(&mut self, limit: usize) -> Result<Vec<Run>, StorageError>;

    /// Returns a run.
    fn run(&mut self, id: &str) -> Result<Option<Run>, StorageError>;

    /// Returns the runs that applied a plan, oldest first.
    fn runs_of_plan(&mut self, plan: &str) -> Result<Vec<Run>, StorageError>;

    /// Returns the deliveries of a run, in the order in which they were first written.
    fn deliveries_of_run(&mut self, run: &str) -> Result<Vec<Delivery>, StorageError>;

    /// Returns the deliveries of an order at one target or all targets, oldest first.
    fn deliveries_of_order(
        &mut self,
        order_id: &str,
        target: Option<&str>,
    ) -> Result<Vec<Delivery>, StorageError>;

    /// Passes all entries of one snapshot to a function: runs, then orders, then deliveries.
    fn each(&mut self, take: &mut Take<'_>) -> Result<(), StorageError>;

    /// Runs a function that changes entries in one transaction.
    fn rewrite(&mut self, work: &mut Work<'_>) -> Result<(), StorageError>;

    /// Deletes runs that started before a time, with their settled deliveries.
    fn prune(&mut self, before: Timestamp) -> Result<PrunedCounts, StorageError>;

    /// Returns the `SQLite` connection, for tests.
    #[cfg(test)]
    fn sqlite(&mut self) -> Option<&rusqlite::Connection> {
        None
    }
}

/// A function that receives entries.
pub(crate) type Take<'a> = dyn FnMut(Entry) -> Result<(), StorageError> + 'a;

/// A function that changes entries.
pub(crate) type Work<'a> = dyn FnMut(&mut dyn Entries) -> Result<(), StorageError> + 'a;

/// Access to the entries of a ledger within a transaction.
pub(crate) trait Entries {
    /// Returns runs, in the order of `ids`.
    fn runs(&mut self, ids: &[&str]) -> Result<Vec<Option<Run>>, StorageError>;

    /// Inserts or replaces runs.
    fn put_runs(&mut self, runs: &[Run]) -> Result<(), StorageError>;

    /// Returns the records of orders, in the order of `keys`.
    fn orders(&mut self, keys: &[OrderKey]) -> Result<Vec<Option<OrderRecord>>, StorageError>;

    /// Inserts or replaces records of orders.
    fn put_orders(&mut self, orders: &[OrderRecord]) -> Result<(), StorageError>;

    /// Returns deliveries by run and order, in the order of `keys`.
    fn deliveries(
        &mut self,
        keys: &[(String, OrderKey)],
    ) -> Result<Vec<Option<Delivery>>, StorageError>;

    /// Inserts or replaces deliveries.
    fn put_deliveries(&mut self, deliveries: &[Delivery]) -> Result<(), StorageError>;
}
