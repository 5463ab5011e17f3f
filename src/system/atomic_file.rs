//! Files that appear under their name complete or not at all, readable by their owner alone, and never replace another.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

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

/// A file to be written, checked before anything is sent so that an unwritable path is refused early.
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
        if let Err(source) = temp_file_beside(&path) {
            return Err(NewFileError::NotWritable { path, kind, source });
        }
        Ok(Self { path })
    }

    /// Returns the path of the file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the content and then gives the file its name.
    ///
    /// # Errors
    /// When the file cannot be written, or another one was created at its path in the meantime.
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
        let mut file = UnnamedFile::create_beside(&self.path).map_err(failed)?;
        let result = fill(file.as_file_mut())?;
        file.as_file_mut().sync_all().map_err(failed)?;
        file.persist_noclobber(&self.path).map_err(failed)?;
        Ok(result)
    }
}

/// A file without a name, which disappears with the process even if that is killed.
#[cfg(all(target_os = "linux", not(scoreload_portable)))]
enum UnnamedFile {
    Unnamed(File),
    /// For filesystems without unnamed files: it remains if the process is killed.
    Named(NamedTempFile),
}

#[cfg(all(target_os = "linux", not(scoreload_portable)))]
impl UnnamedFile {
    fn create_beside(path: &Path) -> io::Result<Self> {
        use rustix::fs::{CWD, Mode, OFlags, openat};
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        let file = openat(CWD, directory_of(path), flags, Mode::RUSR | Mode::WUSR);
        match file {
            // The file gets its name through this directory.
            Ok(file) if Path::new("/proc/self/fd").is_dir() => Ok(Self::Unnamed(file.into())),
            _ => temp_file_beside(path).map(Self::Named),
        }
    }

    fn as_file_mut(&mut self) -> &mut File {
        match self {
            Self::Unnamed(file) => file,
            Self::Named(file) => file.as_file_mut(),
        }
    }

    fn persist_noclobber(self, path: &Path) -> io::Result<()> {
        use std::os::fd::AsRawFd;

        use rustix::fs::{AtFlags, CWD, linkat};
        match self {
            Self::Unnamed(file) => {
                let open = format!("/proc/self/fd/{}", file.as_raw_fd());
                Ok(linkat(CWD, open, CWD, path, AtFlags::SYMLINK_FOLLOW)?)
            }
            Self::Named(file) => persist_named(file, path),
        }
    }
}

/// A temporary file, which remains if the process is killed.
#[cfg(not(all(target_os = "linux", not(scoreload_portable))))]
struct UnnamedFile(NamedTempFile);

#[cfg(not(all(target_os = "linux", not(scoreload_portable))))]
impl UnnamedFile {
    fn create_beside(path: &Path) -> io::Result<Self> {
        temp_file_beside(path).map(Self)
    }

    fn as_file_mut(&mut self) -> &mut File {
        self.0.as_file_mut()
    }

    fn persist_noclobber(self, path: &Path) -> io::Result<()> {
        persist_named(self.0, path)
    }
}

fn persist_named(file: NamedTempFile, path: &Path) -> io::Result<()> {
    let kept = file.persist_noclobber(path);
    kept.map(drop).map_err(|error| error.error)
}

/// Creates a temporary file in the directory of another file, readable by its owner alone.
pub(crate) fn temp_file_beside(path: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new()
        .prefix(".scoreload-")
        .suffix(".draft")
        .tempfile_in(directory_of(path))
}

/// Whether two paths name the same file, which need not exist.
pub(crate) fn is_same_path(one: &Path, other: &Path) -> bool {
    let canonical = |path: &Path| {
        let directory = directory_of(path).canonicalize().ok()?;
        Some(directory.join(path.file_name().unwrap_or(OsStr::new(""))))
    };
    one == other || (canonical(one).is_some() && canonical(one) == canonical(other))
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
pub(crate) fn format_from_extension<F: Copy>(
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
    fn paths_are_compared_after_resolving_their_directories() {
        assert!(is_same_path(Path::new("a.csv"), Path::new("./a.csv")));
        assert!(is_same_path(Path::new("src/../a.csv"), Path::new("a.csv")));
        assert!(!is_same_path(Path::new("a.csv"), Path::new("src/a.csv")));
        assert!(is_same_path(Path::new("nowhere/a"), Path::new("nowhere/a")));
    }
}
