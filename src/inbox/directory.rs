//! An open inbox with its lock.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::disposition::Disposition;
use super::error::InboxError;
use super::record::{ImportedFile, Record};
use crate::system::permissions;

/// An inbox. While it is open for archiving, no other process moves its files.
#[derive(Debug)]
pub(crate) struct Inbox {
    directory: PathBuf,
    record: Record,
    /// Held until drop; `None` if nothing is to be moved, or the filesystem has no locks.
    _lock: Option<File>,
}

/// What an inbox is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// To list its files.
    Read,
    /// To move its files, which excludes other imports.
    Archive {
        /// Whether to wait for another import.
        is_waiting: bool,
    },
}

impl Inbox {
    /// Opens an inbox; for archiving, it also creates the directories that files are moved to.
    ///
    /// # Errors
    /// If the directory cannot be used as an inbox, or another import holds it.
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

    /// Returns the directory that a file is moved to, or `None` if it stays.
    pub(crate) fn directory_of(&self, fate: Disposition) -> Option<PathBuf> {
        fate.directory().map(|name| self.directory.join(name))
    }

    /// Returns the earlier import of a file with the same content to a target, if any.
    pub(crate) fn imported(&self, sha256: &str, target: &str) -> Option<&ImportedFile> {
        self.record.find(sha256, target)
    }

    /// Records that a file was imported.
    ///
    /// # Errors
    /// Those of the file system.
    pub(crate) fn remember(&mut self, imported: ImportedFile) -> io::Result<()> {
        self.record.add(imported)
    }
}

/// Creates the directories that files are moved to, and checks that they are writable.
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

/// Locks a directory.
fn lock(directory: &Path, is_waiting: bool) -> Result<Option<File>, InboxError> {
    let Ok(file) = File::open(directory) else {
        return Ok(None);
    };
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        // Some network filesystems have no locks; the lock of the ledger still excludes other imports.
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
    fn one_import_at_a_time_archives_an_inbox_and_any_number_reads_it() {
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
