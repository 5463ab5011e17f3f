//! Imports from an inbox: which files are imported, and where each goes afterwards.
//!
//! - [`files`]: the files of the inbox that a run imports
//! - [`disposition`]: where each file goes, according to the outcomes of its orders
//! - [`archive`]: moving the files with their reports and rejected rows

pub(crate) mod archive;
pub(crate) mod disposition;
pub(crate) mod files;

pub(crate) use self::files::InboxFiles;
