//! What stops a run. A finding about the data is a [`crate::diagnostics::diagnostic::Diagnostic`]; the fate of one order is an outcome.

use std::io;
use std::path::PathBuf;

use crate::ledger::LedgerError;
use crate::ledger::lock::Holder;

/// What stops a run, each with a way out ([`Error::help`]).
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line or a setting cannot be followed.
    #[error("{message}")]
    Usage {
        /// What is wrong, with the observed value.
        message: String,
        /// The way out.
        help: String,
    },
    /// A file could not be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An input is not what it was when the run began.
    #[error("`{}` has changed since it was read, so its rejected rows cannot be told", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// Something that the system should give was not to be had.
    #[error("cannot {action}: {source}")]
    System {
        /// What was being done.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The ledger cannot be opened, or failed while it was in use.
    #[error("{0}")]
    Ledger(LedgerError),
    /// Another import holds the ledger for this target.
    #[error("another import holds the ledger{}", named(holder.as_ref()))]
    Held {
        /// Who holds it, where they have said so.
        holder: Option<Holder>,
        /// Whether the command can be told to wait.
        can_wait: bool,
    },
    /// Another import clears the inbox.
    #[error("another import takes its files from `{}`", directory.display())]
    InboxHeld {
        /// The inbox.
        directory: PathBuf,
    },
    /// The report does not account for every row.
    #[error("the report does not account for every row")]
    Unaccounted,
}

impl Error {
    /// Makes a usage error.
    pub(crate) fn usage(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Usage {
            message: message.into(),
            help: help.into(),
        }
    }

    /// Returns the way out.
    pub(crate) fn help(&self) -> &str {
        match self {
            Self::Usage { help, .. } => help,
            Self::Write { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    "make room on the disk, or name a file on another"
                }
                _ => "name a file in a directory that you may write to",
            },
            Self::Changed { .. } => {
                "the report names the rows; leave the inputs alone while a run lasts"
            }
            Self::System { .. } => {
                "free some of the machine's resources, or raise its limits, and try again"
            }
            Self::Ledger(error) => error.help(),
            Self::Held {
                can_wait: false, ..
            } => "run the same command again once it has ended",
            Self::Held { .. } | Self::InboxHeld { .. } => {
                "run the same command again once it has ended, or add --wait"
            }
            Self::Unaccounted => {
                "this is a fault of Scoreload: please report it, with the report that was written"
            }
        }
    }
}

fn named(holder: Option<&Holder>) -> String {
    holder.map_or_else(String::new, |holder| format!(": {holder}"))
}
