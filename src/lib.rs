//! Reads spreadsheets of assessment scores, groups their rows into one update per order, and delivers the updates to
//! Paylocity's Assessments API, exactly and within its rate.
//!
//! # The way of the data
//!
//! ```text
//! input ──rows──▶ orders::record ──packed──▶ orders::gathering ──content──▶ orders::check ──batch──▶ run
//! (files)          (rules of a row)          (one per order)               (rules of an order)     │
//!                                                                                                  ▼
//!                            exit code ◀── report ◀──outcomes── commands::delivery ◀──events── deliver (HTTP)
//! ```
//!
//! Files are read piece by piece and pieces on all cores; what their rows say is kept packed, and each order is put
//! together from it when its body is wanted. So memory grows with what the orders say, not with the files.
//!
//! It only ever flows that way. A module imports only from modules to its left:
//!
//! `text, program, tls, problem, columns | input, explain, guide | order, template | layout | ledger | error | inbox |
//! deliver | new_file, report | rejects, plan | sandbox, live | exit, cli, config, ui | run | main`
//!
//! `fuzzing`, which is there for tests alone, feeds whatever of them reads from outside.
//!
//! # What holds it together
//!
//! 1. Stages take values and return values. Only [`tls`], [`input`], [`inbox`], [`program`], [`ledger`],
//!    `delivery::client`, [`report`], [`plan::seal`], [`sandbox`], [`live`] and [`ui`] touch the outside world; async
//!    lives in [`deliver`], [`sandbox`], [`live`] and their callers in [`run`], and on the thread that owns a ledger's
//!    database.
//! 2. Three kinds of bad news are never mixed: an [`error::Error`] stops the run, a [`crate::diagnostics::diagnostic::Diagnostic`] is a finding
//!    about the data (all are collected), an [`delivery::Outcome`] is the fate of one order.
//! 3. [`crate::schema::columns::COLUMNS`] is the one table of columns: header matching, checking, grouping and help texts read it.
//! 4. Workers only send events; one loop in [`run`] owns the outcomes, the counts and the bar.
//! 5. Results stand in the order of the inputs, whatever order they finished in.
//! 6. One retry layer, one pace, which processes share that send to the same server; what it asks us to wait is a
//!    deadline for everybody.
//! 7. No row may vanish: rows in = rows of orders + rows without an order. [`report::Report::closes`] checks it
//!    whenever a report is written, [`report::Totals::close`] where none is.
//!
//! It runs on Linux: what other processes are, what memory is free and how long the machine has run is read from there,
//! and files are made without a name.

#![cfg_attr(
    any(test, fuzzing),
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)
)]

pub mod diagnostics;
pub mod paylocity;
pub(crate) mod pipeline;
pub(crate) mod rate_limit;
pub mod schema;
pub(crate) mod system;

#[cfg(not(target_os = "linux"))]
compile_error!("Scoreload runs on Linux");

pub mod cli;
pub mod commands;
pub mod config;
pub(crate) mod delivery;
pub(crate) mod error;
pub mod exit;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
pub mod guide;
pub(crate) mod inbox;
pub mod input;
pub(crate) mod layout;
pub(crate) mod ledger;
pub mod orders;
pub(crate) mod plan;
pub(crate) mod rejects;
pub(crate) mod report;
pub mod sandbox;
pub(crate) mod template;
pub mod text;
pub(crate) mod tls;
pub mod ui;
pub(crate) mod web;
