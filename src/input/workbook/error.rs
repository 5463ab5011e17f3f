//! Why a workbook is refused whole, and how far one may go before it is.

use std::io;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use zip::result::ZipError;

use crate::diagnostics::diagnostic::{Code, Diagnostic, Place, Source};

/// What makes a workbook unusable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub(crate) enum Flaw {
    /// It is damaged, cut short, or written in a way that is not read.
    #[error("the workbook cannot be read: {0}")]
    Unreadable(String),
    /// It passes a bound.
    #[error("the workbook is too large: {0}")]
    TooLarge(String),
    /// A password protects it.
    #[error("the workbook is encrypted")]
    Encrypted,
}

impl Flaw {
    pub(crate) fn unreadable(what: impl Into<String>) -> Self {
        Self::Unreadable(what.into())
    }

    pub(crate) fn too_large(what: impl Into<String>) -> Self {
        Self::TooLarge(what.into())
    }

    /// The flaw of a part that should be XML.
    pub(crate) fn no_xml() -> Self {
        Self::unreadable("a part of it is no sound XML")
    }

    /// The flaw of what a library does not understand; its words are for its authors.
    pub(crate) fn strange() -> Self {
        Self::unreadable("it is damaged, or written in a way that is not read")
    }

    /// The flaw of data that end before they should.
    pub(crate) fn cut_short() -> Self {
        Self::unreadable("it is damaged or cut short")
    }

    /// The flaw of a cell that the library lost: other cells may be lost with it.
    pub(crate) fn lost(row: u32, column: u32) -> Self {
        let cell = crate::diagnostics::diagnostic::cell_name(row.saturating_add(1), column);
        Self::unreadable(format!(
            "the cell `{cell}` is written in a way that is not read"
        ))
    }

    /// Names the file that has the flaw.
    pub(crate) fn of(self, source: &Arc<Source>) -> Diagnostic {
        let (code, help) = match &self {
            Self::Unreadable(_) => (
                Code::InputUnreadable,
                "get the file again from where it came; or open it in a spreadsheet program and save it as .xlsx",
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

impl From<ZipError> for Flaw {
    fn from(error: ZipError) -> Self {
        match error {
            ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => Self::Encrypted,
            ZipError::Io(error) => error.into(),
            ZipError::FileNotFound => Self::unreadable("a part of it is missing"),
            _ => Self::cut_short(),
        }
    }
}

impl From<io::Error> for Flaw {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::OutOfMemory => Self::too_large("it takes more memory than it is given"),
            _ => Self::cut_short(),
        }
    }
}
