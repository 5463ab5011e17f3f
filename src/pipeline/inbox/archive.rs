//! The end of a job whose inputs were taken from an inbox: each file is moved, with what was written about it beside
//! it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{FromInbox, Import, tell};
use crate::error::Error;
use crate::inbox::error::InboxError;
use crate::inbox::{ArchiveError, Arrival, Disposition, ImportedFile, Inbox, with_tail};
use crate::pipeline::rejects;
use crate::system::atomic_file::NewFileError;
use crate::ui::{self, Screen, summary};

/// What came of clearing an inbox.
pub(crate) struct Cleared {
    /// Where the files went, for scripts; `None` where there is no inbox, or its files stay.
    pub(crate) account: Option<Value>,
    /// How many are done, failed, left.
    pub(crate) files: [usize; 3],
    /// Whether each is where it belongs.
    pub(crate) is_whole: bool,
}

impl Cleared {
    /// Nothing was to be cleared.
    const NOTHING: Self = Self {
        account: None,
        files: [0; 3],
        is_whole: true,
    };
}

/// Where a file has gone, for people and for scripts.
struct Gone {
    arrival: Arrival,
    fate: Disposition,
    /// Where it is.
    path: PathBuf,
    /// The rows of it to mend, where there are some.
    rejects: Option<PathBuf>,
}

impl Import {
    /// Moves each file to where it goes, with what was written about it beside it; `reports` are those beside the
    /// first. Tells what cannot be done.
    pub(crate) fn clear_inbox(&mut self, fates: &[Disposition], reports: &[PathBuf]) -> Cleared {
        let Some(mut from) = self.inbox.take() else {
            return Cleared::NOTHING;
        };
        if from.stays {
            let words = "this was a trial, so the files stay in the inbox";
            if self.run.mode.delivers() && !from.taken.is_empty() {
                self.screen
                    .note(|mut out| summary::write_line(&mut out, "inbox", words));
            }
            return Cleared::NOTHING;
        }
        let mut is_whole = true;
        let mut gone = Vec::new();
        for (arrival, fate) in from.taken.clone().into_iter().zip(fates) {
            match self.clear(&mut from, arrival, *fate, reports) {
                Ok(one) => gone.push(one),
                Err(error) => {
                    is_whole = false;
                    ui::tell_error(&error);
                }
            }
        }
        for (arrival, run) in &from.known {
            let words =
                format!("was imported before, by run {run}; it is done, and not sent again");
            tell(self.screen, &arrival.name, &words);
            if let Err(error) = from.inbox.clear(arrival, Disposition::Done, &self.run.id) {
                is_whole = false;
                ui::tell_error(&unmoved(&arrival.path, error));
            }
        }
        tell_gone(&gone, &from, self.screen);
        let count = |fate| gone.iter().filter(|one| one.fate == fate).count();
        Cleared {
            account: Some(account(&gone, &from)),
            files: [Disposition::Done, Disposition::Failed, Disposition::Kept].map(count),
            is_whole,
        }
    }

    /// Moves a file to where it goes.
    fn clear(
        &self,
        from: &mut FromInbox,
        arrival: Arrival,
        fate: Disposition,
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
            (Disposition::Failed, Some((_, reading))) => rejects::of_file(
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
        let moved = cleared.map_err(|error| unmoved(&arrival.path, error))?;
        if fate == Disposition::Done {
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
        let imported = ImportedFile {
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

/// Puts the reports beside a file: they are those of the whole run, so one copy serves all where links are to be had.
fn put_beside(prefix: &Path, reports: &[PathBuf]) -> Result<(), Error> {
    for report in reports {
        let form = report.extension().unwrap_or_default().to_string_lossy();
        let to = with_tail(prefix, &format!(".{form}"));
        if to == *report {
            continue;
        }
        let put = fs::hard_link(report, &to).or_else(|_| fs::copy(report, &to).map(drop));
        put.map_err(|source| NewFileError::Write { path: to, source })?;
    }
    Ok(())
}

fn unmoved(path: &Path, error: ArchiveError) -> Error {
    InboxError::NotMoved {
        path: path.to_owned(),
        source: error,
    }
    .into()
}

fn tell_gone(gone: &[Gone], from: &FromInbox, screen: Screen) {
    let directory = from.inbox.directory().display();
    for one in gone {
        let name = one.arrival.name.to_string_lossy();
        let (label, words) = match (one.fate, &one.rejects) {
            (Disposition::Done, _) => ("done", format!("{name} is now {}", one.path.display())),
            (Disposition::Failed, None) => {
                ("failed", format!("{name} is now {}", one.path.display()))
            }
            (Disposition::Failed, Some(rejects)) => (
                "failed",
                format!(
                    "{name} is now {}; mend {} and put it into {directory}",
                    one.path.display(),
                    rejects.display()
                ),
            ),
            (Disposition::Kept, _) => (
                "left",
                format!("{name} stays in {directory}, for the next run"),
            ),
        };
        let write = |mut out: &mut dyn std::io::Write| summary::write_line(&mut out, label, &words);
        match one.fate {
            Disposition::Done => screen.note(write),
            _ => screen.tell(write),
        }
    }
}

/// Returns where the files went, for scripts.
fn account(gone: &[Gone], from: &FromInbox) -> Value {
    let of = |fate: Disposition| {
        let those = gone.iter().filter(|one| one.fate == fate);
        those.map(|one| one.path.clone()).collect::<Vec<_>>()
    };
    json!({
        "directory": from.inbox.directory(),
        "done": of(Disposition::Done),
        "failed": of(Disposition::Failed),
        "left": of(Disposition::Kept),
        "known": from.known.iter().map(|(arrival, _)| arrival.name.to_string_lossy()).collect::<Vec<_>>(),
        "rejects": gone.iter().filter_map(|one| one.rejects.as_ref()).collect::<Vec<_>>(),
    })
}
