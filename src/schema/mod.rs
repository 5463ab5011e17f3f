//! The one table of columns, and how headers are matched to it.

pub mod columns;
pub mod header_names;
