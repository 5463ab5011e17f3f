//! Plans: what an import would send, and everything that must be unchanged when it is applied.
//!
//! - [`model`]: the plan and its entries
//! - [`mod@file`]: the plan file, with a checksum that detects edits
//! - [`order`]: the entry of one order
//! - [`change`]: how an order differs from what its target accepted
//! - [`inputs`]: the sheets, rows and diagnostics of the inputs
//! - [`batch`]: the batch of a plan, so that applying it accounts for every row without reading the inputs
//! - [`max_change`]: the limit on how much the number of orders may differ from the last import
//! - [`error`]: why a plan cannot be read or applied
//!
//! `ledger::plan` decides what to send of an order; `commands::apply::verify` decides whether a plan is stale.

mod batch;
pub(crate) mod change;
pub(crate) mod error;
pub(crate) mod file;
pub(crate) mod inputs;
pub(crate) mod max_change;
pub(crate) mod model;
mod order;

pub(crate) use self::change::Change;
pub(crate) use self::max_change::MaxChange;
pub(crate) use self::model::{Amount, Plan, PlanOrder, PlanTarget, SCHEMA, fingerprint};
