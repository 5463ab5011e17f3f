//! How much of the time to answer need not be waited for again.
//!
//! A request has arrived once it is answered. So a place in a window is certainly free a whole window after the
//! answer; but then each use of it takes a window and the time to answer. Were every request as long on its way in
//! and every answer as long on its way out, the next request would arrive exactly as much later as it is sent later,
//! and the place would be free a window after the last *was sent*.
//!
//! What is true lies between, and how far, the times to answer tell. The next request arrives in time if the answer's
//! way back and the next one's way in together take at least what is credited. Both together take at least the least
//! time to answer, unless they vary against each other; by how much they might, is judged by how much the times to
//! answer vary. Where these vary as much as they are long, nothing is credited.

use std::time::Duration;

use crate::rate_limit::rate::Limit;
use crate::rate_limit::state::Uses;
use crate::system::wall_time::WallTime;

/// Fewer answers tell nothing: twice as many as the API lets through in a second.
const ENOUGH: usize = 6;
/// The credit is less than the least time to answer by so many times what the usual time is above it: twice that is
/// the whole range where times are spread evenly, and what more there is makes up for the half of it that is not seen.
const DISCOUNT: u32 = 3;
/// By how much more where few answers are known: as many times as they fit into this.
const DISCOUNT_OF_FEW: usize = 36;
/// After a 429 nothing is credited for so long: what was concluded from the answers may be wrong.
const DISTRUST: Duration = Duration::from_secs(600);

/// For servers that count in whole milliseconds.
const LEAST_GUARD: Duration = Duration::from_millis(1);
/// For clocks that do not run alike: they part by less than this part of a window.
const DRIFT: u32 = 5000;

/// Returns what is added to a window in any case.
pub(crate) fn guard(limit: &Limit) -> Duration {
    LEAST_GUARD + limit.window / DRIFT
}

/// Returns by how much earlier than a whole window after its answer a place is free again.
pub(crate) fn credit(uses: &Uses, now: WallTime) -> Duration {
    let is_distrusted = |at: WallTime| now.since(at) < DISTRUST;
    if uses.throttle.slowed_at.is_some_and(is_distrusted) {
        return Duration::ZERO;
    }
    of_answers(&uses.answers)
}

fn of_answers(answers: &[u64]) -> Duration {
    if answers.len() < ENOUGH {
        return Duration::ZERO;
    }
    let mut sorted = answers.to_vec();
    sorted.sort_unstable();
    let least = Duration::from_micros(sorted[0]);
    let usual = Duration::from_micros(sorted[sorted.len() / 2]);
    let few = u32::try_from(DISCOUNT_OF_FEW / sorted.len()).unwrap_or(0);
    least.saturating_sub(usual.saturating_sub(least) * (DISCOUNT + few))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credit_of(millis: &[u64]) -> Duration {
        let answers: Vec<u64> = millis.iter().map(|millis| millis * 1000).collect();
        of_answers(&answers)
    }

    #[test]
    fn steady_answers_are_credited_and_varying_ones_are_not() {
        assert_eq!(credit_of(&[300; 48]), Duration::from_millis(300));
        assert_eq!(credit_of(&[300; 5]), Duration::ZERO, "too few");
        let varying: Vec<u64> = (5..=50).collect();
        assert_eq!(credit_of(&varying), Duration::ZERO);
        let a_little: Vec<u64> = (0..40).map(|index| 300 + index % 11).collect();
        assert_eq!(credit_of(&a_little), Duration::from_millis(285));
    }

    #[test]
    fn a_few_answers_that_took_long_change_nothing() {
        let mut millis = [100; 24];
        millis[..5].fill(900);
        assert_eq!(credit_of(&millis), Duration::from_millis(100));
    }

    #[test]
    fn nothing_is_credited_for_a_while_after_a_429() {
        let at = |seconds| WallTime::at(Duration::from_secs(seconds));
        let mut uses = Uses::default();
        uses.answers = vec![300_000; 48];
        uses.throttle.slowed_at = Some(at(1000));
        assert_eq!(credit(&uses, at(1599)), Duration::ZERO);
        assert_eq!(credit(&uses, at(1600)), Duration::from_millis(300));
    }
}
