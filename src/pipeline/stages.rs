//! The values that the stages of a run pass on: [`Prepared`], [`Checked`], [`Delivered`], [`Finished`].

use std::net::SocketAddr;
use std::path::PathBuf;

use super::inbox::InboxFiles;
use super::ledger_session::LedgerSession;
use super::rejects::RejectsFile;
use super::results::Results;
use super::signals::Interruptions;
use crate::cli::Format;
use crate::config::{self, InputOptions, PartialDelivery};
use crate::delivery::StopReason;
use crate::exit::ExitCode;
use crate::report::file::ReportFile;
use crate::report::model::{Run, Totals};
use crate::ui::Screen;
use crate::web::Live;

/// The settings of a run and its ledger, the same in every stage.
pub(crate) struct Session {
    pub(crate) screen: Screen,
    /// The format of results on stdout.
    pub(crate) format: Format,
    pub(crate) interruptions: Interruptions,
    pub(crate) setup: config::Delivery,
    pub(crate) ledger: LedgerSession,
}

/// Where the orders come from.
pub(crate) enum Source {
    /// Input files.
    Files(Box<Inputs>),
    /// A plan file, by the plan's id.
    Plan(String),
}

impl Source {
    /// Returns the input files; `None` for a plan.
    pub(crate) const fn inputs(&self) -> Option<&Inputs> {
        match self {
            Self::Files(inputs) => Some(inputs),
            Self::Plan(_) => None,
        }
    }

    /// Returns the inbox that the input files were found in, if any.
    pub(crate) fn inbox(&self) -> Option<&InboxFiles> {
        self.inputs()?.inbox.as_ref()
    }

    /// Returns the id of the plan; `None` for input files.
    pub(crate) fn plan_id(&self) -> Option<&str> {
        match self {
            Self::Files(_) => None,
            Self::Plan(id) => Some(id),
        }
    }
}

/// The input files and how they are read.
pub(crate) struct Inputs {
    pub(crate) paths: Vec<PathBuf>,
    pub(crate) reading: InputOptions,
    /// The inbox that the files were found in; `None` if they were named.
    pub(crate) inbox: Option<InboxFiles>,
}

/// What a run writes besides its results on stdout. The paths are checked before anything is sent.
pub(crate) struct Outputs {
    pub(crate) reports: Vec<ReportFile>,
    pub(crate) rejects: Option<RejectsFile>,
    /// The address of the live report, if it is served.
    pub(crate) serve: Option<SocketAddr>,
}

/// A run whose settings are valid and whose ledger and output files are open.
pub(crate) struct Prepared {
    pub(crate) session: Session,
    pub(crate) source: Source,
    pub(crate) outputs: Outputs,
    pub(crate) run: Run,
}

impl Prepared {
    /// Continues without reading anything, because the inbox is empty.
    pub(crate) fn without_inputs(self) -> Checked {
        self.with_results(Results::default())
    }

    /// Continues with the orders that were read.
    pub(crate) fn with_results(self, results: Results) -> Checked {
        Checked {
            session: self.session,
            source: self.source,
            outputs: self.outputs,
            run: self.run,
            results,
        }
    }
}

/// A run whose orders are read and validated.
pub(crate) struct Checked {
    pub(crate) session: Session,
    pub(crate) source: Source,
    pub(crate) outputs: Outputs,
    pub(crate) run: Run,
    pub(crate) results: Results,
}

impl Checked {
    /// Returns whether `--all-or-nothing` holds back the valid orders because of errors in others.
    pub(crate) fn is_held_back_whole(&self) -> bool {
        self.session.setup.partial == PartialDelivery::Refused && self.results.batch.errors() > 0
    }
}

/// A run whose updates were sent.
pub(crate) struct Delivered {
    pub(crate) checked: Checked,
    /// The server of the live report, if there is one.
    pub(crate) live: Option<Live>,
    /// Why the delivery ended early, if it did.
    pub(crate) stop: Option<StopReason>,
}

/// A run whose reports are written.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) exit: ExitCode,
    /// `None` if the run was interrupted before it had done anything.
    pub(crate) result: Option<RunResult>,
}

impl From<ExitCode> for Finished {
    fn from(exit: ExitCode) -> Self {
        Self { exit, result: None }
    }
}

/// The result of a run, for metrics and notifications.
#[derive(Debug)]
pub(crate) struct RunResult {
    pub(crate) run: Run,
    pub(crate) totals: Totals,
    /// The number of errors in the inputs.
    pub(crate) errors: usize,
    /// The number of warnings about the inputs.
    pub(crate) warnings: usize,
    pub(crate) reports: Vec<PathBuf>,
    pub(crate) inbox: InboxCounts,
}

/// The number of inbox files by where they went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct InboxCounts {
    pub(crate) done: usize,
    pub(crate) failed: usize,
    pub(crate) left: usize,
}
