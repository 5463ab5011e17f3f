//! Moves the files of an inbox, and puts their reports and rejected rows in the same directory.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::files::{InboxFiles, print_about};
use crate::error::Error;
use crate::inbox::error::InboxError;
use crate::inbox::{ArchiveError, Arrival, Disposition, ImportedFile, with_tail};
use crate::pipeline::rejects;
use crate::pipeline::stages::{Checked, InboxCounts, Inputs, Source};
use crate::system::atomic_file::NewFileError;
use crate::ui::{self, Screen, summary};

/// The result of clearing an inbox.
pub(crate) struct Cleared {
    /// Where the files went, as JSON; `None` without an inbox, or if all files stay.
    pub(crate) json: Option<Value>,
    pub(crate) counts: InboxCounts,
    /// Whether every file is where it belongs.
    pub(crate) is_complete: bool,
}

impl Cleared {
    /// No file was to be moved.
    const NOTHING: Self = Self {
        json: None,
        counts: InboxCounts {
            done: 0,
            failed: 0,
            left: 0,
        },
        is_complete: true,
    };
}

/// A file and where it is now.
struct MovedFile {
    arrival: Arrival,
    fate: Disposition,
    path: PathBuf,
    /// The file of its rejected rows, if it has any.
    rejects: Option<PathBuf>,
}

/// Moves each file, and puts `reports` and its rejected rows in the same directory. Prints errors.
pub(crate) fn clear_inbox(
    checked: &mut Checked,
    fates: &[Disposition],
    reports: &[PathBuf],
) -> Cleared {
    let inbox = match &mut checked.source {
        Source::Files(inputs) => inputs.inbox.take(),
        Source::Plan(_) => None,
    };
    let Some(mut files) = inbox else {
        return Cleared::NOTHING;
    };
    let screen = checked.session.screen;
    if files.is_trial {
        if checked.run.mode.delivers() && !files.new.is_empty() {
            let message = "this was a trial, so the files stay in the inbox";
            screen.note(|mut out| summary::write_line(&mut out, "inbox", message));
        }
        return Cleared::NOTHING;
    }
    let mut is_complete = true;
    let mut moved = Vec::new();
    for (arrival, fate) in files.new.clone().into_iter().zip(fates) {
        match move_file(checked, &mut files, arrival, *fate, reports) {
            Ok(file) => moved.push(file),
            Err(error) => {
                is_complete = false;
                ui::tell_error(&error);
            }
        }
    }
    for (arrival, run) in &files.known {
        let message = format!("was already imported by run {run}; it is not sent again");
        print_about(screen, &arrival.name, &message);
        if let Err(error) = files
            .inbox
            .clear(arrival, Disposition::Done, &checked.run.id)
        {
            is_complete = false;
            ui::tell_error(&not_moved(&arrival.path, error));
        }
    }
    print_moved(&moved, &files, screen);
    let count = |fate| moved.iter().filter(|file| file.fate == fate).count();
    Cleared {
        json: Some(json_of(&moved, &files)),
        counts: InboxCounts {
            done: count(Disposition::Done),
            failed: count(Disposition::Failed),
            left: count(Disposition::Kept),
        },
        is_complete,
    }
}

fn move_file(
    checked: &Checked,
    files: &mut InboxFiles,
    arrival: Arrival,
    fate: Disposition,
    reports: &[PathBuf],
) -> Result<MovedFile, Error> {
    let run = &checked.run.id;
    let Some(prefix) = files.prefix(&arrival, fate, run) else {
        let path = arrival.path.clone();
        return Ok(MovedFile {
            arrival,
            fate,
            path,
            rejects: None,
        });
    };
    let rejects = match (fate, checked.source.inputs()) {
        (Disposition::Failed, Some(Inputs { reading, .. })) => rejects::write_for_file(
            &arrival.path.display().to_string(),
            &with_tail(&prefix, ".rejects"),
            reading,
            run,
            &checked.results,
        )?,
        _ => None,
    };
    copy_reports(&prefix, reports)?;
    let cleared = files.inbox.clear(&arrival, fate, run);
    let moved = cleared.map_err(|error| not_moved(&arrival.path, error))?;
    if fate == Disposition::Done {
        remember_import(checked, files, &arrival);
    }
    Ok(MovedFile {
        path: moved.unwrap_or_else(|| arrival.path.clone()),
        arrival,
        fate,
        rejects,
    })
}

/// Records that a file was imported. If this fails, the ledger still knows its orders.
fn remember_import(checked: &Checked, files: &mut InboxFiles, arrival: &Arrival) {
    let path = arrival.path.display().to_string();
    let mut sheets = checked.results.batch.sheets.iter();
    let Some(sheet) = sheets.find(|sheet| sheet.source.path == path) else {
        return;
    };
    let imported = ImportedFile {
        sha256: sheet.sha256.to_string(),
        target: checked.session.setup.target.key().to_owned(),
        run: checked.run.id.clone(),
        name: arrival.name.to_string_lossy().into_owned(),
    };
    if let Err(error) = files.inbox.remember(imported) {
        let message = format!("cannot record that it was imported: {error}");
        print_about(checked.session.screen, &arrival.name, &message);
    }
}

/// Links or copies the reports to the directory of a file. They are about the whole run, so one file serves all inputs.
fn copy_reports(prefix: &Path, reports: &[PathBuf]) -> Result<(), Error> {
    for report in reports {
        let format = report.extension().unwrap_or_default().to_string_lossy();
        let path = with_tail(prefix, &format!(".{format}"));
        if path == *report {
            continue;
        }
        let copied = fs::hard_link(report, &path).or_else(|_| fs::copy(report, &path).map(drop));
        copied.map_err(|source| NewFileError::Write { path, source })?;
    }
    Ok(())
}

fn not_moved(path: &Path, source: ArchiveError) -> Error {
    let path = path.to_owned();
    InboxError::NotMoved { path, source }.into()
}

fn print_moved(moved: &[MovedFile], files: &InboxFiles, screen: Screen) {
    let directory = files.inbox.directory().display();
    for file in moved {
        let name = file.arrival.name.to_string_lossy();
        let path = file.path.display();
        let (label, message) = match (file.fate, &file.rejects) {
            (Disposition::Done, _) => ("done", format!("{name} is now {path}")),
            (Disposition::Failed, None) => ("failed", format!("{name} is now {path}")),
            (Disposition::Failed, Some(rejects)) => (
                "failed",
                format!(
                    "{name} is now {path}; fix {} and put it into {directory}",
                    rejects.display()
                ),
            ),
            (Disposition::Kept, _) => (
                "left",
                format!("{name} stays in {directory}, for the next run"),
            ),
        };
        let write = |mut out: &mut dyn Write| summary::write_line(&mut out, label, &message);
        match file.fate {
            Disposition::Done => screen.note(write),
            Disposition::Failed | Disposition::Kept => screen.tell(write),
        }
    }
}

/// Returns where the files went, as JSON.
fn json_of(moved: &[MovedFile], files: &InboxFiles) -> Value {
    let paths = |fate: Disposition| {
        let files = moved.iter().filter(|file| file.fate == fate);
        files.map(|file| file.path.clone()).collect::<Vec<_>>()
    };
    json!({
        "directory": files.inbox.directory(),
        "done": paths(Disposition::Done),
        "failed": paths(Disposition::Failed),
        "left": paths(Disposition::Kept),
        "known": files.known.iter().map(|(arrival, _)| arrival.name.to_string_lossy()).collect::<Vec<_>>(),
        "rejects": moved.iter().filter_map(|file| file.rejects.as_ref()).collect::<Vec<_>>(),
    })
}
