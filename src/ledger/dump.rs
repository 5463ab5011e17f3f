//! Everything that a ledger holds as a file, a JSON object a line: from one ledger to another, or for keeping.
//!
//! The first line says what the file is, the last how many entries it has and what their checksum is: a file that is
//! cut short, edited or foreign is noticed before anything is made of it.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, Write};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::entry::Entry;
use super::{Ledger, OrderState};
use crate::ledger::error::LedgerError;
use crate::storage::error::StorageError;

/// The latest version of the format.
const VERSION: u64 = 1;
/// A line that is longer is none of ours: bodies have at most megabytes.
const LONGEST_LINE: u64 = 256 * 1024 * 1024;

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    scoreload_ledger: u64,
    #[serde(default)]
    tool_version: String,
    #[serde(default)]
    exported_at: Timestamp,
}

/// How many entries of each kind there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// Runs.
    pub(crate) runs: u64,
    /// Orders that are remembered.
    pub(crate) orders: u64,
    /// Orders' parts in runs.
    pub(crate) deliveries: u64,
}

impl Counts {
    fn add(&mut self, entry: &Entry) {
        *match entry {
            Entry::Run(_) => &mut self.runs,
            Entry::Order(_) => &mut self.orders,
            Entry::Delivery(_) => &mut self.deliveries,
        } += 1;
    }
}

/// The last line.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct End {
    #[serde(flatten)]
    counts: Counts,
    /// Of everything before this line.
    sha256: String,
}

/// A line after the first.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Line {
    End { end: End },
    Entry(Entry),
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DumpError {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// It is something else.
    #[error("it is not an export of a ledger")]
    Foreign,
    /// A later version of Scoreload wrote it.
    #[error("its format is version `{0}`, and this version of Scoreload reads up to `{VERSION}`")]
    Later(u64),
    /// It is not what was written.
    #[error("it is damaged: {0}")]
    Damaged(String),
}

impl DumpError {
    /// Returns the way out.
    pub(crate) fn help(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "name a file that you may read",
            Self::Foreign => "name a file that `scoreload ledger export` wrote",
            Self::Later(_) => "use a version of Scoreload at least as new as the one that wrote it",
            Self::Damaged(_) => "export the ledger again; nothing was changed",
        }
    }
}

/// A file on its way: everything that is written counts for the checksum.
struct Sum<W> {
    out: W,
    digest: Sha256,
}

impl<W: Write> Sum<W> {
    fn line(&mut self, value: &impl Serialize) -> io::Result<()> {
        let mut text = serde_json::to_vec(value)?;
        text.push(b'\n');
        self.digest.update(&text);
        self.out.write_all(&text)
    }
}

/// Writes everything that a ledger holds at one moment; returns how much that is.
///
/// # Errors
/// When the ledger cannot be read, or `out` cannot be written.
pub(crate) fn write<W>(ledger: &Ledger, out: W) -> Result<(W, Counts), LedgerError>
where
    W: Write + Send + 'static,
{
    let unwritten = |error: io::Error| StorageError::ExportFailed(error.to_string());
    let failed = |error| LedgerError::Failed {
        location: ledger.location().clone(),
        error,
    };
    let digest = Sha256::new();
    let mut sum = Sum { out, digest };
    let head = Head {
        scoreload_ledger: VERSION,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        exported_at: Timestamp::now(),
    };
    sum.line(&head).map_err(unwritten).map_err(failed)?;
    let (mut sum, counts) =
        ledger.fold((sum, Counts::default()), move |(sum, counts), entry| {
            counts.add(&entry);
            sum.line(&entry).map_err(unwritten)
        })?;
    let end = End {
        counts,
        sha256: hex(&sum.digest.clone().finalize()),
    };
    sum.line(&serde_json::json!({ "end": end }))
        .and_then(|()| sum.out.flush())
        .map_err(unwritten)
        .map_err(failed)?;
    Ok((sum.out, counts))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into memory does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Reads a file to its end, and refuses it unless every line is as it was written; returns how much it holds.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check(file: &File) -> Result<Counts, DumpError> {
    let mut lines = Lines::open(file)?;
    let mut counts = Counts::default();
    loop {
        let so_far = hex(&lines.digest.clone().finalize());
        match lines.next_line()? {
            None => return Err(DumpError::Damaged("its end is missing".to_owned())),
            Some(Line::Entry(entry)) => {
                if let Entry::Order(order) = &entry {
                    let damaged =
                        |words| DumpError::Damaged(format!("line {}: {words}", lines.number));
                    OrderState::from_json(&order.known).map_err(damaged)?;
                }
                counts.add(&entry);
            }
            Some(Line::End { end }) => {
                let expected = End {
                    counts,
                    sha256: so_far,
                };
                if end != expected {
                    let words = "its entries are not those that were exported";
                    return Err(DumpError::Damaged(words.to_owned()));
                }
                if lines.next_line()?.is_some() {
                    return Err(DumpError::Damaged("it goes on after its end".to_owned()));
                }
                return Ok(counts);
            }
        }
    }
}

/// Returns the entries of a file that was checked.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn entries(
    file: &File,
) -> Result<impl Iterator<Item = Result<Entry, StorageError>> + use<>, StorageError> {
    let flawed = |flaw: DumpError| StorageError::ImportConflict(flaw.to_string());
    let mut lines = Lines::open(file).map_err(flawed)?;
    let next = move || match lines.next_line() {
        Ok(Some(Line::Entry(entry))) => Some(Ok(entry)),
        Ok(Some(Line::End { .. }) | None) => None,
        Err(flaw) => Some(Err(flawed(flaw))),
    };
    Ok(std::iter::from_fn(next))
}

/// Reads a line after the first.
#[cfg(any(test, fuzzing))]
pub(crate) fn entry_of_line(line: &str) -> Option<Entry> {
    match serde_json::from_str(line) {
        Ok(Line::Entry(entry)) => Some(entry),
        Ok(Line::End { .. }) | Err(_) => None,
    }
}

/// The lines of a file after the first.
struct Lines {
    file: BufReader<File>,
    number: usize,
    digest: Sha256,
}

impl Lines {
    /// Opens a file, and looks at what it says it is.
    fn open(file: &File) -> Result<Self, DumpError> {
        let mut file = file.try_clone()?;
        file.rewind()?;
        let mut lines = Self {
            file: BufReader::new(file),
            number: 0,
            digest: Sha256::new(),
        };
        let text = lines.text()?;
        let head: serde_json::Value =
            serde_json::from_slice(&text).map_err(|_| DumpError::Foreign)?;
        match head["scoreload_ledger"].as_u64() {
            Some(VERSION) => Ok(lines),
            Some(later) if later > VERSION => Err(DumpError::Later(later)),
            _ => Err(DumpError::Foreign),
        }
    }

    fn next_line(&mut self) -> Result<Option<Line>, DumpError> {
        let text = self.text()?;
        if text.is_empty() {
            return Ok(None);
        }
        let line = serde_json::from_slice(&text);
        line.map(Some)
            .map_err(|_| DumpError::Damaged(format!("line {} cannot be understood", self.number)))
    }

    fn text(&mut self) -> Result<Vec<u8>, DumpError> {
        let mut text = Vec::new();
        let mut limited = Read::take(&mut self.file, LONGEST_LINE);
        limited.read_until(b'\n', &mut text)?;
        self.digest.update(&text);
        self.number += 1;
        Ok(text)
    }
}
