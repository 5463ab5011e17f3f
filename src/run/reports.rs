//! The reports of a run: places taken before anything is sent, filled at the end.

use std::path::PathBuf;

use rayon::prelude::*;

use crate::cli::ResultArgs;
use crate::deliver::Delivery;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::live::Live;
use crate::order::Batch;
use crate::report::file::ReportFile;
use crate::report::{Input, Report, Run, Totals};
use crate::ui::{Screen, summary};

/// Returns the sheets that were read, as the ledger keeps them.
pub(super) fn inputs_json(batch: &Batch) -> String {
    // Texts and numbers always have a form in JSON.
    serde_json::to_string(&Input::all(batch)).unwrap_or_default()
}

/// Takes the places of the reports.
pub(super) fn reserve(paths: &[PathBuf]) -> Result<Vec<ReportFile>, Error> {
    for (index, path) in paths.iter().enumerate() {
        if paths[..index].contains(path) {
            let message = format!("`{}` is named twice for a report", path.display());
            return Err(Error::usage(message, "name each report once"));
        }
    }
    paths.iter().map(|path| ReportFile::reserve(path)).collect()
}

/// Takes the places of the reports of a delivery: those that are named, or two that are named after the run.
pub(super) fn of_delivery(args: &ResultArgs, run: &str) -> Result<Vec<ReportFile>, Error> {
    match (args.no_report, args.reports.as_slice()) {
        (true, _) => Ok(Vec::new()),
        (false, []) => reserve(&default_paths(run)),
        (false, paths) => reserve(paths),
    }
}

/// Returns where an import reports when nothing else is said: a page for people, and all there is for scripts.
fn default_paths(run: &str) -> [PathBuf; 2] {
    ["html", "json"].map(|format| PathBuf::from(format!("scoreload-report-{run}.{format}")))
}

/// Writes the reports, and tells where they are.
///
/// # Errors
/// When one cannot be written, or does not account for every row.
pub(super) fn write(
    files: Vec<ReportFile>,
    run: Run,
    (batch, deliveries): (&Batch, &[Delivery]),
    exit: ExitCode,
    screen: Screen,
    live: Option<Live>,
) -> Result<(), Error> {
    if files.is_empty() && live.is_none() {
        return closed(Totals::close(batch, deliveries));
    }
    let report = Report::new(run, batch, deliveries, exit.number());
    let mut paths = Vec::new();
    let mut failed = None;
    let written = files.into_par_iter().map(|file| file.write(&report, batch));
    for written in written.collect::<Vec<_>>() {
        match written {
            Ok(path) => paths.push(path),
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    // One that cannot be written takes none of the others away.
    screen.note(|mut out| summary::write_reports(&mut out, &paths));
    let closes = report.closes();
    if let Some(live) = live {
        live.finish(report);
    }
    failed.map_or(Ok(()), Err)?;
    closed(closes)
}

fn closed(closes: bool) -> Result<(), Error> {
    if closes {
        Ok(())
    } else {
        Err(Error::Unaccounted)
    }
}
