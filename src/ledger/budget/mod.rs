//! The budget of requests that everybody shares who sends to a target with the same credentials: it outlives each
//! process, also one that is killed, and two processes at once use it together.
//!
//! It stands in a small file of its own, whatever ledger a run has. The file is locked only for the moment of a
//! change. What it holds stands in [`uses`]; what follows from it for the next request, the pace says.

mod file;
pub mod holder;
pub mod moment;
pub mod uses;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

use self::file::{Locked, StateFile};
use self::holder::Holder;
use self::moment::{Clocks, Moment};
use self::uses::Uses;

/// Where a budget may stand: the first place that can be used counts, and where there is none it is this process's
/// own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places(Vec<PathBuf>);

impl Places {
    /// No place: the budget is this process's own.
    #[must_use]
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// Returns the places for a server and who asks it: beside each of these ledgers, the first before the others.
    #[must_use]
    pub fn of(base: &str, client_id: &str, ledgers: impl Iterator<Item = PathBuf>) -> Self {
        let digest = Sha256::digest(format!("{base}\n{client_id}"));
        let mark = digest
            .iter()
            .take(8)
            .fold(0_u64, |mark, byte| mark << 8 | u64::from(*byte));
        let name = format!("pace-{mark:016x}.state");
        Self(ledgers.map(|path| path.with_file_name(&name)).collect())
    }
}

impl Places {
    /// Returns the first place where something stands.
    #[must_use]
    pub fn existing(&self) -> Option<&Path> {
        let mut paths = self.0.iter();
        paths.find(|path| path.exists()).map(PathBuf::as_path)
    }
}

/// What is used of a rate, wherever it stands.
#[derive(Debug)]
pub struct Budget {
    here: Holder,
    /// The places that are left: the first is in use, or is tried next.
    files: Vec<StateFile>,
    /// What was used when that was last known; `None` where nobody has looked yet.
    uses: Option<Uses>,
    clock: Clock,
    /// Whether there is something that could not be read.
    is_in_doubt: bool,
}

/// Which clock the moments of a budget are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Clock {
    /// The caller's: nobody else sees them.
    Callers,
    /// The wall clock.
    Wall,
}

impl Budget {
    /// Makes a budget that stands in the first of these places that can be used.
    #[must_use]
    pub fn at(places: &Places) -> Self {
        Self {
            here: Holder::this_process(),
            files: places.0.iter().cloned().map(StateFile::at).collect(),
            uses: None,
            clock: match places.0.as_slice() {
                [] => Clock::Callers,
                _ => Clock::Wall,
            },
            is_in_doubt: false,
        }
    }

    /// Tells whether other processes may use it too; a change then waits for theirs.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        !self.files.is_empty()
    }

    /// Changes the budget. The change is told who we are and what moment it is: `since_begin` on the caller's own
    /// clock, for a budget that only this process knows.
    ///
    /// A file that holds nothing that can be read counts as a budget that was just used up, and is written anew. One
    /// that cannot be used gives way to the next place, and in the end to this process's memory.
    pub fn change<T>(
        &mut self,
        since_begin: Duration,
        change: impl FnOnce(&mut Uses, &Holder, Moment) -> T,
    ) -> T {
        let locked = self.lock_file();
        let now = match (&locked, self.clock) {
            (Some(locked), _) => locked.now(),
            (None, Clock::Wall) => Clocks::read().wall,
            (None, Clock::Callers) => Moment::at(since_begin),
        };
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
            (Some(Err(error)), _) => self.leave_file(&error),
            _ => {}
        }
        outcome
    }

    /// Locks the first place that can be used, and reads what is used there.
    fn lock_file(&mut self) -> Option<Locked> {
        while let Some(file) = self.files.first() {
            match file.lock(self.uses.as_ref()) {
                Ok((locked, others)) => {
                    self.uses = others.or(self.uses.take());
                    let uses = self.uses.get_or_insert_default();
                    uses.shift(locked.set_ahead);
                    return Some(locked);
                }
                Err(error) => self.leave_file(&error),
            }
        }
        None
    }

    /// Leaves a place that cannot be used. Where it could be so far, what is known of it is kept in memory.
    fn leave_file(&mut self, error: &io::Error) {
        let file = self.files.remove(0);
        let path = file.path();
        tracing::warn!(path = %path.display(), %error, "the pace cannot be kept there");
        if self.uses.is_some() {
            self.files.clear();
        }
        // What stands there and cannot be read may be a budget that is used up.
        self.is_in_doubt |= self.uses.is_none() && path.exists();
    }
}

#[cfg(test)]
mod tests;
