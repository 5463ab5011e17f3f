//! CSV files to records: encoding, dialect, chunks.

pub(crate) mod chunks;
pub(crate) mod decoder;
pub mod delimiter;
pub(crate) mod dialect;
pub mod encoding;
pub(crate) mod fast_path;
pub(crate) mod lines;
pub(crate) mod output_dialect;
pub(crate) mod records;
pub(crate) mod stream;
