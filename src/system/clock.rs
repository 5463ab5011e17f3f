//! Clocks: wall times that processes can share, and detection of changes to the wall clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

pub(crate) use self::os::boot_id;

/// A time in microseconds since the epoch of its clock.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub(crate) struct WallTime(u64);

impl WallTime {
    /// Returns the time at a distance from the epoch.
    pub(crate) fn at(since_epoch: Duration) -> Self {
        Self(micros(since_epoch))
    }

    /// Returns the time since an earlier one, or zero if that is later.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    pub(crate) fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(micros(duration)))
    }

    pub(crate) fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(micros(duration)))
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// A reading of the clocks of this machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Clocks {
    /// The wall clock, which can be set at any time.
    pub(crate) wall: WallTime,
    /// The boot id, within which `uptime` is comparable. `None` if the platform has none.
    boot: Option<String>,
    /// The time since boot, which cannot be set and includes the time that the machine is suspended.
    uptime: Duration,
}

impl Clocks {
    /// Reads the clocks.
    pub(crate) fn read() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            wall: WallTime::at(since_epoch.unwrap_or_default()),
            boot: boot_id(),
            uptime: os::uptime(),
        }
    }

    /// Returns by how much the wall clock was set forward since an earlier reading.
    ///
    /// Times before the change look older by this much. A clock that was set back makes them look younger, which only
    /// costs waiting.
    pub(crate) fn set_ahead_since(&self, earlier: &Self) -> Duration {
        if self.boot.is_none() || self.boot != earlier.boot {
            return Duration::ZERO;
        }
        let passed = self.uptime.saturating_sub(earlier.uptime);
        self.wall.since(earlier.wall).saturating_sub(passed)
    }
}

#[cfg(all(target_os = "linux", not(scoreload_portable)))]
mod os {
    use std::fs;
    use std::sync::OnceLock;
    use std::time::Duration;

    use rustix::time::{ClockId, clock_gettime};

    /// Returns an id that is new at every boot.
    pub(crate) fn boot_id() -> Option<String> {
        static BOOT_ID: OnceLock<Option<String>> = OnceLock::new();
        let read = || {
            let text = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
            Some(text.trim().to_owned())
        };
        BOOT_ID.get_or_init(read).clone()
    }

    pub(super) fn uptime() -> Duration {
        Duration::try_from(clock_gettime(ClockId::Boottime)).unwrap_or_default()
    }
}

/// Without a boot id, changes to the wall clock go unnoticed.
#[cfg(not(all(target_os = "linux", not(scoreload_portable))))]
mod os {
    use std::time::Duration;

    pub(crate) fn boot_id() -> Option<String> {
        None
    }

    pub(super) fn uptime() -> Duration {
        Duration::ZERO
    }
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

    #[cfg(not(scoreload_portable))]
    #[test]
    fn uptime_advances_with_the_wall_clock() {
        let earlier = Clocks::read();
        std::thread::sleep(Duration::from_millis(3));
        let later = Clocks::read();
        assert!(later.uptime >= earlier.uptime + Duration::from_millis(3));
        assert!(later.set_ahead_since(&earlier) < Duration::from_secs(1));
    }

    #[test]
    fn a_wall_clock_set_forward_is_noticed_within_one_boot() {
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
