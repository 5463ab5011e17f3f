//! What `import`, `plan` and `apply` share, from the settings to the exit code.
//!
//! A run passes values from stage to stage ([`stages`]):
//!
//! ```text
//! prepare ──Prepared──▶ check ──Checked──▶ plan_updates ──updates──▶ deliver ──Delivered──▶ finish ──Finished──▶ hooks
//! ```
//!
//! [`prepare`] refuses everything that can be refused before the inputs are read; [`check`] reads them; the
//! [`ledger_session`] compares them with the ledger; [`deliver`] sends the updates and [`event_loop`] owns their
//! outcomes; [`finish`] prints the outcomes, writes the reports and clears the inbox; [`hooks`] run after that.

pub(crate) mod check;
pub(crate) mod command_line;
pub(crate) mod connection;
pub(crate) mod deliver;
pub(crate) mod event_loop;
pub(crate) mod finish;
pub(crate) mod gather;
pub(crate) mod hooks;
pub(crate) mod inbox;
pub(crate) mod ledger_session;
pub(crate) mod live_feed;
pub(crate) mod max_change;
pub(crate) mod next_steps;
pub(crate) mod open_ledger;
pub(crate) mod prepare;
pub(crate) mod rejects;
pub(crate) mod reports;
pub(crate) mod results;
pub(crate) mod run_id;
pub(crate) mod signals;
pub(crate) mod stages;
pub(crate) mod unused_mappings;
