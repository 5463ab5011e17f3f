//! What of a target's rate is used: when requests arrived at the latest, which are still in flight, and what the
//! server said of the pace. Values alone; the rule that follows from them stands in `deliver::pace`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::system::process::{Liveness, ProcessId};
use crate::system::wall_time::WallTime;

/// From so many ends on they are put together, so that a high rate stays cheap.
const MANY: usize = 1024;
/// Ends are put together within this part of their age: that costs as small a part of the rate at most.
const GRAIN: u32 = 256;
/// How many times to answer are kept: enough to tell how much they vary.
const ANSWERS: usize = 48;
/// After so long without an answer the times before tell nothing of those to come.
const STALE: Duration = Duration::from_secs(600);
/// A request of a process that is out of sight is over by then: the longest time-out that makes sense.
const LONGEST_FLIGHT: Duration = Duration::from_secs(120);
/// A request that its process holds on to is over so long after the last sign of that, for those out of sight.
const UNSEEN: Duration = Duration::from_secs(30);
/// How long a request may take to arrive whose process has ended, at least: the system sends what was written before
/// that, and sends it again where it was lost on the way.
const JOURNEY: Duration = Duration::from_secs(1);

/// What is used of a rate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Uses {
    /// Requests that have ended, the oldest first: when each had arrived at the latest, and how many did by then.
    pub(crate) ended: Vec<(WallTime, u32)>,
    /// Requests that may arrive at any time.
    pub(crate) flights: Vec<Flight>,
    /// How long the last answers took, in microseconds.
    pub(crate) answers: Vec<u64>,
    answered_at: WallTime,
    /// What the server said of the pace.
    pub(crate) throttle: Throttle,
    /// How long ends are kept, in microseconds: the longest window of anybody who shares this.
    keep: u64,
}

/// A request in flight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Flight {
    /// Whose it is; `None` once that process has ended.
    holder: Option<ProcessId>,
    number: u64,
    since: WallTime,
    /// How long it may take to arrive, in microseconds, where nobody will tell of its end.
    longest: u64,
}

/// What the server said of the pace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Throttle {
    /// Since when nobody sends.
    pub(crate) paused_at: WallTime,
    /// For how long nobody sends, in microseconds.
    pub(crate) pause: u64,
    /// By how many steps the pace was slowed, the last time that it was.
    pub(crate) steps: u32,
    /// When that was.
    pub(crate) slowed_at: Option<WallTime>,
}

impl Uses {
    /// Returns a budget that is used up by now: what is to be assumed where nothing can be known.
    pub(crate) fn up(now: WallTime) -> Self {
        let mut uses = Self::default();
        uses.use_up(now);
        uses
    }

    /// Counts everything as used by now.
    pub(crate) fn use_up(&mut self, now: WallTime) {
        self.ended.push((now, u32::MAX));
    }

    /// Notes a request that is about to leave.
    pub(crate) fn begin(&mut self, holder: &ProcessId, number: u64, now: WallTime) {
        self.flights.push(Flight {
            holder: Some(holder.clone()),
            number,
            since: now,
            longest: micros(LONGEST_FLIGHT),
        });
    }

    /// Notes that these requests of ours are still to leave, or in flight: whoever does not see us counts on them for a
    /// while more.
    pub(crate) fn hold(&mut self, here: &ProcessId, numbers: &[u64], now: WallTime) {
        let is_held = |flight: &Flight| {
            numbers.contains(&flight.number) && flight.holder.as_ref() == Some(here)
        };
        self.flights.retain(|flight| !is_held(flight));
        self.flights.extend(numbers.iter().map(|number| Flight {
            holder: Some(here.clone()),
            number: *number,
            since: now,
            longest: micros(UNSEEN),
        }));
    }

    /// Notes that a request had arrived by then, and how long its answer took, if there was one.
    pub(crate) fn end(
        &mut self,
        holder: &ProcessId,
        number: u64,
        took: Option<Duration>,
        at: WallTime,
    ) {
        self.abandon(holder, number);
        self.arrived(at);
        if let Some(took) = took {
            self.answers.push(micros(took));
            let surplus = self.answers.len().saturating_sub(ANSWERS);
            self.answers.drain(..surplus);
            self.answered_at = at;
        }
    }

    /// Notes that a request will not leave.
    pub(crate) fn abandon(&mut self, holder: &ProcessId, number: u64) {
        self.flights
            .retain(|flight| flight.number != number || flight.holder.as_ref() != Some(holder));
    }

    /// Brings everything to the present: what lies in the future is moved to now, and requests whose process has
    /// ended come to an end too.
    pub(crate) fn bring_to(&mut self, now: WallTime, here: &ProcessId) {
        for at in self.moments() {
            *at = (*at).min(now);
        }
        self.settle_flights(now, here);
        if now.since(self.answered_at) > STALE {
            self.answers.clear();
        }
    }

    /// Forgets what is older than the longest window of anybody who shares this; ours is so long.
    pub(crate) fn forget(&mut self, now: WallTime, longest_window: Duration) {
        let own = micros(longest_window);
        let is_unused = self.ended.is_empty() && self.flights.is_empty();
        self.keep = if is_unused { own } else { self.keep.max(own) };
        let keep = Duration::from_micros(self.keep);
        self.ended.retain(|(at, _)| now.since(*at) <= keep);
        if self.ended.len() > MANY {
            self.put_together(now);
        }
    }

    /// Makes everything younger, where the clock was set ahead in the meantime.
    pub(crate) fn shift(&mut self, ahead: Duration) {
        for at in self.moments() {
            *at = at.plus(ahead);
        }
    }

    /// Goes over to another clock: what is `now` on this one is `then` on that. What is older than that clock becomes
    /// younger.
    pub(crate) fn change_clock(&mut self, now: WallTime, then: WallTime) {
        for at in self.moments() {
            *at = then.minus(now.since(*at));
        }
    }

    fn moments(&mut self) -> impl Iterator<Item = &mut WallTime> {
        let throttle = &mut self.throttle;
        self.ended
            .iter_mut()
            .map(|(at, _)| at)
            .chain(self.flights.iter_mut().map(|flight| &mut flight.since))
            .chain([&mut self.answered_at, &mut throttle.paused_at])
            .chain(&mut throttle.slowed_at)
    }

    /// Ends the flights of which nobody will tell the end.
    ///
    /// What a process sent just before it ended may still be under way: it counts as arriving when its end is
    /// noticed, and as long after that as answers take at most.
    fn settle_flights(&mut self, now: WallTime, here: &ProcessId) {
        let journeys = self.answers.iter().copied();
        let journey = journeys.fold(micros(JOURNEY), u64::max);
        let mut over = Vec::new();
        self.flights.retain_mut(|flight| {
            let life = flight
                .holder
                .as_ref()
                .map(|holder| here.liveness_of(holder));
            if life == Some(Liveness::Ended) {
                flight.holder = None;
                flight.since = now;
                flight.longest = journey;
            }
            let until = flight.since.plus(Duration::from_micros(flight.longest));
            let is_over = life != Some(Liveness::Alive) && until <= now;
            over.extend(is_over.then_some(until));
            !is_over
        });
        for at in over {
            self.arrived(at);
        }
    }

    fn arrived(&mut self, at: WallTime) {
        let place = self.ended.partition_point(|(other, _)| *other <= at);
        self.ended.insert(place, (at, 1));
    }

    fn put_together(&mut self, now: WallTime) {
        let mut merged: Vec<(WallTime, u32)> = Vec::with_capacity(MANY);
        for &(at, count) in self.ended.iter().rev() {
            match merged.last_mut() {
                Some((later, sum)) if later.since(at) <= now.since(at) / GRAIN => {
                    *sum = sum.saturating_add(count);
                }
                _ => merged.push((at, count)),
            }
        }
        merged.reverse();
        self.ended = merged;
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::process::tests::{elsewhere, ended_process};

    const MINUTE: Duration = Duration::from_secs(60);

    fn at(millis: u64) -> WallTime {
        WallTime::at(Duration::from_millis(1_000_000 + millis))
    }

    #[test]
    fn what_lies_in_the_future_is_moved_to_now() {
        let here = ProcessId::this_process();
        let mut uses = Uses::default();
        uses.end(&here, 1, None, at(5000));
        uses.begin(&here, 2, at(6000));
        uses.throttle.paused_at = at(7000);
        uses.bring_to(at(1000), &here);
        assert_eq!(uses.ended, [(at(1000), 1)]);
        assert_eq!(uses.flights[0].since, at(1000));
        assert_eq!(uses.throttle.paused_at, at(1000));
    }

    #[test]
    fn a_request_of_a_process_that_has_ended_arrives_when_that_is_noticed_and_its_journey_is_over()
    {
        let (here, gone) = (ProcessId::this_process(), ended_process());
        let mut uses = Uses::default();
        uses.end(&here, 1, Some(Duration::from_millis(80)), at(0));
        uses.begin(&gone, 1, at(0));
        uses.begin(&here, 2, at(0));
        uses.bring_to(at(5000), &here);
        assert_eq!(uses.flights.len(), 2, "it may be under way");
        uses.end(&here, 3, Some(Duration::from_millis(1800)), at(5000));
        uses.begin(&gone, 4, at(5000));
        uses.bring_to(at(5100), &here);
        uses.bring_to(at(7000), &here);
        let arrived = [(at(0), 1), (at(5000), 1), (at(6000), 1), (at(6900), 1)];
        assert_eq!(uses.ended, arrived);
        uses.bring_to(at(50_000), &here);
        assert_eq!(uses.flights.len(), 1, "a process that lives tells itself");
    }

    #[test]
    fn a_request_of_a_process_out_of_sight_is_over_a_while_after_it_was_held_last() {
        let (here, machine) = (ProcessId::this_process(), elsewhere());
        let mut uses = Uses::default();
        uses.begin(&machine, 1, at(0));
        uses.hold(&machine, &[1, 2], at(1000));
        uses.bring_to(at(30_900), &here);
        assert_eq!(uses.flights.len(), 2);
        uses.hold(&machine, &[2], at(30_900));
        uses.bring_to(at(31_100), &here);
        assert_eq!((uses.flights.len(), uses.ended.len()), (1, 1));
        uses.end(&machine, 2, None, at(31_200));
        assert_eq!((uses.flights.len(), uses.ended.len()), (0, 2));
    }

    #[test]
    fn the_longest_window_of_anybody_decides_what_is_kept() {
        let here = ProcessId::this_process();
        let mut uses = Uses::default();
        uses.forget(at(0), MINUTE);
        uses.end(&here, 1, None, at(0));
        uses.forget(at(50_000), Duration::from_secs(1));
        assert_eq!(uses.ended.len(), 1);
        uses.forget(at(60_001), Duration::from_secs(1));
        assert_eq!(uses.ended.len(), 0);
    }

    #[test]
    fn many_ends_are_put_together_and_never_made_older() {
        let here = ProcessId::this_process();
        let mut uses = Uses::default();
        for millis in 0..30_000 {
            uses.end(&here, millis, None, at(millis));
        }
        let exact = uses.ended.clone();
        uses.forget(at(30_000), MINUTE);
        assert!(uses.ended.len() < 2500, "{}", uses.ended.len());
        for window in [10, 100, 1000, 10_000, 29_999] {
            let within = |ends: &[(WallTime, u32)], window: u64| {
                let start = at(30_000 - window);
                let inside = ends.iter().filter(|(at, _)| *at >= start);
                inside.map(|(_, count)| u64::from(*count)).sum::<u64>()
            };
            let (kept, true_count) = (within(&uses.ended, window), within(&exact, window));
            assert!(kept >= true_count, "{window}");
            assert!(
                kept <= true_count + true_count / 200 + 2,
                "{window}: {kept}"
            );
        }
    }
}
