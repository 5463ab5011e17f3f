//! Files that a report is written to, in the form that their extension asks for.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::{Report, csv, html, json, markdown, xlsx};
use crate::orders::Batch;
use crate::system::atomic_file::{NewFile, NewFileError, format_of};

/// A form that a report can take, chosen by the file's extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// `.html`: a page for people.
    Html,
    /// `.json`: all there is, for scripts.
    Json,
    /// `.csv`: the orders.
    Csv,
    /// `.xlsx`: summary, orders and problems.
    Xlsx,
    /// `.md`: what belongs into a ticket.
    Markdown,
}

impl Format {
    const BY_EXTENSION: [(&'static str, Self); 5] = [
        ("html", Self::Html),
        ("json", Self::Json),
        ("csv", Self::Csv),
        ("xlsx", Self::Xlsx),
        ("md", Self::Markdown),
    ];

    /// Returns the format that a path asks for.
    ///
    /// # Errors
    /// When its extension is that of none.
    pub(crate) fn of(path: &Path) -> Result<Self, NewFileError> {
        format_of(path, &Self::BY_EXTENSION, "a report")
    }
}

/// A place for a report, tried before anything is sent.
#[derive(Debug)]
pub(crate) struct ReportFile {
    format: Format,
    file: NewFile,
}

impl ReportFile {
    /// Takes the place.
    ///
    /// # Errors
    /// When the path has no known extension, is taken, or cannot be written.
    pub(crate) fn reserve(path: &Path) -> Result<Self, NewFileError> {
        Ok(Self {
            format: Format::of(path)?,
            file: NewFile::reserve(path, "a report")?,
        })
    }

    /// Returns where the report will be.
    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    /// Writes the report of a batch into its place.
    ///
    /// # Errors
    /// When it cannot be written, or another file has come to be there.
    pub(crate) fn write(self, report: &Report, batch: &Batch) -> Result<PathBuf, NewFileError> {
        let format = self.format;
        self.file.write(|file| {
            let mut out = BufWriter::new(file);
            match format {
                Format::Html => html::write(report, batch, &mut out)?,
                Format::Json => json::write(report, &mut out)?,
                Format::Csv => csv::write(report, &mut out)?,
                Format::Xlsx => xlsx::write(report, out.get_mut())?,
                Format::Markdown => markdown::write(report, &mut out)?,
            }
            out.flush()
        })
    }
}
