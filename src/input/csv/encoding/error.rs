//! Why bytes are no text, and on which line.

use std::borrow::Cow;
use std::sync::Arc;

use crate::diagnostics::diagnostic::{Code, Diagnostic, Place, Source};
use crate::input::csv::lines::Lines;

/// Why bytes are no text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) line: Option<u32>,
    pub(crate) message: String,
    pub(crate) help: Cow<'static, str>,
}

impl Fault {
    pub(crate) fn whole(message: impl Into<String>, help: impl Into<Cow<'static, str>>) -> Self {
        Self {
            line: None,
            message: message.into(),
            help: help.into(),
        }
    }

    pub(crate) fn on_line(line: u32, message: impl Into<String>) -> Self {
        Self {
            line: Some(line),
            ..Self::whole(message, SAVE_AS_UTF_8)
        }
    }

    /// Counts the lines of what stands before these bytes as well.
    pub(crate) fn after(self, before: &Lines) -> Self {
        Self {
            line: self.line.map(|line| line + before.number() - 1),
            ..self
        }
    }

    /// Makes a finding of it.
    pub(crate) fn problem(self, source: &Arc<Source>) -> Diagnostic {
        let place = self
            .line
            .map_or_else(|| Place::whole(source), |line| Place::row(source, line));
        Diagnostic::new(Code::EncodingInvalid, place, self.message, self.help)
    }
}

pub(crate) const SAVE_AS_UTF_8: &str = "save the file as CSV UTF-8 and try again";
