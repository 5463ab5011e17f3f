//! What runs after a delivery, however it ended: the metrics file for Prometheus and the notification command.

mod metrics;
mod notify;
mod run_summary;

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use self::run_summary::RunSummary;
use super::stages::Finished;
use crate::cli::ResultArgs;
use crate::cli::error::CommandLineError;
use crate::config::file::ConfigFile;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::system::command::CommandLine;
use crate::ui::{self, Screen, summary};

/// The hooks of a run.
#[derive(Debug)]
pub(crate) struct Hooks {
    metrics: Option<PathBuf>,
    notify: Option<CommandLine>,
    started_at: Timestamp,
}

impl Hooks {
    /// Returns the hooks of a run.
    pub(crate) fn new(args: &ResultArgs) -> Self {
        Self {
            metrics: args.metrics.clone(),
            notify: args.notify_command.clone(),
            started_at: Timestamp::now(),
        }
    }

    /// Runs a command that delivers, then the hooks, however the command ended.
    pub(crate) fn run(
        mut self,
        config: Result<ConfigFile, Error>,
        screen: Screen,
        command: impl FnOnce(ConfigFile) -> Result<Finished, Error>,
    ) -> Result<ExitCode, Error> {
        let config = self.check().map_err(Error::from).and(config);
        self.run_hooks(config.and_then(command), screen)
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

    /// Runs the hooks and returns the exit code. A failed notification does not change it.
    fn run_hooks(
        &self,
        result: Result<Finished, Error>,
        screen: Screen,
    ) -> Result<ExitCode, Error> {
        let mut exit = match &result {
            Ok(finished) => finished.exit,
            Err(error) => error.into(),
        };
        let finished = result.as_ref().ok();
        let run = RunSummary {
            exit,
            started_at: self.started_at,
            finished_at: Timestamp::now(),
            result: finished.and_then(|finished| finished.result.as_ref()),
            error: result.as_ref().err().map(ToString::to_string),
        };
        if let Some(path) = &self.metrics
            && let Err(error) = metrics::write(path, &run)
        {
            ui::tell_error(&error.into());
            exit = exit.or_incomplete();
        }
        if let Some(command) = &self.notify
            && let Err(error) = notify::run(command, &run)
        {
            let message = format!("the command `{}` failed: {error}", command.program());
            screen.tell(|mut out| summary::write_line(&mut out, "notify", &message));
        }
        result.map(|_| exit)
    }
}
