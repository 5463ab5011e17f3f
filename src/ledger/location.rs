//! Where a ledger is. Which one a run uses, the configuration decides.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::storage::postgres::settings::{ConnectionSettings, UrlError};
use crate::tls::Authorities;

/// Where a ledger is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// In a file, with `SQLite`'s own files beside it.
    File(PathBuf),
    /// In a database that importers on many machines share.
    Database(ConnectionSettings),
    /// In memory, gone with the process: for the built-in sandbox, and where no ledger is wanted.
    Memory,
}

impl Location {
    /// Returns the location that a text names: the URL of a database, or a path.
    ///
    /// # Errors
    /// When it is meant as a database and cannot be one.
    pub(crate) fn named(
        text: &str,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, UrlError> {
        if ConnectionSettings::is_url(text) {
            return ConnectionSettings::parse(text, environment).map(Self::Database);
        }
        Ok(Self::File(PathBuf::from(text)))
    }

    /// Returns the same location, where a database's server may have its certificate from these authorities too.
    pub(crate) fn trusting(self, authorities: &Authorities) -> Self {
        match self {
            Self::Database(address) => Self::Database(address.trusting(authorities.clone())),
            other => other,
        }
    }

    /// Tells whether what it holds is there for the next run.
    pub(crate) fn is_lasting(&self) -> bool {
        *self != Self::Memory
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Database(address) => address.fmt(f),
            Self::Memory => f.write_str("in memory"),
        }
    }
}

/// Returns where the user's ledger is when nothing else is said; `None` where the environment names no home.
///
/// It stands in `$XDG_STATE_HOME`, or in `~/.local/state`. As the XDG specification asks, a relative
/// `$XDG_STATE_HOME` counts for nothing: the ledger would be another one in each directory.
pub(crate) fn default_path(environment: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let absolute = |name| {
        environment(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let state = absolute("XDG_STATE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/state")))?;
    Some(state.join("scoreload/ledger.db"))
}

/// Returns where the user's ledger is, asking the system for the home where the environment names none, as it is for
/// jobs that start without one.
pub(crate) fn users_path(environment: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let of_system = || Some(std::env::home_dir()?.join(".local/state/scoreload/ledger.db"));
    default_path(environment)
        .or_else(of_system)
        .filter(|path| path.is_absolute())
}

/// Returns the path of a file beside a ledger: its own name with something added.
pub(crate) fn beside(path: &Path, tail: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(tail);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ledger_stands_in_the_users_state_directory() {
        let table = [
            (Some("/state"), Some("/home/ada"), Some("/state")),
            (None, Some("/home/ada"), Some("/home/ada/.local/state")),
            (Some(""), Some("/home/ada"), Some("/home/ada/.local/state")),
            (Some("here"), Some("/"), Some("/.local/state")),
            (None, None, None),
            (None, Some(""), None),
        ];
        for (state, home, directory) in table {
            let environment = |name: &str| match name {
                "XDG_STATE_HOME" => state.map(str::to_owned),
                _ => home.map(str::to_owned),
            };
            let expected = directory.map(|path| Path::new(path).join("scoreload/ledger.db"));
            assert_eq!(default_path(&environment), expected);
        }
    }

    #[test]
    fn a_job_without_a_home_in_its_environment_has_a_ledger_all_the_same() {
        let path = users_path(&|_| None).unwrap();
        assert!(path.is_absolute() && path.ends_with(".local/state/scoreload/ledger.db"));
    }
}
