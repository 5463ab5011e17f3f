//! A ledger in a `SQLite` file or in memory. A lock file excludes other imports to the same target.

mod dump;
mod open;
mod query;
mod schema;
mod write;

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::Connection;

use super::backend::{Backend, PrunedCounts, Take, Work, Write, WriteResult};
use super::entry::{Delivery, LastSent, Run};
use super::lease::Importer;
use crate::paylocity::model::Text;
use crate::storage::error::StorageError;

/// The database of a ledger.
pub(crate) struct Sqlite(Connection);

impl Sqlite {
    /// Opens a ledger file, and creates it if it does not exist; without a path it is in memory.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, StorageError> {
        open::connect(path).map(Self)
    }
}

impl Backend for Sqlite {
    fn write(&mut self, group: &[Write]) -> Result<Vec<WriteResult>, StorageError> {
        Ok(write::write_group(&mut self.0, group)?)
    }

    fn join(&mut self, _importer: Importer) {}

    fn heartbeat_interval(&self) -> Option<Duration> {
        None
    }

    fn heartbeat(&mut self) -> Result<(), StorageError> {
        Ok(())
    }

    fn others(&mut self) -> Result<Vec<Importer>, StorageError> {
        Ok(Vec::new())
    }

    fn known(
        &mut self,
        target: &str,
        orders: &[(Text, Text)],
    ) -> Result<Vec<Option<String>>, StorageError> {
        Ok(query::known(&self.0, target, orders)?)
    }

    fn last_sent(
        &mut self,
        target: &str,
        orders: &[(Text, Text)],
    ) -> Result<Vec<Option<LastSent>>, StorageError> {
        Ok(query::last_sent(&self.0, target, orders)?)
    }

    fn runs(&mut self, limit: usize) -> Result<Vec<Run>, StorageError> {
        Ok(query::runs(&self.0, limit)?)
    }

    fn run(&mut self, id: &str) -> Result<Option<Run>, StorageError> {
        Ok(query::run(&self.0, id)?)
    }

    fn runs_of_plan(&mut self, plan: &str) -> Result<Vec<Run>, StorageError> {
        Ok(query::runs_of_plan(&self.0, plan)?)
    }

    fn deliveries_of_run(&mut self, run: &str) -> Result<Vec<Delivery>, StorageError> {
        Ok(query::deliveries_of_run(&self.0, run)?)
    }

    fn deliveries_of_order(
        &mut self,
        order_id: &str,
        target: Option<&str>,
    ) -> Result<Vec<Delivery>, StorageError> {
        Ok(query::deliveries_of_order(&self.0, order_id, target)?)
    }

    fn each(&mut self, take: &mut Take<'_>) -> Result<(), StorageError> {
        dump::each(&self.0, take)
    }

    fn rewrite(&mut self, work: &mut Work<'_>) -> Result<(), StorageError> {
        dump::rewrite(&mut self.0, work)
    }

    fn prune(&mut self, before: Timestamp) -> Result<PrunedCounts, StorageError> {
        Ok(dump::prune(&mut self.0, before)?)
    }

    #[cfg(test)]
    fn sqlite(&mut self) -> Option<&Connection> {
        Some(&self.0)
    }
}
