//! Keeps what users rely on from version to version: files that an earlier version wrote are still read, the same
//! inputs give the same request bodies, and a changed screen is a changed snapshot.
//!
//! `fixtures/make.sh` says how each file was made. Bodies never change. Snapshots may: review them after
//! `INSTA_UPDATE=always cargo test --test compatibility`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed test is a panic"
)]

mod bodies;
mod ledger;
mod messages;
mod other_files;
mod plans;
mod rate_limit;
mod recorder;
mod sandbox;
mod screens;
mod snapshot;
mod world;
