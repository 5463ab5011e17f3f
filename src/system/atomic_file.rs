//! Files that a run leaves behind: whole or not at all, readable by their owner alone, never over another.
//!
//! What stands in them is for those who write them.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, openat};
use tempfile::NamedTempFile;

use crate::error::Error;

/// Where Linux has a process's open files, by their numbers.
pub(crate) const OPEN_FILES: &str = "/proc/self/fd";

/// A place for a file, tried before anything is sent: what cannot be written is refused before harm.
#[derive(Debug)]
pub(crate) struct NewFile {
    path: PathBuf,
}

impl NewFile {
    /// Takes the place; `what` is what the file will be, with its article: `a report`.
    ///
    /// # Errors
    /// When the path is taken, or cannot be written.
    pub(crate) fn reserve(path: &Path, what: &str) -> Result<Self, Error> {
        if path.symlink_metadata().is_ok() {
            let message = format!(
                "`{}` is there already, and {what} never replaces a file",
                path.display()
            );
            return Err(Error::usage(
                message,
                "name another file, or move that one away",
            ));
        }
        draft_beside(path).map_err(|error| {
            let message = format!(
                "{what} cannot be written to `{}`: {}",
                path.display(),
                crate::text::reason(&error)
            );
            Error::usage(message, "name a file in a directory that you may write to")
        })?;
        Ok(Self {
            path: path.to_owned(),
        })
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
    ) -> Result<PathBuf, Error> {
        match self.place(fill) {
            Ok(()) => Ok(self.path),
            Err(source) => Err(Error::Write {
                path: self.path,
                source,
            }),
        }
    }

    fn place(&self, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
        let mut draft = Draft::beside(&self.path)?;
        fill(draft.file())?;
        draft.file().sync_all()?;
        draft.keep_as(&self.path)
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

/// Returns the format that a path's extension asks for; `purpose` is what is to be written there.
///
/// # Errors
/// When its extension is that of none.
pub(crate) fn format_of<F: Copy>(
    path: &Path,
    known: &[(&str, F)],
    purpose: &str,
) -> Result<F, Error> {
    let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    let found = known
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(extension));
    found.map(|(_, format)| *format).ok_or_else(|| {
        let names: Vec<String> = known.iter().map(|(name, _)| format!(".{name}")).collect();
        Error::usage(
            format!(
                "`{}` is no file that {purpose} can be written to",
                path.display()
            ),
            format!("the extension decides the format: {}", names.join(", ")),
        )
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
