//! Order.
pub mod model;
