//! Errors of a ledger. None of them overwrites or deletes anything in it.

use crate::ledger::location::Location;
use crate::storage::error::StorageError;

/// Why a ledger cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// It could not be opened, so nothing was sent.
    #[error("cannot open the ledger `{location}`: {error}")]
    Open {
        /// The ledger.
        location: Location,
        /// The reason.
        error: StorageError,
    },
    /// It failed in use, so nothing more may be sent.
    #[error("the ledger `{location}` failed: {error}")]
    Failed {
        /// The ledger.
        location: Location,
        /// The reason.
        error: StorageError,
    },
}

impl LedgerError {
    /// Whether a later run may succeed without any change.
    pub(crate) const fn is_unreachable(&self) -> bool {
        matches!(self.storage_error(), StorageError::Unreachable(_))
    }

    /// Returns what the user can do.
    pub(crate) fn help(&self) -> &'static str {
        self.storage_error().help()
    }

    const fn storage_error(&self) -> &StorageError {
        let (Self::Open { error, .. } | Self::Failed { error, .. }) = self;
        error
    }
}
