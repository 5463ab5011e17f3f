//! The reports of a run: places taken before anything is sent, filled at the end.

use std::path::PathBuf;

use rayon::prelude::*;

use crate::cli::ResultArgs;
use crate::cli::error::CommandLineError;
use crate::config::settings::Settings;
use crate::delivery::Delivery;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::orders::Batch;
use crate::report::file::ReportFile;
use crate::report::{Input, Report, Run, Totals};
use crate::ui::{Screen, summary};
use crate::web::Live;

/// Returns the sheets that were read, as the ledger keeps them.
pub(crate) fn inputs_json(batch: &Batch) -> String {
    // Texts and numbers always have a form in JSON.
    serde_json::to_string(&Input::all(batch)).unwrap_or_default()
}

/// Takes the places of the reports.
pub(crate) fn reserve(paths: &[PathBuf]) -> Result<Vec<ReportFile>, Error> {
    for (index, path) in paths.iter().enumerate() {
        if paths[..index].contains(path) {
            return Err(CommandLineError::PathTaken {
                path: path.clone(),
                other: "the file of another report",
                help: "name each report once",
            }
            .into());
        }
    }
    let reserved = paths.iter().map(|path| Ok(ReportFile::reserve(path)?));
    reserved.collect()
}

/// Tells whether a delivery leaves reports. One that is named is wanted, whatever the configuration says.
pub(crate) fn is_wanted(args: &ResultArgs, settings: &Settings) -> bool {
    let is_left_out = args.no_report || settings.no_report.unwrap_or_default();
    !is_left_out || !args.reports.is_empty()
}

/// Takes the places of the reports of a delivery: those that are named, or two that are named after the run.
pub(crate) fn of_delivery(
    args: &ResultArgs,
    is_wanted: bool,
    run: &str,
) -> Result<Vec<ReportFile>, Error> {
    match (is_wanted, args.reports.as_slice()) {
        (false, _) => Ok(Vec::new()),
        (true, []) => reserve(&default_paths(run)),
        (true, paths) => reserve(paths),
    }
}

/// Returns where an import reports when nothing else is said: a page for people, and all there is for scripts.
fn default_paths(run: &str) -> [PathBuf; 2] {
    ["html", "json"].map(|format| PathBuf::from(format!("scoreload-report-{run}.{format}")))
}

/// What came of writing reports.
pub(crate) struct Written {
    /// Those that are there.
    pub(crate) paths: Vec<PathBuf>,
    /// Whether one could not be written, or does not account for every row.
    pub(crate) result: Result<(), Error>,
}

/// Writes the reports, and tells where they are.
pub(crate) fn write(
    files: Vec<ReportFile>,
    run: Run,
    (batch, deliveries): (&Batch, &[Delivery]),
    exit: ExitCode,
    screen: Screen,
    live: Option<Live>,
) -> Written {
    if files.is_empty() && live.is_none() {
        return Written {
            paths: Vec::new(),
            result: closed(Totals::close(batch, deliveries)),
        };
    }
    let report = Report::new(run, batch, deliveries, exit.number());
    let mut paths = Vec::new();
    let mut failed = None;
    let written = files.into_par_iter().map(|file| file.write(&report, batch));
    for written in written.collect::<Vec<_>>() {
        match written {
            Ok(path) => paths.push(path),
            Err(error) => failed = failed.or(Some(error.into())),
        }
    }
    // One that cannot be written takes none of the others away.
    screen.note(|mut out| summary::write_reports(&mut out, &paths));
    let closes = report.closes();
    if let Some(live) = live {
        live.finish(report);
    }
    let result = failed.map_or_else(|| closed(closes), Err);
    Written { paths, result }
}

/// Tells whether the totals close, as they always do.
fn closed(closes: bool) -> Result<(), Error> {
    if closes {
        Ok(())
    } else {
        Err(Error::TotalsDoNotClose {
            rows: 0,
            accounted: 0,
        })
    }
}
