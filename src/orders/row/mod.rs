//! Checking rows one by one: the text of each mapped cell, and the diagnostics of the row alone.
//!
//! [`chunk`] takes the rows of a chunk of a sheet; [`reader`] checks one of them, with the tests of wide sheets in
//! [`wide`] and the required fields in [`missing`].

mod cell;
mod chunk;
mod findings;
mod missing;
mod reader;
mod wide;

pub(crate) use self::chunk::{Chunk, RowRules};
pub(crate) use self::findings::Findings;
