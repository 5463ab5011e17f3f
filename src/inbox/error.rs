//! Errors of an inbox.

use std::io;
use std::path::PathBuf;

/// An inbox that cannot be used, or a file that cannot leave it.
#[derive(Debug, thiserror::Error)]
pub enum InboxError {
    /// The directory, or its `done` or `failed` directory, cannot be used.
    #[error("cannot use the inbox `{}`: {source}", directory.display())]
    Unusable {
        /// The inbox.
        directory: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The directory cannot be listed.
    #[error("cannot read the inbox `{}`: {source}", directory.display())]
    Read {
        /// The inbox.
        directory: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// Another import has the inbox locked.
    #[error("another import is using the inbox `{}`", directory.display())]
    Held {
        /// The inbox.
        directory: PathBuf,
    },
    /// A file could not be moved to `done` or `failed`.
    #[error("`{}` stays in the inbox: {source}", path.display())]
    NotMoved {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: ArchiveError,
    },
}

impl InboxError {
    /// Returns the remedy.
    pub(crate) const fn help(&self) -> &'static str {
        match self {
            Self::Unusable { .. } => {
                "name a directory whose files you may read and in which you may create files"
            }
            Self::Read { .. } => "check the path and the directory's permissions",
            Self::Held { .. } => "run the same command again when it has ended, or add --wait",
            Self::NotMoved { .. } => "the next run finds its orders unchanged and moves it then",
        }
    }
}

/// Why a file stays in the inbox.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It was changed or replaced while it was imported.
    #[error("it has changed since it was read, so it is left to the next run")]
    Changed,
    /// The error of the operating system.
    #[error("cannot move it: {0}")]
    Unmoved(io::Error),
}
