//! The exit codes, which scripts rely on. Pure functions of the totals or of the error.

use crate::delivery::StopReason;
use crate::error::Error;
use crate::inbox::error::InboxError;
use crate::ledger::LedgerError;
use crate::report::model::Totals;
use crate::system::atomic_file::NewFileError;

/// The exit code of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitCode {
    /// Everything was accepted or unchanged; for `validate`, there were no errors.
    Success = 0,
    /// The run finished, but some orders are invalid, rejected, failed, unknown or not sent.
    Incomplete = 1,
    /// The command line or the configuration cannot be followed.
    Usage = 2,
    /// There was no usable input, or errors with `--all-or-nothing`: nothing was sent.
    NoInput = 3,
    /// The credentials or the permissions were refused.
    Refused = 4,
    /// The API, or the ledger's database, could not be reached or kept failing.
    Unreachable = 5,
    /// Another import holds the ledger.
    Held = 6,
    /// The user stopped the run.
    Interrupted = 130,
}

impl ExitCode {
    /// Returns the number.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Returns `Incomplete` instead of `Success`, and any other code unchanged.
    pub(crate) const fn or_incomplete(self) -> Self {
        match self {
            Self::Success => Self::Incomplete,
            other => other,
        }
    }

    /// Returns the code of a run that finished or was stopped early.
    pub(crate) fn of_run(end: Option<&StopReason>, totals: &Totals, errors: usize) -> Self {
        match end {
            Some(StopReason::Interrupted) => Self::Interrupted,
            Some(StopReason::Refused(_) | StopReason::Forbidden(_)) => Self::Refused,
            Some(StopReason::Unreachable(_) | StopReason::LedgerLost(_)) => Self::Unreachable,
            Some(
                StopReason::LedgerFailed(_)
                | StopReason::TooManyFailures(_)
                | StopReason::OutOfTime,
            ) => Self::Incomplete,
            None if errors > 0 || totals.left_over() > 0 => Self::Incomplete,
            None => Self::Success,
        }
    }
}

impl From<&Error> for ExitCode {
    fn from(error: &Error) -> Self {
        match error {
            Error::Ledger(error) if error.is_unreachable() => Self::Unreachable,
            Error::LedgerHeld { .. } | Error::Inbox(InboxError::Held { .. }) => Self::Held,
            Error::NewFile(NewFileError::Write { .. })
            | Error::Ledger(LedgerError::Failed { .. })
            | Error::InputChanged { .. }
            | Error::System { .. }
            | Error::TotalsDoNotClose { .. }
            | Error::RejectedRowsDiffer { .. }
            | Error::NoResult => Self::Incomplete,
            Error::Config(_)
            | Error::CommandLine(_)
            | Error::Plan(_)
            | Error::Inbox(_)
            | Error::NewFile(_)
            | Error::Ledger(LedgerError::Open { .. })
            | Error::DamagedEntry { .. }
            | Error::OrderCountChanged { .. }
            | Error::HttpClient { .. } => Self::Usage,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Location;
    use crate::storage::error::StorageError;

    #[test]
    fn the_code_depends_on_the_stop_reason_and_the_totals() {
        let good = Totals {
            orders: 3,
            accepted: 2,
            unchanged: 1,
            ..Totals::default()
        };
        let rejected = Totals {
            rejected: 1,
            ..good.clone()
        };
        let end = |end: StopReason, totals| ExitCode::of_run(Some(&end), totals, 0).number();
        assert_eq!(ExitCode::of_run(None, &good, 0).number(), 0);
        assert_eq!(ExitCode::of_run(None, &good, 1).number(), 1);
        assert_eq!(ExitCode::of_run(None, &rejected, 0).number(), 1);
        assert_eq!(end(StopReason::Refused(String::new()), &good), 4);
        assert_eq!(end(StopReason::Unreachable(String::new()), &rejected), 5);
        assert_eq!(end(StopReason::Interrupted, &rejected), 130);
    }

    #[test]
    fn ledger_errors_have_different_codes() {
        let (location, error) = (Location::Memory, StorageError::DiskFull);
        let code = |error: Error| ExitCode::from(&error).number();
        assert_eq!(
            code(Error::LedgerHeld {
                holder: None,
                can_wait: true
            }),
            6
        );
        assert_eq!(
            code(Error::Ledger(LedgerError::Open {
                location: location.clone(),
                error: error.clone()
            })),
            2
        );
        let lost = LedgerError::Open {
            location: location.clone(),
            error: StorageError::Unreachable(String::new()),
        };
        assert_eq!(code(Error::Ledger(lost)), 5);
        assert_eq!(
            code(Error::Ledger(LedgerError::Failed { location, error })),
            1
        );
    }
}
