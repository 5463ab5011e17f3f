//! The server's demands: pauses, and a slower rate after 429s.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::system::clock::WallTime;

/// Upper bound of a pause, whatever the server asks.
pub(super) const MAX_PAUSE: Duration = Duration::from_secs(24 * 60 * 60);
/// Each step of slowing down keeps windows closed longer by this factor.
const STEP: f64 = 1.5;
/// At most this many steps, which leaves an eighth of the rate: somebody else is using the rest.
const MAX_STEPS: u32 = 5;
/// The rate recovers by one step after this time without a 429.
const RECOVERY_TIME: Duration = Duration::from_secs(10);

/// What the server demanded. The field names are part of the format of state files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Throttle {
    pub(super) paused_at: WallTime,
    /// The length of the pause in microseconds.
    pub(super) pause: u64,
    /// The number of steps at `slowed_at`.
    steps: u32,
    pub(super) slowed_at: Option<WallTime>,
}

impl Throttle {
    /// Returns the end of the pause.
    pub(super) fn paused_until(&self) -> WallTime {
        self.paused_at.plus(Duration::from_micros(self.pause))
    }

    /// Pauses for a duration, unless a longer pause is in force.
    pub(super) fn pause(&mut self, wait: Duration, now: WallTime) {
        let wait = wait.min(MAX_PAUSE);
        if now.plus(wait) > self.paused_until() {
            self.paused_at = now;
            self.pause = u64::try_from(wait.as_micros()).unwrap_or(u64::MAX);
        }
    }

    /// Slows down by a step. Several 429s in the same pause count once.
    pub(super) fn slow_down(&mut self, now: WallTime) {
        if self.paused_until() <= now {
            self.steps = (self.current_steps(now) + 1).min(MAX_STEPS);
            self.slowed_at = Some(now);
        }
    }

    fn current_steps(&self, now: WallTime) -> u32 {
        let quiet = self.slowed_at.map_or(Duration::ZERO, |at| now.since(at));
        let recovered = quiet.as_secs() / RECOVERY_TIME.as_secs();
        self.steps
            .saturating_sub(u32::try_from(recovered).unwrap_or(u32::MAX))
    }

    /// Returns how long a window stays closed at the current speed.
    pub(super) fn stretch(&self, window: Duration, now: WallTime) -> Duration {
        (0..self.current_steps(now)).fold(window, |window, _| window.mul_f64(STEP))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> WallTime {
        WallTime::at(Duration::from_millis(1_000_000 + millis))
    }

    #[test]
    fn several_429s_within_a_pause_slow_down_once_and_the_rate_recovers() {
        let mut throttle = Throttle::default();
        for millis in [0, 100, 200] {
            throttle.slow_down(at(millis));
            throttle.pause(Duration::from_secs(2), at(millis));
        }
        let second = Duration::from_secs(1);
        let stretched = |millis| throttle.stretch(second, at(millis));
        assert_eq!(stretched(500), Duration::from_millis(1500));
        assert_eq!(stretched(10_000), second);
    }
}
