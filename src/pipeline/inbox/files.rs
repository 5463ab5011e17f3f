//! The files of an inbox that a run imports.

use std::ffi::OsStr;
use std::path::PathBuf;

use crate::cli::ImportArgs;
use crate::config::{self, Purpose};
use crate::error::Error;
use crate::exit::ExitCode;
use crate::inbox::error::InboxError;
use crate::inbox::{Access, Arrival, Disposition, Inbox, SettleTime, with_tail};
use crate::input;
use crate::pipeline::reports;
use crate::report::file::ReportFile;
use crate::ui::{Screen, summary};

/// An inbox and the files in it that the run imports.
pub(crate) struct InboxFiles {
    pub(super) inbox: Inbox,
    /// The files to import.
    pub(super) new: Vec<Arrival>,
    /// The files whose content was imported before, with the id of that run.
    pub(super) known: Vec<(Arrival, String)>,
    /// Whether the run fails if there is nothing to import.
    fails_if_empty: bool,
    /// Whether all files stay in the inbox, because this is a plan or a trial.
    pub(super) is_trial: bool,
    is_reported: bool,
}

impl InboxFiles {
    /// Opens the inbox and lists its files, if the inputs come from one.
    pub(crate) fn open(
        args: &ImportArgs,
        setup: &config::Delivery,
        purpose: Purpose,
        is_reported: bool,
        screen: Screen,
    ) -> Result<Option<Self>, Error> {
        let Some(directory) = &args.inbox.inbox else {
            return Ok(None);
        };
        let is_trial = purpose == Purpose::Plan || setup.is_trial;
        let access = if is_trial {
            Access::Read
        } else {
            Access::Archive {
                is_waiting: setup.is_waiting,
            }
        };
        let inbox = Inbox::open(directory, access)?;
        let (target, is_resend) = (setup.target.key(), setup.policy.resend);
        let (mut new, mut known) = (Vec::new(), Vec::new());
        for arrival in complete_files(&inbox, args.inbox.settle, screen)? {
            let earlier = if is_resend {
                None
            } else {
                earlier_run(&inbox, &arrival, target)
            };
            match earlier {
                Some(run) => known.push((arrival, run)),
                None => new.push(arrival),
            }
        }
        Ok(Some(Self {
            inbox,
            new,
            known,
            fails_if_empty: args.inbox.fail_if_empty,
            is_trial,
            is_reported,
        }))
    }

    /// Returns the files to import.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        self.new
            .iter()
            .map(|arrival| arrival.path.clone())
            .collect()
    }

    /// Returns the exit code of a run without files to import.
    pub(crate) fn exit_if_empty(&self) -> Option<ExitCode> {
        match (self.new.is_empty(), self.fails_if_empty) {
            (false, _) => None,
            (true, true) if self.known.is_empty() => Some(ExitCode::NoInput),
            (true, _) => Some(ExitCode::Success),
        }
    }

    /// Checks the paths of the reports: beside the first file that is moved, or in the inbox if none is.
    pub(crate) fn reserve_reports(
        &self,
        fates: &[Disposition],
        run: &str,
    ) -> Result<Vec<ReportFile>, Error> {
        if !self.is_reported || self.is_trial || self.new.is_empty() {
            return Ok(Vec::new());
        }
        let files = self.new.iter().zip(fates);
        let mut prefixes = files.filter_map(|(arrival, fate)| self.prefix(arrival, *fate, run));
        let prefix = prefixes.next().unwrap_or_else(|| {
            let name = format!("scoreload-report-{run}");
            self.inbox.directory().join(name)
        });
        reports::reserve(&["html", "json"].map(|format| with_tail(&prefix, &format!(".{format}"))))
    }

    /// Returns the common prefix of files about an input: its new path and the run id; `None` if it stays.
    pub(super) fn prefix(
        &self,
        arrival: &Arrival,
        fate: Disposition,
        run: &str,
    ) -> Option<PathBuf> {
        let directory = self.inbox.directory_of(fate)?;
        Some(with_tail(
            &directory.join(&arrival.name),
            &format!(".{run}"),
        ))
    }
}

/// Returns the files that are complete, and prints which files are skipped.
fn complete_files(
    inbox: &Inbox,
    settle: SettleTime,
    screen: Screen,
) -> Result<Vec<Arrival>, Error> {
    let on_wait = |young: usize| {
        let files = summary::count(young, "file has", "files have");
        let message = format!("{files} changed a moment ago; waiting until they settle");
        screen.note(|mut out| summary::write_line(&mut out, "inbox", &message));
    };
    let arrivals = inbox
        .arrivals(settle, on_wait)
        .map_err(|source| InboxError::Read {
            directory: inbox.directory().to_owned(),
            source,
        })?;
    for name in &arrivals.growing {
        print_about(
            screen,
            name,
            "is still being written; it is left for the next run",
        );
    }
    for name in &arrivals.others {
        print_about(
            screen,
            name,
            "does not have the extension of a spreadsheet; it is ignored",
        );
    }
    Ok(arrivals.complete)
}

/// Returns the run that imported the same content before, if any.
fn earlier_run(inbox: &Inbox, arrival: &Arrival, target: &str) -> Option<String> {
    // An unreadable file is imported, so that the import reports it.
    let sha256 = input::fingerprint(&arrival.path).ok()?;
    inbox
        .imported(&sha256, target)
        .map(|found| found.run.clone())
}

/// Prints a line about a file.
pub(super) fn print_about(screen: Screen, name: &OsStr, message: &str) {
    let line = format!("{}: {message}", name.to_string_lossy());
    screen.note(|mut out| summary::write_line(&mut out, "inbox", &line));
}
