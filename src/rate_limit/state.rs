//! The usage of a rate: completed requests, requests in flight, latencies and the server's demands. Values only; how
//! they limit the next request is in [`super::window`].

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::throttle::Throttle;
use crate::system::clock::WallTime;
use crate::system::process::{Liveness, ProcessId};

/// Merges completed requests if there are more entries than this, to keep high rates cheap.
const MERGE_THRESHOLD: usize = 1024;
/// Merges entries that are closer together than this fraction of their age, which costs at most as much of the rate.
const MERGE_FRACTION: u32 = 256;
/// Number of latencies to keep: enough to see how much they vary.
const MAX_LATENCIES: usize = 48;
/// Discards latencies if there was no answer for this long.
const LATENCIES_EXPIRE: Duration = Duration::from_secs(600);
/// Counts a request of a process on another machine as completed after this time: the longest sensible time-out.
const REMOTE_TIME_LIMIT: Duration = Duration::from_secs(120);
/// The same after a heartbeat. Its process renews it in time unless it has ended.
const HEARTBEAT_TIME_LIMIT: Duration = Duration::from_secs(30);
/// Minimum time that a request of a terminated process counts as in flight: the system still sends what the process
/// has written, and retransmits lost packets.
const MIN_TRANSIT: Duration = Duration::from_secs(1);

/// The usage of a rate. The serialized names are part of the format of state files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct WindowState {
    /// Completed requests, oldest first: the time by which they had arrived, and how many.
    #[serde(rename = "ended")]
    pub(super) completed: Vec<(WallTime, u32)>,
    /// Requests that may arrive at any time.
    #[serde(rename = "flights")]
    pub(super) in_flight: Vec<InFlight>,
    /// The latest latencies in microseconds.
    #[serde(rename = "answers")]
    pub(super) latencies: Vec<u64>,
    answered_at: WallTime,
    pub(super) throttle: Throttle,
    /// How long completed requests are kept, in microseconds: the longest window of all processes.
    #[serde(rename = "keep")]
    retention: u64,
}

/// A request in flight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct InFlight {
    /// The sending process; `None` once it has ended.
    #[serde(rename = "holder")]
    process: Option<ProcessId>,
    #[serde(rename = "number")]
    id: u64,
    since: WallTime,
    /// After how many microseconds the request counts as completed if its process does not report that.
    #[serde(rename = "longest")]
    time_limit: u64,
}

impl InFlight {
    fn new(process: &ProcessId, id: u64, now: WallTime, time_limit: Duration) -> Self {
        Self {
            process: Some(process.clone()),
            id,
            since: now,
            time_limit: micros(time_limit),
        }
    }

    fn is(&self, process: &ProcessId, id: u64) -> bool {
        self.id == id && self.process.as_ref() == Some(process)
    }
}

impl WindowState {
    /// Returns a state whose windows are all full. Used if the real state cannot be known.
    pub(super) fn exhausted(now: WallTime) -> Self {
        let mut state = Self::default();
        state.exhaust(now);
        state
    }

    /// Fills all windows.
    pub(super) fn exhaust(&mut self, now: WallTime) {
        self.completed.push((now, u32::MAX));
    }

    /// Adds a request that is about to leave.
    pub(super) fn start(&mut self, process: &ProcessId, id: u64, now: WallTime) {
        let request = InFlight::new(process, id, now, REMOTE_TIME_LIMIT);
        self.in_flight.push(request);
    }

    /// Extends the time limit of this process's requests, as a heartbeat for other machines.
    pub(super) fn renew(&mut self, process: &ProcessId, ids: &[u64], now: WallTime) {
        for id in ids {
            self.cancel(process, *id);
            let request = InFlight::new(process, *id, now, HEARTBEAT_TIME_LIMIT);
            self.in_flight.push(request);
        }
    }

    /// Completes a request that had arrived by `at`. `latency` is present if it was answered.
    pub(super) fn finish(
        &mut self,
        process: &ProcessId,
        id: u64,
        latency: Option<Duration>,
        at: WallTime,
    ) {
        self.cancel(process, id);
        self.complete(at);
        if let Some(latency) = latency {
            self.latencies.push(micros(latency));
            let surplus = self.latencies.len().saturating_sub(MAX_LATENCIES);
            self.latencies.drain(..surplus);
            self.answered_at = at;
        }
    }

    /// Removes a request that was not sent.
    pub(super) fn cancel(&mut self, process: &ProcessId, id: u64) {
        self.in_flight.retain(|request| !request.is(process, id));
    }

    /// Brings the state up to date: moves times in the future to now, and completes requests of ended processes.
    pub(super) fn advance(&mut self, now: WallTime, process: &ProcessId) {
        for at in self.times() {
            *at = (*at).min(now);
        }
        self.complete_abandoned(now, process);
        if now.since(self.answered_at) > LATENCIES_EXPIRE {
            self.latencies.clear();
        }
    }

    /// Discards completed requests that are older than every window. `retention` is the longest of this process.
    pub(super) fn prune(&mut self, now: WallTime, retention: Duration) {
        let retention = micros(retention);
        let is_unused = self.completed.is_empty() && self.in_flight.is_empty();
        self.retention = if is_unused {
            retention
        } else {
            self.retention.max(retention)
        };
        let retention = Duration::from_micros(self.retention);
        self.completed.retain(|(at, _)| now.since(*at) <= retention);
        if self.completed.len() > MERGE_THRESHOLD {
            self.merge_completed(now);
        }
    }

    /// Corrects all times after the wall clock was set ahead.
    pub(super) fn shift(&mut self, ahead: Duration) {
        for at in self.times() {
            *at = at.plus(ahead);
        }
    }

    /// Converts all times to another clock, which shows `then` when the current one shows `now`. Times before the
    /// epoch of the new clock become the epoch.
    pub(super) fn change_clock(&mut self, now: WallTime, then: WallTime) {
        for at in self.times() {
            *at = then.minus(now.since(*at));
        }
    }

    fn times(&mut self) -> impl Iterator<Item = &mut WallTime> {
        let throttle = &mut self.throttle;
        self.completed
            .iter_mut()
            .map(|(at, _)| at)
            .chain(self.in_flight.iter_mut().map(|request| &mut request.since))
            .chain([&mut self.answered_at, &mut throttle.paused_at])
            .chain(&mut throttle.slowed_at)
    }

    /// Completes requests whose processes will not report that.
    ///
    /// A request that a process sent just before it ended may still be under way. It counts as arriving as long after
    /// the end was noticed as answers take at most.
    fn complete_abandoned(&mut self, now: WallTime, process: &ProcessId) {
        let latencies = self.latencies.iter().copied();
        let transit = latencies.fold(micros(MIN_TRANSIT), u64::max);
        let mut arrivals = Vec::new();
        self.in_flight.retain_mut(|request| {
            let sender = request.process.as_ref();
            let liveness = sender.map(|sender| process.liveness_of(sender));
            if liveness == Some(Liveness::Ended) {
                request.process = None;
                request.since = now;
                request.time_limit = transit;
            }
            let until = request
                .since
                .plus(Duration::from_micros(request.time_limit));
            let is_over = liveness != Some(Liveness::Alive) && until <= now;
            arrivals.extend(is_over.then_some(until));
            !is_over
        });
        for at in arrivals {
            self.complete(at);
        }
    }

    fn complete(&mut self, at: WallTime) {
        let index = self.completed.partition_point(|(other, _)| *other <= at);
        self.completed.insert(index, (at, 1));
    }

    /// Merges neighbouring entries into the younger one, so that none becomes older.
    fn merge_completed(&mut self, now: WallTime) {
        let mut merged: Vec<(WallTime, u32)> = Vec::with_capacity(MERGE_THRESHOLD);
        for &(at, count) in self.completed.iter().rev() {
            match merged.last_mut() {
                Some((later, sum)) if later.since(at) <= now.since(at) / MERGE_FRACTION => {
                    *sum = sum.saturating_add(count);
                }
                _ => merged.push((at, count)),
            }
        }
        merged.reverse();
        self.completed = merged;
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::process::tests::{ended_process, process_elsewhere};

    const MINUTE: Duration = Duration::from_secs(60);

    fn at(millis: u64) -> WallTime {
        WallTime::at(Duration::from_millis(1_000_000 + millis))
    }

    #[test]
    fn times_in_the_future_are_moved_to_now() {
        let process = ProcessId::this_process();
        let mut state = WindowState::default();
        state.finish(&process, 1, None, at(5000));
        state.start(&process, 2, at(6000));
        state.throttle.paused_at = at(7000);
        state.advance(at(1000), &process);
        assert_eq!(state.completed, [(at(1000), 1)]);
        assert_eq!(state.in_flight[0].since, at(1000));
        assert_eq!(state.throttle.paused_at, at(1000));
    }

    #[test]
    fn requests_of_an_ended_process_count_until_they_must_have_arrived() {
        let (process, ended) = (ProcessId::this_process(), ended_process());
        let mut state = WindowState::default();
        state.finish(&process, 1, Some(Duration::from_millis(80)), at(0));
        state.start(&ended, 1, at(0));
        state.start(&process, 2, at(0));
        state.advance(at(5000), &process);
        assert_eq!(state.in_flight.len(), 2, "the request may be under way");
        state.finish(&process, 3, Some(Duration::from_millis(1800)), at(5000));
        state.start(&ended, 4, at(5000));
        state.advance(at(5100), &process);
        state.advance(at(7000), &process);
        let arrived = [(at(0), 1), (at(5000), 1), (at(6000), 1), (at(6900), 1)];
        assert_eq!(state.completed, arrived);
        state.advance(at(50_000), &process);
        assert_eq!(state.in_flight.len(), 1, "a live process reports the end");
    }

    #[test]
    fn requests_of_another_machine_count_until_its_heartbeats_stop() {
        let (process, machine) = (ProcessId::this_process(), process_elsewhere());
        let mut state = WindowState::default();
        state.start(&machine, 1, at(0));
        state.renew(&machine, &[1, 2], at(1000));
        state.advance(at(30_900), &process);
        assert_eq!(state.in_flight.len(), 2);
        state.renew(&machine, &[2], at(30_900));
        state.advance(at(31_100), &process);
        assert_eq!((state.in_flight.len(), state.completed.len()), (1, 1));
        state.finish(&machine, 2, None, at(31_200));
        assert_eq!((state.in_flight.len(), state.completed.len()), (0, 2));
    }

    #[test]
    fn the_longest_window_of_all_processes_decides_what_is_kept() {
        let process = ProcessId::this_process();
        let mut state = WindowState::default();
        state.prune(at(0), MINUTE);
        state.finish(&process, 1, None, at(0));
        state.prune(at(50_000), Duration::from_secs(1));
        assert_eq!(state.completed.len(), 1);
        state.prune(at(60_001), Duration::from_secs(1));
        assert_eq!(state.completed.len(), 0);
    }

    #[test]
    fn merging_never_makes_a_request_older_and_costs_little_of_the_rate() {
        let process = ProcessId::this_process();
        let mut state = WindowState::default();
        for millis in 0..30_000 {
            state.finish(&process, millis, None, at(millis));
        }
        let exact = state.completed.clone();
        state.prune(at(30_000), MINUTE);
        assert!(state.completed.len() < 2500, "{}", state.completed.len());
        for window in [10, 100, 1000, 10_000, 29_999] {
            let within = |completed: &[(WallTime, u32)]| {
                let start = at(30_000 - window);
                let inside = completed.iter().filter(|(at, _)| *at >= start);
                inside.map(|(_, count)| u64::from(*count)).sum::<u64>()
            };
            let (kept, exact) = (within(&state.completed), within(&exact));
            assert!(kept >= exact, "{window}");
            assert!(kept <= exact + exact / 200 + 2, "{window}: {kept}");
        }
    }
}
