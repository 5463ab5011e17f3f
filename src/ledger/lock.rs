//! The lock of a ledger file and a target: two imports at once would send the same updates.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ledger::error::LedgerError;
use crate::ledger::location::{Location, beside};
use crate::system::{permissions, process};

/// Longer than [`Lock::holder`] holds a shared lock.
const PROBE_TIME: Duration = Duration::from_millis(20);

/// The holder of a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process.
    pub(crate) pid: u32,
    /// The machine, if its name is known.
    pub(crate) host: Option<String>,
    /// The id of the run.
    pub(crate) run: String,
    /// When the run started.
    pub(crate) started_at: Timestamp,
}

impl Holder {
    /// Returns this process as the holder for a run.
    pub(crate) fn this_process(run: &str, started_at: Timestamp) -> Self {
        Self {
            pid: std::process::id(),
            host: process::host_name(),
            run: run.to_owned(),
            started_at,
        }
    }
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "run `{}`, process `{}`", self.run, self.pid)?;
        if let Some(host) = &self.host {
            write!(f, " on `{host}`")?;
        }
        write!(f, ", since `{:.0}`", self.started_at)
    }
}

/// The result of trying to lock.
#[derive(Debug)]
pub(crate) enum LockAttempt {
    /// The lock is acquired.
    Taken(Lock),
    /// Another process holds it; `None` if it has not written its name yet.
    Held(Option<Holder>),
}

/// The right to import to a target with a ledger, until it is dropped or the process ends.
///
/// The operating system's file lock decides; the content of the file only names the holder. The file is not deleted,
/// because two processes could then lock two files with the same name.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Lock {
    /// Locks a ledger file and a target, if no other process holds the lock.
    ///
    /// # Errors
    /// When the lock file cannot be written.
    pub(crate) fn try_take(
        ledger: &Path,
        target: &str,
        holder: &Holder,
    ) -> Result<LockAttempt, LedgerError> {
        let take = || {
            let file = open(ledger, target)?;
            let mut locked = file.try_lock();
            if matches!(locked, Err(TryLockError::WouldBlock)) {
                // Another process may hold the lock for a moment in `Lock::holder`.
                std::thread::sleep(PROBE_TIME);
                locked = file.try_lock();
            }
            match locked {
                Ok(()) => Ok(LockAttempt::Taken(Self::name(file, holder)?)),
                Err(TryLockError::WouldBlock) => Ok(LockAttempt::Held(read_holder(file))),
                Err(TryLockError::Error(error)) => Err(error),
            }
        };
        take().map_err(|error| unopened(ledger, error))
    }

    /// Returns the holder of the lock on a ledger file and a target, if there is one.
    pub(crate) fn holder(ledger: &Path, target: &str) -> Option<Holder> {
        let file = File::open(path_of(ledger, target).ok()?).ok()?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => read_holder(file),
            Ok(()) | Err(TryLockError::Error(_)) => None,
        }
    }

    /// Waits for the lock on a ledger file and a target.
    ///
    /// # Errors
    /// When the lock file cannot be written.
    pub(crate) fn wait_for(
        ledger: &Path,
        target: &str,
        holder: &Holder,
    ) -> Result<Self, LedgerError> {
        let take = || {
            let file = open(ledger, target)?;
            file.lock()?;
            Self::name(file, holder)
        };
        take().map_err(|error| unopened(ledger, error))
    }

    /// Writes the holder to the file.
    fn name(file: File, holder: &Holder) -> io::Result<Self> {
        let mut lock = Self(file);
        lock.0.set_len(0)?;
        lock.0.write_all(&serde_json::to_vec(holder)?)?;
        Ok(lock)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Otherwise this name would be read until the next holder has written its own.
        let _ = self.0.set_len(0);
        // A child process can still have a copy of the file descriptor before it executes its program.
        let _ = self.0.unlock();
    }
}

fn open(ledger: &Path, target: &str) -> io::Result<File> {
    let path = path_of(ledger, target)?;
    permissions::private_open_options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
}

/// Returns the path of a lock file. It is beside the ledger, after links are resolved.
fn path_of(ledger: &Path, target: &str) -> io::Result<PathBuf> {
    let directory = permissions::create_parent_dir(ledger)?;
    let ledger = match (fs::canonicalize(ledger), ledger.file_name()) {
        (Ok(path), _) => path,
        (Err(_), Some(name)) => fs::canonicalize(directory)?.join(name),
        (Err(error), None) => return Err(error),
    };
    let digest = Sha256::digest(target.as_bytes());
    let mark = digest
        .iter()
        .take(8)
        .fold(0_u64, |mark, byte| mark << 8 | u64::from(*byte));
    Ok(beside(&ledger, &format!(".{mark:016x}.lock")))
}

fn read_holder(mut file: File) -> Option<Holder> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

fn unopened(ledger: &Path, error: io::Error) -> LedgerError {
    LedgerError::Open {
        location: Location::File(ledger.to_owned()),
        error: error.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::os::unix::fs::PermissionsExt;
    use std::process::{Command, Stdio};

    use super::*;

    fn holder(run: &str) -> Holder {
        Holder::this_process(run, "2026-03-04T17:06:00Z".parse().unwrap())
    }

    fn taken(ledger: &Path, target: &str) -> Option<Lock> {
        match Lock::try_take(ledger, target, &holder("second")).unwrap() {
            LockAttempt::Taken(lock) => Some(lock),
            LockAttempt::Held(_) => None,
        }
    }

    #[test]
    fn a_lock_excludes_others_and_names_its_holder_until_dropped() {
        let directory = tempfile::tempdir().unwrap();
        let ledger = directory.path().join("state/ledger.db");
        let lock = Lock::wait_for(&ledger, "demo", &holder("first")).unwrap();
        let attempt = Lock::try_take(&ledger, "demo", &holder("second")).unwrap();
        assert!(matches!(attempt, LockAttempt::Held(Some(found)) if found == holder("first")));
        assert_eq!(Lock::holder(&ledger, "demo"), Some(holder("first")));
        assert_eq!(Lock::holder(&ledger, "production"), None);
        drop(lock);
        assert_eq!(Lock::holder(&ledger, "demo"), None);
        assert!(taken(&ledger, "demo").is_some());
    }

    #[test]
    fn a_lock_depends_on_the_target_and_the_resolved_path_of_the_ledger() {
        let directory = tempfile::tempdir().unwrap();
        let (ledger, other) = (directory.path().join("a.db"), directory.path().join("b.db"));
        let link = directory.path().join("link.db");
        fs::write(&ledger, "").unwrap();
        std::os::unix::fs::symlink(&ledger, &link).unwrap();
        let _lock = taken(&ledger, "demo").unwrap();
        assert!(taken(&ledger, "production").is_some());
        assert!(taken(&other, "demo").is_some());
        assert!(taken(&link, "demo").is_none());
        assert!(taken(&directory.path().join("./a.db"), "demo").is_none());
    }

    #[test]
    fn the_lock_of_a_killed_process_is_released() {
        let directory = tempfile::tempdir().unwrap();
        let ledger = directory.path().join("ledger.db");
        let file = path_of(&ledger, "demo").unwrap();
        drop(taken(&ledger, "demo"));
        let script = r#"exec 9>>"$0"; flock 9; echo '{"pid": 1' >&9; echo locked; read -r line"#;
        let mut process = Command::new("sh")
            .args(["-c".as_ref(), script.as_ref(), file.as_os_str()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        assert_eq!(line, "locked\n");
        let attempt = Lock::try_take(&ledger, "demo", &holder("second")).unwrap();
        assert!(matches!(attempt, LockAttempt::Held(None)));
        process.kill().unwrap();
        process.wait().unwrap();
        let _lock = taken(&ledger, "demo").unwrap();
        let left: Holder = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        assert_eq!(left, holder("second"));
        #[cfg(not(scoreload_portable))]
        assert_eq!(
            fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }

    #[test]
    fn a_holder_is_displayed_with_process_and_start() {
        let holder = Holder {
            pid: 4711,
            host: Some("nightly".to_owned()),
            ..holder("20260304-170600-abcd")
        };
        let words =
            "run `20260304-170600-abcd`, process `4711` on `nightly`, since `2026-03-04T17:06:00Z`";
        assert_eq!(holder.to_string(), words);
    }
}
