//! What follows a run that delivers, however it ended: metrics for Prometheus, and a command that tells somebody.

mod metrics;
mod notice;

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::cli::ResultArgs;
use crate::config::file::ConfigFile;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::program::Words;
use crate::report::{Run, Totals};
use crate::ui::{self, Screen, summary};

/// How a run ended that has come to a result.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) exit: ExitCode,
    /// What is known of it; `None` where it was given up before it had begun.
    pub(super) account: Option<Account>,
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
pub(super) struct Account {
    pub(super) run: Run,
    pub(super) totals: Totals,
    pub(super) errors: usize,
    pub(super) warnings: usize,
    pub(super) reports: Vec<PathBuf>,
    /// The files of the inbox that are done, failed, left.
    pub(super) files: [usize; 3],
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
pub(super) struct Aftermath {
    metrics: Option<PathBuf>,
    notify: Option<Words>,
    began: Timestamp,
}

impl Aftermath {
    /// Returns what is asked for; without a configuration, where that cannot be read, by flags and variables alone.
    pub(super) fn of(args: &ResultArgs, config: Option<&ConfigFile>) -> Self {
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
    pub(super) fn check(&mut self) -> Result<(), Error> {
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
    pub(super) fn follow(
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
            && let Err(error) = notice::give(words, &over)
        {
            let words = format!("the command `{}` told nobody: {error}", words.program());
            screen.tell(|mut out| summary::write_line(&mut out, "notify", &words));
        }
        result.map(|_| exit)
    }
}
