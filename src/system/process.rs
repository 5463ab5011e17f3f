//! Processes: identity across restarts, whether one still runs, and resource limits of this one.

use std::io;
use std::process::ExitStatus;

use serde::{Deserialize, Serialize};

/// Identifies a process, also after its number was reused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProcessId {
    pid: u32,
    /// Start time in clock ticks since boot.
    started: Option<u64>,
    /// Boot id and PID namespace, within which `pid` is unique. `None` if the platform has neither.
    realm: Option<String>,
}

/// Whether a process is running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Liveness {
    /// It is running.
    Alive,
    /// It has ended.
    Ended,
    /// It is on another machine or in another PID namespace, or the platform does not say.
    Unknown,
}

impl ProcessId {
    /// Returns the id of this process.
    pub(crate) fn this_process() -> Self {
        let pid = std::process::id();
        Self {
            pid,
            started: os::start_time(pid),
            realm: os::realm(),
        }
    }

    /// Returns whether another process is running, as far as this one can see.
    pub(crate) fn liveness_of(&self, other: &Self) -> Liveness {
        if self == other {
            return Liveness::Alive;
        }
        if self.realm.is_none() || self.realm != other.realm {
            return Liveness::Unknown;
        }
        match os::start_time(other.pid) {
            Some(found) if other.started == Some(found) => Liveness::Alive,
            _ => Liveness::Ended,
        }
    }
}

/// Returns the name of this machine.
pub(crate) fn host_name() -> Option<String> {
    whoami::hostname().ok()
}

/// Prevents a crash from writing this process's memory, with secrets and scores in it, to a file.
pub(crate) fn disable_core_dumps() {
    limits::disable_core_dumps();
}

/// Limits the memory, in bytes, and the CPU time, in seconds, of this process.
pub(crate) fn limit_resources(memory: u64, cpu_seconds: u64) -> io::Result<()> {
    limits::limit_resources(memory, cpu_seconds)
}

/// The resource limit that a process exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExceededLimit {
    /// The allocator aborted.
    Memory,
    /// The kernel killed it.
    CpuTime,
}

/// Returns which limit of [`limit_resources`] ended a process, if one did.
pub(crate) fn exceeded_limit(status: ExitStatus) -> Option<ExceededLimit> {
    limits::exceeded_limit(status)
}

#[cfg(all(unix, not(scoreload_portable)))]
mod limits {
    use std::io;
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    use rlimit::Resource;

    use super::ExceededLimit;

    const SIGABRT: i32 = 6;
    const SIGKILL: i32 = 9;

    pub(super) fn disable_core_dumps() {
        if let Ok((_, hard)) = Resource::CORE.get() {
            // Lowering a soft limit is always allowed; without the limit there is nothing to do.
            let _ = Resource::CORE.set(0, hard);
        }
    }

    pub(super) fn limit_resources(memory: u64, cpu_seconds: u64) -> io::Result<()> {
        let limits = [
            (Resource::AS, memory),
            (Resource::CPU, cpu_seconds),
            (Resource::CORE, 0),
        ];
        for (resource, limit) in limits {
            let (_, hard) = resource.get()?;
            let limit = limit.min(hard);
            resource.set(limit, limit)?;
        }
        Ok(())
    }

    pub(super) fn exceeded_limit(status: ExitStatus) -> Option<ExceededLimit> {
        match status.signal()? {
            SIGABRT => Some(ExceededLimit::Memory),
            SIGKILL => Some(ExceededLimit::CpuTime),
            _ => None,
        }
    }
}

#[cfg(not(all(unix, not(scoreload_portable))))]
mod limits {
    use std::io;
    use std::process::ExitStatus;

    use super::ExceededLimit;

    pub(super) fn disable_core_dumps() {}

    #[expect(
        clippy::unnecessary_wraps,
        reason = "fails where there are resource limits"
    )]
    pub(super) fn limit_resources(_memory: u64, _cpu_seconds: u64) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn exceeded_limit(_status: ExitStatus) -> Option<ExceededLimit> {
        None
    }
}

/// `/proc` gives a process's start time, so that a killed process is noticed at once.
#[cfg(all(target_os = "linux", not(scoreload_portable)))]
mod os {
    use std::fs;

    use crate::system::clock::boot_id;

    pub(super) fn realm() -> Option<String> {
        let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
        Some(format!("{} {}", boot_id()?, namespace.display()))
    }

    /// Returns when a process started, or `None` if it has ended, also if its parent has not reaped it yet.
    pub(super) fn start_time(pid: u32) -> Option<u64> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The program's name is in parentheses and can contain any character; the state follows it (proc(5)).
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
        match fields.next()? {
            "Z" | "X" => None,
            _ => fields.nth(18)?.parse().ok(),
        }
    }
}

/// Without `/proc`, whether a process runs is unknown: what it holds expires instead.
#[cfg(not(all(target_os = "linux", not(scoreload_portable))))]
mod os {
    pub(super) fn realm() -> Option<String> {
        None
    }

    pub(super) fn start_time(_pid: u32) -> Option<u64> {
        None
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::process::Command;

    use super::*;

    /// Returns a process that has ended.
    pub(crate) fn ended_process() -> ProcessId {
        let mut child = Command::new("true").spawn().unwrap();
        let process = ProcessId {
            pid: child.id(),
            started: Some(1),
            ..ProcessId::this_process()
        };
        child.wait().unwrap();
        process
    }

    /// Returns a process on another machine.
    pub(crate) fn process_elsewhere() -> ProcessId {
        ProcessId {
            realm: Some("another machine".to_owned()),
            ..ProcessId::this_process()
        }
    }

    #[test]
    fn this_process_is_alive_and_one_elsewhere_is_unknown() {
        let here = ProcessId::this_process();
        assert_eq!(here.liveness_of(&here), Liveness::Alive);
        assert_eq!(here.liveness_of(&process_elsewhere()), Liveness::Unknown);
    }

    #[cfg(not(scoreload_portable))]
    #[test]
    fn a_process_with_a_reused_number_has_ended() {
        let here = ProcessId::this_process();
        assert_eq!(here.liveness_of(&ended_process()), Liveness::Ended);
        let earlier = ProcessId {
            started: Some(1),
            ..here.clone()
        };
        assert_eq!(here.liveness_of(&earlier), Liveness::Ended);
    }

    #[cfg(not(scoreload_portable))]
    #[test]
    fn a_zombie_process_has_ended() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let here = ProcessId::this_process();
        let process = ProcessId {
            pid: child.id(),
            started: os::start_time(child.id()),
            ..here.clone()
        };
        assert_eq!(here.liveness_of(&process), Liveness::Alive);
        child.kill().unwrap();
        while os::start_time(child.id()).is_some() {
            std::thread::yield_now();
        }
        assert_eq!(here.liveness_of(&process), Liveness::Ended);
        child.wait().unwrap();
    }
}
