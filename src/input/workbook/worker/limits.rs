//! How much memory and time a workbook is given, by its size: a hostile one ends soon, a large one is read.

use std::time::Duration;

use rlimit::Resource;

use crate::input::workbook::container::{Kind, Parcel};
use crate::input::workbook::error::Flaw;

/// Memory and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room {
    /// Bytes of memory.
    pub(crate) memory: u64,
    /// Seconds of work.
    pub(crate) seconds: u64,
}

impl Room {
    /// Returns what a file is given.
    pub(crate) fn of(parcel: &Parcel) -> Self {
        /// The program itself, and a workbook of a few cells.
        const LEAST: u64 = 128 << 20;
        const MOST: u64 = 3 << 30;
        /// Bytes that are read in a second, at the slowest.
        const PACE: u64 = 2 << 20;
        // A cell of six bytes in an .xls takes 150 in the library; one of an .ods has a hundred bytes of XML.
        let times = match parcel.kind {
            Kind::Xls => 40,
            Kind::Xlsx | Kind::Xlsb | Kind::Ods => 10,
        };
        Self {
            memory: parcel
                .unpacked
                .saturating_mul(times)
                .saturating_add(LEAST)
                .min(MOST),
            seconds: 2 + parcel.unpacked / PACE,
        }
    }

    /// Returns how long to wait for the next word: a machine may be busy with other work.
    pub(crate) fn patience(self) -> Duration {
        Duration::from_secs(10 + 4 * self.seconds)
    }

    /// Holds this process to it.
    pub(crate) fn impose(self) -> Result<(), Flaw> {
        let limits = [
            (Resource::AS, self.memory),
            (Resource::CPU, self.seconds),
            // What ends for want of memory leaves nothing behind.
            (Resource::CORE, 0),
        ];
        for (resource, limit) in limits {
            let (_, most) = resource.get()?;
            let limit = limit.min(most);
            resource.set(limit, limit)?;
        }
        Ok(())
    }

    /// Refuses what would take more memory than there is.
    pub(crate) fn hold(self, bytes: u64) -> Result<(), Flaw> {
        // The file itself, and what is made of it on the way, take the rest.
        if bytes > self.memory / 4 * 3 {
            let what = "its cells stand too far apart, or are repeated too often";
            return Err(Flaw::too_large(what));
        }
        Ok(())
    }
}
