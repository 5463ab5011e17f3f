//! The built binary, as a user meets it: what it prints, sends, leaves behind and answers.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

mod delivery;
mod harness;
mod offline;
mod readme;
mod rejects;
mod reports;
mod samples;
mod server;
