//! The log: requests with their ids, statuses and times; never scores, names or secrets.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Mutex;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

use crate::cli::LogFormat;
use crate::error::Error;

/// Begins the log of the process, where one is asked for: in a file, or on standard error.
///
/// # Errors
/// The file cannot be opened.
pub(super) fn begin(
    verbose: u8,
    format: Option<LogFormat>,
    file: Option<&Path>,
) -> Result<(), Error> {
    let out = match (file, verbose) {
        (Some(path), _) => open(path)?,
        (None, 0) => return Ok(()),
        (None, _) => BoxMakeWriter::new(io::stderr),
    };
    let level = match verbose {
        0 | 1 => "scoreload=debug",
        _ => "debug",
    };
    let log = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(level))
        .with_writer(out)
        .with_ansi(false);
    // A second logger would mean that one is set up already, and that is enough.
    let _ = match format {
        None | Some(LogFormat::Text) => log.try_init(),
        Some(LogFormat::Json) => log.json().try_init(),
    };
    Ok(())
}

/// Opens the file to write behind what it holds; made anew it is its owner's alone.
fn open(path: &Path) -> Result<BoxMakeWriter, Error> {
    let mut options = OpenOptions::new();
    let file = options.create(true).append(true).mode(0o600).open(path);
    let file = file.map_err(|source| {
        let message = format!(
            "`{}` cannot be opened for the log: {source}",
            path.display()
        );
        Error::usage(message, "name a file in a directory that you may write to")
    })?;
    Ok(BoxMakeWriter::new(Mutex::new(file)))
}
