//! The facts about a run that hooks get.

use jiff::Timestamp;

use crate::exit::ExitCode;
use crate::pipeline::stages::RunResult;

/// A run that has ended, with a result or an error.
#[derive(Debug)]
pub(super) struct RunSummary<'a> {
    pub(super) exit: ExitCode,
    pub(super) started_at: Timestamp,
    pub(super) finished_at: Timestamp,
    /// `None` if an error or a signal ended the run before it had a result.
    pub(super) result: Option<&'a RunResult>,
    pub(super) error: Option<String>,
}
