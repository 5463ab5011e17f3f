//! The file of a budget: locked while it is changed, readable by its owner alone, and checked whenever it is read.
//!
//! A process may be killed within a write. So the first line says how long the rest is and what its checksum is, and
//! what does not agree with that counts as a budget that was just used up. Nothing is flushed to the disk: what a
//! process has written outlives it, and a loss of power takes longer than a second.

use std::fs::{File, Permissions};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use flate2::Crc;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use crate::rate_limit::state::Uses;
use crate::system::private_files;
use crate::system::wall_time::{Clocks, WallTime};

/// The first word of the file; another version of its content would have another.
const MAGIC: &str = "scoreload-pace-1";
/// A file that is longer is none of ours.
const LONGEST: u64 = 16 * 1024 * 1024;

/// Where a budget stands.
#[derive(Debug)]
pub(crate) struct StateFile {
    path: PathBuf,
    /// What this process wrote last. As long as nobody else has written, there is nothing to read.
    last: Option<Written>,
}

/// What was written: the first line tells it from anything else.
#[derive(Debug)]
pub(crate) struct Written {
    head: String,
    clocks: Clocks,
}

/// A file that nobody else can change now.
#[derive(Debug)]
pub(crate) struct Locked {
    file: File,
    clocks: Clocks,
    /// By how much the wall clock was set ahead since the file was written.
    pub(crate) set_ahead: Duration,
}

#[derive(Serialize, Deserialize)]
struct Content<U> {
    clocks: Clocks,
    uses: U,
}

impl StateFile {
    pub(crate) const fn at(path: PathBuf) -> Self {
        Self { path, last: None }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns by how much the wall clock was set ahead since this process was the last to write.
    pub(crate) fn set_ahead_until(&self, clocks: &Clocks) -> Duration {
        let last = self.last.as_ref();
        last.map_or(Duration::ZERO, |last| clocks.set_ahead_since(&last.clocks))
    }

    /// Remembers what was written.
    pub(crate) fn remember(&mut self, written: Written) {
        self.last = Some(written);
    }

    /// Waits until nobody else changes the file, and reads it; there is nothing to read where this process was the
    /// last to write. It is opened each time: somebody may have deleted it, and then what is `known` counts.
    pub(crate) fn lock(&self, known: Option<&Uses>) -> io::Result<(Locked, Option<Uses>)> {
        let mut file = self.open(known)?;
        file.lock()?;
        let clocks = Clocks::read();
        if let Some(last) = &self.last
            && starts_with(&mut file, &last.head)?
        {
            let set_ahead = self.set_ahead_until(&clocks);
            return Ok((
                Locked {
                    file,
                    clocks,
                    set_ahead,
                },
                None,
            ));
        }
        let (before, uses) = match content(&read(&mut file)?) {
            Some(Content { clocks, uses }) => (clocks, uses),
            None => {
                let path = self.path.display();
                tracing::warn!(%path, "the state of the pace is damaged: a full window is waited for");
                (clocks.clone(), Uses::up(clocks.wall))
            }
        };
        let set_ahead = clocks.set_ahead_since(&before);
        Ok((
            Locked {
                file,
                clocks,
                set_ahead,
            },
            Some(uses),
        ))
    }

    fn open(&self, known: Option<&Uses>) -> io::Result<File> {
        let open = || private_files::open_private().open(&self.path);
        let file = match open().map_err(|error| (error.kind(), error)) {
            Ok(file) => file,
            Err((ErrorKind::NotFound, _)) => {
                self.make(known.unwrap_or(&Uses::default()))?;
                open()?
            }
            // Another user's, who has left it in a directory of ours.
            Err((ErrorKind::PermissionDenied, _)) => {
                self.replace()?;
                open()?
            }
            Err((_, error)) => return Err(error),
        };
        let found = file.metadata()?;
        if !found.is_file() {
            return Err(io::Error::other("it is no file"));
        }
        if found.permissions().mode() & 0o077 != 0 {
            file.set_permissions(Permissions::from_mode(0o600))?;
        }
        Ok(file)
    }

    /// Makes a file, whole from the first moment: an empty one would be a damaged one.
    fn make(&self, uses: &Uses) -> io::Result<()> {
        let new = self.beside(uses, &Clocks::read())?;
        match new.persist_noclobber(&self.path) {
            Err(failed) if failed.error.kind() == ErrorKind::AlreadyExists => Ok(()),
            made => made.map(drop).map_err(|failed| failed.error),
        }
    }

    /// Puts a file in the place of one that cannot be read. What that held is not known, so everything counts as used.
    fn replace(&self) -> io::Result<()> {
        let clocks = Clocks::read();
        let new = self.beside(&Uses::up(clocks.wall), &clocks)?;
        new.persist(&self.path)
            .map(drop)
            .map_err(|failed| failed.error)
    }

    /// Writes a file of another name, readable by its owner alone.
    fn beside(&self, uses: &Uses, clocks: &Clocks) -> io::Result<NamedTempFile> {
        let directory = private_files::make_directory_of(&self.path)?;
        let mut new = NamedTempFile::new_in(directory)?;
        let (text, _) = text_of(uses, clocks)?;
        new.write_all(&text)?;
        Ok(new)
    }
}

impl Locked {
    /// Returns the moment at which the file was read.
    pub(crate) const fn now(&self) -> WallTime {
        self.clocks.wall
    }

    /// Writes what is used now, and lets others change it.
    pub(crate) fn write(mut self, uses: &Uses) -> io::Result<Written> {
        let clocks = self.clocks.clone();
        let (text, head) = text_of(uses, &clocks)?;
        self.file.rewind()?;
        self.file.write_all(&text)?;
        // Cut last: a file that is longer than it says is whole.
        self.file.set_len(text.len() as u64)?;
        Ok(Written { head, clocks })
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        // Closing is not enough while a process that was just started has yet to close its copy of the file.
        let _ = self.file.unlock();
    }
}

fn read(file: &mut File) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    file.take(LONGEST).read_to_end(&mut text)?;
    Ok(text)
}

fn starts_with(file: &mut File, head: &str) -> io::Result<bool> {
    let mut start = Vec::new();
    let length = head.len() as u64;
    Read::take(&mut *file, length).read_to_end(&mut start)?;
    file.rewind()?;
    Ok(start == head.as_bytes())
}

/// Returns a file's content, and its first line.
fn text_of(uses: &Uses, clocks: &Clocks) -> io::Result<(Vec<u8>, String)> {
    let clocks = clocks.clone();
    let body = serde_json::to_vec(&Content { clocks, uses })?;
    let head = head(&body);
    Ok(([head.as_bytes(), &body].concat(), head))
}

fn head(body: &[u8]) -> String {
    let mut checksum = Crc::new();
    checksum.update(body);
    format!("{MAGIC} {} {:08x}\n", body.len(), checksum.sum())
}

/// Reads a file's content, if it is whole.
fn content(text: &[u8]) -> Option<Content<Uses>> {
    let line = text.iter().position(|byte| *byte == b'\n')? + 1;
    let (first, rest) = text.split_at(line);
    let length = str::from_utf8(first).ok()?.split(' ').nth(1)?;
    let body = rest.get(..length.parse().ok()?)?;
    if head(body).as_bytes() != first {
        return None;
    }
    serde_json::from_slice(body).ok()
}
