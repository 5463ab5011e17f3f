//! CSV files to rows.
//!
//! [`read`] detects encoding and dialect from the beginning of a file and finds the header there. Then [`chunks`] cuts
//! the decoded text where records end, and all cores parse chunks with the `csv` crate ([`records`]). Memory is bounded
//! by the chunks in flight, so that a pipe or an archive of any length can be read.

mod chunks;
mod decoder;
pub mod delimiter;
mod dialect;
pub mod encoding;
mod error;
pub(crate) mod lines;
pub(crate) mod output_dialect;
pub(crate) mod read;
mod records;
