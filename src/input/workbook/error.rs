//! Why a workbook is refused whole.

use std::io;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use zip::result::ZipError;

use crate::diagnostics::diagnostic::{Code, Diagnostic, Place, Source};

/// Why a workbook cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub(crate) enum WorkbookError {
    /// It is damaged, cut short, or uses something that is not supported.
    #[error("the workbook cannot be read: {0}")]
    Unreadable(String),
    /// It exceeds a limit.
    #[error("the workbook is too large: {0}")]
    TooLarge(String),
    /// It is protected by a password.
    #[error("the workbook is encrypted")]
    Encrypted,
}

impl WorkbookError {
    pub(crate) fn unreadable(what: impl Into<String>) -> Self {
        Self::Unreadable(what.into())
    }

    pub(crate) fn too_large(what: impl Into<String>) -> Self {
        Self::TooLarge(what.into())
    }

    /// Creates the error for a part that should be XML.
    pub(crate) fn invalid_xml() -> Self {
        Self::unreadable("one of its parts is not valid XML")
    }

    /// Creates the error for a workbook that a library does not understand; the library's message means nothing to
    /// users.
    pub(crate) fn not_understood() -> Self {
        Self::unreadable("it is damaged or uses an unsupported feature")
    }

    /// Creates the error for data that end too early.
    pub(crate) fn cut_short() -> Self {
        Self::unreadable("it is damaged or cut short")
    }

    /// Creates the error for a cell that calamine lost; more cells may be lost.
    pub(crate) fn lost(row: u32, column: u32) -> Self {
        let cell = crate::diagnostics::diagnostic::cell_name(row.saturating_add(1), column);
        Self::unreadable(format!("the cell `{cell}` is stored in an unsupported way"))
    }

    /// Converts the error into a diagnostic about a file.
    pub(crate) fn of(self, source: &Arc<Source>) -> Diagnostic {
        let (code, help) = match &self {
            Self::Unreadable(_) => (
                Code::InputUnreadable,
                "download or export the file again, or open it in a spreadsheet program and save it as .xlsx",
            ),
            Self::TooLarge(_) => (
                Code::InputTooLarge,
                "split it into several files, or save the sheet as CSV",
            ),
            Self::Encrypted => (
                Code::InputEncrypted,
                "open it with its password, save it without one, and try again",
            ),
        };
        Diagnostic::new(code, Place::whole(source), self.to_string(), help)
    }
}

impl From<ZipError> for WorkbookError {
    fn from(error: ZipError) -> Self {
        match error {
            ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => Self::Encrypted,
            ZipError::Io(error) => error.into(),
            ZipError::FileNotFound => Self::unreadable("one of its parts is missing"),
            _ => Self::cut_short(),
        }
    }
}

impl From<io::Error> for WorkbookError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::OutOfMemory => Self::too_large("reading it takes too much memory"),
            _ => Self::cut_short(),
        }
    }
}
