//! A job whose inputs are taken from an inbox: which of its files they are, and where each goes in the end.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::Import;
use crate::cli::ImportArgs;
use crate::config::file::ConfigFile;
use crate::config::{self, Purpose};
use crate::deliver::Delivery;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::inbox::{self, Arrival, ClearingError, Fate, Imported, Inbox, with_tail};
use crate::input;
use crate::order::Batch;
use crate::rejects::is_through;
use crate::report::file::ReportFile;
use crate::run::{rejects, reports};
use crate::text::safe;
use crate::ui::{self, Screen, summary};

/// What a job takes from an inbox.
pub(in crate::run) struct FromInbox {
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

/// Where a file has gone, for people and for scripts.
struct Gone {
    arrival: Arrival,
    fate: Fate,
    /// Where it is.
    path: PathBuf,
    /// The rows of it to mend, where there are some.
    rejects: Option<PathBuf>,
}

impl FromInbox {
    /// Opens the inbox, if the inputs are to come from one, and finds what there is to import.
    pub(super) fn open(
        args: &ImportArgs,
        config: &ConfigFile,
        setup: &config::Delivery,
        (purpose, is_reported): (Purpose, bool),
        screen: Screen,
        run: &str,
    ) -> Result<Option<Self>, Error> {
        let Some(directory) = &args.inbox.inbox else {
            return Ok(None);
        };
        let stays = purpose == Purpose::Plan || setup.is_trial;
        let how = if stays {
            inbox::Purpose::Look
        } else {
            inbox::Purpose::Clear {
                is_waiting: setup.is_waiting,
            }
        };
        let inbox = Inbox::open(directory, how)?;
        let settle = args.inbox.settle.or(config.defaults.settle);
        let on_wait = |young: usize| {
            let files = summary::count(young, "file has", "files have");
            let words = format!("{files} changed a moment ago; waiting until they settle");
            screen.note(|mut out| summary::write_line(&mut out, "inbox", &words));
        };
        let arrivals = inbox.arrivals(settle.unwrap_or_default(), on_wait);
        let arrivals = arrivals.map_err(|error| {
            let message = format!(
                "the inbox `{}` cannot be read: {error}",
                directory.display()
            );
            Error::usage(
                message,
                "check the path, and that you may read the directory",
            )
        })?;
        for (names, why) in [
            (
                &arrivals.growing,
                "is still being written; it is left to the next run",
            ),
            (
                &arrivals.others,
                "is no spreadsheet by its name; it is left alone",
            ),
        ] {
            for name in names {
                tell(screen, name, why);
            }
        }
        let (mut taken, mut known) = (Vec::new(), Vec::new());
        for arrival in arrivals.complete {
            let earlier = if setup.policy.resend {
                None
            } else {
                earlier_run(&inbox, &arrival, setup.target.key())
            };
            match earlier {
                Some(run) => known.push((arrival, run)),
                None => taken.push(arrival),
            }
        }
        tracing::debug!(run, files = taken.len(), known = known.len(), "inbox");
        Ok(Some(Self {
            inbox,
            taken,
            known,
            fails_if_empty: args.inbox.fail_if_empty
                || config.defaults.fail_if_empty.unwrap_or_default(),
            stays,
            is_reported,
        }))
    }

    /// Returns the files to import.
    pub(super) fn paths(&self) -> Vec<PathBuf> {
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
    pub(super) fn reserve(&self, fates: &[Fate], run: &str) -> Result<Vec<ReportFile>, Error> {
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
    fn prefix(&self, arrival: &Arrival, fate: Fate, run: &str) -> Option<PathBuf> {
        let directory = self.inbox.directory_of(fate)?;
        Some(with_tail(
            &directory.join(&arrival.name),
            &format!(".{run}"),
        ))
    }
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
    let words = format!("{}: {words}", safe(&name.to_string_lossy()));
    screen.note(|mut out| summary::write_line(&mut out, "inbox", &words));
}

impl Import {
    /// Returns how the job ends where its inbox holds nothing to import, and says so.
    pub(in crate::run) fn has_nothing_to_do(&self) -> Option<ExitCode> {
        let exit = self.inbox.as_ref()?.exit_if_empty()?;
        let words = "there is no file to import";
        self.screen
            .note(|mut out| summary::write_line(&mut out, "inbox", words));
        Some(exit)
    }

    /// Returns where each file goes, in their order.
    pub(super) fn fates(&self, exit: ExitCode) -> Vec<Fate> {
        let Some(from) = &self.inbox else {
            return Vec::new();
        };
        // What stopped the run early, or kept it from beginning, the next one may not meet.
        let is_cut_off = self.run.stopped.is_some()
            || exit == ExitCode::Interrupted
            || self.is_held_back_whole();
        let standings = standings(&self.batch, &self.deliveries);
        let fate = |arrival: &Arrival| {
            let path = arrival.path.display().to_string();
            let standing = standings.get(path.as_str());
            standing.map_or(Fate::Done, Standing::fate)
        };
        let taken = from.taken.iter();
        taken
            .map(|arrival| {
                if is_cut_off {
                    Fate::Left
                } else {
                    fate(arrival)
                }
            })
            .collect()
    }

    /// Moves each file to where it goes, with what was written about it beside it; `reports` are those beside the
    /// first. Tells what cannot be done, and whether that was so.
    pub(super) fn clear_inbox(
        &mut self,
        fates: &[Fate],
        reports: &[PathBuf],
    ) -> (Option<Value>, bool) {
        let Some(mut from) = self.inbox.take() else {
            return (None, true);
        };
        if from.stays {
            let words = "this was a trial, so the files stay in the inbox";
            if self.run.mode.delivers() && !from.taken.is_empty() {
                self.screen
                    .note(|mut out| summary::write_line(&mut out, "inbox", words));
            }
            return (None, true);
        }
        let mut is_cleared = true;
        let mut gone = Vec::new();
        for (arrival, fate) in from.taken.clone().into_iter().zip(fates) {
            match self.clear(&mut from, arrival, *fate, reports) {
                Ok(one) => gone.push(one),
                Err(error) => {
                    is_cleared = false;
                    ui::tell_error(&error);
                }
            }
        }
        for (arrival, run) in &from.known {
            let words =
                format!("was imported before, by run {run}; it is done, and not sent again");
            tell(self.screen, &arrival.name, &words);
            if let Err(error) = from.inbox.clear(arrival, Fate::Done, &self.run.id) {
                is_cleared = false;
                ui::tell_error(&unmoved(&arrival.path, &error));
            }
        }
        tell_gone(&gone, &from, self.screen);
        (Some(account(&gone, &from)), is_cleared)
    }

    /// Moves a file to where it goes.
    fn clear(
        &self,
        from: &mut FromInbox,
        arrival: Arrival,
        fate: Fate,
        reports: &[PathBuf],
    ) -> Result<Gone, Error> {
        let run = &self.run.id;
        let Some(prefix) = from.prefix(&arrival, fate, run) else {
            let path = arrival.path.clone();
            return Ok(Gone {
                arrival,
                fate,
                path,
                rejects: None,
            });
        };
        let rejects = match (fate, &self.inputs) {
            (Fate::Failed, Some((_, reading))) => rejects::of_file(
                &arrival.path.display().to_string(),
                &with_tail(&prefix, ".rejects"),
                reading,
                run,
                (&self.batch, &self.deliveries),
            )?,
            _ => None,
        };
        put_beside(&prefix, reports)?;
        let cleared = from.inbox.clear(&arrival, fate, run);
        let moved = cleared.map_err(|error| unmoved(&arrival.path, &error))?;
        if fate == Fate::Done {
            self.remember(&mut from.inbox, &arrival);
        }
        Ok(Gone {
            path: moved.unwrap_or_else(|| arrival.path.clone()),
            arrival,
            fate,
            rejects,
        })
    }

    /// Notes that a file was imported. Should that fail, the ledger still knows its orders.
    fn remember(&self, inbox: &mut Inbox, arrival: &Arrival) {
        let path = arrival.path.display().to_string();
        let mut sheets = self.batch.sheets.iter();
        let Some(sheet) = sheets.find(|sheet| sheet.source.path == path) else {
            return;
        };
        let imported = Imported {
            sha256: sheet.sha256.to_string(),
            target: self.setup.target.key().to_owned(),
            run: self.run.id.clone(),
            name: arrival.name.to_string_lossy().into_owned(),
        };
        if let Err(error) = inbox.remember(imported) {
            let words = format!("it cannot be noted that it was imported: {error}");
            tell(self.screen, &arrival.name, &words);
        }
    }
}

/// What is known of a file, once its orders have come to their ends.
#[derive(Debug, Default)]
struct Standing {
    /// Whether the same command would send more of it.
    is_unfinished: bool,
    /// Whether something in it did not get through.
    is_lacking: bool,
}

impl Standing {
    const fn fate(&self) -> Fate {
        match (self.is_unfinished, self.is_lacking) {
            (true, _) => Fate::Left,
            (false, true) => Fate::Failed,
            (false, false) => Fate::Done,
        }
    }
}

/// Returns how the files stand of which something is to be said, by their paths.
fn standings<'a>(batch: &'a Batch, deliveries: &[Delivery]) -> HashMap<&'a str, Standing> {
    let mut all: HashMap<&str, Standing> = HashMap::new();
    for (order, delivery) in batch.orders.iter().zip(deliveries) {
        if is_through(delivery.outcome) {
            continue;
        }
        for row in &order.rows {
            let standing = all.entry(&batch.source(row.sheet).path).or_default();
            standing.is_lacking = true;
            standing.is_unfinished |= delivery.is_worth_a_rerun();
        }
    }
    for problem in batch.problems.iter().filter(|problem| problem.is_error()) {
        let path = problem.place.source.path.as_str();
        all.entry(path).or_default().is_lacking = true;
    }
    all
}

/// Puts the reports beside a file: they are those of the whole run, so one copy serves all where links are to be had.
fn put_beside(prefix: &Path, reports: &[PathBuf]) -> Result<(), Error> {
    for report in reports {
        let form = report.extension().unwrap_or_default().to_string_lossy();
        let to = with_tail(prefix, &format!(".{form}"));
        if to == *report {
            continue;
        }
        let put = fs::hard_link(report, &to).or_else(|_| fs::copy(report, &to).map(drop));
        put.map_err(|source| Error::Write { path: to, source })?;
    }
    Ok(())
}

fn unmoved(path: &Path, error: &ClearingError) -> Error {
    Error::usage(
        format!("`{}` stays in the inbox: {error}", path.display()),
        "the next run finds its orders unchanged, and moves it then",
    )
}

fn tell_gone(gone: &[Gone], from: &FromInbox, screen: Screen) {
    let directory = from.inbox.directory().display();
    for one in gone {
        let name = one.arrival.name.to_string_lossy();
        let (label, words) = match (one.fate, &one.rejects) {
            (Fate::Done, _) => ("done", format!("{name} is now {}", one.path.display())),
            (Fate::Failed, None) => ("failed", format!("{name} is now {}", one.path.display())),
            (Fate::Failed, Some(rejects)) => (
                "failed",
                format!(
                    "{name} is now {}; mend {} and put it into {directory}",
                    one.path.display(),
                    rejects.display()
                ),
            ),
            (Fate::Left, _) => (
                "left",
                format!("{name} stays in {directory}, for the next run"),
            ),
        };
        let write = |mut out: &mut dyn std::io::Write| summary::write_line(&mut out, label, &words);
        match one.fate {
            Fate::Done => screen.note(write),
            _ => screen.tell(write),
        }
    }
}

/// Returns where the files went, for scripts.
fn account(gone: &[Gone], from: &FromInbox) -> Value {
    let of = |fate: Fate| {
        let those = gone.iter().filter(|one| one.fate == fate);
        those.map(|one| one.path.clone()).collect::<Vec<_>>()
    };
    json!({
        "directory": from.inbox.directory(),
        "done": of(Fate::Done),
        "failed": of(Fate::Failed),
        "left": of(Fate::Left),
        "known": from.known.iter().map(|(arrival, _)| arrival.name.to_string_lossy()).collect::<Vec<_>>(),
        "rejects": gone.iter().filter_map(|one| one.rejects.as_ref()).collect::<Vec<_>>(),
    })
}
