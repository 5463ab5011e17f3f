//! The location of the ledger and of the rate limiter's state.

use std::path::{Path, PathBuf};

use super::environment::Environment;
use super::error::ConfigError;
use super::purpose::Purpose;
use super::target::Target;
use crate::ledger::Location;
use crate::ledger::location::users_path;
use crate::rate_limit::StateLocation;
use crate::storage::postgres::settings::ConnectionSettings;
use crate::tls::Authorities;

/// Reads the file of `--ca-cert`, if one is named.
///
/// # Errors
/// Fails if the file cannot be read or holds no certificate.
pub(crate) fn authorities(path: Option<&Path>) -> Result<Authorities, ConfigError> {
    match path {
        Some(path) => Ok(Authorities::read(path)?),
        None => Ok(Authorities::default()),
    }
}

/// The context needed to locate a ledger by its name.
#[derive(Clone, Copy)]
pub(crate) struct LedgerContext<'a> {
    /// Additional certificate authorities, for a database.
    pub(crate) authorities: &'a Authorities,
    /// May name the password file and the home directory.
    pub(crate) environment: Environment<'a>,
}

impl LedgerContext<'_> {
    /// Returns the location that a text names: a file, or a database by its URL.
    ///
    /// # Errors
    /// Fails if the URL is invalid.
    pub(crate) fn named(self, text: &str) -> Result<Location, ConfigError> {
        Ok(Location::named(text, self.environment)?.trusting(self.authorities))
    }
}

/// Resolves the location of the ledger. A plan does not create a missing file.
pub(super) fn ledger_location(
    named: Option<&str>,
    target: &Target,
    purpose: Purpose,
    ledgers: LedgerContext<'_>,
) -> Result<Location, ConfigError> {
    let path = match (target, named.map(str::trim)) {
        (Target::BuiltInSandbox, _) | (_, Some("none")) => return Ok(Location::Memory),
        (_, Some(place)) if ConnectionSettings::is_url(place) => return ledgers.named(place),
        (_, Some(path)) if !path.is_empty() => Some(PathBuf::from(path)),
        _ => users_path(ledgers.environment),
    };
    let path = path.ok_or(ConfigError::NoHomeDirectory)?;
    if purpose == Purpose::Plan && !path.exists() {
        Ok(Location::Memory)
    } else {
        Ok(Location::File(path))
    }
}

/// Resolves the location of the rate limiter's state: the database of the ledger, or else files on this machine, which
/// all runs share whatever their ledger.
pub(super) fn rate_state_location(
    target: &Target,
    ledger: Option<&str>,
    ledgers: LedgerContext<'_>,
) -> Result<StateLocation, ConfigError> {
    let Target::Server {
        base,
        credentials: Some(credentials),
        ..
    } = target
    else {
        return Ok(StateLocation::Memory);
    };
    let named = ledger
        .map(str::trim)
        .filter(|place| !place.is_empty() && *place != "none")
        .map(|place| ledgers.named(place));
    let (base, client_id) = (base.as_str(), &credentials.client_id);
    let file = match named.transpose()? {
        Some(Location::Database(address)) => {
            return Ok(StateLocation::database(base, client_id, &address));
        }
        Some(Location::File(path)) => Some(path),
        _ => None,
    };
    let users = users_path(ledgers.environment);
    Ok(StateLocation::files(
        base,
        client_id,
        [users, file].into_iter().flatten(),
    ))
}
