//! Permissions and identity of files: what the program writes is readable by its owner alone.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::path::Path;
use std::time::SystemTime;

/// Creates the directory of a file, readable by its owner alone if it is new, and returns its path.
pub(crate) fn create_parent_dir(path: &Path) -> io::Result<&Path> {
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    private_dir_builder().recursive(true).create(directory)?;
    Ok(directory)
}

/// Returns a builder of directories that are readable by their owner alone.
pub(crate) fn private_dir_builder() -> DirBuilder {
    let mut builder = DirBuilder::new();
    os::make_dir_private(&mut builder);
    builder
}

/// Returns options to open a file with; a new file is readable by its owner alone.
pub(crate) fn private_open_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    os::make_file_private(&mut options);
    options
}

/// Removes the permissions of everybody but the owner from an open file.
pub(crate) fn restrict_file(file: &File) -> io::Result<()> {
    if mode(&file.metadata()?).is_some_and(|mode| mode & 0o077 != 0) {
        os::set_mode(file, 0o600)?;
    }
    Ok(())
}

/// Removes the permissions of everybody but the owner from a file.
pub(crate) fn restrict_path(path: &Path) -> io::Result<()> {
    if mode(&fs::metadata(path)?).is_some_and(|mode| mode & 0o077 != 0) {
        os::set_mode_of_path(path, 0o600)?;
    }
    Ok(())
}

/// Makes an open file readable by everybody.
pub(crate) fn make_world_readable(file: &File) -> io::Result<()> {
    os::set_mode(file, 0o644)
}

/// Returns the permission bits of a file, or `None` on a platform without them.
pub(crate) fn mode(metadata: &Metadata) -> Option<u32> {
    os::mode(metadata)
}

/// Whether a file is a named pipe.
pub(crate) fn is_fifo(metadata: &Metadata) -> bool {
    os::is_fifo(metadata)
}

/// Identifies a file and its state: two equal values mean the same, unmodified file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileStamp {
    /// Device and inode, or `None` on a platform without them.
    id: Option<(u64, u64)>,
    size: u64,
    pub(crate) modified: Option<SystemTime>,
}

impl FileStamp {
    pub(crate) fn new(metadata: &Metadata) -> Self {
        Self {
            id: os::file_id(metadata),
            size: metadata.len(),
            modified: metadata.modified().ok(),
        }
    }
}

#[cfg(all(unix, not(scoreload_portable)))]
mod os {
    use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions};
    use std::io;
    use std::os::unix::fs::{
        DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt,
    };
    use std::path::Path;

    pub(super) fn make_dir_private(builder: &mut DirBuilder) {
        builder.mode(0o700);
    }

    pub(super) fn make_file_private(options: &mut OpenOptions) {
        options.mode(0o600);
    }

    pub(super) fn set_mode(file: &File, mode: u32) -> io::Result<()> {
        file.set_permissions(Permissions::from_mode(mode))
    }

    pub(super) fn set_mode_of_path(path: &Path, mode: u32) -> io::Result<()> {
        fs::set_permissions(path, Permissions::from_mode(mode))
    }

    #[expect(clippy::unnecessary_wraps, reason = "`None` on other platforms")]
    pub(super) fn mode(metadata: &Metadata) -> Option<u32> {
        Some(metadata.permissions().mode() & 0o777)
    }

    pub(super) fn is_fifo(metadata: &Metadata) -> bool {
        metadata.file_type().is_fifo()
    }

    #[expect(clippy::unnecessary_wraps, reason = "`None` on other platforms")]
    pub(super) fn file_id(metadata: &Metadata) -> Option<(u64, u64)> {
        Some((metadata.dev(), metadata.ino()))
    }
}

/// Without permission bits the directory's access control decides who may read a file.
#[cfg(not(all(unix, not(scoreload_portable))))]
mod os {
    use std::fs::{DirBuilder, File, Metadata, OpenOptions};
    use std::io;
    use std::path::Path;

    pub(super) fn make_dir_private(_builder: &mut DirBuilder) {}

    pub(super) fn make_file_private(_options: &mut OpenOptions) {}

    #[expect(
        clippy::unnecessary_wraps,
        reason = "fails where there are permission bits"
    )]
    pub(super) fn set_mode(_file: &File, _mode: u32) -> io::Result<()> {
        Ok(())
    }

    #[expect(
        clippy::unnecessary_wraps,
        reason = "fails where there are permission bits"
    )]
    pub(super) fn set_mode_of_path(_path: &Path, _mode: u32) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn mode(_metadata: &Metadata) -> Option<u32> {
        None
    }

    pub(super) fn is_fifo(_metadata: &Metadata) -> bool {
        false
    }

    pub(super) fn file_id(_metadata: &Metadata) -> Option<(u64, u64)> {
        None
    }
}
