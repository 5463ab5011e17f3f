//! Where the usage of a rate is stored.

use std::path::PathBuf;

use sha2::{Digest, Sha256};

use crate::storage::postgres::settings::ConnectionSettings;

/// Where the usage of a rate is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum StateLocation {
    /// In memory, for this process alone.
    #[default]
    Memory,
    /// In the first of these files that can be used, or in memory if none can.
    Files(Vec<PathBuf>),
    /// In a database, under this key.
    Database(ConnectionSettings, String),
}

impl StateLocation {
    /// Returns a file next to each of the ledgers, in their order of preference. Its name depends on the server and the
    /// client.
    pub(crate) fn files(
        base: &str,
        client_id: &str,
        ledgers: impl Iterator<Item = PathBuf>,
    ) -> Self {
        let name = format!("pace-{}.state", key(base, client_id));
        Self::Files(ledgers.map(|path| path.with_file_name(&name)).collect())
    }

    /// Returns the entry of the server and the client in a database.
    pub(crate) fn database(base: &str, client_id: &str, settings: &ConnectionSettings) -> Self {
        Self::Database(settings.clone(), key(base, client_id))
    }

    /// Returns whether there may be a stored state.
    pub(crate) fn exists(&self) -> bool {
        match self {
            Self::Memory => false,
            Self::Files(files) => files.iter().any(|path| path.exists()),
            Self::Database(..) => true,
        }
    }
}

/// Identifies a server and a client without revealing them.
fn key(base: &str, client_id: &str) -> String {
    let digest = Sha256::digest(format!("{base}\n{client_id}"));
    let number = digest
        .iter()
        .take(8)
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("{number:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(base: &str, client_id: &str, ledgers: &[&str]) -> Vec<PathBuf> {
        match StateLocation::files(base, client_id, ledgers.iter().map(PathBuf::from)) {
            StateLocation::Files(files) => files,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_file_depends_on_server_and_client_but_not_on_the_ledgers_name() {
        let default_ledger = "/home/ada/.local/state/scoreload/ledger.db";
        let first = files("https://a.example/", "me", &[default_ledger, "/data/a.db"]);
        let second = files("https://a.example/", "me", &[default_ledger, "/other/b.db"]);
        assert_eq!(first[0], second[0]);
        assert!(first[0].starts_with("/home/ada/.local/state/scoreload"));
        assert!(first[1].starts_with("/data"));
        for (base, client) in [("https://b.example/", "me"), ("https://a.example/", "you")] {
            assert_ne!(files(base, client, &[default_ledger])[0], first[0]);
        }
        assert!(files("https://a.example/", "me", &[]).is_empty());
    }
}
