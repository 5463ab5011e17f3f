//!

pub(crate) mod cell;
pub(crate) mod percent;
pub(crate) mod timestamp;
