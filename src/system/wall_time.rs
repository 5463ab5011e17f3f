//! Times that processes can share: moments of the wall clock, and whether that clock was set in the meantime.

use std::fs;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// A moment, in microseconds since the epoch of its clock.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub(crate) struct WallTime(u64);

impl WallTime {
    /// Returns the moment so long after the epoch.
    pub(crate) fn at(since_epoch: Duration) -> Self {
        Self(micros(since_epoch))
    }

    /// Returns the time that has passed since an earlier moment; none if that is later.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// Returns the moment so long after this one.
    pub(crate) fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(micros(duration)))
    }

    /// Returns the moment so long before this one.
    pub(crate) fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(micros(duration)))
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// What the clocks of this machine show.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Clocks {
    /// The wall clock, which may be set at any time.
    pub(crate) wall: WallTime,
    /// Which start of the machine this is.
    boot: Option<String>,
    /// The time since that start: nobody sets it, and it goes on while the machine sleeps.
    uptime: Duration,
}

impl Clocks {
    /// Reads the clocks.
    pub(crate) fn read() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            wall: WallTime::at(since_epoch.unwrap_or_default()),
            boot: boot(),
            uptime: uptime(),
        }
    }

    /// Returns by how much the wall clock was set ahead since an earlier reading, or ran ahead.
    ///
    /// Whatever happened before then looks older by as much than it is. Where it was set back, things look younger,
    /// which only costs time.
    pub(crate) fn set_ahead_since(&self, earlier: &Self) -> Duration {
        if self.boot.is_none() || self.boot != earlier.boot {
            return Duration::ZERO;
        }
        let passed = self.uptime.saturating_sub(earlier.uptime);
        self.wall.since(earlier.wall).saturating_sub(passed)
    }
}

/// Returns the name of this start of the machine, where the system tells it.
pub(crate) fn boot() -> Option<String> {
    static BOOT: OnceLock<Option<String>> = OnceLock::new();
    let read = || {
        let text = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        Some(text.trim().to_owned())
    };
    BOOT.get_or_init(read).clone()
}

fn uptime() -> Duration {
    Duration::try_from(clock_gettime(ClockId::Boottime)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clocks(boot: &str, wall: u64, uptime: u64) -> Clocks {
        Clocks {
            wall: WallTime::at(Duration::from_millis(wall)),
            boot: Some(boot.to_owned()),
            uptime: Duration::from_millis(uptime),
        }
    }

    #[test]
    fn the_time_since_the_start_is_exact_and_agrees_with_a_wall_clock_that_nobody_sets() {
        let earlier = Clocks::read();
        std::thread::sleep(Duration::from_millis(3));
        let later = Clocks::read();
        assert!(later.uptime >= earlier.uptime + Duration::from_millis(3));
        assert!(later.set_ahead_since(&earlier) < Duration::from_secs(1));
    }

    #[test]
    fn a_wall_clock_that_was_set_ahead_is_noticed_within_one_start_of_the_machine() {
        let before = clocks("a", 100_000, 1000);
        let table = [
            (clocks("a", 105_000, 6000), 0),
            (clocks("a", 165_001, 6000), 60_001),
            (clocks("a", 105_002, 6000), 2),
            (clocks("a", 90_000, 6000), 0),
            (clocks("b", 165_000, 200), 0),
        ];
        for (now, millis) in table {
            assert_eq!(now.set_ahead_since(&before), Duration::from_millis(millis));
        }
    }
}
