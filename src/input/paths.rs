//! Inputs as they are named, to files: a directory stands for the spreadsheets in it, a pattern for what fits it.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use glob::MatchOptions;

use crate::diagnostics::diagnostic::{Code, Diagnostic, Place, Source};

/// What an input stands for.
#[derive(Debug)]
pub(crate) enum Found {
    /// A file, or `-`.
    File(PathBuf),
    /// A file that another input stands for already.
    Again(Arc<Source>),
    /// A file of a directory that is none by its name.
    Other(Arc<Source>),
    /// More of them, which are only counted: the directory, and how many.
    Others(Arc<Source>, usize),
    /// No file at all.
    Nothing(Diagnostic),
}

/// Files of a directory that are passed over are named up to so many: it may be one of pictures.
const MOST_NAMED: usize = 10;

/// Names that a directory's spreadsheets end in; those of text may be compressed as well.
const TEXTS: [&str; 3] = ["csv", "tsv", "txt"];
const WORKBOOKS: [&str; 5] = ["xlsx", "xlsm", "xlsb", "xls", "ods"];
const PACKED: [&str; 2] = ["gz", "zst"];

/// Finds the files that inputs stand for, in their order. A file that is named twice is read once: its reports would
/// be delivered twice, and its rows would all be called duplicates.
pub(crate) fn expand(inputs: &[PathBuf]) -> Vec<Found> {
    let mut seen = HashSet::new();
    let mut told = HashSet::new();
    let mut found = Vec::new();
    for input in inputs {
        match files_of(input) {
            Ok(files) => {
                for file in files {
                    let same = fs::canonicalize(&file).unwrap_or_else(|_| file.clone());
                    if seen.insert(same.clone()) {
                        found.push(Found::File(file));
                    } else if told.insert(same) {
                        found.push(Found::Again(source(&file)));
                    }
                }
            }
            Err(problem) => found.push(Found::Nothing(problem)),
        }
        found.extend(passed_over(input));
    }
    found
}

/// Tells which files of a directory, if the input is one, are not read for their names alone.
fn passed_over(input: &Path) -> Vec<Found> {
    let mut others: Vec<_> = names_in(input).unwrap_or_default();
    others.retain(|name| !is_passing(name) && !is_spreadsheet(name) && input.join(name).is_file());
    let more = others.len().saturating_sub(MOST_NAMED);
    let named = others.iter().take(MOST_NAMED);
    let named = named.map(|name| Found::Other(source(&input.join(name))));
    let counted = (more > 0).then(|| Found::Others(source(input), more));
    named.chain(counted).collect()
}

/// Lists what is in a directory, by name.
fn names_in(directory: &Path) -> io::Result<Vec<OsString>> {
    let entries = fs::read_dir(directory)?;
    let mut names: Vec<_> = entries
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect::<io::Result<_>>()?;
    names.sort_unstable();
    Ok(names)
}

fn source(path: &Path) -> Arc<Source> {
    Arc::new(Source {
        path: path.display().to_string(),
        sheet: None,
    })
}

fn files_of(input: &Path) -> Result<Vec<PathBuf>, Diagnostic> {
    if input == Path::new("-") {
        return Ok(vec![input.to_owned()]);
    }
    if input.is_dir() {
        return files_in(input);
    }
    match input.to_str().filter(|text| is_pattern(text, input)) {
        Some(pattern) => matching(pattern, input),
        None => Ok(vec![input.to_owned()]),
    }
}

/// Tells whether a path is a pattern: no file is called like that.
fn is_pattern(text: &str, input: &Path) -> bool {
    text.contains(['*', '?', '[']) && input.symlink_metadata().is_err()
}

/// Lists the spreadsheets of a directory by name, without those in directories in it.
fn files_in(directory: &Path) -> Result<Vec<PathBuf>, Diagnostic> {
    let mut names = names_in(directory).map_err(|error| unreadable(directory, &error))?;
    names.retain(|name| is_spreadsheet(name) && is_file(&directory.join(name)));
    if names.is_empty() {
        let help = "name a directory with .csv, .tsv, .txt, .xlsx, .xlsm, .xlsb, .xls or .ods files, or the files";
        return Err(nothing(
            directory,
            "there are no files to import in it",
            help,
        ));
    }
    Ok(names.iter().map(|name| directory.join(name)).collect())
}

/// Tells whether there is a file, or something that is missing and has to be said.
fn is_file(path: &Path) -> bool {
    fs::metadata(path).map_or(true, |metadata| metadata.is_file())
}

/// Tells whether a file in a directory is meant to be imported, by its name: not hidden, no lock, not half-written.
pub(crate) fn is_spreadsheet(name: &OsStr) -> bool {
    if is_passing(name) {
        return false;
    }
    let name = name.to_string_lossy().to_lowercase();
    let Some((stem, extension)) = name.rsplit_once('.') else {
        return false;
    };
    let is_text = |extension: &str| TEXTS.contains(&extension);
    let is_packed_text = || {
        let inner = stem.rsplit_once('.').map(|(_, extension)| extension);
        PACKED.contains(&extension) && inner.is_some_and(is_text)
    };
    is_text(extension) || WORKBOOKS.contains(&extension) || is_packed_text()
}

/// Tells whether a name is one that files have only for a while: hidden, locks, and what is still being written; or
/// one that a report of ours has.
pub(crate) fn is_passing(name: &OsStr) -> bool {
    const STARTS: [&str; 3] = [".", "~$", "scoreload-report-"];
    const ENDS: [&str; 6] = [
        ".part",
        ".partial",
        ".filepart",
        ".crdownload",
        ".tmp",
        ".lock",
    ];
    let name = name.to_string_lossy().to_lowercase();
    STARTS.iter().any(|start| name.starts_with(start)) || ENDS.iter().any(|end| name.ends_with(end))
}

/// Lists the files that fit a pattern by name, as a shell would.
fn matching(pattern: &str, input: &Path) -> Result<Vec<PathBuf>, Diagnostic> {
    let options = MatchOptions {
        require_literal_separator: true,
        require_literal_leading_dot: true,
        ..MatchOptions::new()
    };
    let Ok(paths) = glob::glob_with(pattern, options) else {
        return Ok(vec![input.to_owned()]);
    };
    let mut files = Vec::new();
    for path in paths {
        let path = path.map_err(|error| unreadable(error.path(), error.error()))?;
        let name = path.file_name().map(OsStr::to_string_lossy);
        if is_file(&path) && !name.is_some_and(|name| name.starts_with("~$")) {
            files.push(path);
        }
    }
    if files.is_empty() {
        let help = "check the path and the pattern; * and ? stand for signs of a name";
        return Err(nothing(input, "no file fits this pattern", help));
    }
    Ok(files)
}

fn unreadable(directory: &Path, error: &io::Error) -> Diagnostic {
    let message = format!("the directory cannot be read: {error}");
    nothing(
        directory,
        message,
        "check that you may read it, or name the files in it",
    )
}

fn nothing(input: &Path, message: impl Into<String>, help: &'static str) -> Diagnostic {
    let place = Place::whole(&source(input));
    Diagnostic::new(Code::InputUnreadable, place, message, help)
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn bench(names: &[&str]) -> TempDir {
        let dir = TempDir::new().unwrap();
        for name in names {
            fs::write(dir.path().join(name), "").unwrap();
        }
        dir
    }

    fn shown(dir: &TempDir, inputs: &[&str]) -> Vec<String> {
        let inputs: Vec<_> = inputs.iter().map(|input| dir.path().join(input)).collect();
        let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
        let show = |found: &Found| match found {
            Found::File(path) => name(path),
            Found::Again(source) => format!("again {}", name(Path::new(&source.path))),
            Found::Other(source) => format!("not {}", name(Path::new(&source.path))),
            Found::Others(_, more) => format!("{more} more"),
            Found::Nothing(problem) => problem.message.clone(),
        };
        expand(&inputs).iter().map(show).collect()
    }

    #[test]
    fn a_directory_stands_for_its_spreadsheets_by_name() {
        let dir = bench(&[
            "b.CSV",
            "a.xlsx",
            "c.csv.gz",
            "d.txt.zst",
            "e.pdf",
            "f.csv.part",
            ".g.csv",
            "~$a.xlsx",
            "h.gz",
            "csv",
        ]);
        fs::create_dir(dir.path().join("older.csv")).unwrap();
        assert_eq!(
            shown(&dir, &[""]),
            [
                "a.xlsx",
                "b.CSV",
                "c.csv.gz",
                "d.txt.zst",
                "not csv",
                "not e.pdf",
                "not h.gz"
            ]
        );
        assert_eq!(
            shown(&dir, &["older.csv"]),
            ["there are no files to import in it"]
        );
    }

    #[test]
    fn files_that_are_passed_over_are_named_until_there_are_too_many() {
        let names: Vec<String> = (10..25).map(|number| format!("{number}.png")).collect();
        let dir = bench(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let shown = shown(&dir, &[""]);
        assert_eq!(shown.len(), 12);
        assert_eq!(shown[0], "there are no files to import in it");
        assert_eq!(
            (&*shown[1], &*shown[10], &*shown[11]),
            ("not 10.png", "not 19.png", "5 more")
        );
    }

    #[test]
    fn a_pattern_stands_for_what_fits_it() {
        let dir = bench(&[
            "b1.csv", "a1.csv", "c2.csv", ".d1.csv", "~$e1.csv", "x[1].csv",
        ]);
        assert_eq!(shown(&dir, &["*1.csv"]), ["a1.csv", "b1.csv"]);
        assert_eq!(shown(&dir, &["[bc]?.csv"]), ["b1.csv", "c2.csv"]);
        assert_eq!(shown(&dir, &["x[1].csv"]), ["x[1].csv"]);
        assert_eq!(shown(&dir, &["*.xlsx"]), ["no file fits this pattern"]);
        assert_eq!(shown(&dir, &["a[.csv"]), ["a[.csv"]);
    }

    #[test]
    fn a_file_named_twice_is_read_once() {
        let dir = bench(&["a.csv", "b.csv"]);
        let inputs = ["b.csv", "", "./a.csv", "nowhere.csv", "*.csv"];
        assert_eq!(
            shown(&dir, &inputs),
            [
                "b.csv",
                "a.csv",
                "again b.csv",
                "again a.csv",
                "nowhere.csv"
            ]
        );
    }
}
