//! Why a ledger cannot be relied on. Whatever the reason, nothing in the file is overwritten or deleted.

use std::io;

use crate::ledger::location::Location;

/// A ledger that cannot be relied on, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// It could not be opened: nothing was sent yet.
    #[error("cannot open the ledger `{location}`: {error}")]
    Open {
        /// Where it is.
        location: Location,
        /// Why.
        error: StorageError,
    },
    /// It failed while it was in use: nothing more may be sent.
    #[error("the ledger `{location}` failed: {error}")]
    Failed {
        /// Where it is.
        location: Location,
        /// Why.
        error: StorageError,
    },
}

impl LedgerError {
    /// Tells whether it may be there again later.
    pub(crate) const fn is_unreachable(&self) -> bool {
        let (Self::Open { error, .. } | Self::Failed { error, .. }) = self;
        matches!(error, StorageError::Unreachable(_))
    }

    /// Returns the way out.
    pub(crate) fn help(&self) -> &'static str {
        match self {
            Self::Open { error, .. } | Self::Failed { error, .. } => error.help(),
        }
    }
}

/// What is wrong with a ledger.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// The file holds something else, which was not touched.
    #[error("it is a file of another kind")]
    OtherKind,
    /// The file is not whole.
    #[error("it is damaged ({0})")]
    Damaged(String),
    /// A later version of Scoreload wrote it.
    #[error("its format is number `{found}`, and this version of Scoreload knows up to `{known}`")]
    Newer {
        /// The format of the file.
        found: isize,
        /// The latest format that is known.
        known: isize,
    },
    /// The file or its directory cannot be written to.
    #[error("it cannot be written to")]
    ReadOnly,
    /// There is no space left.
    #[error("the disk is full")]
    Full,
    /// Another program keeps it locked.
    #[error("another program keeps it locked")]
    Busy,
    /// Its database cannot be reached; what the system says.
    #[error("its database cannot be reached: {0}")]
    Unreachable(String),
    /// Its database does not let us in.
    #[error("its database refuses the connection: {0}")]
    Refused(String),
    /// Its database does not let us do what must be done.
    #[error("its database does not allow it: {0}")]
    Denied(String),
    /// What its database said.
    #[error("its database says: {0}")]
    Database(String),
    /// What is to be merged into it cannot be.
    #[error("nothing was taken over: {0}")]
    Unmergeable(String),
    /// What it holds could not be handed out.
    #[error("its export cannot be written: {0}")]
    Unwritten(String),
    /// What the system, or the database, said.
    #[error("{0}")]
    System(String),
    /// The thread that owns it is gone.
    #[error("its writer has ended")]
    Ended,
}

impl StorageError {
    fn help(&self) -> &'static str {
        match self {
            Self::OtherKind => "name another file with --ledger; this one was not touched",
            Self::Damaged(_) => {
                "bring it back from a backup, together with its `-wal` file; a new ledger, named with --ledger, does \
                 not know what was accepted, and sends it again"
            }
            Self::Newer { .. } => {
                "use a version of Scoreload at least as new as the one that wrote it, or name another with --ledger"
            }
            Self::ReadOnly => {
                "make the file and its directory writable, or name another file with --ledger"
            }
            Self::Full => "free some space, and run the same command again: it finishes the job",
            Self::Busy => "end the other program, and run the same command again",
            Self::Unreachable(_) => {
                "see whether the database runs and the network reaches it, then run the same command again: it \
                 finishes the job"
            }
            Self::Refused(_) => {
                "check user, password, database and certificate; the password may stand in PGPASSWORD or in the \
                 password file"
            }
            Self::Denied(_) => {
                "the user needs a schema `scoreload` of its own: let it create one in the database, or make one for it"
            }
            Self::Database(_) => "name another ledger with --ledger, or see to the database",
            Self::Unmergeable(_) => "the ledger is as it was; keep the two apart",
            Self::Unwritten(_) => "name a file in a directory that you may write to",
            Self::System(_) => "name a file with --ledger, in a directory that you may write to",
            Self::Ended => {
                "this is a error of Scoreload: please report it; the same command finishes the job"
            }
        }
    }
}

impl From<&rusqlite::Error> for StorageError {
    fn from(error: &rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        let code = error.sqlite_error().map(|error| error.extended_code);
        if code == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE) {
            // The index of the log could not grow, which has no code of its own for the reason.
            return Self::Full;
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged(error.to_string())
            }
            Some(ErrorCode::ReadOnly) => Self::ReadOnly,
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            _ => Self::System(error.to_string()),
        }
    }
}

impl From<rusqlite::Error> for StorageError {
    fn from(error: rusqlite::Error) -> Self {
        Self::from(&error)
    }
}

impl From<io::Error> for StorageError {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind;
        match error.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::System(error.to_string()),
        }
    }
}
