//! The built binary, as a user meets it: what it prints, sends, leaves behind and answers.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

mod apply;
mod codes;
mod configuration;
mod delivery;
mod guide;
mod harness;
mod inputs;
mod ledger;
mod offline;
mod plan;
mod properties;
mod readme;
mod rejects;
mod reports;
mod rules;
mod samples;
mod server;
mod texts;
mod workbooks;
