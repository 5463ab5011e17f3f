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

pub(crate) mod audit;
mod backend;
pub(crate) mod dump;
pub(crate) mod entry;
pub(crate) mod error;
mod flat_update;
pub(crate) mod import;
pub(crate) mod lease;
pub(crate) mod location;
pub(crate) mod lock;
#[cfg(test)]
mod model_based;
pub(crate) mod order_state;
pub(crate) mod plan;
pub(crate) mod postgres;
mod sqlite;
pub(crate) mod store;
pub(crate) mod stored_state;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod value_changes;
mod writer;

pub(crate) use self::lease::{Importer, Intended, Lease};
pub(crate) use self::lock::Lock;
pub(crate) use self::plan::{Change, Due, OnAmbiguous, Planned, ScopedReport, plan};
pub(crate) use self::store::Ledger;
pub(crate) use crate::ledger::audit::AuditResult;
pub(crate) use crate::ledger::error::LedgerError;
pub(crate) use crate::ledger::location::Location;
pub(crate) use crate::ledger::order_state::OrderState;
pub(crate) use crate::ledger::stored_state::Remembered;
pub(crate) use crate::ledger::value_changes::{ValueChange, changes};
