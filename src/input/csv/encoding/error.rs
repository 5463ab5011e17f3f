//! Errors of decoding.

use std::borrow::Cow;
use std::sync::Arc;

use crate::diagnostics::diagnostic::{Code, Diagnostic, Place, Source};
use crate::input::csv::lines::Lines;

pub(crate) const SAVE_AS_UTF_8: &str = "save the file as CSV UTF-8 and try again";

/// Why bytes cannot be decoded.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct EncodingError {
    pub(crate) line: Option<u32>,
    pub(crate) message: String,
    pub(crate) help: Cow<'static, str>,
}

impl EncodingError {
    /// An error of the whole file.
    pub(crate) fn of_file(message: impl Into<String>, help: impl Into<Cow<'static, str>>) -> Self {
        Self {
            line: None,
            message: message.into(),
            help: help.into(),
        }
    }

    /// An error on one line.
    pub(crate) fn on_line(line: u32, message: impl Into<String>) -> Self {
        Self {
            line: Some(line),
            ..Self::of_file(message, SAVE_AS_UTF_8)
        }
    }

    /// Shifts the line by the lines before the bytes that were decoded.
    pub(crate) fn after(self, before: &Lines) -> Self {
        Self {
            line: self.line.map(|line| line + before.number() - 1),
            ..self
        }
    }

    pub(crate) fn diagnostic(self, source: &Arc<Source>) -> Diagnostic {
        let place = self
            .line
            .map_or_else(|| Place::whole(source), |line| Place::row(source, line));
        Diagnostic::new(Code::EncodingInvalid, place, self.message, self.help)
    }
}
