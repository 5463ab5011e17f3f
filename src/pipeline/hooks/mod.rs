//! What follows a run that delivers, however it ended: metrics for Prometheus, and a command that tells somebody.

mod metrics;
mod notify;

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::cli::ResultArgs;
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

/// What is to follow a run.
#[derive(Debug)]
pub(crate) struct Aftermath {
    metrics: Option<PathBuf>,
    notify: Option<CommandLine>,
    began: Timestamp,
}

impl Aftermath {
    /// Returns what is asked for; without a configuration, where that cannot be read, by flags and variables alone.
    pub(crate) fn of(args: &ResultArgs, config: Option<&ConfigFile>) -> Self {
        let settings = config.map(|config| &config.defaults);
        let metrics = || settings?.metrics.clone();
        let notify = || settings?.notify_command.clone();
        Self {
            metrics: args.metrics.clone().or_else(metrics),
            notify: args.notify_command.clone().or_else(notify),
            began: Timestamp::now(),
        }
    }

    /// Checks that what is to follow can: a run that has delivered must not fail for that. What cannot follow is left
    /// out.
    ///
    /// # Errors
    /// Where the metrics have no place.
    pub(crate) fn check(&mut self) -> Result<(), Error> {
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
        let message = format!(
            "there is no directory `{}` for the metrics",
            directory.display()
        );
        Err(Error::usage(
            message,
            "make it, or name another with --metrics",
        ))
    }

    /// Lets it follow, and returns what the run came to.
    pub(crate) fn follow(
        &self,
        result: Result<Ended, Error>,
        screen: Screen,
    ) -> Result<ExitCode, Error> {
        let mut exit = match &result {
            Ok(ended) => ended.exit,
            Err(error) => error.into(),
        };
        let over = Over {
            exit,
            began: self.began,
            ended: Timestamp::now(),
            account: result
                .as_ref()
                .ok()
                .and_then(|ended| ended.account.as_ref()),
            error: result.as_ref().err().map(ToString::to_string),
        };
        if let Some(path) = &self.metrics
            && let Err(error) = metrics::write(path, &over)
        {
            ui::tell_error(&error);
            exit = exit.or_incomplete();
        }
        if let Some(words) = &self.notify
            && let Err(error) = notify::give(words, &over)
        {
            let words = format!("the command `{}` told nobody: {error}", words.program());
            screen.tell(|mut out| summary::write_line(&mut out, "notify", &words));
        }
        result.map(|_| exit)
    }
}
