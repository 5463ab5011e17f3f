//! What is known of one update while it is being delivered: what came back, and whether it may be sent again.

use std::time::Duration;

use jiff::Timestamp;

use super::outcome::{Delivery, Exchange, Outcome};
use super::retry::Verdict;
use crate::ledger::{Change, ScopedReport};
use crate::paylocity::client::Answer;

/// An update that the server keeps putting off is given up after so many 429s: the pace has long been lowered then.
const MOST_THROTTLED: u32 = 30;
/// An update for which so many good tokens were refused is refused itself.
const MOST_TOKENS: u32 = 3;

/// What is said of an order whose reports are kept back.
pub(crate) const KEPT_BACK: &str = "reports are kept back: it is not known whether they were taken";

/// One update on its way.
#[derive(Debug, Clone, Default)]
pub(crate) struct Course {
    pub(crate) attempts: u32,
    failures: u32,
    throttled: u32,
    tokens: u32,
    /// Whether an attempt may have been applied.
    ambiguous: bool,
    /// Whether a report may have been appended twice.
    perhaps_twice: bool,
    http_status: Option<u16>,
    latency: Option<Duration>,
    message: Option<String>,
    exchanges: Vec<Exchange>,
}

impl Course {
    /// Takes what came back for an attempt, and what it means. `in_doubt` says that its reports may have been appended
    /// before.
    pub(crate) fn take(
        &mut self,
        answer: &Answer,
        verdict: Verdict,
        latency: Duration,
        in_doubt: bool,
    ) {
        self.http_status = answer.status();
        self.message = answer.message();
        self.latency = Some(latency);
        let now = Timestamp::now();
        self.exchanges.push(Exchange {
            sent_at: now.checked_sub(latency).unwrap_or(now),
            latency,
            http_status: self.http_status,
            message: self.message.clone(),
        });
        match verdict {
            Verdict::Accepted => self.perhaps_twice |= in_doubt,
            Verdict::Ambiguous => {
                self.perhaps_twice |= in_doubt;
                self.ambiguous = true;
                self.failures += 1;
            }
            Verdict::NotApplied(_) => self.failures += 1,
            Verdict::Throttled(_) => self.throttled += 1,
            Verdict::TokenRefused => self.tokens += 1,
            Verdict::Final => {}
        }
    }

    /// Tells whether the update may be sent again. Waiting for the rate and for a token is no failure.
    pub(crate) fn may_go_on(&self, retries: u32) -> bool {
        self.failures <= retries && self.throttled < MOST_THROTTLED && self.tokens < MOST_TOKENS
    }

    /// Returns how many 429s the update has met.
    pub(crate) fn throttled(&self) -> u32 {
        self.throttled
    }

    /// Returns how often the update has failed.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// Returns what the server said last, or what went wrong.
    pub(crate) fn words(&self) -> String {
        self.message.clone().unwrap_or_default()
    }

    /// Ends the course with an outcome.
    pub(crate) fn end(mut self, outcome: Outcome, held_reports: Vec<ScopedReport>) -> Delivery {
        if !held_reports.is_empty() {
            self.message.get_or_insert_with(|| KEPT_BACK.to_owned());
        }
        Delivery {
            outcome,
            http_status: self.http_status,
            attempts: self.attempts,
            latency: self.latency,
            possible_duplicate_reports: self.perhaps_twice,
            held_reports,
            message: self.message,
            exchanges: self.exchanges,
        }
    }

    /// Ends the course where nothing is left to send.
    pub(crate) fn end_unsent(self, change: Change, held_reports: Vec<ScopedReport>) -> Delivery {
        match change {
            Change::Unchanged => self.end(Outcome::Unchanged, held_reports),
            Change::Held if self.attempts == 0 => self.end(Outcome::Unknown, held_reports),
            // All that is left are reports that are kept back.
            _ => self.give_up(held_reports),
        }
    }

    /// Ends the course where no answer settles it any more.
    pub(crate) fn give_up(self, held_reports: Vec<ScopedReport>) -> Delivery {
        let outcome = if self.ambiguous {
            Outcome::Unknown
        } else {
            Outcome::Failed
        };
        self.end(outcome, held_reports)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course(verdicts: &[(u16, Verdict)]) -> Course {
        let mut course = Course::default();
        for (status, verdict) in verdicts {
            let answer = Answer::Response {
                status: *status,
                retry_after: None,
                message: None,
            };
            let in_doubt = course.ambiguous;
            course.take(&answer, *verdict, Duration::ZERO, in_doubt);
        }
        course
    }

    #[test]
    fn reports_may_stand_twice_only_where_two_attempts_may_have_been_applied() {
        let (lost, down) = ((500, Verdict::Ambiguous), (503, Verdict::NotApplied(None)));
        let (done, refused) = ((204, Verdict::Accepted), (400, Verdict::Final));
        let twice = |verdicts: &[(u16, Verdict)]| {
            course(verdicts)
                .end(Outcome::Accepted, Vec::new())
                .possible_duplicate_reports
        };
        assert!(twice(&[lost, done]) && twice(&[lost, lost]) && twice(&[lost, down, done]));
        assert!(!twice(&[lost, refused]) && !twice(&[lost, down]) && !twice(&[down, done]));
    }

    #[test]
    fn only_failures_are_charged_to_the_retries() {
        let put_off = [(429, Verdict::Throttled(None)); 29];
        assert!(course(&put_off).may_go_on(0));
        assert!(!course(&[put_off.as_slice(), &put_off].concat()).may_go_on(0));
        assert!(course(&[(401, Verdict::TokenRefused)]).may_go_on(0));
        assert!(course(&[(503, Verdict::NotApplied(None))]).may_go_on(1));
        assert!(!course(&[(503, Verdict::NotApplied(None))]).may_go_on(0));
    }
}
