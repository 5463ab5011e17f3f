//! Strict sliding windows for requests, shared by all processes that send to the same target.

pub(crate) mod file_store;
pub(crate) mod latency;
pub(crate) mod limiter;
pub(crate) mod postgres_store;
pub(crate) mod rate;
pub(crate) mod state;
pub(crate) mod store;
pub(crate) mod task;
pub(crate) mod window;
