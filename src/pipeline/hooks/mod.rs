//! What follows a run that delivers, however it ended: metrics for Prometheus, and a command that tells somebody.

mod metrics;
mod notify;

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::cli::ResultArgs;
use crate::cli::error::CommandLineError;
use crate::config::file::ConfigFile;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::report::{Run, Totals};
use crate::system::command::CommandLine;
use crate::ui::{self, Screen, summary};

/// How a run ended that has come to a result.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) exit: ExitCode,
    /// What is known of it; `None` where it was given up before it had begun.
    pub(crate) account: Option<Account>,
}

impl From<ExitCode> for Ended {
    fn from(exit: ExitCode) -> Self {
        Self {
            exit,
            account: None,
        }
    }
}

/// What a run has to say for itself.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) run: Run,
    pub(crate) totals: Totals,
    pub(crate) errors: usize,
    pub(crate) warnings: usize,
    pub(crate) reports: Vec<PathBuf>,
    /// The files of the inbox that are done, failed, left.
    pub(crate) files: [usize; 3],
}

/// A run that is over.
#[derive(Debug)]
struct Over<'a> {
    exit: ExitCode,
    began: Timestamp,
    ended: Timestamp,
    account: Option<&'a Account>,
    error: Option<String>,
}

/// What runs after a delivery: the metrics file and the notification command.
#[derive(Debug)]
pub(crate) struct Hooks {
    metrics: Option<PathBuf>,
    notify: Option<CommandLine>,
    started_at: Timestamp,
}

impl Hooks {
    /// Returns the hooks of a run. Without a configuration, because it is invalid, only flags and variables count.
    pub(crate) fn new(args: &ResultArgs, config: Option<&ConfigFile>) -> Self {
        let settings = config.map(|config| &config.defaults);
        let metrics = || settings?.metrics.clone();
        let notify = || settings?.notify_command.clone();
        Self {
            metrics: args.metrics.clone().or_else(metrics),
            notify: args.notify_command.clone().or_else(notify),
            started_at: Timestamp::now(),
        }
    }

    /// Runs a command that delivers, then the hooks, however the command ended.
    pub(crate) fn run(
        mut self,
        config: Result<ConfigFile, Error>,
        screen: Screen,
        command: impl FnOnce(ConfigFile) -> Result<Ended, Error>,
    ) -> Result<ExitCode, Error> {
        let config = self.check().map_err(Error::from).and(config);
        self.follow(config.and_then(command), screen)
    }

    /// Checks that the metrics can be written, before anything is sent. If they cannot, drops them.
    fn check(&mut self) -> Result<(), CommandLineError> {
        let Some(path) = self.metrics.take() else {
            return Ok(());
        };
        let directory = match path.parent() {
            Some(directory) if directory != Path::new("") => directory,
            _ => Path::new("."),
        };
        if directory.is_dir() {
            self.metrics = Some(path);
            return Ok(());
        }
        let directory = directory.to_owned();
        Err(CommandLineError::NoMetricsDirectory { directory })
    }

    /// Runs the hooks and returns the exit code.
    fn follow(&self, result: Result<Ended, Error>, screen: Screen) -> Result<ExitCode, Error> {
        let mut exit = match &result {
            Ok(ended) => ended.exit,
            Err(error) => error.into(),
        };
        let ended = result.as_ref().ok();
        let over = Over {
            exit,
            began: self.started_at,
            ended: Timestamp::now(),
            account: ended.and_then(|ended| ended.account.as_ref()),
            error: result.as_ref().err().map(ToString::to_string),
        };
        if let Some(path) = &self.metrics
            && let Err(error) = metrics::write(path, &over)
        {
            ui::tell_error(&error.into());
            exit = exit.or_incomplete();
        }
        if let Some(words) = &self.notify
            && let Err(error) = notify::give(words, &over)
        {
            let message = format!("the command `{}` failed: {error}", words.program());
            screen.tell(|mut out| summary::write_line(&mut out, "notify", &message));
        }
        result.map(|_| exit)
    }
}
