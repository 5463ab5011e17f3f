//! Times that processes can share: moments of the wall clock, and whether that clock was set in the meantime.

use std::fs;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// A moment, in microseconds since the epoch of its clock.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Moment(u64);

impl Moment {
    /// Returns the moment so long after the epoch.
    #[must_use]
    pub fn at(since_epoch: Duration) -> Self {
        Self(micros(since_epoch))
    }

    /// Returns the time that has passed since an earlier moment; none if that is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// Returns the moment so long after this one.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(micros(duration)))
    }

    /// Returns the moment so long before this one.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(micros(duration)))
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// What the clocks of this machine show.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clocks {
    /// The wall clock, which may be set at any time.
    pub wall: Moment,
    /// Which start of the machine this is.
    boot: Option<String>,
    /// The time since that start, in hundredths of a second: nobody sets it.
    uptime: Option<Duration>,
}

/// Clocks that differ by less have not been set: the one tells only hundredths of a second.
const TOLERANCE: Duration = Duration::from_millis(50);

impl Clocks {
    /// Reads the clocks.
    #[must_use]
    pub fn read() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            wall: Moment::at(since_epoch.unwrap_or_default()),
            boot: boot(),
            uptime: uptime(),
        }
    }

    /// Returns by how much the wall clock was set ahead since an earlier reading.
    ///
    /// Whatever happened before then looks older by as much than it is. Where it was set back, things look younger,
    /// which only costs time.
    #[must_use]
    pub fn set_ahead_since(&self, earlier: &Self) -> Duration {
        let same_boot = self.boot.is_some() && self.boot == earlier.boot;
        let (Some(now), Some(then)) = (self.uptime, earlier.uptime) else {
            return Duration::ZERO;
        };
        let passed = now.saturating_sub(then);
        let ahead = self.wall.since(earlier.wall).saturating_sub(passed);
        if same_boot && ahead > TOLERANCE {
            ahead
        } else {
            Duration::ZERO
        }
    }
}

/// Returns the name of this start of the machine, where the system tells it.
pub(super) fn boot() -> Option<String> {
    static BOOT: OnceLock<Option<String>> = OnceLock::new();
    let read = || {
        let text = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        Some(text.trim().to_owned())
    };
    BOOT.get_or_init(read).clone()
}

fn uptime() -> Option<Duration> {
    let text = fs::read_to_string("/proc/uptime").ok()?;
    let seconds = text.split_whitespace().next()?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clocks(boot: &str, wall: u64, uptime: u64) -> Clocks {
        Clocks {
            wall: Moment::at(Duration::from_secs(wall)),
            boot: Some(boot.to_owned()),
            uptime: Some(Duration::from_secs(uptime)),
        }
    }

    #[test]
    fn a_wall_clock_that_was_set_ahead_is_noticed_within_one_start_of_the_machine() {
        let before = clocks("a", 1000, 10);
        let table = [
            (clocks("a", 1005, 15), 0),
            (clocks("a", 1065, 15), 60),
            (clocks("a", 900, 15), 0),
            (clocks("b", 1065, 2), 0),
        ];
        for (now, seconds) in table {
            assert_eq!(now.set_ahead_since(&before), Duration::from_secs(seconds));
        }
    }
}
