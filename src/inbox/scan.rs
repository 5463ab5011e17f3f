//! Scanning of an inbox for complete files: those that have not changed for a while.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::directory::Inbox;
use super::settle_time::SettleTime;
use crate::input;
use crate::system::permissions::FileStamp;

/// A complete file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// Its path.
    pub(crate) path: PathBuf,
    /// Its name.
    pub(crate) name: OsString,
    stamp: FileStamp,
}

/// The files in an inbox.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Arrivals {
    /// Complete spreadsheets, sorted by name.
    pub(crate) complete: Vec<Arrival>,
    /// Spreadsheets that are still changing.
    pub(crate) growing: Vec<OsString>,
    /// Files without the extension of a spreadsheet.
    pub(crate) others: Vec<OsString>,
}

impl Arrival {
    /// Whether the file has not changed since the scan.
    pub(crate) fn is_unchanged(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|found| FileStamp::new(&found) == self.stamp)
    }
}

impl Inbox {
    /// Lists the files. It waits once, for `settle` at most, for files that changed recently.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub(crate) fn arrivals(
        &self,
        settle: SettleTime,
        on_wait: impl FnOnce(usize),
    ) -> io::Result<Arrivals> {
        let mut arrivals = Arrivals::default();
        let mut young = Vec::new();
        for (name, stamp) in listed(self.directory(), &mut arrivals.others)? {
            let arrival = Arrival {
                path: self.directory().join(&name),
                name,
                stamp,
            };
            match age(&stamp) {
                Some(age) if age >= settle.0 => arrivals.complete.push(arrival),
                age => young.push((arrival, settle.0.saturating_sub(age.unwrap_or_default()))),
            }
        }
        if let Some(longest) = young.iter().map(|(_, left)| *left).max() {
            on_wait(young.len());
            thread::sleep(longest);
        }
        for (arrival, _) in young {
            if arrival.is_unchanged() {
                arrivals.complete.push(arrival);
            } else {
                arrivals.growing.push(arrival.name);
            }
        }
        arrivals
            .complete
            .sort_by(|one, other| one.name.cmp(&other.name));
        Ok(arrivals)
    }
}

/// Returns the time since a file's last modification, or `None` if that is in the future.
fn age(stamp: &FileStamp) -> Option<Duration> {
    stamp.modified.and_then(|at| at.elapsed().ok())
}

/// Lists the spreadsheets of a directory by name; other files go to `others`, except temporary ones.
fn listed(directory: &Path, others: &mut Vec<OsString>) -> io::Result<Vec<(OsString, FileStamp)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        // It was deleted or moved in the meantime.
        let Ok(metadata) = fs::metadata(entry.path()) else {
            continue;
        };
        if !metadata.is_file() || input::is_temporary(&name) {
            continue;
        }
        if input::is_spreadsheet(&name) {
            found.push((name, FileStamp::new(&metadata)));
        } else {
            others.push(name);
        }
    }
    others.sort_unstable();
    found.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::fs::File;
    use std::io::Write;
    use std::time::SystemTime;

    use super::*;
    use crate::inbox::Access;

    const HOUR: Duration = Duration::from_secs(3600);

    fn file(directory: &Path, name: &str, modified: SystemTime) -> File {
        let file = File::create(directory.join(name)).unwrap();
        file.set_modified(modified).unwrap();
        file
    }

    fn names(arrivals: &[Arrival]) -> Vec<&str> {
        arrivals
            .iter()
            .map(|it| it.name.to_str().unwrap())
            .collect()
    }

    #[test]
    fn old_spreadsheets_are_complete_without_waiting() {
        let directory = tempfile::tempdir().unwrap();
        let old = SystemTime::now() - HOUR;
        for name in [
            "b.csv",
            "a.XLSX",
            "c.csv.gz",
            "c.csv.part",
            "~$a.xlsx",
            ".hidden.csv",
            ".~lock.a.ods#",
            "x.csv.tmp",
            "scoreload-report-20260101-000000-abcd.html",
            "read me.pdf",
        ] {
            file(directory.path(), name, old);
        }
        fs::create_dir(directory.path().join("done")).unwrap();
        let inbox = Inbox::open(directory.path(), Access::Read).unwrap();
        let waited = Cell::new(0);
        let arrivals = inbox
            .arrivals(SettleTime::default(), |young| waited.set(young))
            .unwrap();
        assert_eq!(names(&arrivals.complete), ["a.XLSX", "b.csv", "c.csv.gz"]);
        assert_eq!(arrivals.others, ["read me.pdf"]);
        assert_eq!((arrivals.growing.len(), waited.get()), (0, 0));
    }

    #[test]
    fn a_recent_file_is_complete_if_it_does_not_change_while_waiting() {
        let directory = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        file(directory.path(), "still.csv", now);
        file(directory.path(), "ahead.csv", now + HOUR);
        let mut growing = file(directory.path(), "growing.csv", now);
        let inbox = Inbox::open(directory.path(), Access::Read).unwrap();
        let settle = SettleTime(Duration::from_millis(20));
        let arrivals = inbox.arrivals(settle, |young| {
            assert!(young >= 2, "those that have not settled yet: {young}");
            growing.write_all(b"more").unwrap();
        });
        let arrivals = arrivals.unwrap();
        assert_eq!(names(&arrivals.complete), ["ahead.csv", "still.csv"]);
        assert_eq!(arrivals.growing, ["growing.csv"]);
        assert!(arrivals.complete[1].is_unchanged());
        file(directory.path(), "still.csv", now)
            .write_all(b"new")
            .unwrap();
        assert!(!arrivals.complete[1].is_unchanged());
    }
}
