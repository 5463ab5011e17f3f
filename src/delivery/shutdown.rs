//! Stopping a delivery before every update was sent.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use crate::ledger::LedgerError;
use crate::paylocity::token_source::TokenError;

/// Why a delivery was stopped. The texts are messages of the server or causes of failures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StopReason {
    /// By the user or the system.
    Interrupted,
    /// The server refuses the credentials.
    Refused(String),
    /// The server refuses permission.
    Forbidden(String),
    /// The API cannot be reached or keeps failing.
    Unreachable(String),
    /// An intent could not be made durable, so no request may leave.
    LedgerFailed(String),
    /// The ledger's database was lost and did not come back in time, so no request may leave.
    LedgerLost(String),
    /// This many orders failed, more than allowed.
    TooManyFailures(usize),
    /// The time limit of the run has passed.
    OutOfTime,
}

impl From<&LedgerError> for StopReason {
    fn from(error: &LedgerError) -> Self {
        if error.is_unreachable() {
            Self::LedgerLost(error.to_string())
        } else {
            Self::LedgerFailed(error.to_string())
        }
    }
}

impl From<TokenError> for StopReason {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Refused(message) => Self::Refused(message),
            TokenError::Unavailable(message) => Self::Unreachable(message),
        }
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Interrupted => {
                f.write_str("interrupted; orders that were not sent can be imported again")
            }
            Self::Refused(message) | Self::Forbidden(message) => {
                write!(f, "the credentials or permissions are refused: {message}")
            }
            Self::Unreachable(message) => {
                write!(f, "the API could not be reached or kept failing: {message}")
            }
            Self::LedgerFailed(message) => {
                write!(f, "stopped because the ledger cannot be written: {message}")
            }
            Self::LedgerLost(message) => {
                write!(
                    f,
                    "stopped because the ledger's database was lost: {message}"
                )
            }
            Self::TooManyFailures(failures) => {
                write!(
                    f,
                    "`{failures}` orders failed, more than --max-failures allows"
                )
            }
            Self::OutOfTime => f.write_str("the time limit of --max-duration has passed"),
        }
    }
}

/// A request to stop. No new request leaves after it. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct StopSignal(watch::Sender<Option<StopReason>>);

impl Default for StopSignal {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl StopSignal {
    /// Requests a stop, unless it was already requested for another reason.
    pub(crate) fn request(&self, reason: StopReason) {
        self.0.send_if_modified(|current| {
            let is_first = current.is_none();
            if is_first {
                *current = Some(reason);
            }
            is_first
        });
    }

    pub(crate) fn is_requested(&self) -> bool {
        self.0.borrow().is_some()
    }

    /// Returns the reason, if a stop was requested.
    pub(crate) fn reason(&self) -> Option<StopReason> {
        self.0.borrow().clone()
    }

    /// Returns the output of a future, or `None` if a stop is requested before it is ready.
    pub(super) async fn or_stopped<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let mut receiver = self.0.subscribe();
        tokio::select! {
            biased;
            // Fails only without a sender, and `self` is one.
            _ = receiver.wait_for(Option::is_some) => None,
            output = future => Some(output),
        }
    }

    /// Sleeps until the time has passed or a stop is requested.
    pub(super) async fn sleep(&self, duration: Duration) {
        self.or_stopped(sleep(duration)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_stop_ends_a_sleep_and_keeps_its_first_reason() {
        let stop = StopSignal::default();
        let begun = tokio::time::Instant::now();
        let requester = stop.clone();
        tokio::join!(stop.sleep(Duration::from_secs(60)), async move {
            sleep(Duration::from_secs(1)).await;
            requester.request(StopReason::Interrupted);
            requester.request(StopReason::Refused("late".into()));
        });
        assert_eq!(begun.elapsed(), Duration::from_secs(1));
        assert_eq!(stop.reason(), Some(StopReason::Interrupted));
    }

    #[tokio::test]
    async fn after_a_stop_nothing_is_started() {
        let stop = StopSignal::default();
        assert_eq!(stop.or_stopped(std::future::ready(1)).await, Some(1));
        stop.request(StopReason::Interrupted);
        assert_eq!(stop.or_stopped(std::future::ready(1)).await, None);
    }
}
