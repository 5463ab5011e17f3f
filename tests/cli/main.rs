//! The built binary, as a user meets it: what it prints, sends, leaves behind and answers.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

mod apply;
mod attacks;
mod browser;
mod codes;
mod configuration;
mod crash;
mod delivery;
mod doctor;
mod documents;
mod every_outcome;
mod formats;
mod guide;
mod harness;
mod hostile;
mod inputs;
mod interruption;
mod ledger;
mod ledger_faults;
mod ledger_moving;
mod live;
mod nightly;
mod offline;
mod ops;
mod pace;
mod plan;
#[path = "../postgres/mod.rs"]
mod postgres;
mod properties;
mod rejects;
mod report_formats;
mod reports;
mod rules;
mod samples;
mod screen;
mod secrets;
mod server;
mod settings;
mod stops;
mod strangers;
mod team;
mod texts;
mod wire;
mod workbooks;
