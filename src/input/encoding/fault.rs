//! Why bytes are no text, and on which line.

use std::borrow::Cow;
use std::sync::Arc;

use crate::input::lines::Lines;
use crate::problem::{Code, Place, Problem, Source};

/// Why bytes are no text.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::input) struct Fault {
    pub(super) line: Option<u32>,
    pub(super) message: String,
    pub(super) help: Cow<'static, str>,
}

impl Fault {
    pub(super) fn whole(message: impl Into<String>, help: impl Into<Cow<'static, str>>) -> Self {
        Self {
            line: None,
            message: message.into(),
            help: help.into(),
        }
    }

    pub(super) fn on_line(line: u32, message: impl Into<String>) -> Self {
        Self {
            line: Some(line),
            ..Self::whole(message, SAVE_AS_UTF_8)
        }
    }

    /// Counts the lines of what stands before these bytes as well.
    pub(in crate::input) fn after(self, before: &Lines) -> Self {
        Self {
            line: self.line.map(|line| line + before.number() - 1),
            ..self
        }
    }

    /// Makes a finding of it.
    pub(in crate::input) fn problem(self, source: &Arc<Source>) -> Problem {
        let place = self
            .line
            .map_or_else(|| Place::whole(source), |line| Place::row(source, line));
        Problem::new(Code::EncodingInvalid, place, self.message, self.help)
    }
}

pub(super) const SAVE_AS_UTF_8: &str = "save the file as CSV UTF-8 and try again";
