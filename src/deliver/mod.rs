//! Deliver.
pub mod rate;
