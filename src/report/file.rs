//! Report files, in the format of their extension.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::orders::Batch;
use crate::report::model::Report;
use crate::report::{csv, html, json, markdown, xlsx};
use crate::system::atomic_file::{NewFile, NewFileError, format_from_extension};

/// A report format, selected by the extension of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// `.html`: a page for people.
    Html,
    /// `.json`: the complete report, for scripts.
    Json,
    /// `.csv`: the orders.
    Csv,
    /// `.xlsx`: summary, orders and diagnostics.
    Xlsx,
    /// `.md`: a short version for a ticket.
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

    /// Returns the format for a path.
    ///
    /// # Errors
    /// If the extension is not one of the above.
    pub(crate) fn of(path: &Path) -> Result<Self, NewFileError> {
        format_from_extension(path, &Self::BY_EXTENSION, "a report")
    }
}

/// A report file, created before anything is sent.
#[derive(Debug)]
pub(crate) struct ReportFile {
    format: Format,
    file: NewFile,
}

impl ReportFile {
    /// Creates the file.
    ///
    /// # Errors
    /// If the extension is unknown, the file exists, or it cannot be written.
    pub(crate) fn reserve(path: &Path) -> Result<Self, NewFileError> {
        Ok(Self {
            format: Format::of(path)?,
            file: NewFile::reserve(path, "a report")?,
        })
    }

    /// Returns the path of the report.
    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    /// Writes the report of a batch.
    ///
    /// # Errors
    /// If the file cannot be written, or another file has been created at its path.
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
