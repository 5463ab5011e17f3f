//! A ledger in a `PostgreSQL` database that importers on many machines share. An importer sends only orders that it has
//! leased; the database's clock decides when a lease expires.

mod dump;
mod query;
mod write;

use std::time::Duration;

use jiff::Timestamp;

use super::backend::{Backend, PrunedCounts, Take, Work, Write, WriteResult};
use super::entry::{Delivery, LastSent, Run};
use super::lease::Importer;
use super::lock::Holder;
use crate::ledger::postgres::dump::Rewriting;
use crate::ledger::postgres::write::Member;
use crate::paylocity::model::Text;
use crate::storage::error::StorageError;
use crate::storage::postgres::schema;
use crate::storage::postgres::session::{Database, Session, SessionError, Shutdown, TimeLimit};
use crate::storage::postgres::settings::ConnectionSettings;

/// The request timeout until [`Backend::join`] sets another.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// The database of a ledger.
pub(crate) struct Postgres {
    database: Database,
    member: Member,
    /// Whether the database has a row of this importer.
    has_joined: bool,
}

impl Postgres {
    /// Opens a ledger, and creates it if the database has none.
    pub(crate) fn open(
        address: &ConnectionSettings,
        haste: Shutdown,
    ) -> Result<Self, StorageError> {
        let mut database = Database::new(address, haste)?;
        database.run(TimeLimit::Short, schema::migrate)?;
        let holder = Holder::this_process("", Timestamp::now());
        Ok(Self {
            database,
            member: Member {
                id: format!("{:032x}", fastrand::u128(..)),
                importer: Importer::of(holder, DEFAULT_TIMEOUT),
            },
            has_joined: false,
        })
    }

    fn short<T>(
        &mut self,
        work: impl AsyncFnMut(&Session) -> Result<T, SessionError>,
    ) -> Result<T, StorageError> {
        self.database.run(TimeLimit::Short, work)
    }

    fn long<T>(
        &mut self,
        work: impl AsyncFnMut(&Session) -> Result<T, SessionError>,
    ) -> Result<T, StorageError> {
        self.database.run(TimeLimit::None, work)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let id = self.member.id.clone();
        if self.has_joined {
            self.database.run_last(async |session| {
                // An unreleased lease belongs to a request that may still be in flight.
                let leave = "
                    DELETE FROM scoreload.importers WHERE id = $1
                        AND NOT EXISTS (SELECT FROM scoreload.leases WHERE importer = $1)";
                session.query(leave, &[&id]).await.map(drop)
            });
        }
    }
}

impl Backend for Postgres {
    fn write(&mut self, group: &[Write]) -> Result<Vec<WriteResult>, StorageError> {
        let member = self.member.clone();
        let joins = |write: &Write| matches!(write, Write::Begin(_) | Write::Lease(_));
        self.has_joined |= group.iter().any(joins);
        self.short(async |session| write::write_group(session, &member, group).await)
    }

    fn join(&mut self, importer: Importer) {
        self.member.importer = importer;
    }

    fn heartbeat_interval(&self) -> Option<Duration> {
        self.has_joined.then(Importer::heartbeat_interval)
    }

    fn heartbeat(&mut self) -> Result<(), StorageError> {
        let member = self.member.clone();
        self.short(async |session| write::heartbeat(session, &member).await)
    }

    fn others(&mut self) -> Result<Vec<Importer>, StorageError> {
        let id = self.member.id.clone();
        self.short(async |session| query::others(session, &id).await)
    }

    fn known(
        &mut self,
        target: &str,
        orders: &[(Text, Text)],
    ) -> Result<Vec<Option<String>>, StorageError> {
        self.long(async |session| query::known(session, target, orders).await)
    }

    fn last_sent(
        &mut self,
        target: &str,
        orders: &[(Text, Text)],
    ) -> Result<Vec<Option<LastSent>>, StorageError> {
        self.long(async |session| query::last_sent(session, target, orders).await)
    }

    fn runs(&mut self, limit: usize) -> Result<Vec<Run>, StorageError> {
        self.long(async |session| query::runs(session, limit).await)
    }

    fn run(&mut self, id: &str) -> Result<Option<Run>, StorageError> {
        self.short(async |session| query::run(session, id).await)
    }

    fn runs_of_plan(&mut self, plan: &str) -> Result<Vec<Run>, StorageError> {
        self.short(async |session| query::runs_of_plan(session, plan).await)
    }

    fn deliveries_of_run(&mut self, run: &str) -> Result<Vec<Delivery>, StorageError> {
        self.long(async |session| query::deliveries_of_run(session, run).await)
    }

    fn deliveries_of_order(
        &mut self,
        order_id: &str,
        target: Option<&str>,
    ) -> Result<Vec<Delivery>, StorageError> {
        self.long(async |session| query::deliveries_of_order(session, order_id, target).await)
    }

    fn each(&mut self, take: &mut Take<'_>) -> Result<(), StorageError> {
        // Entries already passed on cannot be taken back, so this does not retry.
        let mut has_begun = false;
        self.database.run(TimeLimit::None, async |session| {
            if std::mem::replace(&mut has_begun, true) {
                let words = "the connection was lost during the export".to_owned();
                return Err(StorageError::Unreachable(words).into());
            }
            dump::each(session, take).await
        })
    }

    fn rewrite(&mut self, work: &mut Work<'_>) -> Result<(), StorageError> {
        self.database.run(TimeLimit::None, dump::begin)?;
        if let Some((runtime, session)) = self.database.connection() {
            let worked = work(&mut Rewriting { runtime, session });
            if worked.is_err() {
                self.database.disconnect();
                return worked;
            }
        }
        // A retry on a new connection would commit an empty transaction and report success.
        let mut has_tried = false;
        self.database.run(TimeLimit::None, async |session| {
            if std::mem::replace(&mut has_tried, true) {
                let words =
                    "the connection was lost during the commit: run the command again".to_owned();
                return Err(StorageError::Unreachable(words).into());
            }
            session.run("COMMIT").await
        })
    }

    fn prune(&mut self, before: Timestamp) -> Result<PrunedCounts, StorageError> {
        self.long(async |session| dump::prune(session, before).await)
    }
}
