//! Moving of imported files out of an inbox. A file is never moved over another, nor if it changed since it was read.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::directory::Inbox;
use super::disposition::Disposition;
use super::error::ArchiveError;
use super::scan::Arrival;

impl Inbox {
    /// Moves a file to the directory of its disposition and returns its new path, or `None` if it stays.
    ///
    /// If the directory has a file with this name, the run's id is added to the name.
    ///
    /// # Errors
    /// When the file changed since the scan, or cannot be moved.
    pub(crate) fn clear(
        &self,
        arrival: &Arrival,
        fate: Disposition,
        run: &str,
    ) -> Result<Option<PathBuf>, ArchiveError> {
        let Some(directory) = self.directory_of(fate) else {
            return Ok(None);
        };
        if !arrival.is_unchanged() {
            return Err(ArchiveError::Changed);
        }
        for name in [arrival.name.clone(), with_run(&arrival.name, run)] {
            let to = directory.join(name);
            match move_aside(&arrival.path, &to) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                moved => return moved.map(|()| Some(to)).map_err(ArchiveError::Unmoved),
            }
        }
        Err(ArchiveError::Unmoved(ErrorKind::AlreadyExists.into()))
    }
}

/// Moves a file within a filesystem, without replacing another.
fn move_aside(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        // If the process is killed here, the file has two names, and the next run finds its orders unchanged.
        Ok(()) => return fs::remove_file(from),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(error),
        // Some filesystems have no hard links, and linking a file of another user can be forbidden.
        Err(_) => {}
    }
    if to.symlink_metadata().is_ok() {
        return Err(ErrorKind::AlreadyExists.into());
    }
    fs::rename(from, to)
}

/// Inserts a run's id before the extension of a name.
fn with_run(name: &OsStr, run: &str) -> OsString {
    let path = Path::new(name);
    let mut whole = path.file_stem().unwrap_or(name).to_owned();
    whole.push(".");
    whole.push(run);
    if let Some(extension) = path.extension() {
        whole.push(".");
        whole.push(extension);
    }
    whole
}

/// Appends a suffix to a path.
pub(crate) fn with_tail(path: &Path, suffix: &str) -> PathBuf {
    let mut whole = path.as_os_str().to_owned();
    whole.push(suffix);
    whole.into()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::inbox::{Access, SettleTime};

    #[test]
    fn a_file_is_never_moved_over_another_with_its_name() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let inbox = Inbox::open(directory.path(), Access::Archive { is_waiting: false }).unwrap();
        let cleared = |content: &str, fate, run| {
            fs::write(path("a.csv"), content).unwrap();
            let arrivals = inbox
                .arrivals("0s".parse::<SettleTime>().unwrap(), |_| {})
                .unwrap();
            let moved = inbox.clear(&arrivals.complete[0], fate, run);
            moved.map(|to| to.map(|to| to.file_name().unwrap().to_owned()))
        };
        assert_eq!(
            cleared("1", Disposition::Done, "r1").unwrap().unwrap(),
            "a.csv"
        );
        assert_eq!(
            cleared("2", Disposition::Done, "r2").unwrap().unwrap(),
            "a.r2.csv"
        );
        assert_eq!(
            cleared("3", Disposition::Failed, "r3").unwrap().unwrap(),
            "a.csv"
        );
        assert!(matches!(
            cleared("4", Disposition::Done, "r2"),
            Err(ArchiveError::Unmoved(_))
        ));
        assert_eq!(cleared("5", Disposition::Kept, "r5").unwrap(), None);
        let content = |name: &str| fs::read_to_string(path(name)).unwrap();
        let all = ["done/a.csv", "done/a.r2.csv", "failed/a.csv", "a.csv"].map(content);
        assert_eq!(all, ["1", "2", "3", "5"]);
    }

    #[test]
    fn a_file_that_was_replaced_during_the_import_stays() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.csv");
        let inbox = Inbox::open(directory.path(), Access::Archive { is_waiting: false }).unwrap();
        fs::write(&path, "old").unwrap();
        let arrivals = inbox
            .arrivals("0s".parse::<SettleTime>().unwrap(), |_| {})
            .unwrap();
        fs::write(directory.path().join("new"), "new").unwrap();
        fs::rename(directory.path().join("new"), &path).unwrap();
        let cleared = inbox.clear(&arrivals.complete[0], Disposition::Done, "r1");
        assert!(matches!(cleared, Err(ArchiveError::Changed)));
        assert_eq!(fs::read_to_string(path).unwrap(), "new");
    }
}
