//! The reports of a run: places taken before anything is sent, filled at the end.

use std::path::PathBuf;

use crate::deliver::Delivery;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::order::Batch;
use crate::report::file::ReportFile;
use crate::report::{Report, Run};
use crate::ui::{Screen, summary};

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

/// Returns where an import reports when nothing else is said.
pub(super) fn default_path(run: &str) -> PathBuf {
    PathBuf::from(format!("scoreload-report-{run}.json"))
}

/// Writes the reports, and tells where they are.
///
/// # Errors
/// When one cannot be written, or does not account for every row.
pub(super) fn write(
    files: Vec<ReportFile>,
    run: Run,
    batch: &Batch,
    deliveries: &[Delivery],
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
