//! What an answer means for the next attempt, and how long to wait for it. Pure.

use std::time::Duration;

use crate::paylocity::client::Answer;

/// What to do after an answer, or after none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The server took the update: any 2xx.
    Accepted,
    /// The token is no longer good.
    TokenRefused,
    /// Too many requests: everybody waits, so long as the server says if it does.
    Throttled(Option<Duration>),
    /// Certainly not applied, and worth another try.
    NotApplied(Option<Duration>),
    /// Perhaps applied: no answer came, or one that tells nothing.
    Ambiguous,
    /// Refused for good. A redirect is never followed, so it counts as one.
    Final,
}

impl Verdict {
    /// Tells whether the update was certainly not applied and may be sent again.
    pub(crate) fn puts_off(self) -> bool {
        matches!(
            self,
            Self::TokenRefused | Self::Throttled(_) | Self::NotApplied(_)
        )
    }
}

/// Returns what an answer means.
pub(crate) fn verdict(answer: &Answer) -> Verdict {
    match answer {
        Answer::Unprocessed(_) => Verdict::NotApplied(None),
        Answer::Lost(_) => Verdict::Ambiguous,
        Answer::Response {
            status,
            retry_after,
            ..
        } => match status {
            200..=299 => Verdict::Accepted,
            401 => Verdict::TokenRefused,
            429 => Verdict::Throttled(*retry_after),
            503 => Verdict::NotApplied(*retry_after),
            300..=499 => Verdict::Final,
            // 5xx, and what is no status of HTTP, tell nothing.
            _ => Verdict::Ambiguous,
        },
    }
}

/// The wait after the first failure; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// No wait of our own is longer. What the server asks for may be.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Returns an exponentially growing wait with jitter: between half and the whole of its step.
pub(crate) fn back_off(attempts: u32) -> Duration {
    let doublings = attempts.saturating_sub(1).min(16);
    let step = (FIRST_WAIT * 2u32.pow(doublings)).min(LONGEST_WAIT);
    step.mul_f64(0.5 + 0.5 * fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16) -> Answer {
        Answer::Response {
            status,
            retry_after: None,
            message: None,
        }
    }

    #[test]
    fn every_answer_has_its_meaning() {
        let table = [
            (response(204), Verdict::Accepted),
            (response(200), Verdict::Accepted),
            (response(202), Verdict::Accepted),
            (response(301), Verdict::Final),
            (response(400), Verdict::Final),
            (response(401), Verdict::TokenRefused),
            (response(403), Verdict::Final),
            (response(404), Verdict::Final),
            (response(408), Verdict::Final),
            (response(409), Verdict::Final),
            (response(429), Verdict::Throttled(None)),
            (response(500), Verdict::Ambiguous),
            (response(502), Verdict::Ambiguous),
            (response(503), Verdict::NotApplied(None)),
            (response(504), Verdict::Ambiguous),
            (response(101), Verdict::Ambiguous),
            (response(600), Verdict::Ambiguous),
            (
                Answer::Unprocessed(String::new()),
                Verdict::NotApplied(None),
            ),
            (Answer::Lost(String::new()), Verdict::Ambiguous),
        ];
        for (answer, expected) in table {
            assert_eq!(verdict(&answer), expected, "{answer:?}");
        }
    }

    #[test]
    fn waits_double_and_stay_within_bounds() {
        for (attempts, step) in [
            (1, 250),
            (2, 500),
            (3, 1000),
            (9, 60_000),
            (u32::MAX, 60_000),
        ] {
            let step = Duration::from_millis(step);
            for _ in 0..100 {
                let wait = back_off(attempts);
                assert!(wait >= step / 2 && wait <= step, "{attempts}: {wait:?}");
            }
        }
    }
}
