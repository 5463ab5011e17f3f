//! Files that a report is written to: whole or not at all, readable by their owner alone, never over another.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::{Report, json};
use crate::error::Error;

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
        let extension = path
            .extension()
            .and_then(|extension| extension.to_str())
            .unwrap_or_default();
        let found = Self::BY_EXTENSION
            .into_iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(extension));
        found.map(|(_, format)| format).ok_or_else(|| {
            let known: Vec<String> = Self::BY_EXTENSION
                .iter()
                .map(|(known, _)| format!(".{known}"))
                .collect();
            let message = format!(
                "`{}` is no file that a report can be written to",
                path.display()
            );
            Error::usage(
                message,
                format!("the extension decides the format: {}", known.join(", ")),
            )
        })
    }
}

/// A place for a report, tried before anything is sent: what cannot be written is refused before harm.
#[derive(Debug)]
pub struct ReportFile {
    path: PathBuf,
    format: Format,
}

impl ReportFile {
    /// Takes the place.
    ///
    /// # Errors
    /// When the path has no known extension, is taken, or cannot be written.
    pub fn reserve(path: &Path) -> Result<Self, Error> {
        let format = Format::of(path)?;
        if path.symlink_metadata().is_ok() {
            let message = format!(
                "`{}` is there already, and a report never replaces a file",
                path.display()
            );
            return Err(Error::usage(
                message,
                "name another file, or move that one away",
            ));
        }
        draft_beside(path).map_err(|error| {
            let message = format!(
                "no report can be written to `{}`: {}",
                path.display(),
                error.kind()
            );
            Error::usage(message, "name a file in a directory that you may write to")
        })?;
        Ok(Self {
            path: path.to_owned(),
            format,
        })
    }

    /// Returns where the report will be.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the report into its place.
    ///
    /// # Errors
    /// When it cannot be written, or another file has come to be there.
    pub fn write(self, report: &Report) -> Result<PathBuf, Error> {
        match self.place(report) {
            Ok(()) => Ok(self.path),
            Err(source) => Err(Error::Write {
                path: self.path,
                source,
            }),
        }
    }

    fn place(&self, report: &Report) -> io::Result<()> {
        let mut draft = draft_beside(&self.path)?;
        let mut out = BufWriter::new(draft.as_file_mut());
        match self.format {
            Format::Json => json::write(report, &mut out)?,
        }
        out.flush()?;
        drop(out);
        draft.as_file().sync_all()?;
        draft
            .persist_noclobber(&self.path)
            .map_err(|error| error.error)?;
        Ok(())
    }
}

/// Makes a file in the directory of another, readable by its owner alone, that is gone when nobody keeps it.
fn draft_beside(path: &Path) -> io::Result<NamedTempFile> {
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    tempfile::Builder::new()
        .prefix(".scoreload-")
        .suffix(".draft")
        .tempfile_in(directory.unwrap_or(Path::new(".")))
}
