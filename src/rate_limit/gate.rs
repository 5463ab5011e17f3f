//! Conditions that hold back requests even if they already have a permit.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::throttle::MAX_PAUSE;

/// If the last heartbeat is older than this, requests wait until one succeeds: peers may have stopped counting them.
const MAX_HEARTBEAT_AGE: Duration = Duration::from_secs(20);
/// Interval of checks for a new heartbeat.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Holds back requests during a pause, and while the heartbeat is overdue. Clones share their state.
#[derive(Debug, Clone, Default)]
pub(super) struct Gate(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    paused_until: Option<Instant>,
    /// `None` if no peer needs heartbeats.
    last_heartbeat: Option<Instant>,
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Pauses for a duration, unless a longer pause is in force. Returns the end of the pause.
    pub(super) fn pause(&self, wait: Duration) -> Instant {
        let now = Instant::now();
        let mut state = self.lock();
        let until = (now + wait.min(MAX_PAUSE)).max(state.paused_until.unwrap_or(now));
        state.paused_until = Some(until);
        until
    }

    /// Returns the rest of the pause.
    pub(super) fn pause_left(&self) -> Option<Duration> {
        let left = self
            .lock()
            .paused_until?
            .saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    /// Records that peers know the requests that were in flight at `at`.
    pub(super) fn record_heartbeat(&self, at: Instant) {
        self.lock().last_heartbeat = Some(at);
    }

    /// Waits until requests may leave.
    pub(super) async fn opened(&self) {
        while let Some(wait) = self.pause_left().or_else(|| self.heartbeat_wait()) {
            sleep(wait).await;
        }
    }

    fn heartbeat_wait(&self) -> Option<Duration> {
        let last = self.lock().last_heartbeat?;
        (last.elapsed() > MAX_HEARTBEAT_AGE).then_some(POLL_INTERVAL)
    }
}
