//! The budget of requests that everybody shares who sends to a target with the same credentials: it outlives each
//! process, also one that is killed, and two processes at once use it together.
//!
//! It stands in a small file of its own, whatever ledger a run has, or in the database of a team's ledger. It is locked
//! only for the moment of a change. What it holds stands in [`uses`]; what follows from it for the next request, the
//! pace says.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::ledger::error::StorageError;
use crate::rate_limit::file_store::{Locked, StateFile};
use crate::rate_limit::postgres_store::DatabaseBudget;
use crate::rate_limit::state::Uses;
use crate::system::postgres::address::ConnectionSettings;
use crate::system::process::ProcessId;
use crate::system::wall_time::{Clocks, WallTime};

/// Where a budget may stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Places {
    /// In this process's memory: it is its own.
    #[default]
    Memory,
    /// In the first of these files that can be used; where there is none it is this process's own.
    Files(Vec<PathBuf>),
    /// In a database, under this name.
    Database(ConnectionSettings, String),
}

/// Who may use a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// This process alone.
    Nobody,
    /// The processes of this machine.
    Machine,
    /// Machines that share a database: a change takes round trips.
    Team,
}

impl Places {
    /// Returns the places for a server and who asks it: beside each of these ledgers, the first before the others.
    pub(crate) fn of(base: &str, client_id: &str, ledgers: impl Iterator<Item = PathBuf>) -> Self {
        let name = format!("pace-{:016x}.state", mark(base, client_id));
        Self::Files(ledgers.map(|path| path.with_file_name(&name)).collect())
    }

    /// Returns the place for a server and who asks it in a database.
    pub(crate) fn in_database(base: &str, client_id: &str, address: &ConnectionSettings) -> Self {
        Self::Database(address.clone(), format!("{:016x}", mark(base, client_id)))
    }
}

/// Tells servers and those who ask them apart, and does not tell who they are.
fn mark(base: &str, client_id: &str) -> u64 {
    let digest = Sha256::digest(format!("{base}\n{client_id}"));
    digest
        .iter()
        .take(8)
        .fold(0_u64, |mark, byte| mark << 8 | u64::from(*byte))
}

impl Places {
    /// Tells whether there is a place where something may stand.
    pub(crate) fn is_in_use(&self) -> bool {
        match self {
            Self::Memory => false,
            Self::Files(files) => files.iter().any(|path| path.exists()),
            Self::Database(..) => true,
        }
    }
}

/// What is used of a rate, wherever it stands.
#[derive(Debug)]
pub(crate) enum Budget {
    /// On this machine.
    Local(LocalBudget),
    /// In a database.
    Database(Box<DatabaseBudget>),
}

impl Budget {
    /// Makes a budget that stands there.
    pub(crate) fn at(places: &Places) -> Self {
        match places {
            Places::Memory => Self::Local(LocalBudget::at(&[])),
            Places::Files(files) => Self::Local(LocalBudget::at(files)),
            Places::Database(address, mark) => {
                Self::Database(Box::new(DatabaseBudget::at(address, mark)))
            }
        }
    }

    /// Tells who may use it; a change waits for theirs.
    pub(crate) fn sharing(&self) -> Sharing {
        match self {
            Self::Local(local) if local.is_shared() => Sharing::Machine,
            Self::Local(_) => Sharing::Nobody,
            Self::Database(_) => Sharing::Team,
        }
    }

    /// Changes the budget. The change is told who we are and what moment it is: `since_begin` on the caller's own
    /// clock, for a budget that only this process knows. It may be asked for more than once: where a database is lost
    /// in the middle.
    ///
    /// # Errors
    /// When the database is lost, and does not come back for a while.
    pub(crate) fn change<T>(
        &mut self,
        since_begin: Duration,
        change: impl FnMut(&mut Uses, &ProcessId, WallTime) -> T,
    ) -> Result<T, StorageError> {
        match self {
            Self::Local(local) => Ok(local.change(since_begin, change)),
            Self::Database(database) => database.change(change),
        }
    }
}

/// A budget of this machine.
#[derive(Debug)]
pub(crate) struct LocalBudget {
    here: ProcessId,
    /// The places that are left: the first is in use, or is tried next.
    files: Vec<StateFile>,
    /// What was used when that was last known, by the wall clock as long as it stands in a file, and then by the
    /// caller's, as nobody else sees it; `None` where nobody has looked yet.
    uses: Option<Uses>,
    /// Whether there is something that could not be read.
    is_in_doubt: bool,
}

impl LocalBudget {
    /// Makes a budget that stands in the first of these files that can be used.
    fn at(files: &[PathBuf]) -> Self {
        Self {
            here: ProcessId::this_process(),
            files: files.iter().cloned().map(StateFile::at).collect(),
            uses: None,
            is_in_doubt: false,
        }
    }

    fn is_shared(&self) -> bool {
        !self.files.is_empty()
    }

    /// Changes the budget.
    ///
    /// A file that holds nothing that can be read counts as a budget that was just used up, and is written anew. One
    /// that cannot be used gives way to the next place, and in the end to this process's memory.
    fn change<T>(
        &mut self,
        since_begin: Duration,
        change: impl FnOnce(&mut Uses, &ProcessId, WallTime) -> T,
    ) -> T {
        let callers_now = WallTime::at(since_begin);
        let locked = self.lock_file(callers_now);
        let now = locked.as_ref().map_or(callers_now, Locked::now);
        let uses = self.uses.get_or_insert_default();
        uses.bring_to(now, &self.here);
        if std::mem::take(&mut self.is_in_doubt) {
            uses.use_up(now);
        }
        let outcome = change(uses, &self.here, now);
        match (
            locked.map(|locked| locked.write(uses)),
            self.files.first_mut(),
        ) {
            (Some(Ok(written)), Some(file)) => file.remember(written),
            (Some(Err(error)), _) => self.leave_file(&error, callers_now),
            _ => {}
        }
        outcome
    }

    /// Locks the first place that can be used, and reads what is used there.
    fn lock_file(&mut self, callers_now: WallTime) -> Option<Locked> {
        while let Some(file) = self.files.first() {
            match file.lock(self.uses.as_ref()) {
                Ok((locked, others)) => {
                    self.uses = others.or(self.uses.take());
                    let uses = self.uses.get_or_insert_default();
                    uses.shift(locked.set_ahead);
                    return Some(locked);
                }
                Err(error) => self.leave_file(&error, callers_now),
            }
        }
        None
    }

    /// Leaves a place that cannot be used. Where it could be so far, what is known of it is kept in memory.
    fn leave_file(&mut self, error: &io::Error, callers_now: WallTime) {
        let file = self.files.remove(0);
        let path = file.path();
        tracing::warn!(path = %path.display(), %error, "the pace cannot be kept there");
        if let Some(uses) = &mut self.uses {
            self.files.clear();
            let clocks = Clocks::read();
            uses.shift(file.set_ahead_until(&clocks));
            uses.change_clock(clocks.wall, callers_now);
        }
        // What stands there and cannot be read may be a budget that is used up.
        self.is_in_doubt |= self.uses.is_none() && path.exists();
    }
}

#[cfg(test)]
mod tests;
