//! The record of imported files: the checksum of each file that was accepted completely, and its target.
//!
//! Without it, an old file that arrives again after a newer one would restore old scores.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::system::permissions;

/// The name of the record in the directory `done`.
const NAME: &str = ".imported";

/// An imported file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ImportedFile {
    /// The SHA-256 of its content, in hexadecimal.
    pub(crate) sha256: String,
    /// The target, as in the ledger.
    pub(crate) target: String,
    /// The run that imported it.
    pub(crate) run: String,
    /// Its name in the inbox.
    pub(crate) name: String,
}

/// The record of an inbox.
#[derive(Debug)]
pub(crate) struct Record {
    path: PathBuf,
    entries: Vec<ImportedFile>,
}

impl Record {
    /// Reads the record of a directory. A missing record or an invalid line is ignored: its file is imported again, which
    /// the ledger makes harmless.
    pub(crate) fn read(directory: &Path) -> Self {
        let path = directory.join(NAME);
        let text = fs::read_to_string(&path).unwrap_or_default();
        let entries = text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        Self {
            entries: entries.collect(),
            path,
        }
    }

    /// Returns the last import of a file to a target, by checksum.
    pub(crate) fn find(&self, sha256: &str, target: &str) -> Option<&ImportedFile> {
        let mut latest = self.entries.iter().rev();
        latest.find(|entry| entry.sha256 == sha256 && entry.target == target)
    }

    /// Appends an entry, after a newline because a crash may have truncated the last line.
    pub(crate) fn add(&mut self, imported: ImportedFile) -> io::Result<()> {
        let line = format!("\n{}\n", serde_json::to_string(&imported)?);
        let mut file = permissions::private_open_options()
            .create(true)
            .append(true)
            .open(&self.path)?;
        file.write_all(line.as_bytes())?;
        self.entries.push(imported);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;

    use super::*;

    #[test]
    fn an_imported_file_is_found_for_its_target_only() {
        let directory = tempfile::tempdir().unwrap();
        let entry = |sha256: &str, run: &str| ImportedFile {
            sha256: sha256.to_owned(),
            target: "demo".to_owned(),
            run: run.to_owned(),
            name: "a.csv".to_owned(),
        };
        let mut record = Record::read(directory.path());
        record.add(entry("aa", "first")).unwrap();
        let path = directory.path().join(NAME);
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"{\"sha256\": \"cut").unwrap();
        record.add(entry("aa", "second")).unwrap();
        record.add(entry("bb", "second")).unwrap();
        let record = Record::read(directory.path());
        let run = |sha256, target| record.find(sha256, target).map(|found| found.run.as_str());
        assert_eq!(run("aa", "demo"), Some("second"));
        assert_eq!(run("bb", "demo"), Some("second"));
        assert_eq!((run("aa", "production"), run("cc", "demo")), (None, None));
    }
}
