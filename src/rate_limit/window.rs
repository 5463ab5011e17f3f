//! When the next request may leave: a pure function of the limits and the state.

use std::time::Duration;

use super::latency;
use super::rate::{Limit, Rate};
use super::state::WindowState;
use super::throttle::Throttle;
use crate::system::clock::WallTime;

/// When the next request may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum NextSlot {
    /// At this time, which may be in the past.
    At(WallTime),
    /// Not before a request in flight has ended.
    AfterInFlight,
}

/// What keeps the next request out of a window.
enum Blocker {
    None,
    InFlight,
    /// A completed request, which must leave the window first.
    Completed(WallTime),
}

/// Returns how long completed requests matter.
pub(super) fn retention(rate: &Rate, throttle: &Throttle, now: WallTime) -> Duration {
    let closed = |limit: &Limit| throttle.stretch(closed_for(limit), now);
    rate.0.iter().map(closed).max().unwrap_or_default()
}

/// Returns when the next request may leave.
pub(super) fn next_slot(rate: &Rate, state: &WindowState, now: WallTime) -> NextSlot {
    let unpaused = NextSlot::At(state.throttle.paused_until());
    let credit = latency::credit(state, now);
    let slots = rate.0.iter().map(|limit| match blocker(limit, state) {
        Blocker::None => unpaused,
        Blocker::InFlight => NextSlot::AfterInFlight,
        Blocker::Completed(at) => {
            let closed = state.throttle.stretch(closed_for(limit), now);
            NextSlot::At(at.plus(closed).minus(credit))
        }
    });
    slots.fold(unpaused, NextSlot::max)
}

/// Returns how long after a request's arrival its place in the window is taken.
fn closed_for(limit: &Limit) -> Duration {
    limit.window + latency::guard(limit)
}

/// Finds the newest request that must leave the window before another one fits.
fn blocker(limit: &Limit, state: &WindowState) -> Blocker {
    let count = limit.count as usize;
    let free = count.checked_sub(state.in_flight.len());
    let Some(mut free) = free.filter(|free| *free > 0) else {
        return Blocker::InFlight;
    };
    for (at, requests) in state.completed.iter().rev() {
        match free.checked_sub(*requests as usize) {
            Some(left) if left > 0 => free = left,
            _ => return Blocker::Completed(*at),
        }
    }
    Blocker::None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::process::ProcessId;

    fn at(millis: u64) -> WallTime {
        WallTime::at(Duration::from_millis(1_000_000 + millis))
    }

    fn state(completed: &[u64], in_flight: u64) -> WindowState {
        let mut state = WindowState::default();
        let completed = completed.iter().map(|millis| (at(*millis), 1));
        state.completed.extend(completed);
        for id in 0..in_flight {
            state.start(&ProcessId::this_process(), id, at(0));
        }
        state
    }

    fn slot(rate: &str, state: &WindowState) -> NextSlot {
        next_slot(&rate.parse().unwrap(), state, at(1000))
    }

    #[test]
    fn a_place_is_free_one_window_and_a_guard_after_the_request_that_had_it() {
        let completed = [100, 200, 300, 400];
        let second_after =
            |millis: u64| NextSlot::At(at(millis + 1000).plus(Duration::from_micros(1200)));
        assert_eq!(slot("3/s", &state(&completed, 0)), second_after(200));
        assert_eq!(slot("3/s", &state(&completed, 1)), second_after(300));
        assert_eq!(slot("3/s", &state(&completed, 3)), NextSlot::AfterInFlight);
        assert!(slot("3/s", &state(&completed[..2], 0)) < NextSlot::At(at(0)));
        let minute = at(60_100).plus(Duration::from_millis(13));
        assert_eq!(slot("3/s,4/m", &state(&completed, 0)), NextSlot::At(minute));
    }

    #[test]
    fn an_exhausted_state_keeps_every_window_closed() {
        let state = WindowState::exhausted(at(0));
        for rate in ["3/s", "100000/s", "4294967295/s"] {
            assert!(slot(rate, &state) > NextSlot::At(at(1000)), "{rate}");
        }
    }

    #[test]
    fn the_longest_pause_holds_for_every_rate() {
        let mut state = WindowState::default();
        state.throttle.pause(Duration::from_secs(9), at(0));
        state.throttle.pause(Duration::from_secs(2), at(1000));
        assert_eq!(slot("unlimited", &state), NextSlot::At(at(9000)));
        assert_eq!(slot("3/s", &state), NextSlot::At(at(9000)));
    }
}
