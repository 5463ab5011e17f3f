//! How much memory is left to read into. A run that would make the machine swap, or be killed for want of memory, is
//! told so while there is time.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use crate::diagnostics::diagnostic::{Code, Diagnostic, Place, Source};

/// How much of the free memory reading may take, in hundredths: reports, which repeat what was found, take as much again.
const SHARE: u64 = 45;
/// What is read between two looks: so much takes no machine by surprise.
const BETWEEN: usize = 32 << 20;

/// Notes that so many bytes of a file have been read.
///
/// # Errors
/// When what has been made of the inputs so far takes more memory than there is.
pub(crate) fn note(bytes: usize, source: &Arc<Source>) -> Result<(), Diagnostic> {
    static SINCE: AtomicUsize = AtomicUsize::new(0);
    static ROOM: OnceLock<Option<Room>> = OnceLock::new();
    let room = ROOM.get_or_init(Room::of_this_process);
    if SINCE.fetch_add(bytes, Ordering::Relaxed) < BETWEEN {
        return Ok(());
    }
    SINCE.store(0, Ordering::Relaxed);
    match (room, resident()) {
        (Some(room), Some(resident)) => room.check(resident, source),
        _ => Ok(()),
    }
}

/// What this process may take.
#[derive(Debug, PartialEq, Eq)]
struct Room {
    /// Memory that was free, in bytes.
    free: u64,
    /// What this process had already.
    taken: u64,
}

impl Room {
    /// Looks at what is free now; `None` where the system does not tell.
    fn of_this_process() -> Option<Self> {
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
            "there is too little memory for it: {} MB were free when reading began",
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

/// Returns the memory that this process has, in bytes.
fn resident() -> Option<u64> {
    field(&fs::read_to_string("/proc/self/status").ok()?, "VmRSS:")
}

/// Reads a line such as `MemAvailable:   1234 kB`, in bytes.
fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

/// Returns the directories of the groups that this process is in, and of those around them, as the system lists the
/// groups: `0::/user/me`, or `4:memory:/user/me` where there are several trees.
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

/// Returns how much memory a group has left; `None` where it is not limited. What it holds of files can be had back.
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
    fn a_run_ends_before_the_memory_does() {
        let source = Arc::new(Source {
            path: "a.csv".into(),
            sheet: None,
        });
        let room = Room {
            free: 1000 << 20,
            taken: 100 << 20,
        };
        assert_eq!(room.check(500 << 20, &source), Ok(()));
        let problem = room.check(600 << 20, &source).unwrap_err();
        assert_eq!(problem.code, Code::InputTooLarge);
        assert!(problem.message.contains("1000 MB"), "{}", problem.message);
    }

    #[test]
    fn what_the_system_tells_is_understood() {
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
    fn a_group_has_left_what_it_has_not_taken_for_good() {
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
    fn this_process_has_memory() {
        assert!(resident().is_none_or(|bytes| bytes > 1 << 20));
    }
}
