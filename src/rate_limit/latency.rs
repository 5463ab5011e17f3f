//! How much of the latency need not be waited for.
//!
//! An answered request has certainly arrived, so its place in the window is certainly free one window after the answer.
//! But then each place is used once per window *plus latency*, and at 300 ms latency 3/s becomes 2.3/s. If every
//! request and every answer took the same time, the next request would arrive exactly as much later as it is sent
//! later, and the place would be free one window after the previous request *was sent*.
//!
//! The truth is in between. The next request arrives in time if the previous answer's way back and the next request's
//! way there take at least the credit together. Together they take at least the minimum latency, unless the two ways
//! vary against each other; how much they might is estimated from the variation of the latencies. If these vary as
//! much as they are long, the credit is zero.

use std::time::Duration;

use super::rate::Limit;
use super::state::WindowState;
use crate::system::clock::WallTime;

/// Gives no credit with fewer latencies: twice as many as the API allows in a second.
const MIN_SAMPLES: usize = 6;
/// Reduces the credit by this multiple of the difference between median and minimum. Twice the difference is the range
/// of evenly distributed latencies; the rest allows for the half of the variation that latencies do not show.
const DISCOUNT: u32 = 3;
/// Raises the discount of few samples: by as many times as they fit into this number.
const SMALL_SAMPLE_DISCOUNT: usize = 36;
/// Gives no credit for this long after a 429, which may mean that the estimate was wrong.
const DISTRUST_TIME: Duration = Duration::from_secs(600);

/// Allows for servers that count in whole milliseconds.
const MIN_GUARD: Duration = Duration::from_millis(1);
/// Allows for clocks that differ in speed by less than this fraction of a window.
const DRIFT_FRACTION: u32 = 5000;

/// Returns the safety margin that is added to a window.
pub(super) fn guard(limit: &Limit) -> Duration {
    MIN_GUARD + limit.window / DRIFT_FRACTION
}

/// Returns how much earlier than one window after its answer a request's place is free.
pub(super) fn credit(state: &WindowState, now: WallTime) -> Duration {
    let slowed_at = state.throttle.slowed_at;
    if slowed_at.is_some_and(|at| now.since(at) < DISTRUST_TIME) {
        return Duration::ZERO;
    }
    credit_for(&state.latencies)
}

fn credit_for(latencies: &[u64]) -> Duration {
    if latencies.len() < MIN_SAMPLES {
        return Duration::ZERO;
    }
    let mut sorted = latencies.to_vec();
    sorted.sort_unstable();
    let min = Duration::from_micros(sorted[0]);
    let median = Duration::from_micros(sorted[sorted.len() / 2]);
    let small_sample = u32::try_from(SMALL_SAMPLE_DISCOUNT / sorted.len()).unwrap_or(0);
    min.saturating_sub(median.saturating_sub(min) * (DISCOUNT + small_sample))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credit_of(millis: &[u64]) -> Duration {
        let latencies: Vec<u64> = millis.iter().map(|millis| millis * 1000).collect();
        credit_for(&latencies)
    }

    #[test]
    fn steady_latencies_are_credited_and_varying_ones_are_not() {
        assert_eq!(credit_of(&[300; 48]), Duration::from_millis(300));
        assert_eq!(credit_of(&[300; 5]), Duration::ZERO, "too few");
        let varying: Vec<u64> = (5..=50).collect();
        assert_eq!(credit_of(&varying), Duration::ZERO);
        let slightly_varying: Vec<u64> = (0..40).map(|index| 300 + index % 11).collect();
        assert_eq!(credit_of(&slightly_varying), Duration::from_millis(285));
    }

    #[test]
    fn a_few_slow_answers_change_nothing() {
        let mut millis = [100; 24];
        millis[..5].fill(900);
        assert_eq!(credit_of(&millis), Duration::from_millis(100));
    }

    #[test]
    fn a_429_suspends_the_credit_for_a_while() {
        let at = |seconds| WallTime::at(Duration::from_secs(seconds));
        let mut state = WindowState::default();
        state.latencies = vec![300_000; 48];
        state.throttle.slowed_at = Some(at(1000));
        assert_eq!(credit(&state, at(1599)), Duration::ZERO);
        assert_eq!(credit(&state, at(1600)), Duration::from_millis(300));
    }
}
