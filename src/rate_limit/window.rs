//! When the next request may leave: a function of what is used, and of nothing else.

use std::time::Duration;

use crate::rate_limit::latency::{credit, guard};
use crate::rate_limit::limiter::LONGEST_PAUSE;
use crate::rate_limit::rate::{Limit, Rate};
use crate::rate_limit::state::{Throttle, Uses};
use crate::system::wall_time::WallTime;

/// By how much longer each step keeps the windows closed, after the server found us too fast.
const STEP: f64 = 1.5;
/// The slowest pace is a good tenth of the rate: somebody else is using the rest.
const MOST_STEPS: u32 = 5;
/// After so long without a 429 the pace recovers by a step.
const QUIET: Duration = Duration::from_secs(10);

/// When the next request may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Opening {
    /// At this moment, which may be past.
    At(WallTime),
    /// Not before one that is in flight has ended.
    AfterAnother,
}

impl Rate {
    /// Returns how long a use is to be remembered.
    pub(crate) fn memory(&self, throttle: &Throttle, now: WallTime) -> Duration {
        let closed = |limit: &Limit| throttle.stretched(closed(limit), now);
        self.0.iter().map(closed).max().unwrap_or_default()
    }

    /// Returns when the next request may leave.
    pub(crate) fn opening(&self, uses: &Uses, now: WallTime) -> Opening {
        let unpaused = Opening::At(uses.throttle.paused_until());
        let credit = credit(uses, now);
        let openings = self.0.iter().map(|limit| match last_in_way(limit, uses) {
            InWay::Nothing => unpaused,
            InWay::InFlight => Opening::AfterAnother,
            InWay::Ended(at) => {
                let closed = uses.throttle.stretched(closed(limit), now);
                Opening::At(at.plus(closed).minus(credit))
            }
        });
        openings.fold(unpaused, Opening::max)
    }
}

fn closed(limit: &Limit) -> Duration {
    limit.window + guard(limit)
}

/// What keeps a window closed for the next request.
enum InWay {
    Nothing,
    InFlight,
    /// The request that must have left the window first.
    Ended(WallTime),
}

/// Finds the request that must have left a window so that another fits: as many newer ones as fit beside it may stay.
fn last_in_way(limit: &Limit, uses: &Uses) -> InWay {
    let count = limit.count as usize;
    let Some(mut places) = count.checked_sub(uses.flights.len()).filter(|n| *n > 0) else {
        return InWay::InFlight;
    };
    for (at, uses) in uses.ended.iter().rev() {
        match places.checked_sub(*uses as usize).filter(|left| *left > 0) {
            Some(left) => places = left,
            None => return InWay::Ended(*at),
        }
    }
    InWay::Nothing
}

impl Throttle {
    /// Returns until when nobody sends.
    pub(crate) fn paused_until(&self) -> WallTime {
        self.paused_at.plus(Duration::from_micros(self.pause))
    }

    /// Keeps everybody from sending for so long.
    pub(crate) fn pause(&mut self, wait: Duration, now: WallTime) {
        let wait = wait.min(LONGEST_PAUSE);
        if now.plus(wait) > self.paused_until() {
            self.paused_at = now;
            self.pause = u64::try_from(wait.as_micros()).unwrap_or(u64::MAX);
        }
    }

    /// Slows the pace by a step. Several 429s in the same pause are one finding.
    pub(crate) fn slow_down(&mut self, now: WallTime) {
        if self.paused_until() <= now {
            self.steps = (self.steps_now(now) + 1).min(MOST_STEPS);
            self.slowed_at = Some(now);
        }
    }

    /// Returns by how many steps the pace is slowed now: one less for each quiet while.
    fn steps_now(&self, now: WallTime) -> u32 {
        let quiet = self.slowed_at.map_or(Duration::ZERO, |at| now.since(at));
        let recovered = u32::try_from(quiet.as_secs() / QUIET.as_secs()).unwrap_or(u32::MAX);
        self.steps.saturating_sub(recovered)
    }

    /// Returns how long a window is kept closed now.
    fn stretched(&self, window: Duration, now: WallTime) -> Duration {
        (0..self.steps_now(now)).fold(window, |window, _| window.mul_f64(STEP))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::process::ProcessId;

    fn at(millis: u64) -> WallTime {
        WallTime::at(Duration::from_millis(1_000_000 + millis))
    }

    fn used(ends: &[u64], in_flight: u64) -> Uses {
        let mut uses = Uses::default();
        uses.ended.extend(ends.iter().map(|end| (at(*end), 1)));
        (0..in_flight).for_each(|number| uses.begin(&ProcessId::this_process(), number, at(0)));
        uses
    }

    fn opening(rate: &str, uses: &Uses) -> Opening {
        rate.parse::<Rate>().unwrap().opening(uses, at(1000))
    }

    #[test]
    fn a_place_is_free_a_window_and_a_guard_after_the_request_that_had_it() {
        let ends = [100, 200, 300, 400];
        let later = |millis| Opening::At(at(millis).plus(Duration::from_micros(1200)));
        assert_eq!(opening("3/s", &used(&ends, 0)), later(1200));
        assert_eq!(opening("3/s", &used(&ends, 1)), later(1300));
        assert_eq!(opening("3/s", &used(&ends, 3)), Opening::AfterAnother);
        assert!(opening("3/s", &used(&ends[..2], 0)) < Opening::At(at(0)));
        let minute = at(60_100).plus(Duration::from_millis(13));
        assert_eq!(opening("3/s,4/m", &used(&ends, 0)), Opening::At(minute));
    }

    #[test]
    fn a_budget_that_is_used_up_keeps_every_window_closed() {
        let uses = Uses::up(at(0));
        for rate in ["3/s", "100000/s", "4294967295/s"] {
            assert!(opening(rate, &uses) > Opening::At(at(1000)), "{rate}");
        }
    }

    #[test]
    fn a_pause_holds_for_every_rate_and_the_longest_one_counts() {
        let mut uses = Uses::default();
        uses.throttle.pause(Duration::from_secs(9), at(0));
        uses.throttle.pause(Duration::from_secs(2), at(1000));
        assert_eq!(opening("unlimited", &uses), Opening::At(at(9000)));
        assert_eq!(opening("3/s", &uses), Opening::At(at(9000)));
    }

    #[test]
    fn several_refusals_within_a_pause_slow_the_pace_once_and_it_recovers() {
        let mut throttle = Throttle::default();
        for millis in [0, 100, 200] {
            throttle.slow_down(at(millis));
            throttle.pause(Duration::from_secs(2), at(millis));
        }
        let second = Duration::from_secs(1);
        let stretched = |millis| throttle.stretched(second, at(millis));
        assert_eq!(stretched(500), Duration::from_millis(1500));
        assert_eq!(stretched(10_000), second);
    }
}
