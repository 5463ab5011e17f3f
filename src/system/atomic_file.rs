//! Files that a run leaves behind: whole or not at all, readable by their owner alone, never over another.
//!
//! What stands in them is for those who write them.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, openat};
use tempfile::NamedTempFile;

/// An output file that cannot be created or written.
#[derive(Debug, thiserror::Error)]
pub enum NewFileError {
    /// A file with this path exists.
    #[error("`{}` exists, and {kind} never replaces a file", path.display())]
    Exists {
        /// The path.
        path: PathBuf,
        /// The kind of file, with an article: `a report`.
        kind: &'static str,
    },
    /// No file can be created in the directory.
    #[error("cannot write {kind} to `{}`: {}", path.display(), crate::text::reason(source))]
    NotWritable {
        /// The path.
        path: PathBuf,
        /// The kind of file, with an article: `a report`.
        kind: &'static str,
        /// The system's error.
        source: io::Error,
    },
    /// The extension names no format for this kind of file.
    #[error("cannot write {kind} to `{}`: unknown extension", path.display())]
    UnknownFormat {
        /// The path.
        path: PathBuf,
        /// The kind of file, with an article: `a report`.
        kind: &'static str,
        /// The extensions that are known.
        known: Vec<String>,
    },
    /// The file could not be written to its end.
    #[error("cannot write `{}`: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

impl NewFileError {
    /// Returns the remedy.
    pub(crate) fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Exists { .. } => "name another file, or move the existing one away".into(),
            Self::UnknownFormat { known, .. } => {
                format!("the extension decides the format: {}", known.join(", ")).into()
            }
            Self::Write { source, .. } if is_full(source) => {
                "free space on the disk, or name a file on another one".into()
            }
            Self::NotWritable { .. } | Self::Write { .. } => {
                "name a file in a directory that you may write to".into()
            }
        }
    }
}

fn is_full(error: &io::Error) -> bool {
    let full = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded];
    full.contains(&error.kind())
}

/// Where Linux has a process's open files, by their numbers.
pub(crate) const OPEN_FILES: &str = "/proc/self/fd";

/// A place for a file, tried before anything is sent: what cannot be written is refused before harm.
#[derive(Debug)]
pub(crate) struct NewFile {
    path: PathBuf,
}

impl NewFile {
    /// Checks that the file can be created. `kind` is the kind of file, with its article: `a report`.
    ///
    /// # Errors
    /// When the path is taken, or cannot be written.
    pub(crate) fn reserve(path: &Path, kind: &'static str) -> Result<Self, NewFileError> {
        let taken = path.symlink_metadata().is_ok();
        let path = path.to_owned();
        if taken {
            return Err(NewFileError::Exists { path, kind });
        }
        if let Err(source) = draft_beside(&path) {
            return Err(NewFileError::NotWritable { path, kind, source });
        }
        Ok(Self { path })
    }

    /// Returns where the file will be.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Fills the file and puts it into its place.
    ///
    /// # Errors
    /// When it cannot be written, or another file has come to be there.
    pub(crate) fn write(
        self,
        fill: impl FnOnce(&mut File) -> io::Result<()>,
    ) -> Result<PathBuf, NewFileError> {
        let path = self.path.clone();
        let fill =
            |file: &mut File| fill(file).map_err(|source| NewFileError::Write { path, source });
        self.write_with(fill)?;
        Ok(self.path)
    }

    /// Writes the file with a function that has its own errors and result.
    ///
    /// # Errors
    /// Those of [`Self::write`], and those of the function.
    pub(crate) fn write_with<T, E: From<NewFileError>>(
        &self,
        fill: impl FnOnce(&mut File) -> Result<T, E>,
    ) -> Result<T, E> {
        let failed = |source| NewFileError::Write {
            path: self.path.clone(),
            source,
        };
        let mut draft = Draft::beside(&self.path).map_err(failed)?;
        let result = fill(draft.file())?;
        draft.file().sync_all().map_err(failed)?;
        draft.keep_as(&self.path).map_err(failed)?;
        Ok(result)
    }
}

/// A file in the making, on the filesystem of its place.
enum Draft {
    /// One without a name: it is gone with the process, however that ends.
    Nameless(File),
    /// One with a name, where the filesystem has no others: it is gone unless the process is killed.
    Named(NamedTempFile),
}

impl Draft {
    fn beside(path: &Path) -> io::Result<Self> {
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        let made = openat(CWD, directory_of(path), flags, Mode::RUSR | Mode::WUSR);
        match made {
            // It gets its name by way of this directory.
            Ok(file) if Path::new(OPEN_FILES).is_dir() => Ok(Self::Nameless(file.into())),
            _ => draft_beside(path).map(Self::Named),
        }
    }

    fn file(&mut self) -> &mut File {
        match self {
            Self::Nameless(file) => file,
            Self::Named(file) => file.as_file_mut(),
        }
    }

    /// Gives the file its name, unless another has it.
    fn keep_as(self, path: &Path) -> io::Result<()> {
        match self {
            Self::Nameless(file) => {
                let opened = format!("{OPEN_FILES}/{}", file.as_raw_fd());
                Ok(linkat(CWD, opened, CWD, path, AtFlags::SYMLINK_FOLLOW)?)
            }
            Self::Named(file) => {
                let kept = file.persist_noclobber(path);
                kept.map(drop).map_err(|error| error.error)
            }
        }
    }
}

/// Makes a file in the directory of another, readable by its owner alone, that is gone when nobody keeps it.
pub(crate) fn draft_beside(path: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new()
        .prefix(".scoreload-")
        .suffix(".draft")
        .tempfile_in(directory_of(path))
}

/// Tells whether two paths name the same place, whether or not a file is there.
pub(crate) fn is_same_place(one: &Path, other: &Path) -> bool {
    let place = |path: &Path| {
        let directory = directory_of(path).canonicalize().ok()?;
        Some(directory.join(path.file_name().unwrap_or(OsStr::new(""))))
    };
    one == other || (place(one).is_some() && place(one) == place(other))
}

fn directory_of(path: &Path) -> &Path {
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// Returns the format that a path's extension names. `kind` is the kind of file, with its article: `a report`.
///
/// # Errors
/// The extension names none of the known formats.
pub(crate) fn format_of<F: Copy>(
    path: &Path,
    known: &[(&str, F)],
    kind: &'static str,
) -> Result<F, NewFileError> {
    let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    let found = known
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(extension));
    found
        .map(|(_, format)| *format)
        .ok_or_else(|| NewFileError::UnknownFormat {
            path: path.to_owned(),
            kind,
            known: known.iter().map(|(name, _)| format!(".{name}")).collect(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_place_is_known_by_whatever_name() {
        assert!(is_same_place(Path::new("a.csv"), Path::new("./a.csv")));
        assert!(is_same_place(Path::new("src/../a.csv"), Path::new("a.csv")));
        assert!(!is_same_place(Path::new("a.csv"), Path::new("src/a.csv")));
        assert!(is_same_place(
            Path::new("nowhere/a"),
            Path::new("nowhere/a")
        ));
    }
}
