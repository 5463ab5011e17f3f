//! What was sent and what became of it, kept where a crash cannot take it; and what follows from it for the next
//! update.
//!
//! A request leaves only once the intent to send it is durable, and its outcome is written as soon as it is known.
//! So after a crash at any moment, whatever an order's server may hold is known here, or known to be in doubt.
//!
//! - [`store`]: the handle that everybody shares; each call is a message to the one thread that owns the database
//! - [`lock`]: one import at a time for a ledger's file and a target; [`lease`]: one importer at a time for an order,
//!   where many share a ledger
//! - [`budget`]: what of a target's rate is used, whoever uses it
//! - [`place`]: where a ledger is; [`fault`]: why one cannot be relied on; [`entry`]: what it holds
//! - [`mod@changes`]: which values an update would change
//! - [`known`]: what a target has acknowledged of one order; [`mod@plan`]: what is left to send of it. Both are rules
//!   over values; the store keeps them as the text that it was given
//! - [`remembered`]: what a ledger keeps of an order beside what its inputs say, which is the same as a rule
//! - [`verdict`]: whether inputs say what was delivered
//! - [`exchange`]: everything that a ledger holds as a file; [`merging`]: such a file into another ledger

mod backend;
pub mod budget;
pub mod changes;
pub mod entry;
pub mod exchange;
pub mod fault;
mod files;
pub mod known;
pub mod lease;
pub mod lock;
pub mod merging;
#[cfg(test)]
mod model;
mod parts;
pub mod place;
pub mod plan;
pub mod postgres;
pub mod remembered;
mod sqlite;
pub mod store;
#[cfg(test)]
mod tests;
pub mod verdict;
mod writer;

pub use self::backend::Pruned;
pub use self::changes::{ValueChange, changes};
pub use self::fault::LedgerError;
pub use self::known::Known;
pub use self::lease::{Importer, Intended, Lease};
pub use self::lock::Lock;
pub use self::parts::{reports_of, without_reports};
pub use self::place::Place;
pub use self::plan::{Change, Due, OnAmbiguous, PlacedReport, Planned, plan};
pub use self::remembered::Remembered;
pub use self::store::Ledger;
pub use self::verdict::Verdict;
