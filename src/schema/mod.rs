//! The table of columns, and how the headers of a sheet are matched to it.
//!
//! - [`columns`]: the table; [`accessor`]: how an entry names a property of the wire model
//! - [`part`]: the order, an assessment or a test of an update, read and written by column
//! - [`header_names`]: the names by which headers are recognized

mod accessor;
pub mod columns;
pub mod header_names;
pub(crate) mod part;
