//! Stops a run before it makes the machine swap or is killed for lack of memory.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use crate::diagnostics::diagnostic::{Code, Diagnostic, Place, Source};
use crate::system::memory;

/// The percentage of free memory that reading may take. Reports need about as much again.
const SHARE: u64 = 45;
/// How many bytes are read between two checks.
const CHECK_INTERVAL: usize = 32 << 20;

/// Checks memory after `bytes` of a file were read. Returns an error if the inputs take more than their share.
pub(crate) fn check_after(bytes: usize, source: &Arc<Source>) -> Result<(), Diagnostic> {
    static UNCHECKED: AtomicUsize = AtomicUsize::new(0);
    static LIMIT: OnceLock<Option<MemoryLimit>> = OnceLock::new();
    let limit = LIMIT.get_or_init(MemoryLimit::detect);
    if UNCHECKED.fetch_add(bytes, Ordering::Relaxed) < CHECK_INTERVAL {
        return Ok(());
    }
    UNCHECKED.store(0, Ordering::Relaxed);
    match (limit, memory::resident()) {
        (Some(limit), Some(resident)) => limit.check(resident, source),
        _ => Ok(()),
    }
}

/// The memory that this process may use.
#[derive(Debug, PartialEq, Eq)]
struct MemoryLimit {
    /// Free memory when reading began, in bytes.
    free: u64,
    /// Memory that this process used then, in bytes.
    taken: u64,
}

impl MemoryLimit {
    /// Determines the free memory; `None` if the system does not provide it.
    fn detect() -> Option<Self> {
        Some(Self {
            free: memory::available()?,
            taken: memory::resident()?,
        })
    }

    fn check(&self, resident: u64, source: &Arc<Source>) -> Result<(), Diagnostic> {
        if resident.saturating_sub(self.taken) / SHARE * 100 <= self.free {
            return Ok(());
        }
        let message = format!(
            "not enough memory: {} MB were free when reading began",
            self.free >> 20
        );
        let help =
            "split the file, import fewer files at a time, or use a machine with more memory";
        Err(Diagnostic::new(
            Code::InputTooLarge,
            Place::whole(source),
            message,
            help,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_stops_before_memory_runs_out() {
        let source = Arc::new(Source {
            path: "a.csv".into(),
            sheet: None,
        });
        let limit = MemoryLimit {
            free: 1000 << 20,
            taken: 100 << 20,
        };
        assert_eq!(limit.check(500 << 20, &source), Ok(()));
        let problem = limit.check(600 << 20, &source).unwrap_err();
        assert_eq!(problem.code, Code::InputTooLarge);
        assert!(problem.message.contains("1000 MB"), "{}", problem.message);
    }
}
