//! The stored state, whatever its location. Each update locks it, so that processes can use it together.

use std::time::Duration;

use super::local_store::LocalStore;
use super::location::StateLocation;
use super::postgres_store::PostgresStore;
use super::state::WindowState;
use crate::storage::error::StorageError;
use crate::system::clock::WallTime;
use crate::system::process::ProcessId;

/// Who shares a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sharing {
    /// Nobody else.
    Process,
    /// The processes of this machine.
    Machine,
    /// Machines that use the same database. An update takes network round trips.
    Team,
}

/// The present usage of a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) pause_left: Duration,
    pub(crate) requests_last_minute: u64,
}

/// The stored state.
#[derive(Debug)]
pub(crate) enum StateStore {
    Local(Box<LocalStore>),
    Postgres(Box<PostgresStore>),
}

impl StateStore {
    pub(crate) fn open(location: &StateLocation) -> Self {
        match location {
            StateLocation::Memory => Self::Local(Box::new(LocalStore::new(&[]))),
            StateLocation::Files(files) => Self::Local(Box::new(LocalStore::new(files))),
            StateLocation::Database(settings, key) => {
                Self::Postgres(Box::new(PostgresStore::new(settings, key)))
            }
        }
    }

    /// Returns the present usage, for diagnostics.
    ///
    /// # Errors
    /// Returns an error if the database fails or cannot be reached for a while.
    pub(crate) fn usage(&mut self) -> Result<Usage, StorageError> {
        self.update(Duration::ZERO, |state, _, now| {
            let recent = state.completed.iter();
            let recent = recent.filter(|(at, _)| now.since(*at) < Duration::from_secs(60));
            Usage {
                pause_left: state.throttle.paused_until().since(now),
                requests_last_minute: recent.map(|(_, count)| u64::from(*count)).sum(),
            }
        })
    }

    pub(super) fn sharing(&self) -> Sharing {
        match self {
            Self::Local(local) if local.is_shared() => Sharing::Machine,
            Self::Local(_) => Sharing::Process,
            Self::Postgres(_) => Sharing::Team,
        }
    }

    /// Calls `change` with the current state, this process and the current time, and stores the changed state.
    ///
    /// `since_start` is the caller's monotonic clock. It measures time if the state is only in memory. `change` runs
    /// again if the database connection breaks during the update.
    pub(super) fn update<T>(
        &mut self,
        since_start: Duration,
        change: impl FnMut(&mut WindowState, &ProcessId, WallTime) -> T,
    ) -> Result<T, StorageError> {
        match self {
            Self::Local(local) => Ok(local.update(since_start, change)),
            Self::Postgres(postgres) => postgres.update(change),
        }
    }
}
