//!

pub(crate) mod columns;
pub(crate) mod header_names;
