//! What was sent and what became of it, kept where a crash cannot take it.
//!
//! A request leaves only once the intent to send it is durable, and its outcome is written as soon as it is known.
//! So after a crash at any moment, whatever an order's server may hold is known here, or known to be in doubt.
//!
//! - [`store`]: the handle that everybody shares; each call is a message to the one thread that owns the file
//! - [`lock`]: one import at a time for a ledger and a target
//! - [`place`]: where a ledger is; [`fault`]: why one cannot be relied on; [`entry`]: what it holds
//!
//! What an order's knowledge says is opaque to the store: it keeps the text that it was given.

pub mod entry;
pub mod fault;
pub mod lock;
mod opening;
pub mod place;
mod query;
mod schema;
pub mod store;
#[cfg(test)]
mod tests;
mod writer;

pub use self::fault::LedgerError;
pub use self::lock::Lock;
pub use self::place::Place;
pub use self::store::Ledger;
