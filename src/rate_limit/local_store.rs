//! The state on this machine: in the first usable file, or in memory.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::file_store::{LockedFile, StateFile};
use super::state::WindowState;
use crate::system::clock::{Clocks, WallTime};
use crate::system::process::ProcessId;

/// The state on this machine.
#[derive(Debug)]
pub(crate) struct LocalStore {
    process: ProcessId,
    /// The files that have not failed. The first is in use, or is tried next.
    files: Vec<StateFile>,
    /// The state after the last update. Its times are of the wall clock if it is in a file, else of the caller's clock.
    state: Option<WindowState>,
    /// The clocks when the file was last locked.
    last_clocks: Clocks,
    /// A file exists but cannot be used. Its state may be exhausted.
    is_unknown: bool,
}

impl LocalStore {
    pub(super) fn new(files: &[PathBuf]) -> Self {
        Self {
            process: ProcessId::this_process(),
            files: files.iter().cloned().map(StateFile::new).collect(),
            state: None,
            last_clocks: Clocks::default(),
            is_unknown: false,
        }
    }

    pub(super) fn is_shared(&self) -> bool {
        !self.files.is_empty()
    }

    /// Updates the state. A file that cannot be used is replaced by the next one, and at last by memory.
    pub(super) fn update<T>(
        &mut self,
        since_start: Duration,
        change: impl FnOnce(&mut WindowState, &ProcessId, WallTime) -> T,
    ) -> T {
        let callers_now = WallTime::at(since_start);
        let locked = self.lock_file(callers_now);
        let now = locked.as_ref().map_or(callers_now, LockedFile::now);
        let state = self.state.get_or_insert_default();
        state.advance(now, &self.process);
        if std::mem::take(&mut self.is_unknown) {
            state.exhaust(now);
        }
        let result = change(state, &self.process, now);
        if let Some(locked) = locked
            && let Err(error) = locked.write(state)
        {
            self.abandon_file(&error, callers_now);
        }
        result
    }

    /// Locks the first usable file, and reads its state.
    fn lock_file(&mut self, callers_now: WallTime) -> Option<LockedFile> {
        while let Some(file) = self.files.first() {
            match file.lock(self.state.as_ref()) {
                Ok((locked, state)) => {
                    self.state = Some(state);
                    self.last_clocks = locked.clocks().clone();
                    return Some(locked);
                }
                Err(error) => self.abandon_file(&error, callers_now),
            }
        }
        None
    }

    /// Stops using the first file. If it was usable before, its last known state continues in memory.
    fn abandon_file(&mut self, error: &io::Error, callers_now: WallTime) {
        let file = self.files.remove(0);
        let path = file.path();
        tracing::warn!(path = %path.display(), %error, "cannot use the rate-limit state file");
        match &mut self.state {
            Some(state) => {
                self.files.clear();
                let clocks = Clocks::read();
                state.shift(clocks.set_ahead_since(&self.last_clocks));
                state.change_clock(clocks.wall, callers_now);
            }
            None => self.is_unknown |= path.exists(),
        }
    }
}
