//! Inboxes: directories that files arrive in. Scans for complete files, recognizes files that were imported before, and
//! moves imported files away.
//!
//! Files are moved within the directory, so within one filesystem, and never over another. After a crash between import
//! and move the next import finds the orders unchanged and moves the file.

mod archive;
mod directory;
mod disposition;
pub(crate) mod error;
mod record;
mod scan;
mod settle_time;

pub(crate) use self::archive::with_tail;
pub(crate) use self::directory::{Access, Inbox};
pub(crate) use self::disposition::Disposition;
pub(crate) use self::error::ArchiveError;
pub(crate) use self::record::ImportedFile;
pub(crate) use self::scan::Arrival;
pub(crate) use self::settle_time::SettleTime;
