//! A job whose inputs are taken from an inbox: which of its files they are, and where each goes in the end.

mod archive;
mod disposition;

use std::ffi::OsStr;
use std::path::PathBuf;

use super::Import;
use crate::cli::ImportArgs;
use crate::config::file::ConfigFile;
use crate::config::{self, Purpose};
use crate::error::Error;
use crate::exit::ExitCode;
use crate::inbox::error::InboxError;
use crate::inbox::{self, Arrival, Disposition, Inbox, SettleTime, with_tail};
use crate::input;
pub(crate) use crate::pipeline::inbox::archive::Cleared;
use crate::pipeline::reports;
use crate::report::file::ReportFile;
use crate::ui::{Screen, summary};

/// What a job takes from an inbox.
pub(crate) struct FromInbox {
    inbox: Inbox,
    /// The files that are imported.
    taken: Vec<Arrival>,
    /// Those whose content was imported before, with the run that did it.
    known: Vec<(Arrival, String)>,
    /// Whether an inbox without a file to import is a failure.
    fails_if_empty: bool,
    /// Whether its files stay where they are, whatever comes of them.
    stays: bool,
    is_reported: bool,
}

impl FromInbox {
    /// Opens the inbox, if the inputs are to come from one, and finds what there is to import.
    pub(crate) fn open(
        args: &ImportArgs,
        config: &ConfigFile,
        setup: &config::Delivery,
        (purpose, is_reported): (Purpose, bool),
        screen: Screen,
    ) -> Result<Option<Self>, Error> {
        let Some(directory) = &args.inbox.inbox else {
            return Ok(None);
        };
        let stays = purpose == Purpose::Plan || setup.is_trial;
        let how = if stays {
            inbox::Access::Read
        } else {
            inbox::Access::Archive {
                is_waiting: setup.is_waiting,
            }
        };
        let inbox = Inbox::open(directory, how)?;
        let settle = args.inbox.settle.or(config.defaults.settle);
        let (target, is_resent) = (setup.target.key(), setup.policy.resend);
        let earlier = |arrival: &Arrival| {
            let found = (!is_resent).then(|| earlier_run(&inbox, arrival, target));
            found.flatten()
        };
        let (mut taken, mut known) = (Vec::new(), Vec::new());
        for arrival in complete(&inbox, settle.unwrap_or_default(), screen)? {
            match earlier(&arrival) {
                Some(run) => known.push((arrival, run)),
                None => taken.push(arrival),
            }
        }
        let fails_if_empty = config.defaults.fail_if_empty.unwrap_or_default();
        Ok(Some(Self {
            inbox,
            taken,
            known,
            fails_if_empty: args.inbox.fail_if_empty || fails_if_empty,
            stays,
            is_reported,
        }))
    }

    /// Returns the files to import.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        self.taken
            .iter()
            .map(|arrival| arrival.path.clone())
            .collect()
    }

    /// Returns how the job ends where there is no file to import.
    fn exit_if_empty(&self) -> Option<ExitCode> {
        match (self.taken.is_empty(), self.fails_if_empty) {
            (false, _) => None,
            (true, true) if self.known.is_empty() => Some(ExitCode::NoInput),
            (true, _) => Some(ExitCode::Success),
        }
    }

    /// Takes places for the reports: beside the first file that goes somewhere, or in the inbox where none does.
    pub(crate) fn reserve(
        &self,
        fates: &[Disposition],
        run: &str,
    ) -> Result<Vec<ReportFile>, Error> {
        if !self.is_reported || self.stays || self.taken.is_empty() {
            return Ok(Vec::new());
        }
        let all = self.taken.iter().zip(fates);
        let mut prefixes = all.filter_map(|(arrival, fate)| self.prefix(arrival, *fate, run));
        let prefix = prefixes.next().unwrap_or_else(|| {
            let name = format!("scoreload-report-{run}");
            self.inbox.directory().join(name)
        });
        reports::reserve(&["html", "json"].map(|form| with_tail(&prefix, &format!(".{form}"))))
    }

    /// Returns how the names begin of what is written about a file: its own name and the run's id, where it goes.
    fn prefix(&self, arrival: &Arrival, fate: Disposition, run: &str) -> Option<PathBuf> {
        let directory = self.inbox.directory_of(fate)?;
        Some(with_tail(
            &directory.join(&arrival.name),
            &format!(".{run}"),
        ))
    }
}

/// Returns the files that are complete, and tells which others there are.
fn complete(inbox: &Inbox, settle: SettleTime, screen: Screen) -> Result<Vec<Arrival>, Error> {
    let on_wait = |young: usize| {
        let files = summary::count(young, "file has", "files have");
        let words = format!("{files} changed a moment ago; waiting until they settle");
        screen.note(|mut out| summary::write_line(&mut out, "inbox", &words));
    };
    let arrivals = inbox
        .arrivals(settle, on_wait)
        .map_err(|source| InboxError::Read {
            directory: inbox.directory().to_owned(),
            source,
        })?;
    for name in &arrivals.growing {
        let words = "is still being written; it is left to the next run";
        tell(screen, name, words);
    }
    for name in &arrivals.others {
        tell(
            screen,
            name,
            "is no spreadsheet by its name; it is left alone",
        );
    }
    Ok(arrivals.complete)
}

/// Returns the run that imported the same content before, if one did.
fn earlier_run(inbox: &Inbox, arrival: &Arrival, target: &str) -> Option<String> {
    // One that cannot be read is for the import to tell.
    let sha256 = input::fingerprint(&arrival.path).ok()?;
    inbox
        .imported(&sha256, target)
        .map(|found| found.run.clone())
}

fn tell(screen: Screen, name: &OsStr, words: &str) {
    let words = format!("{}: {words}", name.to_string_lossy());
    screen.note(|mut out| summary::write_line(&mut out, "inbox", &words));
}

impl Import {
    /// Returns how the job ends where its inbox holds nothing to import, and says so.
    pub(crate) fn has_nothing_to_do(&self) -> Option<ExitCode> {
        let exit = self.inbox.as_ref()?.exit_if_empty()?;
        let words = "there is no file to import";
        self.screen
            .note(|mut out| summary::write_line(&mut out, "inbox", words));
        Some(exit)
    }
}
