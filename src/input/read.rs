//! Reads the inputs of a run in parallel, in their order.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::file::File;
use super::options::Options;
use super::row_sink::RowSink;
use super::{content, paths};
use crate::diagnostics::diagnostic::{Code, Diagnostic, Place, Source};

/// Reads inputs on all cores, in their order: files, directories and patterns; `-` is standard input.
pub(crate) fn read_all<S: RowSink>(
    inputs: &[PathBuf],
    options: &Options<'_>,
    sink: &S,
) -> Vec<File<S::Chunk>> {
    let read = |found: paths::Found| match found {
        paths::Found::File(path) => read(&path, options, sink),
        paths::Found::Again(source) => File {
            notes: vec![(source, "named more than once, and read once".into())],
            ..File::default()
        },
        paths::Found::Other(source) => File {
            passed_over: vec![(source, "not a spreadsheet by its name")],
            ..File::default()
        },
        paths::Found::Others(source, more) => File {
            notes: vec![(source, format!("{more} more files are passed over").into())],
            ..File::default()
        },
        paths::Found::Nothing(problem) => File::unusable(problem),
    };
    let mut files: Vec<_> = paths::expand(inputs).into_par_iter().map(read).collect();
    if let [sheet, ..] = &options.sheets[..] {
        refuse_texts_alone(&mut files, sheet);
    }
    files
}

/// Refuses texts where a sheet is named, which they do not have, unless there is a workbook beside them.
fn refuse_texts_alone<P>(files: &mut [File<P>], name: &str) {
    let is_of_workbook = |source: &Source| source.sheet.is_some();
    let has_workbook = files.iter().any(|file| {
        let read = file.sheets.iter().map(|sheet| &sheet.source);
        let mut sources = read.chain(file.passed_over.iter().map(|(source, _)| source));
        sources.any(|source| is_of_workbook(source))
    });
    if has_workbook {
        return;
    }
    for file in files {
        if let Some(sheet) = file.sheets.first() {
            let message = format!("there is no sheet `{name}`: a text has no sheets");
            let help = "leave --sheet away, or name the workbook that has it";
            let place = Place::whole(&sheet.source);
            *file = File::unusable(Diagnostic::new(Code::InputUnreadable, place, message, help));
        }
    }
}

/// Reads one file, or `-`, passing its data rows to `sink`.
pub(crate) fn read<S: RowSink>(path: &Path, options: &Options<'_>, sink: &S) -> File<S::Chunk> {
    let source = Arc::new(Source {
        path: path.display().to_string(),
        sheet: None,
    });
    let mut file = File::default();
    let sha256 = match content::read(path, &source, options, sink, &mut file) {
        Ok(sha256) => sha256,
        Err(problem) => {
            file = File {
                notes: file.notes,
                ..File::unusable(problem)
            };
            Arc::from("")
        }
    };
    for sheet in &mut file.sheets {
        sheet.sha256 = Arc::clone(&sha256);
        if sheet.head.is_some() && sheet.rows == 0 {
            let words = "there are no rows of data under the header";
            file.notes.push((Arc::clone(&sheet.source), words.into()));
        }
    }
    file
}
