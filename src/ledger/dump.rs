//! The export format of a ledger: one JSON object per line.
//!
//! The first line has the format version, the last one the number of entries and a checksum, so that a truncated,
//! edited or foreign file is refused before anything is imported.

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

/// The format version of this program.
const VERSION: u64 = 1;
/// The longest line in bytes; bodies have some megabytes at most.
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

/// The number of entries of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// Runs.
    pub(crate) runs: u64,
    /// Orders.
    pub(crate) orders: u64,
    /// Deliveries of orders.
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
    /// The checksum of all previous lines.
    sha256: String,
}

/// Any line but the first.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Line {
    End { end: End },
    Entry(Entry),
}

/// Why a file cannot be imported.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DumpError {
    /// It cannot be read.
    #[error("cannot read it: {0}")]
    Unreadable(#[from] io::Error),
    /// It is not an export.
    #[error("it is not an export of a ledger")]
    Foreign,
    /// A later version of Scoreload wrote it.
    #[error("its format is version `{0}`, and this version of Scoreload reads up to `{VERSION}`")]
    Later(u64),
    /// It was changed or truncated.
    #[error("it is damaged: {0}")]
    Damaged(String),
}

impl DumpError {
    /// Returns what the user can do.
    pub(crate) fn help(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "name a file that you may read",
            Self::Foreign => "name a file that `scoreload ledger export` wrote",
            Self::Later(_) => "use a version of Scoreload at least as new as the one that wrote it",
            Self::Damaged(_) => "export the ledger again; nothing was changed",
        }
    }
}

/// A writer that computes the checksum of its lines.
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

/// Writes a snapshot of a ledger and returns the number of entries.
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
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Reads a whole file, verifies its checksum and returns the number of entries.
///
/// # Errors
/// When the file is not a complete export of a supported version.
pub(crate) fn check(file: &File) -> Result<Counts, DumpError> {
    let mut lines = Lines::open(file)?;
    let mut counts = Counts::default();
    loop {
        let so_far = hex(&lines.digest.clone().finalize());
        match lines.next_line()? {
            None => return Err(DumpError::Damaged("its last line is missing".to_owned())),
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
                    let words = "its entries do not match its checksum";
                    return Err(DumpError::Damaged(words.to_owned()));
                }
                if lines.next_line()?.is_some() {
                    return Err(DumpError::Damaged("it has lines after its end".to_owned()));
                }
                return Ok(counts);
            }
        }
    }
}

/// Returns the entries of a checked file.
///
/// # Errors
/// When the file cannot be read.
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

/// Parses an entry, for tests.
#[cfg(any(test, fuzzing))]
pub(crate) fn entry_of_line(line: &str) -> Option<Entry> {
    match serde_json::from_str(line) {
        Ok(Line::Entry(entry)) => Some(entry),
        Ok(Line::End { .. }) | Err(_) => None,
    }
}

/// A reader of lines that computes their checksum.
struct Lines {
    file: BufReader<File>,
    number: usize,
    digest: Sha256,
}

impl Lines {
    /// Rewinds a file and checks its first line.
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
            .map_err(|_| DumpError::Damaged(format!("line {} is not a valid entry", self.number)))
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
