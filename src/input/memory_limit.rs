//! Stops a run before it makes the machine swap or is killed for lack of memory.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use crate::diagnostics::diagnostic::{Code, Diagnostic, Place, Source};

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
    match (limit, resident()) {
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
        let machine = field(&fs::read_to_string("/proc/meminfo").ok()?, "MemAvailable:")?;
        let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let of_groups = directories(&groups).into_iter().filter_map(|it| left(&it));
        Some(Self {
            free: of_groups.fold(machine, u64::min),
            taken: resident()?,
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

/// Returns the resident memory of this process, in bytes.
fn resident() -> Option<u64> {
    field(&fs::read_to_string("/proc/self/status").ok()?, "VmRSS:")
}

/// Returns the value of a line such as `MemAvailable:   1234 kB` in bytes.
fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

/// Returns the directories of the control groups of this process and their ancestors. `groups` lists them as
/// `0::/user/me` (version 2) or `4:memory:/user/me` (version 1).
fn directories(groups: &str) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(kind), Some(path)) = (parts.next(), parts.next()) else {
            continue;
        };
        let tree = match kind {
            "" => Path::new("/sys/fs/cgroup"),
            kind if kind.split(',').any(|kind| kind == "memory") => {
                Path::new("/sys/fs/cgroup/memory")
            }
            _ => continue,
        };
        let own = tree.join(path.trim_start_matches('/'));
        let around = own.ancestors().take_while(|path| path.starts_with(tree));
        all.extend(around.map(Path::to_owned));
    }
    all
}

/// Returns the memory that a control group has left; `None` if it is not limited. The page cache is reclaimable.
fn left(group: &Path) -> Option<u64> {
    const FILES: [[&str; 2]; 2] = [
        ["memory.max", "memory.current"],
        ["memory.limit_in_bytes", "memory.usage_in_bytes"],
    ];
    let number = |name: &str| -> Option<u64> {
        let text = fs::read_to_string(group.join(name)).ok()?;
        text.trim().parse().ok()
    };
    let [most, used] = FILES
        .iter()
        .find_map(|[most, used]| Some([number(most)?, number(used)?]))?;
    let stat = fs::read_to_string(group.join("memory.stat")).unwrap_or_default();
    let of_files = stat.lines().find_map(|line| {
        let (_, number) = line.split_once("inactive_file ")?;
        number.trim().parse::<u64>().ok()
    });
    Some(most.saturating_sub(used.saturating_sub(of_files.unwrap_or_default())))
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

    #[test]
    fn proc_files_are_parsed() {
        let text = "MemTotal:       24575000 kB\nMemAvailable:   23000000 kB\n";
        assert_eq!(field(text, "MemAvailable:"), Some(23_000_000 * 1024));
        assert_eq!(field(text, "SwapFree:"), None);
        let shown = |groups: &str| -> Vec<String> {
            let directories = directories(groups);
            directories
                .iter()
                .map(|it| it.display().to_string())
                .collect()
        };
        assert_eq!(
            shown("0::/user/me\n"),
            [
                "/sys/fs/cgroup/user/me",
                "/sys/fs/cgroup/user",
                "/sys/fs/cgroup"
            ]
        );
        assert_eq!(
            shown("5:cpu:/a\n4:hugetlb,memory:/b\n"),
            ["/sys/fs/cgroup/memory/b", "/sys/fs/cgroup/memory"]
        );
        assert_eq!(shown("no such line"), [""; 0]);
    }

    #[test]
    fn the_page_cache_of_a_group_counts_as_free() {
        let group = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(group.path().join(name), text).unwrap();
        assert_eq!(left(group.path()), None);
        write("memory.max", "max\n");
        write("memory.current", "700\n");
        assert_eq!(left(group.path()), None);
        write("memory.max", "1000\n");
        assert_eq!(left(group.path()), Some(300));
        write(
            "memory.stat",
            "anon 400\ninactive_file 250\nactive_file 50\n",
        );
        assert_eq!(left(group.path()), Some(550));
    }

    #[test]
    fn this_process_has_resident_memory() {
        assert!(resident().is_none_or(|bytes| bytes > 1 << 20));
    }
}
