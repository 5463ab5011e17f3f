//! Errors that end a run.
//!
//! A finding about the data is a [`Diagnostic`](crate::diagnostics::diagnostic::Diagnostic); the fate of one order is
//! an [`Outcome`](crate::delivery::Outcome).

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

use crate::cli::error::CommandLineError;
use crate::config::error::ConfigError;
use crate::inbox::error::InboxError;
use crate::ledger::LedgerError;
use crate::ledger::lock::Holder;
use crate::plan::MaxChange;
use crate::plan::error::PlanError;
use crate::system::atomic_file::NewFileError;

/// An error that ends a run. [`Error::help`] returns the remedy.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting cannot be followed.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The command line cannot be carried out.
    #[error(transparent)]
    CommandLine(#[from] CommandLineError),
    /// A plan cannot be read or applied.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The inbox cannot be used.
    #[error(transparent)]
    Inbox(#[from] InboxError),
    /// An output file cannot be created or written.
    #[error(transparent)]
    NewFile(#[from] NewFileError),
    /// The ledger cannot be opened, or failed while it was in use.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Another import holds the ledger for this target.
    #[error("another import holds the ledger{}", named(holder.as_ref()))]
    LedgerHeld {
        /// The process that holds it, if known.
        holder: Option<Holder>,
        /// Whether the command has `--wait`.
        can_wait: bool,
    },
    /// The ledger's entry of an order is damaged.
    #[error("cannot read the ledger's entry of order `{order_id}`: {reason}")]
    DamagedEntry {
        /// The order.
        order_id: String,
        /// The syntax error in the entry.
        reason: String,
    },
    /// The number of orders differs from the last import by more than `--max-change`.
    #[error(
        "the inputs have `{now}` orders, and the last import, run {run}, had `{before}`: this differs by more than {max_change}"
    )]
    OrderCountChanged {
        /// The number of orders in the inputs.
        now: usize,
        /// The number of orders in the last import.
        before: usize,
        /// The id of the last import.
        run: String,
        /// The limit.
        max_change: MaxChange,
    },
    /// An input changed while the run lasted.
    #[error("`{}` has changed since it was read, so its rejected rows cannot be written", path.display())]
    InputChanged {
        /// The file.
        path: PathBuf,
    },
    /// The HTTP client cannot be set up.
    #[error("cannot create the HTTP client: {reason}")]
    HttpClient {
        /// The client's error.
        reason: String,
    },
    /// A request to the operating system failed.
    #[error("cannot {action}: {source}")]
    System {
        /// The action.
        action: &'static str,
        /// The system's error.
        source: io::Error,
    },
    /// The totals of a run do not account for every row.
    #[error("the inputs have {rows} rows, but the totals account for {accounted}")]
    TotalsDoNotClose {
        /// The rows of the inputs.
        rows: usize,
        /// The rows of the totals.
        accounted: usize,
    },
    /// Reading the inputs again found other rejected rows than the first time.
    #[error("expected {expected} rejected rows, but found {found} when reading the inputs again")]
    RejectedRowsDiffer {
        /// The rows that the first reading rejected.
        expected: usize,
        /// The rows that the second reading found.
        found: usize,
    },
    /// The thread of a run ended without a result.
    #[error("the run ended without a result")]
    NoResult,
}

impl Error {
    /// Returns the remedy.
    pub(crate) fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Config(error) => error.help(),
            Self::CommandLine(error) => error.help(),
            Self::Plan(error) => error.help(),
            Self::Inbox(error) => error.help().into(),
            Self::NewFile(error) => error.help(),
            Self::Ledger(error) => error.help().into(),
            Self::LedgerHeld {
                can_wait: false, ..
            } => "run the same command again when it has ended".into(),
            Self::LedgerHeld { .. } => {
                "run the same command again when it has ended, or add --wait".into()
            }
            Self::DamagedEntry { .. } => {
                "import with another --ledger; keep this one to look up what was sent".into()
            }
            Self::OrderCountChanged { .. } => {
                "check that the export is complete; if it is, pass a larger --max-change for this run"
                    .into()
            }
            Self::InputChanged { .. } => {
                "the report names the rows; do not change the inputs during a run".into()
            }
            Self::HttpClient { .. } => {
                "check the proxy settings of the environment".into()
            }
            Self::System { .. } => {
                "free some of the machine's resources or raise its limits, then try again".into()
            }
            Self::TotalsDoNotClose { .. } | Self::RejectedRowsDiffer { .. } | Self::NoResult => {
                "this is a bug in Scoreload: please report it, with the report that was written"
                    .into()
            }
        }
    }
}

fn named(holder: Option<&Holder>) -> String {
    holder.map_or_else(String::new, |holder| format!(": {holder}"))
}
