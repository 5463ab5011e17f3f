//! Finds reasons to stop in the outcomes.

use super::outcome::{Delivery, Outcome};
use super::shutdown::StopReason;

/// The API counts as down after this many orders in a row without a useful answer.
const MAX_FAILURES_IN_A_ROW: u32 = 10;
/// The credentials count as lacking permission after this many 403s without an accepted order.
const MAX_FORBIDDEN: u32 = 5;

/// Finds reasons to stop in the outcomes.
#[derive(Debug, Default)]
pub(crate) struct FailureMonitor {
    failures_in_a_row: u32,
    forbidden: u32,
    /// Orders that were rejected, failed or are unknown.
    failures: usize,
    max_failures: Option<usize>,
    was_answered: bool,
    was_accepted: bool,
}

impl FailureMonitor {
    /// Creates a monitor with the limit of `--max-failures`.
    pub(crate) fn new(max_failures: Option<usize>) -> Self {
        Self {
            max_failures,
            ..Self::default()
        }
    }

    /// Records an outcome, and returns a reason to stop if there is one now.
    pub(crate) fn record(&mut self, delivery: &Delivery) -> Option<StopReason> {
        self.failures += usize::from(matches!(
            delivery.outcome,
            Outcome::Rejected | Outcome::Failed | Outcome::Unknown
        ));
        let is_exceeded = self.max_failures.is_some_and(|max| self.failures > max);
        self.record_answer(delivery)
            .or_else(|| is_exceeded.then_some(StopReason::TooManyFailures(self.failures)))
    }

    fn record_answer(&mut self, delivery: &Delivery) -> Option<StopReason> {
        let message = || delivery.message.clone().unwrap_or_default();
        // An order is also unknown if the server accepted it without the held reports.
        let is_accepted = delivery
            .http_status
            .is_some_and(|status| (200..300).contains(&status));
        if matches!(delivery.outcome, Outcome::Failed | Outcome::Unknown) && !is_accepted {
            self.failures_in_a_row += 1;
            return (self.failures_in_a_row >= MAX_FAILURES_IN_A_ROW)
                .then(|| StopReason::Unreachable(message()));
        }
        self.failures_in_a_row = 0;
        self.was_answered = true;
        self.was_accepted |= delivery.outcome == Outcome::Accepted;
        self.forbidden += u32::from(delivery.http_status == Some(403));
        (self.forbidden >= MAX_FORBIDDEN && !self.was_accepted)
            .then(|| StopReason::Forbidden(message()))
    }

    /// Returns whether orders were sent and none of them got a useful answer.
    pub(crate) fn never_answered(&self) -> bool {
        self.failures_in_a_row > 0 && !self.was_answered
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
    fn ten_failures_in_a_row_stop_the_run() {
        let mut monitor = FailureMonitor::default();
        for _ in 0..9 {
            assert_eq!(monitor.record(&delivery(Outcome::Failed, 503)), None);
        }
        assert_eq!(monitor.record(&delivery(Outcome::Accepted, 204)), None);
        for _ in 0..9 {
            assert_eq!(monitor.record(&delivery(Outcome::Unknown, 500)), None);
        }
        let reason = monitor.record(&delivery(Outcome::Failed, 503));
        assert!(matches!(reason, Some(StopReason::Unreachable(_))));
    }

    #[test]
    fn five_403s_stop_the_run_unless_an_order_was_accepted() {
        let mut monitor = FailureMonitor::default();
        for _ in 0..4 {
            assert_eq!(monitor.record(&delivery(Outcome::Rejected, 403)), None);
        }
        let reason = monitor.record(&delivery(Outcome::Rejected, 403));
        assert!(matches!(reason, Some(StopReason::Forbidden(_))));
        let mut monitor = FailureMonitor::default();
        monitor.record(&delivery(Outcome::Accepted, 204));
        for _ in 0..9 {
            assert_eq!(monitor.record(&delivery(Outcome::Rejected, 403)), None);
        }
    }

    #[test]
    fn one_failure_more_than_allowed_stops_the_run() {
        let mut monitor = FailureMonitor::new(Some(2));
        for outcome in [Outcome::Rejected, Outcome::Accepted, Outcome::Unknown] {
            assert_eq!(monitor.record(&delivery(outcome, 400)), None);
        }
        let reason = monitor.record(&delivery(Outcome::Failed, 503));
        assert_eq!(reason, Some(StopReason::TooManyFailures(3)));
    }
}
