//! Files that a ledger keeps: readable by their owner alone, in a directory that is too.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// Makes the directory of a file, readable by its owner alone where it is new, and returns it.
pub(crate) fn make_directory_of(path: &Path) -> io::Result<&Path> {
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)?;
    Ok(directory)
}

/// Returns how files are opened for writing: new ones are readable by their owner alone.
pub(crate) fn open_private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    options
}
