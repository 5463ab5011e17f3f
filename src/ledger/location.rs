//! The location of a ledger. The configuration decides which one a run uses.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::storage::postgres::settings::{ConnectionSettings, UrlError};
use crate::tls::Authorities;

/// The location of a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A `SQLite` file.
    File(PathBuf),
    /// A `PostgreSQL` database that importers on many machines share.
    Database(ConnectionSettings),
    /// The memory of this process, for the built-in sandbox and `--ledger none`.
    Memory,
}

impl Location {
    /// Parses the URL of a database or a path.
    ///
    /// # Errors
    /// When a URL is invalid.
    pub(crate) fn named(
        text: &str,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, UrlError> {
        if ConnectionSettings::is_url(text) {
            return ConnectionSettings::parse(text, environment).map(Self::Database);
        }
        Ok(Self::File(PathBuf::from(text)))
    }

    /// Adds certificate authorities to trust for a database server.
    pub(crate) fn trusting(self, authorities: &Authorities) -> Self {
        match self {
            Self::Database(address) => Self::Database(address.trusting(authorities.clone())),
            other => other,
        }
    }

    /// Whether it persists after the process ends.
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

/// Returns the default path of the ledger: in `$XDG_STATE_HOME`, or in `~/.local/state`.
///
/// A relative `$XDG_STATE_HOME` is ignored, as the XDG specification requires.
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

/// Returns the default path of the ledger, with the system's home directory if the environment has none, as in some
/// scheduled jobs.
pub(crate) fn users_path(environment: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let of_system = || Some(std::env::home_dir()?.join(".local/state/scoreload/ledger.db"));
    default_path(environment)
        .or_else(of_system)
        .filter(|path| path.is_absolute())
}

/// Appends a suffix to the file name of a ledger.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_path_is_in_the_users_state_directory() {
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
    fn the_default_path_without_home_in_the_environment_is_absolute() {
        let path = users_path(&|_| None).unwrap();
        assert!(path.is_absolute() && path.ends_with(".local/state/scoreload/ledger.db"));
    }
}
