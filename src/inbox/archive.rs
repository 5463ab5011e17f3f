//! Files on their way out of an inbox: never over another, and never one that has changed since it was read.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::{Arrival, Disposition, Inbox};

/// Why a file stays in the inbox.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Another has taken its place while it was imported.
    #[error("it has changed since it was read, so it is left to the next run")]
    Changed,
    /// What the system said.
    #[error("it cannot be moved: {0}")]
    Unmoved(io::Error),
}

impl Inbox {
    /// Moves a file to where it goes, under its own name, or with the run's id in it where that name is taken. Returns
    /// where it is; `None` where it stays.
    ///
    /// # Errors
    /// When it has changed since it was found, or cannot be moved.
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

/// Moves a file within a filesystem, but not over another.
fn move_aside(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        // Should the process be killed here, the file has two names, and the next run finds that nothing is to be sent.
        Ok(()) => return fs::remove_file(from),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(error),
        // Not every filesystem has links, and not every file may be linked by one who may move it.
        Err(_) => {}
    }
    if to.symlink_metadata().is_ok() {
        return Err(ErrorKind::AlreadyExists.into());
    }
    fs::rename(from, to)
}

/// Puts a run's id into a name, in front of its extension.
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

/// Adds something to the end of a name.
pub(crate) fn with_tail(path: &Path, tail: &str) -> PathBuf {
    let mut whole = path.as_os_str().to_owned();
    whole.push(tail);
    whole.into()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::inbox::{Access, SettleTime};

    #[test]
    fn a_file_is_moved_beside_one_of_its_name_and_never_over_it() {
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
    fn a_file_that_was_replaced_while_it_was_imported_stays() {
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
