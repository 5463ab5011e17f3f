//! Errors of the files and databases that hold the ledger and the rate-limit state.

use std::io;

/// Why a file or database cannot be used. It was not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// The file or the schema belongs to another program.
    #[error("it was not created by Scoreload")]
    Foreign,
    /// The file is incomplete or corrupt.
    #[error("it is damaged ({0})")]
    Damaged(String),
    /// A later version of Scoreload wrote it.
    #[error(
        "its format is version `{found}`, and this version of Scoreload reads up to `{supported}`"
    )]
    NewerFormat {
        /// The version of its format.
        found: isize,
        /// The latest version that can be read.
        supported: isize,
    },
    /// The file or its directory is not writable.
    #[error("it is not writable")]
    ReadOnly,
    /// The disk is full.
    #[error("the disk is full")]
    DiskFull,
    /// Another process holds a lock.
    #[error("another program has locked it")]
    Locked,
    /// The database server does not answer.
    #[error("cannot reach its database: {0}")]
    Unreachable(String),
    /// The database server refuses the connection.
    #[error("its database refuses the connection: {0}")]
    ConnectionRefused(String),
    /// The database user lacks a privilege.
    #[error("its database denies permission: {0}")]
    PermissionDenied(String),
    /// Any other error of the database server.
    #[error("its database reports: {0}")]
    Database(String),
    /// Entries of another ledger contradict those of this one.
    #[error("nothing was imported: {0}")]
    ImportConflict(String),
    /// The output of an export cannot be written.
    #[error("cannot write its export: {0}")]
    ExportFailed(String),
    /// Any other error of the operating system or of `SQLite`.
    #[error("{0}")]
    System(String),
    /// The thread that owns the database has ended.
    #[error("its writer thread has ended")]
    WriterEnded,
}

impl StorageError {
    /// Returns what the user can do.
    pub(crate) fn help(&self) -> &'static str {
        match self {
            Self::Foreign => "name another file with --ledger; this one was not changed",
            Self::Damaged(_) => {
                "restore it from a backup together with its `-wal` file; a new ledger, named with --ledger, does not \
                 know what was accepted and sends it again"
            }
            Self::NewerFormat { .. } => {
                "use a version of Scoreload at least as new as the one that wrote it, or name another with --ledger"
            }
            Self::ReadOnly => {
                "make the file and its directory writable, or name another file with --ledger"
            }
            Self::DiskFull => "free some space and run the same command again: it finishes the job",
            Self::Locked => "end the other program and run the same command again",
            Self::Unreachable(_) => {
                "check that the database is running and reachable, then run the same command again: it finishes the job"
            }
            Self::ConnectionRefused(_) => {
                "check user, password, database and certificate; the password can be in PGPASSWORD or in the password \
                 file"
            }
            Self::PermissionDenied(_) => {
                "the user needs a schema `scoreload` of its own: allow it to create one in the database, or create it \
                 for the user"
            }
            Self::Database(_) => "check the database, or name another ledger with --ledger",
            Self::ImportConflict(_) => "the ledger was not changed; keep the two apart",
            Self::ExportFailed(_) => "name a file in a directory that you may write to",
            Self::System(_) => "name a file with --ledger, in a directory that you may write to",
            Self::WriterEnded => {
                "this is a bug in Scoreload: please report it; the same command finishes the job"
            }
        }
    }
}

impl From<&rusqlite::Error> for StorageError {
    fn from(error: &rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        let code = error.sqlite_error().map(|error| error.extended_code);
        if code == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE) {
            // The index of the write-ahead log could not grow; SQLite has no code for the cause.
            return Self::DiskFull;
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged(error.to_string())
            }
            Some(ErrorCode::ReadOnly) => Self::ReadOnly,
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked,
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
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::System(error.to_string()),
        }
    }
}
