//! Memory and time limits of a worker, by the size of the workbook: a hostile one ends soon, a large one is read.

use std::time::Duration;

use crate::input::workbook::container::{Container, Kind};
use crate::input::workbook::error::WorkbookError;
use crate::system::process;

/// Memory and time limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room {
    /// Memory in bytes.
    pub(crate) memory: u64,
    /// CPU time in seconds.
    pub(crate) seconds: u64,
}

impl Room {
    /// Returns the limits for a workbook.
    pub(crate) fn of(container: &Container) -> Self {
        /// For the program itself and a small workbook.
        const LEAST: u64 = 128 << 20;
        const MOST: u64 = 3 << 30;
        /// Bytes read per second by the slowest format.
        const PACE: u64 = 2 << 20;
        // A cell takes 6 bytes in an .xls and 150 in calamine; a cell of an .ods takes 100 bytes of XML.
        let times = match container.kind {
            Kind::Xls => 40,
            Kind::Xlsx | Kind::Xlsb | Kind::Ods => 10,
        };
        Self {
            memory: container
                .unpacked
                .saturating_mul(times)
                .saturating_add(LEAST)
                .min(MOST),
            seconds: 2 + container.unpacked / PACE,
        }
    }

    /// Returns how long to wait for the next message, allowing for a busy machine.
    pub(crate) fn message_timeout(self) -> Duration {
        Duration::from_secs(10 + 4 * self.seconds)
    }

    /// Applies the limits to this process.
    pub(crate) fn apply(self) -> Result<(), WorkbookError> {
        Ok(process::limit_resources(self.memory, self.seconds)?)
    }

    /// Refuses a workbook that would need more memory than the limit.
    pub(crate) fn check_memory(self, bytes: u64) -> Result<(), WorkbookError> {
        // The rest is for the file itself and for intermediate copies.
        if bytes > self.memory / 4 * 3 {
            let what = "its cells are too far apart or repeated too often";
            return Err(WorkbookError::too_large(what));
        }
        Ok(())
    }
}
