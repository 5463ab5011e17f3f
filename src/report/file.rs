//! Files that a report is written to, in the form that their extension asks for.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::{Report, json};
use crate::error::Error;
use crate::new_file::{NewFile, format_of};

/// A form that a report can take, chosen by the file's extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `.json`
    Json,
}

impl Format {
    const BY_EXTENSION: [(&'static str, Self); 1] = [("json", Self::Json)];

    /// Returns the format that a path asks for.
    ///
    /// # Errors
    /// When its extension is that of none.
    pub fn of(path: &Path) -> Result<Self, Error> {
        format_of(path, &Self::BY_EXTENSION, "a report")
    }
}

/// A place for a report, tried before anything is sent.
#[derive(Debug)]
pub struct ReportFile {
    format: Format,
    file: NewFile,
}

impl ReportFile {
    /// Takes the place.
    ///
    /// # Errors
    /// When the path has no known extension, is taken, or cannot be written.
    pub fn reserve(path: &Path) -> Result<Self, Error> {
        Ok(Self {
            format: Format::of(path)?,
            file: NewFile::reserve(path, "a report")?,
        })
    }

    /// Returns where the report will be.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Writes the report into its place.
    ///
    /// # Errors
    /// When it cannot be written, or another file has come to be there.
    pub fn write(self, report: &Report) -> Result<PathBuf, Error> {
        let format = self.format;
        self.file.write(|file| {
            let mut out = BufWriter::new(file);
            match format {
                Format::Json => json::write(report, &mut out)?,
            }
            out.flush()
        })
    }
}
