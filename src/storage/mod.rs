//! Access to the files and databases that hold the ledger and the rate-limit state.

pub(crate) mod error;
pub(crate) mod postgres;
