//! Memory: how much is available to this process, and how much it uses.

/// Returns the memory that this process can still allocate, in bytes, or `None` if the platform does not say.
pub(crate) fn available() -> Option<u64> {
    os::available()
}

/// Returns the physical memory that this process uses, in bytes, or `None` if the platform does not say.
pub(crate) fn resident() -> Option<u64> {
    os::resident()
}

/// Control groups limit a process to less than the machine has, in containers and under systemd.
#[cfg(all(target_os = "linux", not(scoreload_portable)))]
mod os {
    use std::fs;
    use std::path::{Path, PathBuf};

    pub(super) fn available() -> Option<u64> {
        let machine = field(&fs::read_to_string("/proc/meminfo").ok()?, "MemAvailable:")?;
        let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let limits = group_directories(&groups)
            .into_iter()
            .filter_map(|group| available_in_group(&group));
        Some(limits.fold(machine, u64::min))
    }

    pub(super) fn resident() -> Option<u64> {
        field(&fs::read_to_string("/proc/self/status").ok()?, "VmRSS:")
    }

    /// Reads a line such as `MemAvailable:   1234 kB`, in bytes.
    fn field(text: &str, name: &str) -> Option<u64> {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        kilobytes.checked_mul(1024)
    }

    /// Returns the directories of this process's control groups and their ancestors, given `/proc/self/cgroup`: lines
    /// such as `0::/user/me` (version 2) or `4:memory:/user/me` (version 1).
    fn group_directories(groups: &str) -> Vec<PathBuf> {
        let mut directories = Vec::new();
        for line in groups.lines() {
            let mut parts = line.splitn(3, ':').skip(1);
            let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else {
                continue;
            };
            let root = match controllers {
                "" => Path::new("/sys/fs/cgroup"),
                list if list.split(',').any(|controller| controller == "memory") => {
                    Path::new("/sys/fs/cgroup/memory")
                }
                _ => continue,
            };
            let own = root.join(path.trim_start_matches('/'));
            let ancestors = own.ancestors().take_while(|path| path.starts_with(root));
            directories.extend(ancestors.map(Path::to_owned));
        }
        directories
    }

    /// Returns the memory that a group can still allocate, or `None` if it has no limit. The page cache counts as
    /// available because the kernel reclaims it.
    fn available_in_group(group: &Path) -> Option<u64> {
        const FILES: [[&str; 2]; 2] = [
            ["memory.max", "memory.current"],
            ["memory.limit_in_bytes", "memory.usage_in_bytes"],
        ];
        let number = |name: &str| -> Option<u64> {
            let text = fs::read_to_string(group.join(name)).ok()?;
            text.trim().parse().ok()
        };
        let [limit, used] = FILES
            .iter()
            .find_map(|[limit, used]| Some([number(limit)?, number(used)?]))?;
        let stat = fs::read_to_string(group.join("memory.stat")).unwrap_or_default();
        let reclaimable = stat.lines().find_map(|line| {
            let (_, number) = line.split_once("inactive_file ")?;
            number.trim().parse::<u64>().ok()
        });
        Some(limit.saturating_sub(used.saturating_sub(reclaimable.unwrap_or_default())))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn meminfo_fields_are_read_in_bytes() {
            let text = "MemTotal:       24575000 kB\nMemAvailable:   23000000 kB\n";
            assert_eq!(field(text, "MemAvailable:"), Some(23_000_000 * 1024));
            assert_eq!(field(text, "SwapFree:"), None);
        }

        #[test]
        fn groups_of_both_cgroup_versions_are_found_with_their_ancestors() {
            let table: [(&str, &[&str]); 3] = [
                (
                    "0::/user/me\n",
                    &[
                        "/sys/fs/cgroup/user/me",
                        "/sys/fs/cgroup/user",
                        "/sys/fs/cgroup",
                    ],
                ),
                (
                    "5:cpu:/a\n4:hugetlb,memory:/b\n",
                    &["/sys/fs/cgroup/memory/b", "/sys/fs/cgroup/memory"],
                ),
                ("no such line", &[]),
            ];
            for (groups, expected) in table {
                let expected: Vec<&Path> = expected.iter().map(Path::new).collect();
                assert_eq!(group_directories(groups), expected);
            }
        }

        #[test]
        fn the_page_cache_of_a_group_counts_as_available() {
            let group = tempfile::tempdir().unwrap();
            let write = |name: &str, text: &str| fs::write(group.path().join(name), text).unwrap();
            assert_eq!(available_in_group(group.path()), None);
            write("memory.max", "max\n");
            write("memory.current", "700\n");
            assert_eq!(available_in_group(group.path()), None);
            write("memory.max", "1000\n");
            assert_eq!(available_in_group(group.path()), Some(300));
            write(
                "memory.stat",
                "anon 400\ninactive_file 250\nactive_file 50\n",
            );
            assert_eq!(available_in_group(group.path()), Some(550));
        }

        #[test]
        fn this_process_uses_memory() {
            assert!(resident().is_none_or(|bytes| bytes > 1 << 20));
        }
    }
}

#[cfg(not(all(target_os = "linux", not(scoreload_portable))))]
mod os {
    pub(super) fn available() -> Option<u64> {
        None
    }

    pub(super) fn resident() -> Option<u64> {
        None
    }
}
