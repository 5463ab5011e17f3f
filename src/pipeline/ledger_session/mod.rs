//! The ledger of a run: opened and locked before anything is read, then asked which orders have something to send.
//!
//! - [`session`]: the open ledger, and the run's entry in it
//! - [`lock`]: the lock of a ledger file and a target
//! - [`planning`]: the part of each order that the target has not accepted
//! - [`pending_resend`]: the orders that a `--resend` run did not reach

pub(crate) mod lock;
pub(crate) mod pending_resend;
pub(crate) mod planning;
pub(crate) mod session;

pub(crate) use self::lock::LockWait;
pub(crate) use self::session::LedgerSession;
