//! Exponential back-off with jitter.

use std::time::Duration;

/// The delay after the first failure; it doubles with each further one.
const FIRST_DELAY: Duration = Duration::from_millis(250);
/// Upper bound of the delay. A `Retry-After` may ask for more.
const MAX_DELAY: Duration = Duration::from_secs(60);

/// Returns the delay before the next attempt: between half of its exponential step and the whole step.
pub(crate) fn delay(attempts: u32) -> Duration {
    let doublings = attempts.saturating_sub(1).min(16);
    let step = (FIRST_DELAY * 2u32.pow(doublings)).min(MAX_DELAY);
    step.mul_f64(0.5 + 0.5 * fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_upper_bound() {
        for (attempts, step) in [
            (1, 250),
            (2, 500),
            (3, 1000),
            (9, 60_000),
            (u32::MAX, 60_000),
        ] {
            let step = Duration::from_millis(step);
            for _ in 0..100 {
                let delay = delay(attempts);
                assert!(delay >= step / 2 && delay <= step, "{attempts}: {delay:?}");
            }
        }
    }
}
