//! The ledger: a record of sent and accepted values that survives crashes, and the diff of the next update against it.
//!
//! A request is sent after its intent is durable, and its outcome is written as soon as it is known. So after a crash
//! the ledger has everything that the server accepted, and everything that it may have accepted is marked as in doubt.
//!
//! - [`store`]: the handle; each call is a message to the [`writer`] thread, which owns the database
//! - [`backend`]: the interface of a database, with the implementations [`sqlite`] and [`postgres`]
//! - [`entry`]: runs, orders and deliveries
//! - [`lock`]: excludes a second import with the same ledger file and target
//! - [`lease`]: excludes a second importer of an order in a shared database
//! - [`order_state`]: what the target accepted of an order; [`stored_state`]: its stored form
//! - [`flat_update`]: a body as a list of values and reports
//! - [`mod@plan`]: what to send of an order; [`value_changes`]: which values that changes
//! - [`audit`]: compares inputs with past deliveries
//! - [`dump`]: the export format; [`import`]: merges an export into a ledger

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
