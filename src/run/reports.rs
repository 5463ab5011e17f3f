//! The reports of a run: places taken before anything is sent, filled at the end.

use std::path::PathBuf;

use crate::cli::ResultArgs;
use crate::deliver::Delivery;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::order::Batch;
use crate::report::file::ReportFile;
use crate::report::{Input, Report, Run};
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

/// Takes the places of the reports of a delivery: those that are named, or one that is named after the run.
pub(super) fn of_delivery(args: &ResultArgs, run: &str) -> Result<Vec<ReportFile>, Error> {
    match (args.no_report, args.reports.as_slice()) {
        (true, _) => Ok(Vec::new()),
        (false, []) => reserve(&[default_path(run)]),
        (false, paths) => reserve(paths),
    }
}

/// Returns where an import reports when nothing else is said.
fn default_path(run: &str) -> PathBuf {
    PathBuf::from(format!("scoreload-report-{run}.json"))
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
) -> Result<(), Error> {
    let report = Report::new(run, batch, deliveries, exit.number());
    let paths = files
        .into_iter()
        .map(|file| file.write(&report))
        .collect::<Result<Vec<_>, _>>()?;
    screen.note(|mut out| summary::write_reports(&mut out, &paths));
    if report.closes() {
        Ok(())
    } else {
        Err(Error::Unaccounted)
    }
}
