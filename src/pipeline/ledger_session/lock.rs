//! The lock that keeps two imports from using one ledger file for the same target.

use crate::error::Error;
use crate::ledger::lock::{Holder, LockAttempt};
use crate::ledger::{Ledger, Location, Lock};
use crate::ui::{Screen, summary};

/// What to do if another import holds the ledger.
#[derive(Debug, Clone, Copy)]
pub(crate) enum LockWait {
    /// Fail at once: the command has no `--wait`.
    Never,
    /// Fail at once: `--wait` was not given.
    No,
    /// Wait until the other import has ended, after printing a line.
    Yes(Screen),
}

impl LockWait {
    /// Returns the behaviour of a command that has `--wait`.
    pub(crate) const fn new(is_waiting: bool, screen: Screen) -> Self {
        if is_waiting {
            Self::Yes(screen)
        } else {
            Self::No
        }
    }
}

/// Locks a ledger file for a target. A ledger in memory needs no lock, and a database leases single orders instead.
pub(crate) fn lock(
    location: &Location,
    target: &str,
    run: &str,
    wait: LockWait,
) -> Result<Option<Lock>, Error> {
    let Location::File(path) = location else {
        return Ok(None);
    };
    let holder = Holder::this_process(run, jiff::Timestamp::now());
    let held = match Lock::try_take(path, target, &holder)? {
        LockAttempt::Taken(lock) => return Ok(Some(lock)),
        LockAttempt::Held(holder) => Error::LedgerHeld {
            holder,
            can_wait: !matches!(wait, LockWait::Never),
        },
    };
    let LockWait::Yes(screen) = wait else {
        return Err(held);
    };
    screen.note(|mut out| summary::write_line(&mut out, "waiting", &held.to_string()));
    Ok(Some(Lock::wait_for(path, target, &holder)?))
}

/// Returns the error that names another user of a shared ledger.
pub(crate) fn held_by_other(ledger: &Ledger) -> Result<Error, Error> {
    let others = ledger.others()?;
    let holder = others.into_iter().next().map(|other| other.holder);
    Ok(Error::LedgerHeld {
        holder,
        can_wait: false,
    })
}
