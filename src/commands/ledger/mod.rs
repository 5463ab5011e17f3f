//! `scoreload ledger`: exports, imports, prunes and verifies a ledger.

mod dump;
mod prune;
mod verify;

use std::collections::BTreeSet;

use crate::cli::LedgerCommand;
use crate::config::file::ConfigFile;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::ledger::Ledger;
use crate::ledger::lock::Lock;
use crate::pipeline::ledger_session::LockWait;
use crate::pipeline::ledger_session::lock::{held_by_other, lock};
use crate::ui::Screen;

pub(crate) fn run(
    command: &LedgerCommand,
    config: &ConfigFile,
    screen: Screen,
) -> Result<ExitCode, Error> {
    match command {
        LedgerCommand::Export(args) => dump::export(args, screen),
        LedgerCommand::Import(args) => dump::import(args, screen),
        LedgerCommand::Prune(args) => prune::run(args, screen),
        LedgerCommand::Verify(args) => verify::run(args, config, screen),
    }
}

/// Locks the ledger for these targets, so that no import starts while the whole ledger is changed.
///
/// # Errors
/// An import is running.
fn lock_targets(ledger: &Ledger, targets: &BTreeSet<String>) -> Result<Vec<Lock>, Error> {
    if !ledger.others().map_err(Error::Ledger)?.is_empty() {
        return Err(held_by_other(ledger)?);
    }
    let lock_target =
        |target: &String| lock(ledger.location(), target, "ledger", LockWait::Never).transpose();
    targets.iter().filter_map(lock_target).collect()
}
