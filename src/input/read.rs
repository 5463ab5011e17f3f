//! Reads the inputs of a run in parallel.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::content;
use super::file::File;
use super::options::Options;
use super::paths::{ResolvedInput, resolve};
use super::read_context::ReadContext;
use super::row_sink::RowSink;
use crate::diagnostics::diagnostic::{Code, Diagnostic, Place, Source};

/// Reads inputs on all cores and returns them in order. An input is a file, a directory, a pattern, or `-`.
pub(crate) fn read_all<S: RowSink>(
    inputs: &[PathBuf],
    options: &Options<'_>,
    sink: &S,
) -> Vec<File<S::Chunk>> {
    let read = |input: ResolvedInput| match input {
        ResolvedInput::File(path) => read(&path, options, sink),
        ResolvedInput::Duplicate(source) => File {
            notes: vec![(source, "named more than once, read once".into())],
            ..File::default()
        },
        ResolvedInput::NotSpreadsheet(source) => File {
            passed_over: vec![(source, "not a spreadsheet by its name")],
            ..File::default()
        },
        ResolvedInput::MoreNotSpreadsheets(source, count) => File {
            notes: vec![(source, format!("skipped {count} more files").into())],
            ..File::default()
        },
        ResolvedInput::Error(diagnostic) => File::unusable(diagnostic),
    };
    let mut files: Vec<_> = resolve(inputs).into_par_iter().map(read).collect();
    if let [sheet, ..] = &options.sheets[..] {
        refuse_text_without_workbook(&mut files, sheet);
    }
    files
}

/// Refuses text files if a sheet is named, unless a workbook is among the inputs: a text file has no sheets.
fn refuse_text_without_workbook<C>(files: &mut [File<C>], name: &str) {
    let has_workbook = files.iter().any(|file| {
        let read = file.sheets.iter().map(|sheet| &sheet.source);
        let mut sources = read.chain(file.passed_over.iter().map(|(source, _)| source));
        sources.any(|source| source.sheet.is_some())
    });
    if has_workbook {
        return;
    }
    for file in files {
        if let Some(sheet) = file.sheets.first() {
            let message = format!("there is no sheet `{name}`: a text file has no sheets");
            let help = "omit --sheet, or name the workbook that has the sheet";
            let place = Place::whole(&sheet.source);
            *file = File::unusable(Diagnostic::new(Code::InputUnreadable, place, message, help));
        }
    }
}

/// Reads one file, or `-`.
pub(crate) fn read<S: RowSink>(path: &Path, options: &Options<'_>, sink: &S) -> File<S::Chunk> {
    let source = Arc::new(Source {
        path: path.display().to_string(),
        sheet: None,
    });
    let mut file = File::default();
    let mut context = ReadContext {
        source: &source,
        options,
        sink,
        file: &mut file,
    };
    let sha256 = match content::read(path, &mut context) {
        Ok(sha256) => sha256,
        Err(diagnostic) => {
            file = File {
                notes: file.notes,
                ..File::unusable(diagnostic)
            };
            Arc::from("")
        }
    };
    for sheet in &mut file.sheets {
        sheet.sha256 = Arc::clone(&sha256);
        if sheet.head.is_some() && sheet.rows == 0 {
            let note = "there are no data rows below the header";
            file.notes.push((Arc::clone(&sheet.source), note.into()));
        }
    }
    file
}
