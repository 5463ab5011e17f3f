//! Opening a ledger for commands that do not deliver.

use crate::cli::LedgerArgs;
use crate::cli::error::CommandLineError;
use crate::config::environment::variable;
use crate::config::error::ConfigError;
use crate::config::{LedgerContext, authorities};
use crate::error::Error;
use crate::ledger::location::users_path;
use crate::ledger::{Ledger, Location};

/// Opens the ledger of earlier runs. A missing file is an error, because opening would create it.
pub(crate) fn open_ledger(args: &LedgerArgs) -> Result<Ledger, Error> {
    let location = location(args)?.filter(|location| match location {
        Location::File(path) => path.exists(),
        Location::Database(_) => true,
        Location::Memory => false,
    });
    let location = location.ok_or(CommandLineError::NoLedger)?;
    Ok(Ledger::open(&location)?)
}

/// Opens a ledger, and creates it if it does not exist.
pub(crate) fn open_or_create_ledger(args: &LedgerArgs) -> Result<Ledger, Error> {
    let location = location(args)?.ok_or(ConfigError::NoHomeDirectory)?;
    Ok(Ledger::open(&location)?)
}

/// Returns the location of the ledger that is named, or of the user's default ledger.
fn location(args: &LedgerArgs) -> Result<Option<Location>, Error> {
    let authorities = authorities(args.ca_cert.as_deref())?;
    let ledgers = LedgerContext {
        authorities: &authorities,
        environment: &variable,
    };
    match args
        .ledger
        .as_deref()
        .map(str::trim)
        .filter(|place| !place.is_empty())
    {
        Some(place) => Ok(ledgers.named(place).map(Some)?),
        None => Ok(users_path(&variable).map(Location::File)),
    }
}
