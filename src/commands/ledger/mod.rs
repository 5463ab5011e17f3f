//! `scoreload ledger`: what is remembered of deliveries is moved, pruned, and compared with files.

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
use crate::pipeline::ledger_session::{Patience, held, lock};
use crate::ui::Screen;

pub(crate) fn run(
    command: &LedgerCommand,
    config: &ConfigFile,
    screen: Screen,
) -> Result<ExitCode, Error> {
    match command {
        LedgerCommand::Export(args) => dump::export(args, config, screen),
        LedgerCommand::Import(args) => dump::import(args, config, screen),
        LedgerCommand::Prune(args) => prune::run(args, config, screen),
        LedgerCommand::Verify(args) => verify::run(args, config, screen),
    }
}

/// Keeps imports to some targets from beginning while the ledger is changed as a whole.
///
/// # Errors
/// When an import is under way.
fn hold(ledger: &Ledger, targets: &BTreeSet<String>) -> Result<Vec<Lock>, Error> {
    if !ledger.others().map_err(Error::Ledger)?.is_empty() {
        return Err(held(ledger)?);
    }
    let of =
        |target: &String| lock(ledger.location(), target, "ledger", Patience::Never).transpose();
    targets.iter().filter_map(of).collect()
}
