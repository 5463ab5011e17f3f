//! What targets have acknowledged of each order, and what follows from it for the next update.
//!
//! Everything here is a rule over values; where the knowledge is kept, and when it is written, is for others.

pub mod known;
mod parts;
pub mod plan;
#[cfg(test)]
mod tests;

pub use self::known::Known;
pub use self::parts::{reports_of, without_reports};
pub use self::plan::{Change, OnAmbiguous, PlacedReport, Planned, plan};
