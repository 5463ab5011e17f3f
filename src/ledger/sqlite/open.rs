//! A place to a connection: makes the file where there is none, and refuses whatever is not a whole ledger of ours.

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

/// How long another process may keep the ledger locked: its groups take milliseconds, a checkpoint or a backup seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long to wait for another process that makes the same ledger, before another try.
const PAUSE: Duration = Duration::from_millis(5);

/// The first bytes of every `SQLite` file, and where in its header things stand (`SQLite`'s file format, 1.3).
const MAGIC: &[u8] = b"SQLite format 3\0";
const PAGE_SIZE_AT: usize = 16;
const APPLICATION_ID_AT: usize = 68;
const HEADER_LENGTH: usize = 100;

/// A commit returns once it is on the disk (`FULL`), also where the machine then loses its power.
const SETTINGS: &str = "
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA trusted_schema = OFF;
    PRAGMA cell_size_check = ON;
";

/// Opens a ledger's database, and makes it first where there is none; without a path it is in memory.
pub(crate) fn connect(path: Option<&Path>) -> Result<Connection, StorageError> {
    let mut connection = match path {
        Some(path) => connect_file(path)?,
        None => Connection::open_in_memory()?,
    };
    connection.busy_timeout(PATIENCE)?;
    schema::migrate(&mut connection)?;
    keep_a_log(&connection)?;
    connection.execute_batch(SETTINGS)?;
    Ok(connection)
}

/// Turns the write-ahead log on, which the file then keeps: one flush a commit, and reading while another writes.
///
/// For this step `SQLite` does not wait as it does for a write, so it is tried again where others are making the same
/// ledger at this moment.
fn keep_a_log(connection: &Connection) -> rusqlite::Result<()> {
    let began = Instant::now();
    loop {
        match connection.execute_batch("PRAGMA journal_mode = WAL") {
            Err(error) if is_busy(&error) && began.elapsed() < PATIENCE => thread::sleep(PAUSE),
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
    // Without SQLite's URI names: a file may well be called `file:x`.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    // Where it may not write, SQLite opens for reading, and says nothing.
    if connection.is_readonly("main")? {
        return Err(StorageError::ReadOnly);
    }
    Ok(connection)
}

/// Makes an empty file where there is none. `SQLite` takes it for an empty database, and gives its own files its mode.
fn create(path: &Path) -> io::Result<()> {
    let directory = permissions::create_parent_dir(path)?;
    match permissions::private_open_options()
        .write(true)
        .create_new(true)
        .open(path)
    {
        // The file's name must outlive a loss of power just as its content does.
        Ok(_) => File::open(directory)?.sync_all(),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Looks at a file before `SQLite` does, which writes beside whatever it opens.
///
/// A process does so before it has a connection to that file: closing a file ends the locks that the same process has
/// on it, those of `SQLite` too.
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
        return Err(StorageError::Damaged("it is cut short".to_owned()));
    }
    match header.get(APPLICATION_ID_AT..) {
        Some(rest) if rest.starts_with(&APPLICATION_ID.to_be_bytes()) => Ok(()),
        _ => Err(StorageError::Foreign),
    }
}

/// Tells whether a file ends within a page, which `SQLite` would fill up with zeros. After a crash it may, as the rest
/// is in the files beside it; a page that is missing as a whole, `SQLite` notices.
fn is_cut_within_a_page(path: &Path, length: u64, header: &[u8]) -> bool {
    let page = u16::from_be_bytes([header[PAGE_SIZE_AT], header[PAGE_SIZE_AT + 1]]);
    let whole = length.is_multiple_of(u64::from(page));
    !whole
        && ["-wal", "-journal"]
            .iter()
            .all(|tail| length_beside(path, tail) == 0)
}

/// Refuses an empty file with a `-wal` file beside it: `SQLite` would delete that, and with it all that is left.
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
