//! Opening of a ledger file: creates it if it does not exist, and refuses foreign and damaged files.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::schema::{self, APPLICATION_ID};
use crate::ledger::location::beside;
use crate::storage::error::StorageError;
use crate::system::permissions;

/// How long to wait for a lock: a commit takes milliseconds, a checkpoint or a backup seconds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// The pause between two attempts while another process creates the same ledger.
const PAUSE: Duration = Duration::from_millis(5);

/// The header of a `SQLite` file and the offsets of its fields (`SQLite` file format, section 1.3).
const MAGIC: &[u8] = b"SQLite format 3\0";
const PAGE_SIZE_AT: usize = 16;
const APPLICATION_ID_AT: usize = 68;
const HEADER_LENGTH: usize = 100;

/// `FULL` makes a commit return after it is on the disk, so that it survives a power failure.
const SETTINGS: &str = "
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA trusted_schema = OFF;
    PRAGMA cell_size_check = ON;
";

/// Opens a ledger, and creates it if it does not exist; without a path it is in memory.
pub(crate) fn connect(path: Option<&Path>) -> Result<Connection, StorageError> {
    let mut connection = match path {
        Some(path) => connect_file(path)?,
        None => Connection::open_in_memory()?,
    };
    connection.busy_timeout(BUSY_TIMEOUT)?;
    schema::migrate(&mut connection)?;
    enable_wal(&connection)?;
    connection.execute_batch(SETTINGS)?;
    Ok(connection)
}

/// Enables the write-ahead log: one flush per commit, and reads during writes.
///
/// `SQLite` does not apply the busy timeout here, so this retries while another process creates the same ledger.
fn enable_wal(connection: &Connection) -> rusqlite::Result<()> {
    let began = Instant::now();
    loop {
        match connection.execute_batch("PRAGMA journal_mode = WAL") {
            Err(error) if is_busy(&error) && began.elapsed() < BUSY_TIMEOUT => thread::sleep(PAUSE),
            done => return done,
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}

fn connect_file(path: &Path) -> Result<Connection, StorageError> {
    create(path)?;
    inspect(path)?;
    restrict(path)?;
    // URI file names are disabled because a file can be called `file:x`.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    // Without write permission SQLite silently opens the file read-only.
    if connection.is_readonly("main")? {
        return Err(StorageError::ReadOnly);
    }
    Ok(connection)
}

/// Creates an empty file, which is an empty database to `SQLite`. Its other files get the same permissions.
fn create(path: &Path) -> io::Result<()> {
    let directory = permissions::create_parent_dir(path)?;
    match permissions::private_open_options()
        .write(true)
        .create_new(true)
        .open(path)
    {
        // The directory entry must survive a power failure too.
        Ok(_) => File::open(directory)?.sync_all(),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Checks a file before `SQLite` opens it, because `SQLite` writes beside any file that it opens.
///
/// It must run before there is a connection: closing a file releases all POSIX locks of the process on it.
fn inspect(path: &Path) -> Result<(), StorageError> {
    let found = fs::metadata(path)?;
    if !found.is_file() {
        return Err(StorageError::Foreign);
    }
    let mut header = Vec::with_capacity(HEADER_LENGTH);
    File::open(path)?
        .take(HEADER_LENGTH as u64)
        .read_to_end(&mut header)?;
    if header.is_empty() {
        return refuse_leftovers(path);
    }
    if !header.starts_with(MAGIC) {
        return Err(StorageError::Foreign);
    }
    if header.len() < HEADER_LENGTH || is_cut_within_a_page(path, found.len(), &header) {
        return Err(StorageError::Damaged("it is truncated".to_owned()));
    }
    match header.get(APPLICATION_ID_AT..) {
        Some(rest) if rest.starts_with(&APPLICATION_ID.to_be_bytes()) => Ok(()),
        _ => Err(StorageError::Foreign),
    }
}

/// Whether a file ends within a page, which `SQLite` would fill with zeros. After a crash it can, because the rest is in
/// the `-wal` file. `SQLite` itself detects a missing page.
fn is_cut_within_a_page(path: &Path, length: u64, header: &[u8]) -> bool {
    let page = u16::from_be_bytes([header[PAGE_SIZE_AT], header[PAGE_SIZE_AT + 1]]);
    let whole = length.is_multiple_of(u64::from(page));
    !whole
        && ["-wal", "-journal"]
            .iter()
            .all(|tail| length_beside(path, tail) == 0)
}

/// Refuses an empty file with a `-wal` file, which `SQLite` would delete although it has the data.
fn refuse_leftovers(path: &Path) -> Result<(), StorageError> {
    if length_beside(path, "-wal") == 0 {
        return Ok(());
    }
    let words = "it is empty, and the `-wal` file beside it is not";
    Err(StorageError::Damaged(words.to_owned()))
}

fn length_beside(path: &Path, tail: &str) -> u64 {
    fs::metadata(beside(path, tail)).map_or(0, |found| found.len())
}

/// Makes a ledger that was copied or restored readable by its owner alone.
fn restrict(path: &Path) -> io::Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        match permissions::restrict_path(&beside(path, suffix)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
