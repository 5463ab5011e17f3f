//!

pub(crate) mod diagnostic;
pub(crate) mod explain;
