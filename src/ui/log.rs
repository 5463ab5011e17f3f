//! The log. It has requests with their ids, statuses and times, but never scores, names or secrets.

use std::io;
use std::path::Path;
use std::sync::Mutex;

use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{Layer, fmt};

use crate::cli::LogFormat;
use crate::cli::error::CommandLineError;
use crate::error::Error;
use crate::system::permissions;

/// Starts logging to a file or to stderr, if `--log-file` or `-v` is given.
///
/// # Errors
/// Fails if the file cannot be opened.
pub(crate) fn begin(verbose: u8, format: LogFormat, file: Option<&Path>) -> Result<(), Error> {
    let out = match (file, verbose) {
        (Some(path), _) => open(path)?,
        (None, 0) => return Ok(()),
        (None, _) => BoxMakeWriter::new(io::stderr),
    };
    let targets = match verbose {
        0 | 1 => Targets::new().with_target("scoreload", Level::DEBUG),
        _ => Targets::new().with_default(Level::DEBUG),
    };
    let lines = fmt::layer().with_writer(out).with_ansi(false);
    let lines = match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    // Fails if a logger is installed already, which is then used.
    let _ = tracing_subscriber::registry()
        .with(lines)
        .with(targets)
        .try_init();
    Ok(())
}

/// Opens a file to append to. A new file is readable by its owner alone.
fn open(path: &Path) -> Result<BoxMakeWriter, Error> {
    let file = permissions::private_open_options()
        .create(true)
        .append(true)
        .open(path);
    let file = file.map_err(|source| CommandLineError::OpenLog {
        path: path.to_owned(),
        source,
    })?;
    Ok(BoxMakeWriter::new(Mutex::new(file)))
}
