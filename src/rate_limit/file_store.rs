//! State files: locked during each update, readable by their owner alone, and checked whenever they are read.
//!
//! A process may be killed while it writes. The first line therefore holds the length and the checksum of the rest, and
//! a file that does not match counts as exhausted. Nothing is flushed to the disk: written data survives the process,
//! and a power failure takes longer than most windows.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};

use flate2::Crc;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::state::WindowState;
use crate::system::clock::{Clocks, WallTime};
use crate::system::permissions;

/// Identifies the format and its version.
const MAGIC: &str = "scoreload-pace-1";
/// Reads no more than this; no state file is longer.
const MAX_LENGTH: u64 = 16 * 1024 * 1024;

/// A state file.
#[derive(Debug)]
pub(super) struct StateFile(PathBuf);

/// A state file that no other process can change until this is dropped.
#[derive(Debug)]
pub(super) struct LockedFile {
    file: File,
    clocks: Clocks,
}

#[derive(Serialize, Deserialize)]
struct Content<S> {
    clocks: Clocks,
    #[serde(rename = "uses")]
    state: S,
}

impl StateFile {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Locks and reads the file. If it was deleted, it is created with the last `known` state.
    pub(super) fn lock(
        &self,
        known: Option<&WindowState>,
    ) -> io::Result<(LockedFile, WindowState)> {
        let mut file = self.open(known)?;
        file.lock()?;
        let clocks = Clocks::read();
        let state = match parse(&read(&mut file)?) {
            Some(Content {
                clocks: written_at,
                mut state,
            }) => {
                state.shift(clocks.set_ahead_since(&written_at));
                state
            }
            None => {
                let path = self.0.display();
                tracing::warn!(%path, "the rate-limit state is damaged: waiting for a full window");
                WindowState::exhausted(clocks.wall)
            }
        };
        Ok((LockedFile { file, clocks }, state))
    }

    /// Opens the file anew each time, because it may have been deleted or replaced.
    fn open(&self, known: Option<&WindowState>) -> io::Result<File> {
        let open = || {
            permissions::private_open_options()
                .read(true)
                .write(true)
                .open(&self.0)
        };
        let file = match open() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.create(known.unwrap_or(&WindowState::default()))?;
                open()?
            }
            // Another user's file in a directory of this user.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                self.replace()?;
                open()?
            }
            opened => opened?,
        };
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        permissions::restrict_file(&file)?;
        Ok(file)
    }

    /// Creates the file with its content in one step: an empty file would count as damaged.
    fn create(&self, state: &WindowState) -> io::Result<()> {
        let file = self.temporary_file(state, &Clocks::read())?;
        match file.persist_noclobber(&self.0) {
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Ok(()),
            created => created.map(drop).map_err(|error| error.error),
        }
    }

    /// Replaces a file that cannot be read. As its state is not known, the new state is exhausted.
    fn replace(&self) -> io::Result<()> {
        let clocks = Clocks::read();
        let file = self.temporary_file(&WindowState::exhausted(clocks.wall), &clocks)?;
        file.persist(&self.0).map(drop).map_err(|error| error.error)
    }

    fn temporary_file(&self, state: &WindowState, clocks: &Clocks) -> io::Result<NamedTempFile> {
        let directory = permissions::create_parent_dir(&self.0)?;
        let mut file = NamedTempFile::new_in(directory)?;
        file.write_all(&serialize(state, clocks)?)?;
        Ok(file)
    }
}

impl LockedFile {
    /// Returns the time at which the file was locked.
    pub(super) const fn now(&self) -> WallTime {
        self.clocks.wall
    }

    pub(super) const fn clocks(&self) -> &Clocks {
        &self.clocks
    }

    /// Writes the state and unlocks the file.
    pub(super) fn write(mut self, state: &WindowState) -> io::Result<()> {
        let text = serialize(state, &self.clocks)?;
        self.file.rewind()?;
        self.file.write_all(&text)?;
        // Truncates last: a file with a longer rest is still valid.
        self.file.set_len(text.len() as u64)
    }
}

impl Drop for LockedFile {
    fn drop(&mut self) {
        // Closing alone does not unlock while a child process that is being started still has the file open.
        let _ = self.file.unlock();
    }
}

fn read(file: &mut File) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    file.take(MAX_LENGTH).read_to_end(&mut text)?;
    Ok(text)
}

fn serialize(state: &WindowState, clocks: &Clocks) -> io::Result<Vec<u8>> {
    let clocks = clocks.clone();
    let body = serde_json::to_vec(&Content { clocks, state })?;
    Ok([header(&body).as_bytes(), &body].concat())
}

fn header(body: &[u8]) -> String {
    let mut checksum = Crc::new();
    checksum.update(body);
    format!("{MAGIC} {} {:08x}\n", body.len(), checksum.sum())
}

/// Parses a file. Returns `None` if it is damaged.
fn parse(text: &[u8]) -> Option<Content<WindowState>> {
    let header_length = text.iter().position(|byte| *byte == b'\n')? + 1;
    let (first_line, rest) = text.split_at(header_length);
    let length = str::from_utf8(first_line).ok()?.split(' ').nth(1)?;
    let body = rest.get(..length.parse().ok()?)?;
    if header(body).as_bytes() != first_line {
        return None;
    }
    serde_json::from_slice(body).ok()
}
