//! Where a ledger is, whom it trusts, and where it is kept what is used of the rate.

use std::path::{Path, PathBuf};

use super::file::ConfigFile;
use super::{Environment, Purpose, Target};
use crate::error::Error;
use crate::ledger::Location;
use crate::ledger::location::users_path;
use crate::rate_limit::store::Places;
use crate::system::postgres::address::ConnectionSettings;
use crate::tls::Authorities;

/// Reads whom to trust beside those whom the machine trusts.
///
/// # Errors
/// When the file that is named cannot be read, or holds no certificate.
pub(crate) fn authorities(named: Option<&Path>, file: &ConfigFile) -> Result<Authorities, Error> {
    let Some(path) = named.or(file.defaults.ca_cert.as_deref()) else {
        return Ok(Authorities::default());
    };
    Authorities::read(path).map_err(|flaw| Error::usage(flaw.to_string(), flaw.help()))
}

/// What the place of a ledger takes from elsewhere.
#[derive(Clone, Copy)]
pub(crate) struct Ledgers<'a> {
    /// Whom to trust as a database's server, beside those whom the machine trusts.
    pub(crate) authorities: &'a Authorities,
    /// Where a password may stand, and the user's home.
    pub(crate) environment: Environment<'a>,
}

impl Ledgers<'_> {
    /// Resolves the ledger that a text names: the URL of a database, or a path.
    ///
    /// # Errors
    /// When it is meant as a database and cannot be one.
    pub(crate) fn named(self, text: &str) -> Result<Location, Error> {
        let help = "write it as postgres://USER@HOST/DATABASE, the password in PGPASSWORD or the password file; or name a file";
        let place = Location::named(text, self.environment);
        let place = place.map_err(|error| Error::usage(error.to_string(), help))?;
        Ok(place.trusting(self.authorities))
    }
}

/// Resolves where the ledger is. A plan makes none where there is none.
pub(crate) fn place(
    named: Option<&str>,
    target: &Target,
    purpose: Purpose,
    ledgers: Ledgers<'_>,
) -> Result<Location, Error> {
    let path = match (target, named.map(str::trim)) {
        (Target::BuiltInSandbox, _) | (_, Some("none")) => return Ok(Location::Memory),
        (_, Some(place)) if ConnectionSettings::is_url(place) => return ledgers.named(place),
        (_, Some(path)) if !path.is_empty() => Some(PathBuf::from(path)),
        _ => users_path(ledgers.environment),
    };
    let Some(path) = path else {
        let message = "there is no home directory to keep the ledger in";
        return Err(Error::usage(
            message,
            "pass --ledger PATH, or --ledger none to forget what was sent",
        ));
    };
    if purpose == Purpose::Plan && !path.exists() {
        Ok(Location::Memory)
    } else {
        Ok(Location::File(path))
    }
}

/// Resolves where it is kept what is used of the rate: in the database of the ledger, where that is one; else on this
/// machine, whatever ledger this run has.
pub(crate) fn budget(
    target: &Target,
    ledger: Option<&str>,
    ledgers: Ledgers<'_>,
) -> Result<Places, Error> {
    let Target::Server {
        base,
        credentials: Some(credentials),
        ..
    } = target
    else {
        return Ok(Places::Memory);
    };
    let named = ledger
        .map(str::trim)
        .filter(|place| !place.is_empty() && *place != "none")
        .map(|place| ledgers.named(place));
    let (base, client_id) = (base.as_str(), &credentials.client_id);
    let file = match named.transpose()? {
        Some(Location::Database(address)) => {
            return Ok(Places::in_database(base, client_id, &address));
        }
        Some(Location::File(path)) => Some(path),
        _ => None,
    };
    let users = users_path(ledgers.environment);
    Ok(Places::of(
        base,
        client_id,
        [users, file].into_iter().flatten(),
    ))
}
