//! Files to rows: what a file is, where its header stands, which of its rows hold data.
//!
//! A row is handed on as soon as it is read, to what turns it into something smaller ([`Turn`]). A long file of CSV is
//! read piece by piece (`long`), also out of an archive or a pipe; a workbook from its bytes. What is wrong with a
//! file is a [`Diagnostic`]; one bad file does not stop the others.

mod archive;
mod bytes;
mod content;
pub mod csv;
mod footer;
mod format;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
pub(crate) mod header;
pub mod limits;
mod memory_limit;
mod parallel;
mod paths;
mod process_rows;
mod row_kind;
mod rows;
pub(crate) mod sample;
pub(crate) mod values;
pub(crate) mod wide;
pub mod workbook;

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) use self::bytes::fingerprint;
pub(crate) use self::header::Header;
pub(crate) use self::paths::{is_passing, is_spreadsheet};
use self::row_kind::RowKind;
pub(crate) use self::rows::swallowed_rows;
use self::rows::{RawCells, RawRow, Rows, placed, read_rows};
pub use self::sample::{Extent, sample};
use self::wide::WideTable;
pub use self::workbook::serve::serve as serve_workbook;
use crate::diagnostics::diagnostic::{Code, Diagnostic, Place, Source, WarningPolicy};
use crate::input::csv::delimiter::Delimiter;
use crate::input::csv::encoding::Encoding;
pub(crate) use crate::input::csv::output_dialect::Written;
use crate::input::process_rows::{Turned, Turning};
pub use crate::input::values::cell::Cell;
use crate::schema::columns::Field;
use crate::schema::header_names::Names;
use rayon::prelude::*;

/// How inputs are read.
pub struct Options<'a> {
    /// The names that columns may have.
    pub names: Names,
    /// Columns of wide sheets, each a test.
    pub wide: Vec<WideTable>,
    /// The sheets to read; every visible one with an order-id header where none is named.
    pub sheets: Vec<String>,
    /// What stands between the columns of CSV; told from each file where it is not set.
    pub delimiter: Option<Delimiter>,
    /// The encoding of CSV without byte order mark; told from each file where it is not set.
    pub encoding: Option<Encoding>,
    /// Whether a doubtful header makes a sheet unusable.
    pub warnings: WarningPolicy,
    /// How much of each sheet is read.
    pub extent: Extent,
    /// The program that reads workbooks in a process of its own; this one where none is named.
    pub program: Option<PathBuf>,
    /// Whether the fingerprints of the files are wanted.
    pub fingerprints: bool,
    /// Told how many rows were read, batch by batch.
    pub on_rows: &'a (dyn Fn(usize) + Sync),
}

impl Default for Options<'_> {
    /// Whole files, by the names that columns always have, told by themselves and to nobody.
    fn default() -> Self {
        Self {
            names: Names::default(),
            wide: Vec::new(),
            sheets: Vec::new(),
            delimiter: None,
            encoding: None,
            warnings: WarningPolicy::default(),
            extent: Extent::Whole,
            program: None,
            fingerprints: false,
            on_rows: &|_| {},
        }
    }
}

/// What the rows of data of a sheet are turned into: parts, which are read on all cores and stand in their order.
pub trait Turn: Sync {
    /// What a part of a sheet is turned into.
    type Part: Send;

    /// Begins a part.
    fn begin(&self, head: &SheetHead) -> Self::Part;

    /// Turns the next row of a part.
    fn row(&self, part: &mut Self::Part, head: &SheetHead, row: &Row<'_>);
}

/// Turns each row on its own.
pub struct Each<F>(pub F);

impl<R: Send, F: Fn(&SheetHead, &Row<'_>) -> R + Sync> Turn for Each<F> {
    type Part = Vec<R>;

    fn begin(&self, _: &SheetHead) -> Vec<R> {
        Vec::new()
    }

    fn row(&self, part: &mut Vec<R>, head: &SheetHead, row: &Row<'_>) {
        part.push((self.0)(head, row));
    }
}

/// A row of data, its cells in the places of the header's.
#[derive(Debug)]
pub struct Row<'a> {
    /// Its number as the user sees it; for CSV the line on which the record begins.
    pub(crate) number: u32,
    /// One cell for each column of the header.
    pub(crate) cells: Vec<Cell<'a>>,
    /// The column of the first cell that no header stands over, where the row has more cells than headers.
    pub(crate) surplus: Option<u32>,
    /// The cells that no header stands over, each with its column, whether or not they make the row malformed.
    pub(crate) beyond: Vec<(u32, Cell<'a>)>,
    /// The first column whose cell is so long that its quote may have swallowed rows.
    pub(crate) swallowed: Option<u32>,
    /// The number of an earlier row, and how many of the first cells are to the letter those of that row.
    pub(crate) same: Option<(u32, usize)>,
}

/// Which sheet a row is from, and what its columns are.
#[derive(Debug)]
pub struct SheetHead {
    /// The file and sheet.
    pub(crate) source: Arc<Source>,
    /// Its columns.
    pub(crate) header: Header,
    /// The rows above the header, such as titles: each its number and its cells.
    pub(crate) above: Vec<(u32, Vec<(u32, Cell<'static>)>)>,
    /// Whether warnings of the header are errors in this run, so that all its orders are held back.
    pub(crate) is_denied: bool,
}

/// A sheet that was read: `P` is what each part of it was turned into.
#[derive(Debug)]
pub(crate) struct Sheet<P> {
    /// Where it is from.
    pub(crate) source: Arc<Source>,
    /// The fingerprint of the whole file, in hexadecimal; empty where it is not wanted.
    pub(crate) sha256: Arc<str>,
    /// Its columns; `None` where it has no usable header, and so no rows.
    pub(crate) head: Option<SheetHead>,
    /// Its parts, in their order.
    pub(crate) parts: Vec<P>,
    /// How many rows of data are in them.
    pub(crate) rows: usize,
    /// How many rows were left out: repeated headers and footers. Blank rows do not count.
    pub(crate) skipped: usize,
    /// How many rows are not used, because the header is wrong.
    pub(crate) unread: usize,
    /// What those rows say under the columns that were most likely meant, to be checked and no more.
    pub(crate) doubtful: Option<Box<Doubtful<P>>>,
}

/// The rows of a sheet whose header is wrong in a way that leaves little doubt what was meant.
#[derive(Debug)]
pub(crate) struct Doubtful<P> {
    /// The columns, as they were most likely meant.
    pub(crate) head: SheetHead,
    /// What several columns would be: of those nothing is said.
    pub(crate) unclear: Vec<Field>,
    /// The parts of its rows, in their order.
    pub(crate) parts: Vec<P>,
}

/// What one input gave.
#[derive(Debug)]
pub struct File<P> {
    /// Its sheets; a CSV file is one.
    pub(crate) sheets: Vec<Sheet<P>>,
    /// Sheets that were not read, with the reason.
    pub(crate) passed_over: Vec<(Arc<Source>, &'static str)>,
    /// What is no problem and must be said: what was assumed, what was found to be nothing.
    pub(crate) notes: Vec<Note>,
    /// What is wrong with the file, its headers, and the rows that were left out.
    pub(crate) problems: Vec<Diagnostic>,
}

/// Something to be said of an input.
pub(crate) type Note = (Arc<Source>, Cow<'static, str>);

/// Reads inputs on all cores, in their order: files, directories and patterns; `-` is standard input.
pub fn read_all<T: Turn>(
    inputs: &[PathBuf],
    options: &Options<'_>,
    turn: &T,
) -> Vec<File<T::Part>> {
    let read = |found: paths::Found| match found {
        paths::Found::File(path) => read(&path, options, turn),
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

/// Reads one file, or `-`, turning its rows of data by `turn`.
pub(crate) fn read<T: Turn>(path: &Path, options: &Options<'_>, turn: &T) -> File<T::Part> {
    let source = Arc::new(Source {
        path: path.display().to_string(),
        sheet: None,
    });
    let mut file = File::default();
    let sha256 = match content::read(path, &source, options, turn, &mut file) {
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

impl<P> Default for File<P> {
    fn default() -> Self {
        Self {
            sheets: Vec::new(),
            passed_over: Vec::new(),
            notes: Vec::new(),
            problems: Vec::new(),
        }
    }
}

impl<R> Sheet<Vec<R>> {
    /// Returns its rows, each turned on its own.
    pub(crate) fn into_rows(self) -> Vec<R> {
        self.parts.into_iter().flatten().collect()
    }
}

impl<P> File<P> {
    /// A file that is refused whole: none of its rows is used.
    fn unusable(problem: Diagnostic) -> Self {
        Self {
            problems: vec![problem],
            ..Self::default()
        }
    }
}

/// Returns bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into memory does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
