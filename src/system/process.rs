//! Which process a request in flight belongs to, and whether that process still lives.

use std::fs;

use serde::{Deserialize, Serialize};

use crate::system::wall_time::boot;

/// A process, told apart from later ones with the same number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProcessId {
    pid: u32,
    /// When it was started, in the system's own count.
    started: Option<u64>,
    /// Within what its number means something: the start of the machine, and the processes that see each other.
    realm: Option<String>,
}

/// Whether a process lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Liveness {
    /// It runs.
    Alive,
    /// It has ended, and can send nothing any more.
    Ended,
    /// It is out of sight.
    Unknown,
}

impl ProcessId {
    /// Returns this process.
    pub(crate) fn this_process() -> Self {
        let pid = std::process::id();
        Self {
            pid,
            started: started(pid),
            realm: realm(),
        }
    }

    /// Tells whether a process lives, as far as this one can see.
    pub(crate) fn liveness_of(&self, other: &Self) -> Liveness {
        if self == other {
            return Liveness::Alive;
        }
        if self.realm.is_none() || self.realm != other.realm {
            return Liveness::Unknown;
        }
        match started(other.pid) {
            Some(found) if other.started == Some(found) => Liveness::Alive,
            _ => Liveness::Ended,
        }
    }
}

fn realm() -> Option<String> {
    let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{} {}", boot()?, namespace.display()))
}

/// Returns when a process was started; `None` where there is no such process, or only its parent has not yet taken
/// note of its end.
fn started(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the program stands in brackets and may hold anything; the state follows it (`proc(5)`).
    let mut fields = text.rsplit_once(')')?.1.split_whitespace();
    match fields.next()? {
        "Z" | "X" => None,
        _ => fields.nth(18)?.parse().ok(),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::process::Command;

    use super::*;

    /// A process that has ended.
    pub(crate) fn ended_process() -> ProcessId {
        let mut child = Command::new("true").spawn().unwrap();
        let holder = ProcessId {
            pid: child.id(),
            started: Some(1),
            ..ProcessId::this_process()
        };
        child.wait().unwrap();
        holder
    }

    /// A process of another machine.
    pub(crate) fn elsewhere() -> ProcessId {
        ProcessId {
            realm: Some("another machine".to_owned()),
            ..ProcessId::this_process()
        }
    }

    #[test]
    fn a_process_lives_until_it_ends_and_its_number_may_return() {
        let here = ProcessId::this_process();
        assert_eq!(here.liveness_of(&here), Liveness::Alive);
        assert_eq!(here.liveness_of(&ended_process()), Liveness::Ended);
        let earlier = ProcessId {
            started: Some(1),
            ..here.clone()
        };
        assert_eq!(
            here.liveness_of(&earlier),
            Liveness::Ended,
            "another had the number"
        );
        assert_eq!(here.liveness_of(&elsewhere()), Liveness::Unknown);
    }

    #[test]
    fn a_process_that_nobody_has_taken_note_of_has_ended() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let here = ProcessId::this_process();
        let holder = ProcessId {
            pid: child.id(),
            started: started(child.id()),
            ..here.clone()
        };
        assert_eq!(here.liveness_of(&holder), Liveness::Alive);
        child.kill().unwrap();
        while started(child.id()).is_some() {
            std::thread::yield_now();
        }
        assert_eq!(here.liveness_of(&holder), Liveness::Ended);
        child.wait().unwrap();
    }
}
