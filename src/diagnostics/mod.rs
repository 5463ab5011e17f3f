//! Findings about the data: their codes and severities, and a page that explains each code.

pub mod diagnostic;
pub(crate) mod explain;
