//! Why and how a delivery ends before every update has left.

use std::fmt;
use std::time::Duration;

use tokio::sync::watch;

use super::outcome::{Delivery, Outcome};
use crate::ledger::LedgerError;

/// Why a delivery ended early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// The user, or the system, asked for it.
    Interrupted,
    /// The credentials were refused; the server's words.
    Refused(String),
    /// The permissions were refused; the server's words.
    Forbidden(String),
    /// The API could not be reached or kept failing; what happened.
    Unreachable(String),
    /// An intent could not be made durable, so nothing may leave; what happened.
    LedgerFailed(String),
    /// The ledger's database was lost and did not come back in time, so nothing may leave; what happened.
    LedgerLost(String),
    /// More orders failed than were allowed to: so many.
    TooManyFailures(usize),
    /// The time that the run may last is over.
    OutOfTime,
}

impl End {
    /// Returns the end for what is wrong with the ledger.
    pub(crate) fn of_ledger(error: &LedgerError) -> Self {
        if error.is_unreachable() {
            Self::LedgerLost(error.to_string())
        } else {
            Self::LedgerFailed(error.to_string())
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Interrupted => {
                f.write_str("interrupted; what was not sent can be imported again")
            }
            Self::Refused(words) | Self::Forbidden(words) => {
                write!(f, "the credentials or permissions are refused: {words}")
            }
            Self::Unreachable(words) => {
                write!(f, "the API could not be reached or kept failing: {words}")
            }
            Self::LedgerFailed(words) => write!(
                f,
                "the ledger cannot be written, so nothing more may be sent: {words}"
            ),
            Self::LedgerLost(words) => write!(
                f,
                "the ledger's database was lost, so nothing more may be sent: {words}"
            ),
            Self::TooManyFailures(failures) => write!(
                f,
                "`{failures}` orders did not get through, more than --max-failures allows"
            ),
            Self::OutOfTime => f.write_str("the time of --max-duration is over"),
        }
    }
}

/// A request to stop that everybody can make and everybody sees: no new request leaves after it.
#[derive(Debug, Clone)]
pub(crate) struct Stop(watch::Sender<Option<End>>);

impl Default for Stop {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl Stop {
    /// Asks everybody to stop; the first reason is kept.
    pub(crate) fn request(&self, end: End) {
        self.0.send_if_modified(|reason| {
            let first = reason.is_none();
            if first {
                *reason = Some(end);
            }
            first
        });
    }

    /// Tells whether a stop was requested.
    pub(crate) fn is_requested(&self) -> bool {
        self.0.borrow().is_some()
    }

    /// Returns why, if a stop was requested.
    pub(crate) fn reason(&self) -> Option<End> {
        self.0.borrow().clone()
    }

    /// Waits until a stop is requested.
    pub(crate) async fn requested(&self) {
        // An error would mean that no sender is left, and this is one.
        let _ = self.0.subscribe().wait_for(Option::is_some).await;
    }

    /// Sleeps, but not past a requested stop.
    pub(crate) async fn sleep(&self, duration: Duration) {
        // Whether it was the sleep or the stop that ended makes no difference here.
        let _ = tokio::time::timeout(duration, self.requested()).await;
    }
}

/// Orders in a row without any useful answer after which the API counts as out of order.
const FAILURES_IN_A_ROW: u32 = 10;
/// Refusals of permission after which, with no order accepted, the credentials count as without permission.
const FORBIDDEN: u32 = 5;

/// Watches the outcomes for a reason to stop.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    failures_in_a_row: u32,
    forbidden: u32,
    /// Orders that were rejected, failed or are unknown, and how many of them there may be.
    failures: usize,
    most_failures: Option<usize>,
    answered: bool,
    accepted: bool,
}

impl Watch {
    /// Watches a run in which no more orders may fail than so many, if that is limited.
    pub(crate) fn new(most_failures: Option<usize>) -> Self {
        Self {
            most_failures,
            ..Self::default()
        }
    }

    /// Takes an outcome into account; returns a reason to stop, if there is one now.
    pub(crate) fn see(&mut self, delivery: &Delivery) -> Option<End> {
        self.failures += usize::from(matches!(
            delivery.outcome,
            Outcome::Rejected | Outcome::Failed | Outcome::Unknown
        ));
        let too_many = self.most_failures.is_some_and(|most| self.failures > most);
        self.see_api(delivery)
            .or_else(|| too_many.then_some(End::TooManyFailures(self.failures)))
    }

    /// Looks for a reason to stop in how the API answers.
    fn see_api(&mut self, delivery: &Delivery) -> Option<End> {
        let words = || delivery.message.clone().unwrap_or_default();
        // An order is unknown too where the server took it and only its reports are kept back.
        let is_answered = delivery
            .http_status
            .is_some_and(|status| (200..300).contains(&status));
        if matches!(delivery.outcome, Outcome::Failed | Outcome::Unknown) && !is_answered {
            self.failures_in_a_row += 1;
            return (self.failures_in_a_row >= FAILURES_IN_A_ROW)
                .then(|| End::Unreachable(words()));
        }
        self.failures_in_a_row = 0;
        self.answered = true;
        self.accepted |= delivery.outcome == Outcome::Accepted;
        self.forbidden += u32::from(delivery.http_status == Some(403));
        (self.forbidden >= FORBIDDEN && !self.accepted).then(|| End::Forbidden(words()))
    }

    /// Tells whether orders were tried and none of them got a useful answer.
    pub(crate) fn never_answered(&self) -> bool {
        self.failures_in_a_row > 0 && !self.answered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(outcome: Outcome, http_status: u16) -> Delivery {
        Delivery {
            outcome,
            http_status: Some(http_status),
            attempts: 1,
            ..Delivery::not_sent()
        }
    }

    #[test]
    fn ten_failures_in_a_row_are_enough() {
        let mut watch = Watch::default();
        for _ in 0..9 {
            assert_eq!(watch.see(&delivery(Outcome::Failed, 503)), None);
        }
        assert_eq!(watch.see(&delivery(Outcome::Accepted, 204)), None);
        for _ in 0..9 {
            assert_eq!(watch.see(&delivery(Outcome::Unknown, 500)), None);
        }
        assert!(matches!(
            watch.see(&delivery(Outcome::Failed, 503)),
            Some(End::Unreachable(_))
        ));
    }

    #[test]
    fn five_refused_permissions_are_enough_unless_an_order_was_accepted() {
        let mut watch = Watch::default();
        for _ in 0..4 {
            assert_eq!(watch.see(&delivery(Outcome::Rejected, 403)), None);
        }
        let mut lucky = Watch::default();
        lucky.see(&delivery(Outcome::Accepted, 204));
        for _ in 0..9 {
            assert_eq!(lucky.see(&delivery(Outcome::Rejected, 403)), None);
        }
        assert!(matches!(
            watch.see(&delivery(Outcome::Rejected, 403)),
            Some(End::Forbidden(_))
        ));
    }

    #[test]
    fn one_failure_more_than_is_allowed_is_enough() {
        let mut watch = Watch::new(Some(2));
        let outcomes = [Outcome::Rejected, Outcome::Accepted, Outcome::Unknown];
        for outcome in outcomes {
            assert_eq!(watch.see(&delivery(outcome, 400)), None);
        }
        let end = watch.see(&delivery(Outcome::Failed, 503));
        assert_eq!(end, Some(End::TooManyFailures(3)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_ends_a_sleep_and_keeps_its_first_reason() {
        let stop = Stop::default();
        let begun = tokio::time::Instant::now();
        let asker = stop.clone();
        tokio::join!(stop.sleep(Duration::from_secs(60)), async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            asker.request(End::Interrupted);
            asker.request(End::Refused("late".into()));
        });
        assert_eq!(begun.elapsed(), Duration::from_secs(1));
        assert_eq!(stop.reason(), Some(End::Interrupted));
    }
}
