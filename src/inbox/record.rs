//! Which files an inbox has seen: the fingerprint of each that got through whole, with the target that it went to.
//!
//! The ledger alone would find the orders of such a file unchanged only as long as no later file has changed them; sent
//! again after that, an old file would bring old scores back.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::system::permissions;

/// The record's name, in the directory of files that are done.
const NAME: &str = ".imported";

/// A file that was imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ImportedFile {
    /// The fingerprint of its content, in hexadecimal.
    pub(crate) sha256: String,
    /// What it was imported to, as the ledger names it.
    pub(crate) target: String,
    /// The run that imported it.
    pub(crate) run: String,
    /// The name that it had.
    pub(crate) name: String,
}

/// The record of an inbox.
#[derive(Debug)]
pub(crate) struct Record {
    path: PathBuf,
    entries: Vec<ImportedFile>,
}

impl Record {
    /// Reads the record of a directory. Where there is none, or a line is none of ours, less is known: what was imported
    /// before is then imported again, which the ledger makes harmless.
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

    /// Returns the last import of a content to a target.
    pub(crate) fn find(&self, sha256: &str, target: &str) -> Option<&ImportedFile> {
        let mut latest = self.entries.iter().rev();
        latest.find(|entry| entry.sha256 == sha256 && entry.target == target)
    }

    /// Adds an entry, behind a line that a crash may have cut.
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
    fn a_content_is_known_for_the_target_that_it_went_to() {
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
