//! The reports of a run: their paths are checked before anything is sent, the files are written at the end.

use std::path::PathBuf;

use rayon::prelude::*;

use super::results::Results;
use crate::cli::ResultArgs;
use crate::cli::error::CommandLineError;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::orders::Batch;
use crate::report::file::ReportFile;
use crate::report::model::{Input, Report, Run, Totals};
use crate::ui::{Screen, summary};
use crate::web::Live;

/// Returns the sheets that were read, as the ledger stores them.
pub(crate) fn inputs_json(batch: &Batch) -> String {
    // Texts and numbers always serialize.
    serde_json::to_string(&Input::all(batch)).unwrap_or_default()
}

/// Checks the paths of the reports.
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

/// Returns whether a delivery writes reports. A named report is written, whatever the configuration says.
pub(crate) fn is_wanted(args: &ResultArgs) -> bool {
    !args.no_report || !args.reports.is_empty()
}

/// Checks the paths of the reports of a delivery: those that are named, or two named after the run.
pub(crate) fn reserve_for_delivery(
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

/// Returns the default reports of an import: a page for people and JSON for scripts.
fn default_paths(run: &str) -> [PathBuf; 2] {
    ["html", "json"].map(|format| PathBuf::from(format!("scoreload-report-{run}.{format}")))
}

/// The result of writing the reports.
pub(crate) struct WrittenReports {
    /// The reports that were written.
    pub(crate) paths: Vec<PathBuf>,
    /// The first error: a report that was not written, or totals that do not close.
    pub(crate) result: Result<(), Error>,
}

/// Writes the reports, prints their paths, and checks that the totals account for every row.
pub(crate) fn write(
    files: Vec<ReportFile>,
    run: Run,
    results: &Results,
    exit: ExitCode,
    screen: Screen,
    live: Option<Live>,
) -> WrittenReports {
    let Results { batch, deliveries } = results;
    if files.is_empty() && live.is_none() {
        return WrittenReports {
            paths: Vec::new(),
            result: check_totals(results, Totals::close(batch, deliveries)),
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
    // A report that cannot be written does not keep the rest from being written.
    screen.note(|mut out| summary::write_reports(&mut out, &paths));
    let closes = report.closes();
    if let Some(live) = live {
        live.finish(report);
    }
    let result = failed.map_or_else(|| check_totals(results, closes), Err);
    WrittenReports { paths, result }
}

fn check_totals(results: &Results, closes: bool) -> Result<(), Error> {
    if closes {
        return Ok(());
    }
    let batch = &results.batch;
    let rows_of_orders = batch.orders.iter().map(|order| order.rows.len());
    Err(Error::TotalsDoNotClose {
        rows: batch.sheets.iter().map(|sheet| sheet.rows).sum(),
        accounted: rows_of_orders.sum::<usize>() + results.totals().rows_invalid,
    })
}
