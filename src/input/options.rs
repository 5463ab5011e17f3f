//! Options that apply to every input of a run.

use std::path::PathBuf;

use super::csv::delimiter::Delimiter;
use super::csv::encoding::Encoding;
use super::wide::WideTable;
use crate::diagnostics::diagnostic::WarningPolicy;
use crate::schema::header_names::HeaderNames;

/// How inputs are read.
pub struct Options<'a> {
    /// The names that columns may have.
    pub names: HeaderNames,
    /// Tests that have columns of their own.
    pub wide: Vec<WideTable>,
    /// The sheets to read. If empty, reads every visible sheet with an order-id header.
    pub sheets: Vec<String>,
    /// The delimiter of CSV files; `None` to detect it per file.
    pub delimiter: Option<Delimiter>,
    /// The encoding of CSV files without a byte order mark; `None` to detect it per file.
    pub encoding: Option<Encoding>,
    /// Whether header warnings make a sheet unusable.
    pub warnings: WarningPolicy,
    /// How much of each sheet is read.
    pub extent: Extent,
    /// The program that reads workbooks in a separate process; `None` for the current executable.
    pub program: Option<PathBuf>,
    /// Whether to compute the SHA-256 of each file.
    pub fingerprints: bool,
    /// Called with the number of rows in each chunk that was read.
    pub on_rows: &'a (dyn Fn(usize) + Sync),
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            names: HeaderNames::default(),
            wide: Vec::new(),
            sheets: Vec::new(),
            delimiter: None,
            encoding: None,
            warnings: WarningPolicy::default(),
            extent: Extent::Whole,
            program: None,
            fingerprints: false,
            on_rows: &|_| {},
        }
    }
}

/// How much of each sheet is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All rows, if the header is valid.
    Whole,
    /// The first data rows, up to this many, even if the header is invalid.
    Sample(usize),
}
