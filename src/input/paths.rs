//! Resolves the inputs of a command to files: a directory to its spreadsheets, a pattern to the files that match it.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use glob::MatchOptions;

use crate::diagnostics::diagnostic::{Code, Diagnostic, Place, Source};

/// A file or a problem that an input resolves to.
#[derive(Debug)]
pub(crate) enum ResolvedInput {
    /// A file, or `-`.
    File(PathBuf),
    /// A file that an earlier input also resolves to.
    Duplicate(Arc<Source>),
    /// A file of a directory whose name is not that of a spreadsheet.
    NotSpreadsheet(Arc<Source>),
    /// The directory, and the number of such files that are not listed.
    MoreNotSpreadsheets(Arc<Source>, usize),
    /// The input resolves to nothing.
    Error(Diagnostic),
}

/// How many other files of a directory are listed; it may be a directory of pictures.
const MOST_NAMED: usize = 10;

/// The extensions of spreadsheets. Text files may be compressed.
const TEXTS: [&str; 3] = ["csv", "tsv", "txt"];
const WORKBOOKS: [&str; 5] = ["xlsx", "xlsm", "xlsb", "xls", "ods"];
const PACKED: [&str; 2] = ["gz", "zst"];

/// Resolves inputs in their order. A file that is named twice is read once; otherwise its reports would be delivered
/// twice and all its rows would be duplicates.
pub(crate) fn resolve(inputs: &[PathBuf]) -> Vec<ResolvedInput> {
    let mut seen = HashSet::new();
    let mut reported = HashSet::new();
    let mut found = Vec::new();
    for input in inputs {
        match files_of(input) {
            Ok(files) => {
                for file in files {
                    let same = fs::canonicalize(&file).unwrap_or_else(|_| file.clone());
                    if seen.insert(same.clone()) {
                        found.push(ResolvedInput::File(file));
                    } else if reported.insert(same) {
                        found.push(ResolvedInput::Duplicate(source(&file)));
                    }
                }
            }
            Err(problem) => found.push(ResolvedInput::Error(problem)),
        }
        found.extend(passed_over(input));
    }
    found
}

/// Returns the files of a directory that are not read because of their names.
fn passed_over(input: &Path) -> Vec<ResolvedInput> {
    let mut others: Vec<_> = names_in(input).unwrap_or_default();
    others
        .retain(|name| !is_temporary(name) && !is_spreadsheet(name) && input.join(name).is_file());
    let more = others.len().saturating_sub(MOST_NAMED);
    let named = others.iter().take(MOST_NAMED);
    let named = named.map(|name| ResolvedInput::NotSpreadsheet(source(&input.join(name))));
    let counted = (more > 0).then(|| ResolvedInput::MoreNotSpreadsheets(source(input), more));
    named.chain(counted).collect()
}

/// Returns the sorted names in a directory.
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

/// Whether a path is a pattern and not the name of a file.
fn is_pattern(text: &str, input: &Path) -> bool {
    text.contains(['*', '?', '[']) && input.symlink_metadata().is_err()
}

/// Returns the spreadsheets of a directory, sorted by name. Subdirectories are not searched.
fn files_in(directory: &Path) -> Result<Vec<PathBuf>, Diagnostic> {
    let mut names = names_in(directory).map_err(|error| unreadable(directory, &error))?;
    names.retain(|name| is_spreadsheet(name) && is_file(&directory.join(name)));
    if names.is_empty() {
        let help = "name a directory with .csv, .tsv, .txt, .xlsx, .xlsm, .xlsb, .xls or .ods files, or the files";
        return Err(nothing(
            directory,
            "there are no files to import in this directory",
            help,
        ));
    }
    Ok(names.iter().map(|name| directory.join(name)).collect())
}

/// Whether a path is a file, or cannot be examined and must be reported.
fn is_file(path: &Path) -> bool {
    fs::metadata(path).map_or(true, |metadata| metadata.is_file())
}

/// Whether a file in a directory is a spreadsheet by its name, and not hidden, a lock, or partially written.
pub(crate) fn is_spreadsheet(name: &OsStr) -> bool {
    if is_temporary(name) {
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

/// Whether a name is that of a hidden, lock or partially written file, or of one of our reports.
pub(crate) fn is_temporary(name: &OsStr) -> bool {
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

/// Returns the files that match a pattern, sorted by name, as a shell would.
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
        let help = "check the path and the pattern; * and ? match characters of a name";
        return Err(nothing(input, "no file matches this pattern", help));
    }
    Ok(files)
}

fn unreadable(directory: &Path, error: &io::Error) -> Diagnostic {
    let message = format!("the directory cannot be read: {error}");
    nothing(
        directory,
        message,
        "check its permissions, or name the files in it",
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

    fn directory_with(names: &[&str]) -> TempDir {
        let dir = TempDir::new().unwrap();
        for name in names {
            fs::write(dir.path().join(name), "").unwrap();
        }
        dir
    }

    fn shown(dir: &TempDir, inputs: &[&str]) -> Vec<String> {
        let inputs: Vec<_> = inputs.iter().map(|input| dir.path().join(input)).collect();
        let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
        let show = |found: &ResolvedInput| match found {
            ResolvedInput::File(path) => name(path),
            ResolvedInput::Duplicate(source) => format!("again {}", name(Path::new(&source.path))),
            ResolvedInput::NotSpreadsheet(source) => {
                format!("not {}", name(Path::new(&source.path)))
            }
            ResolvedInput::MoreNotSpreadsheets(_, more) => format!("{more} more"),
            ResolvedInput::Error(problem) => problem.message.clone(),
        };
        resolve(&inputs).iter().map(show).collect()
    }

    #[test]
    fn a_directory_resolves_to_its_spreadsheets() {
        let dir = directory_with(&[
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
            ["there are no files to import in this directory"]
        );
    }

    #[test]
    fn skipped_files_are_listed_up_to_a_limit() {
        let names: Vec<String> = (10..25).map(|number| format!("{number}.png")).collect();
        let dir = directory_with(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let shown = shown(&dir, &[""]);
        assert_eq!(shown.len(), 12);
        assert_eq!(shown[0], "there are no files to import in this directory");
        assert_eq!(
            (&*shown[1], &*shown[10], &*shown[11]),
            ("not 10.png", "not 19.png", "5 more")
        );
    }

    #[test]
    fn a_pattern_resolves_to_the_files_that_match() {
        let dir = directory_with(&[
            "b1.csv", "a1.csv", "c2.csv", ".d1.csv", "~$e1.csv", "x[1].csv",
        ]);
        assert_eq!(shown(&dir, &["*1.csv"]), ["a1.csv", "b1.csv"]);
        assert_eq!(shown(&dir, &["[bc]?.csv"]), ["b1.csv", "c2.csv"]);
        assert_eq!(shown(&dir, &["x[1].csv"]), ["x[1].csv"]);
        assert_eq!(shown(&dir, &["*.xlsx"]), ["no file matches this pattern"]);
        assert_eq!(shown(&dir, &["a[.csv"]), ["a[.csv"]);
    }

    #[test]
    fn a_file_named_twice_is_read_once() {
        let dir = directory_with(&["a.csv", "b.csv"]);
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
