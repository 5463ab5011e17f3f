//! A directory that files arrive in: which of them are complete, which were imported before, and where they go
//! afterwards.
//!
//! A file is moved within the directory, so within one filesystem, and never over another. A crash between an import
//! and the move leaves the file where it was: the next import finds its orders unchanged, and moves it then.

mod archive;
pub(crate) mod error;
mod record;
mod scan;

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use jiff::SignedDuration;

pub(crate) use self::record::ImportedFile;
use self::record::Record;
pub(crate) use crate::inbox::archive::{ArchiveError, with_tail};
use crate::inbox::error::InboxError;
pub(crate) use crate::inbox::scan::Arrival;
use crate::system::permissions;

/// How long a file must not have changed to be complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SettleTime(pub(crate) Duration);

impl Default for SettleTime {
    /// Longer than a transfer commonly stalls.
    fn default() -> Self {
        Self(Duration::from_secs(30))
    }
}

impl FromStr for SettleTime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let seconds = text.parse().ok().map(Duration::from_secs);
        let written = || {
            let duration: SignedDuration = text.parse().ok()?;
            Duration::try_from(duration).ok()
        };
        seconds.or_else(written).map(Self).ok_or_else(|| {
            format!(
                "`{text}` is no time: write a number with its unit, such as `30s`, `2m` or `0s`"
            )
        })
    }
}

/// Where a file goes after an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disposition {
    /// Everything in it got through.
    Done,
    /// Something in it did not, and never will as it is.
    Failed,
    /// There is more to send of it: it stays, for the next run.
    Kept,
}

impl Disposition {
    /// Returns the name of the directory in the inbox; `None` where the file stays.
    const fn directory(self) -> Option<&'static str> {
        match self {
            Self::Done => Some("done"),
            Self::Failed => Some("failed"),
            Self::Kept => None,
        }
    }
}

/// A directory that files arrive in, which nobody else clears as long as this lives.
#[derive(Debug)]
pub(crate) struct Inbox {
    directory: PathBuf,
    record: Record,
    /// Held until it is dropped; `None` where nothing is to be moved, or the filesystem has no locks.
    _lock: Option<File>,
}

/// What is to be done with an inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Only to look at its files.
    Read,
    /// To move them, once no other import does; if one does, that is waited for.
    Archive {
        /// Whether to wait for another import.
        is_waiting: bool,
    },
}

impl Inbox {
    /// Opens an inbox; where it is to be cleared, with the directories that its files go to.
    ///
    /// # Errors
    /// When it is no directory that can be used so, or another import clears it.
    pub(crate) fn open(directory: &Path, purpose: Access) -> Result<Self, InboxError> {
        let unusable = |source| InboxError::Unusable {
            directory: directory.to_owned(),
            source,
        };
        let lock = match purpose {
            Access::Read => {
                fs::read_dir(directory).map_err(unusable)?;
                None
            }
            Access::Archive { is_waiting } => {
                prepare(directory).map_err(unusable)?;
                lock(directory, is_waiting)?
            }
        };
        Ok(Self {
            directory: directory.to_owned(),
            record: Record::read(&directory.join("done")),
            _lock: lock,
        })
    }

    /// Returns the directory.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns where a file goes; `None` where it stays.
    pub(crate) fn directory_of(&self, fate: Disposition) -> Option<PathBuf> {
        fate.directory().map(|name| self.directory.join(name))
    }

    /// Returns how a file of the same content was imported to a target before, if one was.
    pub(crate) fn imported(&self, sha256: &str, target: &str) -> Option<&ImportedFile> {
        self.record.find(sha256, target)
    }

    /// Remembers that a file was imported.
    ///
    /// # Errors
    /// Those of the file system.
    pub(crate) fn remember(&mut self, imported: ImportedFile) -> io::Result<()> {
        self.record.add(imported)
    }
}

/// Makes the directories that files go to, for their owner alone, and tries whether one can be made there.
fn prepare(directory: &Path) -> io::Result<()> {
    fs::read_dir(directory)?;
    for fate in [Disposition::Done, Disposition::Failed] {
        let Some(name) = fate.directory() else {
            continue;
        };
        let to = directory.join(name);
        match permissions::private_dir_builder().create(&to) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => tempfile::tempfile_in(&to)?,
        };
    }
    Ok(())
}

/// Takes the lock of a directory.
fn lock(directory: &Path, is_waiting: bool) -> Result<Option<File>, InboxError> {
    let Ok(file) = File::open(directory) else {
        return Ok(None);
    };
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        // Not every filesystem of a network has locks. There the ledger's keeps imports apart.
        Err(TryLockError::Error(_)) => Ok(None),
        Err(TryLockError::WouldBlock) if is_waiting => Ok(file.lock().is_ok().then_some(file)),
        Err(TryLockError::WouldBlock) => Err(InboxError::Held {
            directory: directory.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_to_settle_is_written_with_its_unit() {
        for (text, seconds) in [
            ("30s", 30),
            ("2m", 120),
            ("0s", 0),
            (" 5 ", 5),
            ("1h30m", 5400),
        ] {
            assert_eq!(
                text.parse(),
                Ok(SettleTime(Duration::from_secs(seconds))),
                "{text}"
            );
        }
        for text in ["", "-1s", "soon", "1.5.2s"] {
            assert!(text.parse::<SettleTime>().is_err(), "{text}");
        }
    }

    #[test]
    fn one_import_at_a_time_clears_an_inbox_and_any_number_looks() {
        let directory = tempfile::tempdir().unwrap();
        let clear = Access::Archive { is_waiting: false };
        let first = Inbox::open(directory.path(), clear).unwrap();
        let second = Inbox::open(directory.path(), clear);
        assert!(matches!(second, Err(InboxError::Held { .. })));
        assert!(Inbox::open(directory.path(), Access::Read).is_ok());
        drop(first);
        assert!(Inbox::open(directory.path(), clear).is_ok());
        assert!(Inbox::open(&directory.path().join("none"), clear).is_err());
    }
}
