//! What the rate limiter reports to its owner.

use tokio::time::Instant;

use crate::storage::error::StorageError;

/// An event of the rate limiter.
#[derive(Debug)]
pub(crate) enum Event {
    /// The server asked another process to pause until then, which also applies to this one.
    Paused(Instant),
    /// The shared state is lost, so no further permit will be granted.
    StateLost(StorageError),
}
