//! `--rejects`: the rows of orders that did not get through. The path is checked before anything is sent; at the end the
//! inputs are read again, because their cells are not kept in memory.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::gather::reading_options;
use super::results::Results;
use super::run_id::is_run_id;
use crate::cli::error::CommandLineError;
use crate::config::InputOptions;
use crate::delivery::Delivery;
use crate::diagnostics::diagnostic::Source;
use crate::error::Error;
use crate::inbox::with_tail;
use crate::input::workbook::sheet_style::Layout;
use crate::input::{self, File, MapRows, OutputDialect, Row, Sheet, SheetHead};
use crate::orders::Batch;
use crate::rejects::remarks;
use crate::rejects::remarks::{RUN_COLUMN, Rejected, RejectedRow, RejectedSheet, Remarks};
use crate::report::file::ReportFile;
use crate::report::model::Run;
use crate::system::atomic_file::{NewFile, format_from_extension, is_same_path};
use crate::system::permissions;
use crate::ui::{Screen, summary};

/// A format of rejected rows.
#[derive(Debug, Clone, Copy)]
enum Form {
    Csv,
    Xlsx,
}

impl RejectsFile {
    /// Returns the path if there are rejected rows.
    pub(crate) fn path_if_filled(&self, batch: &Batch, deliveries: &[Delivery]) -> Option<&Path> {
        let is_empty = remarks::remarks(batch, deliveries).is_empty();
        (!is_empty).then(|| self.file.path())
    }
}

const FORMS: [(&str, Form); 2] = [("csv", Form::Csv), ("xlsx", Form::Xlsx)];

/// The file of the rejected rows.
#[derive(Debug)]
pub(crate) struct RejectsFile {
    form: Form,
    file: NewFile,
}

/// Checks the path of the rejected rows, if they are asked for.
///
/// # Errors
/// The path cannot be written, or an input cannot be read a second time.
pub(crate) fn reserve(
    path: Option<&Path>,
    inputs: &[PathBuf],
    reports: &[ReportFile],
) -> Result<Option<RejectsFile>, Error> {
    let Some(path) = path else { return Ok(None) };
    let form = format_from_extension(path, &FORMS, "a file of rejected rows")?;
    let reports = reports.iter().map(ReportFile::path);
    let taken = |other| CommandLineError::PathTaken {
        path: path.to_owned(),
        other,
        help: "give the rejected rows a file of their own",
    };
    if inputs.iter().any(|input| is_same_path(input, path)) {
        return Err(taken("an input").into());
    }
    if reports.into_iter().any(|report| is_same_path(report, path)) {
        return Err(taken("the file of a report").into());
    }
    let is_pipe = |input: &&PathBuf| {
        let metadata = input.metadata();
        metadata.is_ok_and(|metadata| permissions::is_fifo(&metadata))
    };
    if let Some(pipe) = inputs.iter().find(is_pipe) {
        let path = pipe.clone();
        return Err(CommandLineError::PipedInput { path }.into());
    }
    let file = NewFile::reserve(path, "a file of rejected rows")?;
    Ok(Some(RejectsFile { form, file }))
}

/// Writes the rejected rows and prints the path.
///
/// # Errors
/// An input has changed since it was read, or the file cannot be written.
pub(crate) fn write(
    file: Option<RejectsFile>,
    reading: &InputOptions,
    run: &str,
    results: &Results,
    screen: Screen,
) -> Result<(), Error> {
    let Some(RejectsFile { form, file }) = file else {
        return Ok(());
    };
    let remarks = remarks::remarks(&results.batch, &results.deliveries);
    if remarks.is_empty() {
        let words = format!("none, so {} is not written", file.path().display());
        screen.note(|mut out| summary::write_line(&mut out, "rejected", &words));
        return Ok(());
    }
    let rows: usize = remarks.values().map(Remarks::len).sum();
    let path = write_rows(
        RejectsFile { form, file },
        reading,
        run,
        &results.batch,
        &remarks,
    )?;
    let words = format!("{}, {rows} rows to fix and import again", path.display());
    screen.note(|mut out| summary::write_line(&mut out, "rejected", &words));
    Ok(())
}

/// Writes the rejected rows of one input to a file whose name begins with `prefix`. Returns its path, or `None` if there
/// are none.
///
/// # Errors
/// The input has changed since it was read, or the file cannot be written.
pub(crate) fn write_for_file(
    path: &str,
    prefix: &Path,
    reading: &InputOptions,
    run: &str,
    results: &Results,
) -> Result<Option<PathBuf>, Error> {
    let mut remarks = remarks::remarks(&results.batch, &results.deliveries);
    remarks.retain(|source, _| source.path == path);
    if remarks.is_empty() {
        return Ok(None);
    }
    let is_workbook = remarks.keys().any(|source| source.sheet.is_some());
    let (form, extension) = if is_workbook {
        (Form::Xlsx, ".xlsx")
    } else {
        (Form::Csv, ".csv")
    };
    let file = NewFile::reserve(&with_tail(prefix, extension), "a file of rejected rows")?;
    write_rows(
        RejectsFile { form, file },
        reading,
        run,
        &results.batch,
        &remarks,
    )
    .map(Some)
}

fn write_rows(
    RejectsFile { form, file }: RejectsFile,
    reading: &InputOptions,
    run: &str,
    batch: &Batch,
    remarks: &HashMap<Arc<Source>, Remarks<'_>>,
) -> Result<PathBuf, Error> {
    let mut sheets = read_again(reading, batch, remarks)?;
    if matches!(form, Form::Xlsx) {
        sheets.iter_mut().for_each(add_layout);
    }
    let rejected = Rejected {
        run,
        company_id: reading.rules.company_id.as_deref(),
        written: written(reading, batch, remarks),
        sheets,
    };
    let written = file.write(|file| match form {
        Form::Csv => crate::rejects::csv::write(&rejected, file),
        Form::Xlsx => crate::rejects::xlsx::write(&rejected, file),
    })?;
    Ok(written)
}

/// Returns the CSV dialect of the rejected rows: that of the inputs that they come from.
fn written(
    reading: &InputOptions,
    batch: &Batch,
    remarks: &HashMap<Arc<Source>, Remarks<'_>>,
) -> OutputDialect {
    let options = reading_options(reading, false, &|_| {});
    let paths = paths(batch, |source| remarks.contains_key(source));
    let files = paths
        .into_iter()
        .filter_map(|path| OutputDialect::detect(Path::new(path), &options));
    OutputDialect::combine(&files.collect::<Vec<_>>())
}

/// Reads the rejected rows again.
fn read_again<'a>(
    reading: &InputOptions,
    batch: &Batch,
    remarks: &'a HashMap<Arc<Source>, Remarks<'a>>,
) -> Result<Vec<RejectedSheet<'a>>, Error> {
    let turn = |head: &SheetHead, row: &Row<'_>| {
        let remarks = remarks.get(&head.source)?;
        remarks
            .contains_key(&row.number)
            .then(|| RejectedRow::of(row))
    };
    let mut again = Vec::new();
    for path in paths(batch, |source| remarks.contains_key(source)) {
        let file = read(reading, path, turn);
        if !is_as_it_was(path, &file, batch) {
            return Err(Error::InputChanged { path: path.into() });
        }
        for sheet in file.sheets {
            let Some((head, remarks)) = sheet.head.zip(remarks.get(&sheet.source)) else {
                continue;
            };
            again.push(RejectedSheet {
                head,
                rows: sheet.chunks.into_iter().flatten().flatten().collect(),
                remarks,
                layout: None,
            });
        }
    }
    let found: usize = again.iter().map(|sheet| sheet.rows.len()).sum();
    let expected: usize = remarks.values().map(Remarks::len).sum();
    if found == expected {
        Ok(again)
    } else {
        Err(Error::RejectedRowsDiffer { expected, found })
    }
}

fn read<R: Send>(
    reading: &InputOptions,
    path: &str,
    turn: impl Fn(&SheetHead, &Row<'_>) -> R + Sync,
) -> File<Vec<R>> {
    let options = reading_options(reading, true, &|_| {});
    input::read(Path::new(path), &options, &MapRows(turn))
}

/// Returns the files of the sheets for which `is_wanted` is true, each once.
fn paths(batch: &Batch, is_wanted: impl Fn(&Source) -> bool) -> Vec<&str> {
    let mut paths: Vec<&str> = Vec::new();
    for head in batch.heads.iter().filter(|head| is_wanted(&head.source)) {
        if !paths.contains(&head.source.path.as_str()) {
            paths.push(&head.source.path);
        }
    }
    paths
}

/// Returns whether a file has the same sheets as before, by their checksums.
fn is_as_it_was<R>(path: &str, file: &File<R>, batch: &Batch) -> bool {
    let before = batch
        .sheets
        .iter()
        .filter(|sheet| sheet.source.path == path);
    before.into_iter().all(|before| {
        let mut now = file.sheets.iter();
        now.any(|now| now.source == before.source && now.sha256 == before.sha256)
    })
}

fn add_layout(sheet: &mut RejectedSheet<'_>) {
    let source = &sheet.head.source;
    let Some(name) = &source.sheet else { return };
    let header = sheet.head.header.row;
    let is_wanted = |row| row <= header || sheet.remarks.contains_key(&row);
    sheet.layout = Layout::read(Path::new(&source.path), name, is_wanted);
}

/// Returns the runs that rejected the rows in the inputs, if any did.
pub(crate) fn corrected_runs(reading: &InputOptions, batch: &Batch) -> Option<Vec<String>> {
    let column = |head: &SheetHead| {
        let mut texts = head.header.texts.iter();
        texts.position(|text| text.as_deref().is_some_and(is_run_column))
    };
    let is_wanted = |source: &Source| {
        let mut heads = batch.heads.iter();
        heads.any(|head| *head.source == *source && column(head).is_some())
    };
    let turn = |head: &SheetHead, row: &Row<'_>| {
        let cell = row.cells.get(column(head)?)?;
        Some(cell.shown().into_owned()).filter(|text| is_run_id(text))
    };
    let mut runs: Vec<String> = Vec::new();
    for path in paths(batch, is_wanted) {
        let sheets = read(reading, path, turn).sheets;
        for run in sheets.into_iter().flat_map(Sheet::into_rows).flatten() {
            if !runs.contains(&run) {
                runs.push(run);
            }
        }
    }
    (!runs.is_empty()).then_some(runs)
}

/// Returns whether all inputs are files of rejected rows.
pub(crate) fn is_correction(run: &Run, batch: &Batch) -> bool {
    let has_run = |head: &SheetHead| {
        let mut texts = head.header.texts.iter().flatten();
        texts.any(|text| is_run_column(text))
    };
    run.corrects.is_some() && batch.heads.iter().all(has_run)
}

fn is_run_column(text: &str) -> bool {
    text.trim().eq_ignore_ascii_case(RUN_COLUMN)
}

/// Prints which runs the inputs correct.
pub(crate) fn print_corrected_runs(runs: Option<&[String]>, screen: Screen) {
    if let Some(runs) = runs {
        let words = format!("run {}", runs.join(", "));
        screen
            .note(|mut out: &mut dyn io::Write| summary::write_line(&mut out, "corrects", &words));
    }
}
