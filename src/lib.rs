//! Imports spreadsheets of assessment scores into Paylocity's Assessments API: groups their rows into one update per
//! order and sends the updates within the API's rate limit, without losing or repeating an accepted value.
//!
//! This page is the map of the code. The user's documentation is README.md.
//!
//! # Data flow
//!
//! ```text
//! input ──rows──▶ orders ──batch──▶ ledger ──updates──▶ delivery ──events──▶ pipeline ──▶ report, rejects, ui
//! (files)    (group, validate)  (diff)            (HTTP, rate limit)    (outcomes)       (files, exit code)
//! ```
//!
//! Data moves to the right only. Files are read in chunks on all cores, rows are stored compactly, and the body of an
//! order is built when it is needed, so memory grows with the data and not with the number of files.
//!
//! # Modules
//!
//! A module imports only modules above it in this list. Inside a module, shared types have a file of their own, so that
//! files import each other without cycles.
//!
//! | module | responsibility |
//! | --- | --- |
//! | `guide` | the pages of `scoreload help TOPIC` |
//! | `text` | quoting for a shell, escaping of control characters, short error texts |
//! | `tls` | trusted certificate authorities, and explanations of TLS errors |
//! | `xlsx` | limits and styles of the workbooks that are written |
//! | `paylocity` | everything about the vendor: wire model, client, tokens, responses, statuses, redaction |
//! | `system` | the platform: processes, clocks, memory, atomic files, permissions, commands of the user |
//! | `storage` | access to the databases of the ledger and the rate limiter: errors, `PostgreSQL` sessions |
//! | `schema` | the table of columns: names, aliases, limits, API paths; everything about columns reads it |
//! | `diagnostics` | findings about the data, their codes, and the pages of `scoreload explain` |
//! | `ledger` | accepted values and requests in flight, in SQLite or PostgreSQL; the diff against them |
//! | `input` | files to rows: CSV, workbooks, the worker process for workbooks that are loaded whole |
//! | `rate_limit` | strict sliding windows, shared by all processes that send to a server |
//! | `inbox` | directories that files arrive in, and where the files go afterwards |
//! | `layout` | how headers map to columns, and the proposals of `columns --wide` |
//! | `orders` | rows to orders: validating rows, grouping them, validating orders, building updates |
//! | `sandbox` | the API on this machine, written independently of the client, for trials and tests |
//! | `delivery` | the workers that send updates: attempts, retries, outcomes, stop reasons |
//! | `template` | empty input files |
//! | `report` | the report as HTML, JSON, CSV, XLSX and Markdown, and its totals |
//! | `rejects` | the file of rows to fix and import again |
//! | `plan` | the plan file of `scoreload plan -o`, and `--max-change` |
//! | `web` | the server of the live report |
//! | `cli` | the command line: flags, help, errors |
//! | `config` | the settings that result from flags, variables, profile and configuration file |
//! | `error`, `exit` | the errors that end a run, and the exit codes |
//! | `ui` | everything that is printed |
//! | `pipeline` | what `import`, `plan` and `apply` share: prepare, check, deliver, finish |
//! | `commands` | one file per command |
//!
//! # Rules
//!
//! 1. Stages take values and return values. Only `input`, `inbox`, `ledger`, `rate_limit`, `paylocity::client`,
//!    `report`, `rejects`, `plan::file`, `sandbox`, `web`, `ui` and `system` touch the outside world.
//! 2. Bad news has three types that are never mixed. An [`error::Error`] ends the run. A
//!    [`diagnostics::diagnostic::Diagnostic`] is a finding about the data; all are collected. A [`delivery::Outcome`] is
//!    the fate of one order. An impossible state has its own error variant, which names the expected value.
//! 3. Workers only send events. One loop, `pipeline::event_loop`, owns outcomes, counts and the progress bar.
//! 4. A request leaves only after its intent is durable in the ledger. Its outcome is recorded as soon as it is known.
//! 5. Results are in the order of the inputs, whatever order they finished in.
//! 6. There is one retry layer (`delivery::retry`) and one rate limiter (`rate_limit`). A server's `Retry-After` is a
//!    deadline for all workers and processes.
//! 7. No row may vanish. [`crate::report::model::Report::closes`] checks that the totals account for every row whenever a report is
//!    written, and [`close`](crate::report::model::Totals::close) when none is.
//! 8. `pub(crate)` is the default. `pub` is what the binary, the tests and the fuzz targets use.
//!
//! # Where to look
//!
//! - *Where is a 429 handled, and who waits?* `delivery/mod.rs` describes it from end to end. `delivery/retry.rs`
//!   classifies the response; `rate_limit/throttle.rs` keeps the pause and slows the rate; all requests of all processes
//!   that share the state wait in `rate_limit/gate.rs`.
//! - *How do I add a status word?* `paylocity/status.rs` has the statuses and the words that mean them.
//! - *How do I add a column?* `schema/columns.rs`.
//! - *Why may an order be sent twice?* After a timeout or a broken connection the update may or may not have been
//!   applied. `delivery/retry.rs` says which responses are ambiguous; `delivery/attempts.rs` and `ledger/plan.rs` decide
//!   which parts are resent (`--on-ambiguous`). Sending values again is harmless; reports may be appended twice.
//! - *What does a plan file have?* `plan/mod.rs` has its types; `plan/file.rs` reads, writes and checks it.
//! - *What decides the exit code?* `exit.rs`.
//! - *What happens on Ctrl-C?* `pipeline/signals.rs`, then `pipeline/event_loop.rs`.
//!
//! # Bespoke code
//!
//! Some code does what a library could seem to do. It stays for these reasons.
//!
//! **The rate limiter** (`rate_limit`). The API counts requests in strict sliding windows (3 a second, 180 a minute), for
//! all processes that use the same credentials, across crashes. Rate limiting crates such as governor implement GCRA
//! in memory, which lets a burst through and forgets it at exit.
//!
//! **The latency credit** (`rate_limit/latency.rs`). A window slot is certainly free one window after the *response*, not
//! after the request. With 300 ms of latency, waiting that long would cost a quarter of the rate. The limiter measures
//! how much of the latency it can safely credit, and credits nothing after a 429.
//!
//! **The CSV reader** (`input/csv`). The csv crate parses the records. Finding the delimiter, encoding and header row
//! needs the known column names, and a file is split into chunks that all cores parse in parallel.
//!
//! **Checks of workbooks** (`input/workbook`). calamine reads the cells. Our code checks the container for damage, merged
//! cells, number formats and stale formulas, because a score must be the text that the user sees.
//!
//! **The worker process** (`input/workbook/worker`). calamine loads .xls, .xlsb and .ods files whole, and a damaged one
//! can exhaust memory or abort the process. A child process with limits contains that.
//!
//! **The ledger's diff** (`ledger/flat_update.rs`, `ledger/plan.rs`). The API appends reports and merges values, so an
//! update must have only values and reports that were not accepted yet. The diff is pure and tested against a naive
//! model.
//!
//! **The sandbox** (`sandbox`). It implements the API a second time, from its description and not from our client, so that
//! the same mistake is not made on both sides of a test.
//!
//! # Glossary
//!
//! | term | meaning |
//! | --- | --- |
//! | order | what the API updates: the assessments of one candidate, named by company id and order id |
//! | company id | the id of the customer's company at Paylocity, the first part of an order's key |
//! | assessment | a group of tests within an order, with a status and a score |
//! | test | one result within an assessment, named by test id and attempt |
//! | attempt | of a test: which try of the candidate; of an update: one request for it |
//! | report (of an order) | a name and a link that the API shows; the API only ever appends reports |
//! | report (of a run) | the file that accounts for every row (`report`) |
//! | update, body | the PATCH request of one order, and its JSON |
//! | batch | the orders of all inputs of a run |
//! | run | one execution of `import` or `apply`, with an id such as `20260304-170600-abcd` |
//! | trial | a run that delivers nothing real: the built-in sandbox or test mode |
//! | target | where updates go: `sandbox`, `demo`, `production` or a URL |
//! | profile | a named group of settings in the configuration file |
//! | ledger | the database of what the target accepted, and of the intents of requests |
//! | intent | the ledger's record that a request is about to leave |
//! | outcome | the fate of an order: accepted, unchanged, invalid, rejected, failed, unknown, not sent |
//! | ambiguous | a response, or none, after which the update may or may not have been applied |
//! | held report | a report of an ambiguous update that is not sent again until `scoreload resolve` |
//! | lock | excludes a second import with the same ledger file and target |
//! | lease | excludes a second importer of one order in a shared database |
//! | diagnostic | a finding about the data with a code, such as `url-invalid` |
//! | rejects | the rows of orders that were not accepted, written to be fixed and imported again |
//! | layout | a named mapping of a file's headers to columns |
//! | wide sheet | a sheet with a row per person and a column per test |
//! | note | a remark about a sheet that is not about its data |
//!
//! `system` alone depends on the platform. It has a portable implementation of everything, which `--cfg
//! scoreload_portable` selects, and implementations for Unix and Linux where a promise needs more.

#![cfg_attr(
    any(test, fuzzing),
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)
)]

pub mod diagnostics;
pub mod paylocity;
pub(crate) mod pipeline;
pub(crate) mod rate_limit;
pub(crate) mod rejects;
pub(crate) mod report;
pub mod schema;
pub(crate) mod storage;
pub(crate) mod system;

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
pub mod sandbox;
pub(crate) mod template;
pub mod text;
pub(crate) mod tls;
pub mod ui;
pub(crate) mod web;
pub(crate) mod xlsx;
