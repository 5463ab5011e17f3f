//! Scoreload.
pub mod deliver;
pub mod order;
pub mod sandbox;
