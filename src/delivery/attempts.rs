//! The attempts to deliver one order: how often it was sent, how each attempt ended, and whether another may follow.
//!
//! The retry policy in [`super::retry`] classifies a single response. This module keeps the history that the policy
//! alone cannot know, and turns it into the order's [`Delivery`] when the worker is done with it.

use std::time::Duration;

use jiff::Timestamp;

use super::outcome::{Attempt, Delivery, Outcome};
use super::retry::RetryAction;
use crate::ledger::{Change, ScopedReport};
use crate::paylocity::response::Response;

/// Gives up on an order after this many 429s. By then the rate limiter has slowed down several times.
const MAX_THROTTLED: u32 = 30;
/// Gives up on an order after this many 401s with tokens that other orders were accepted with.
const MAX_TOKEN_REFUSALS: u32 = 3;

/// The message of an order whose reports are held.
pub(crate) const REPORTS_HELD: &str = "reports are held: the server may already have them";

/// The history of one order's attempts.
#[derive(Debug, Clone, Default)]
pub(super) struct AttemptHistory {
    attempts: Vec<Attempt>,
    failures: u32,
    throttled: u32,
    token_refusals: u32,
    /// At least one attempt may have been applied although no answer confirmed it.
    is_ambiguous: bool,
    /// At least one report may have been appended twice.
    may_have_duplicates: bool,
}

impl AttemptHistory {
    /// Records how an attempt ended.
    ///
    /// `resends_reports` is true if the body contained reports that an earlier, ambiguous attempt may already have
    /// appended.
    pub(super) fn record(
        &mut self,
        response: &Response,
        action: RetryAction,
        latency: Duration,
        resends_reports: bool,
    ) {
        let now = Timestamp::now();
        self.attempts.push(Attempt {
            sent_at: now.checked_sub(latency).unwrap_or(now),
            latency,
            http_status: response.status(),
            message: response.message(),
        });
        match action {
            RetryAction::Accept => self.may_have_duplicates |= resends_reports,
            RetryAction::RetryAmbiguous => {
                self.may_have_duplicates |= resends_reports;
                self.is_ambiguous = true;
                self.failures += 1;
            }
            RetryAction::RetryNotApplied(_) => self.failures += 1,
            RetryAction::Throttle(_) => self.throttled += 1,
            RetryAction::RefreshToken => self.token_refusals += 1,
            RetryAction::Reject => {}
        }
    }

    /// Returns the number of attempts.
    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.attempts.len()).unwrap_or(u32::MAX)
    }

    /// Returns whether the order may be sent again. Only failures count against `max_retries`; waiting for the rate
    /// limiter or for a new token does not.
    pub(super) fn may_retry(&self, max_retries: u32) -> bool {
        self.failures <= max_retries
            && self.throttled < MAX_THROTTLED
            && self.token_refusals < MAX_TOKEN_REFUSALS
    }

    /// Returns the number of 429s.
    pub(super) fn throttled(&self) -> u32 {
        self.throttled
    }

    /// Returns the number of failures.
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    /// Returns the last message of the server, or the cause of the last failure.
    pub(super) fn last_message(&self) -> Option<&str> {
        self.attempts.last()?.message.as_deref()
    }

    /// Finishes the order with a known outcome.
    pub(super) fn finish(self, outcome: Outcome, held_reports: Vec<ScopedReport>) -> Delivery {
        let last = self.attempts.last();
        let held = (!held_reports.is_empty()).then(|| REPORTS_HELD.to_owned());
        Delivery {
            outcome,
            http_status: last.and_then(|last| last.http_status),
            attempts: self.count(),
            latency: last.map(|last| last.latency),
            possible_duplicate_reports: self.may_have_duplicates,
            message: self.last_message().map(str::to_owned).or(held),
            held_reports,
            history: self.attempts,
        }
    }

    /// Finishes an order that has nothing left to send, because the ledger says so.
    pub(super) fn finish_without_sending(
        self,
        change: Change,
        held_reports: Vec<ScopedReport>,
    ) -> Delivery {
        match change {
            Change::Unchanged => self.finish(Outcome::Unchanged, held_reports),
            // Only held reports remain, and this run never sent the order: it still waits for `resolve`.
            Change::Held if self.attempts.is_empty() => self.finish(Outcome::Unknown, held_reports),
            Change::Held | Change::Changed | Change::Resume | Change::New => {
                self.give_up(held_reports)
            }
        }
    }

    /// Finishes an order after its last permitted attempt: `Unknown` if any attempt may have been applied, else
    /// `Failed`.
    pub(super) fn give_up(self, held_reports: Vec<ScopedReport>) -> Delivery {
        let outcome = if self.is_ambiguous {
            Outcome::Unknown
        } else {
            Outcome::Failed
        };
        self.finish(outcome, held_reports)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(attempts: &[(u16, RetryAction)]) -> AttemptHistory {
        let mut history = AttemptHistory::default();
        for (status, action) in attempts {
            let response = Response::Answered {
                status: *status,
                retry_after: None,
                message: None,
            };
            let resends_reports = history.is_ambiguous;
            history.record(&response, *action, Duration::ZERO, resends_reports);
        }
        history
    }

    #[test]
    fn reports_may_be_duplicated_only_if_two_attempts_may_have_been_applied() {
        let lost = (500, RetryAction::RetryAmbiguous);
        let unavailable = (503, RetryAction::RetryNotApplied(None));
        let (accepted, rejected) = ((204, RetryAction::Accept), (400, RetryAction::Reject));
        let has_duplicates = |attempts: &[(u16, RetryAction)]| {
            history(attempts)
                .finish(Outcome::Accepted, Vec::new())
                .possible_duplicate_reports
        };
        assert!(has_duplicates(&[lost, accepted]));
        assert!(has_duplicates(&[lost, lost]));
        assert!(has_duplicates(&[lost, unavailable, accepted]));
        assert!(!has_duplicates(&[lost, rejected]));
        assert!(!has_duplicates(&[lost, unavailable]));
        assert!(!has_duplicates(&[unavailable, accepted]));
    }

    #[test]
    fn only_failures_count_against_the_retries() {
        let throttled = [(429, RetryAction::Throttle(None)); 29];
        assert!(history(&throttled).may_retry(0));
        assert!(!history(&[throttled.as_slice(), &throttled].concat()).may_retry(0));
        assert!(history(&[(401, RetryAction::RefreshToken)]).may_retry(0));
        assert!(history(&[(503, RetryAction::RetryNotApplied(None))]).may_retry(1));
        assert!(!history(&[(503, RetryAction::RetryNotApplied(None))]).may_retry(0));
    }
}
