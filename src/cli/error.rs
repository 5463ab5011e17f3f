//! Errors in a command line that clap accepts but that cannot be carried out.

use std::borrow::Cow;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// A command line that cannot be carried out.
#[derive(Debug, thiserror::Error)]
pub enum CommandLineError {
    /// Two outputs have the same path, or an output has the path of an input.
    #[error("`{}` is also {other}", path.display())]
    PathTaken {
        /// The path.
        path: PathBuf,
        /// Its other use, with an article: `an input`.
        other: &'static str,
        /// The remedy.
        help: &'static str,
    },
    /// `--rejects` reads its inputs twice, which a pipe does not allow.
    #[error("`{}` is a pipe, and --rejects reads its inputs a second time", path.display())]
    PipedInput {
        /// The pipe.
        path: PathBuf,
    },
    /// The directory for `--metrics` does not exist.
    #[error("there is no directory `{}` for the metrics file", directory.display())]
    NoMetricsDirectory {
        /// The directory.
        directory: PathBuf,
    },
    /// The address of `--serve` or `--listen` cannot be used.
    #[error("cannot listen on `{address}`: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The flag that names it.
        flag: &'static str,
        /// The system's error.
        source: io::Error,
    },
    /// The file of `--log-file` cannot be opened.
    #[error("cannot open the log file `{}`: {source}", path.display())]
    OpenLog {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The ledger does not exist.
    #[error("there is no ledger")]
    NoLedger,
    /// The ledger has no run with this id.
    #[error("the ledger has no run `{run}`")]
    UnknownRun {
        /// The id as it was given.
        run: String,
    },
    /// `ledger verify` got no target that has a ledger.
    #[error("no target is named whose deliveries are in a ledger")]
    NoLedgerTarget {
        /// The targets that the ledger has deliveries to.
        known: Vec<String>,
    },
    /// `--older-than` reaches back further than a date can.
    #[error("no run is that old")]
    AgeTooGreat,
    /// A ledger dump cannot be imported.
    #[error("cannot import `{}`: {message}", path.display())]
    InvalidDump {
        /// The file.
        path: PathBuf,
        /// Description of the error.
        message: String,
        /// The remedy.
        help: Cow<'static, str>,
    },
    /// `help` has no such topic.
    #[error("there is no help about `{topic}`")]
    UnknownTopic {
        /// The topic as it was given.
        topic: String,
        /// The topics that are not commands.
        known: Vec<&'static str>,
    },
    /// `explain` has no such code.
    #[error("there is no diagnostic code `{code}`")]
    UnknownCode {
        /// The code as it was given.
        code: String,
        /// A code that is spelled similarly.
        similar: Option<&'static str>,
    },
}

impl CommandLineError {
    /// Returns the remedy.
    pub(crate) fn help(&self) -> Cow<'_, str> {
        match self {
            Self::PathTaken { help, .. } => (*help).into(),
            Self::PipedInput { .. } => "pass it as `-`, on standard input".into(),
            Self::NoMetricsDirectory { .. } => {
                "create it, or name another directory with --metrics".into()
            }
            Self::Listen { flag, .. } => {
                format!("choose another address with {flag}; port 0 picks a free port").into()
            }
            Self::OpenLog { .. } => "name a file in a directory that you may write to".into(),
            Self::NoLedger => "name the ledger with --ledger PATH; an import creates it".into(),
            Self::UnknownRun { .. } => "`scoreload history` lists the runs of the ledger".into(),
            Self::NoLedgerTarget { known } if known.is_empty() => {
                "name the ledger with --ledger; this one has no deliveries".into()
            }
            Self::NoLedgerTarget { known } => format!(
                "name one of the ledger's targets: --target {}",
                known.join(", or --target ")
            )
            .into(),
            Self::AgeTooGreat => "give the age in days, weeks or years, such as 400d".into(),
            Self::InvalidDump { help, .. } => help.as_ref().into(),
            Self::UnknownTopic { known, .. } => format!(
                "`scoreload help` lists the commands; further topics are {}",
                known.join(", ")
            )
            .into(),
            Self::UnknownCode { similar, .. } => {
                let all = "`scoreload explain` lists all codes";
                match similar {
                    Some(code) => format!("did you mean `{code}`? {all}").into(),
                    None => all.into(),
                }
            }
        }
    }
}
