//! Files to rows: what a file is, where its header stands, which of its rows hold data.
//!
//! A row is handed on as soon as it is read, to a function that turns it into something smaller; the text of a file
//! is never held twice. What is wrong with a file is a [`Problem`]; one bad file does not stop the others.

mod archive;
mod bytes;
pub mod cell;
mod csv;
pub mod delimiter;
mod dialect;
pub mod encoding;
mod footer;
mod format;
pub mod header;
pub mod layout;
mod lines;
mod paths;
pub mod sample;
pub mod timestamp;
pub mod wide;
mod workbook;

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;
use sha2::{Digest, Sha256};

pub use self::cell::Cell;
use self::delimiter::Delimiter;
use self::encoding::Encoding;
use self::format::Format;
pub use self::header::Header;
pub use self::sample::{Extent, sample};
use self::wide::WideTable;
use crate::columns::Names;
use crate::problem::{Code, Place, Problem, Source, WarningPolicy};

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
    /// Told how many rows were read, batch by batch.
    pub on_rows: &'a (dyn Fn(usize) + Sync),
}

/// A row of data, its cells in the places of the header's.
#[derive(Debug)]
pub struct Row<'a> {
    /// Its number as the user sees it; for CSV the line on which the record begins.
    pub number: u32,
    /// One cell for each column of the header.
    pub cells: Vec<Cell<'a>>,
    /// The column of the first cell that no header stands over, where the row has more cells than headers.
    pub surplus: Option<u32>,
    /// The cells that no header stands over, each with its column, whether or not they make the row malformed.
    pub beyond: Vec<(u32, Cell<'a>)>,
    /// The first column whose cell is so long that its quote may have swallowed rows.
    pub swallowed: Option<u32>,
}

/// Which sheet a row is from, and what its columns are.
#[derive(Debug)]
pub struct SheetHead {
    /// The file and sheet.
    pub source: Arc<Source>,
    /// Its columns.
    pub header: Header,
    /// The rows above the header, such as titles: each its number and its cells.
    pub above: Vec<(u32, Vec<(u32, Cell<'static>)>)>,
    /// Whether warnings of the header are errors in this run, so that all its orders are held back.
    pub is_denied: bool,
}

/// A sheet that was read: `R` is what each row was turned into.
#[derive(Debug)]
pub struct Sheet<R> {
    /// Where it is from.
    pub source: Arc<Source>,
    /// The fingerprint of the whole file, in hexadecimal.
    pub sha256: Arc<str>,
    /// Its columns; `None` where it has no usable header, and so no rows.
    pub head: Option<SheetHead>,
    /// Its rows of data, in their order.
    pub rows: Vec<R>,
    /// How many rows were left out: repeated headers and footers. Blank rows do not count.
    pub skipped: usize,
    /// How many rows were not read, because the header is wrong.
    pub unread: usize,
}

/// What one input gave.
#[derive(Debug)]
pub struct File<R> {
    /// Its sheets; a CSV file is one.
    pub sheets: Vec<Sheet<R>>,
    /// Sheets that were not read, with the reason.
    pub passed_over: Vec<(Arc<Source>, &'static str)>,
    /// What is no problem and must be said: what was assumed, what was found to be nothing.
    pub notes: Vec<Note>,
    /// What is wrong with the file, its headers, and the rows that were left out.
    pub problems: Vec<Problem>,
}

/// Something to be said of an input.
pub type Note = (Arc<Source>, Cow<'static, str>);

/// A row as its file has it: the cells that are there, each with its column from 0.
struct RawRow {
    number: u32,
    cells: RawCells,
}

enum RawCells {
    /// A CSV record: a surplus field means that a comma has moved the others.
    Record(::csv::StringRecord),
    /// Cells of a workbook: a note far to the right moves nothing.
    Sparse(Vec<(u32, Cell<'static>)>),
}

/// Reads inputs on all cores, in their order: files, directories and patterns; `-` is standard input.
pub fn read_all<R: Send>(
    inputs: &[PathBuf],
    options: &Options<'_>,
    turn: &(impl Fn(&SheetHead, &Row<'_>) -> R + Sync),
) -> Vec<File<R>> {
    let read = |found: paths::Found| match found {
        paths::Found::File(path) => read(&path, options, turn),
        paths::Found::Again(source) => File {
            notes: vec![(source, "named more than once, and read once".into())],
            ..File::default()
        },
        paths::Found::Nothing(problem) => File::unusable(problem),
    };
    paths::expand(inputs).into_par_iter().map(read).collect()
}

/// Reads one file, or `-`, turning each row of data by `turn`.
pub fn read<R: Send>(
    path: &Path,
    options: &Options<'_>,
    turn: &(impl Fn(&SheetHead, &Row<'_>) -> R + Sync),
) -> File<R> {
    let source = Arc::new(Source {
        path: path.display().to_string(),
        sheet: None,
    });
    let bytes = match bytes::of(path, &source) {
        Ok(bytes) => bytes,
        Err(problem) => return File::unusable(problem),
    };
    let mut file = File::default();
    let (sha256, result) = rayon::join(
        || Arc::<str>::from(hex(&Sha256::digest(&bytes))),
        || read_content(&bytes, &source, options, turn, &mut file),
    );
    if let Err(problem) = result {
        return File {
            notes: file.notes,
            ..File::unusable(problem)
        };
    }
    for sheet in &mut file.sheets {
        sheet.sha256 = Arc::clone(&sha256);
        if sheet.head.is_some() && sheet.rows.is_empty() {
            let words = "there are no rows of data under the header";
            file.notes.push((Arc::clone(&sheet.source), words.into()));
        }
    }
    file
}

/// Reads what a file holds, by what that is; of a compressed one, by what is in it.
fn read_content<R: Send>(
    bytes: &[u8],
    source: &Arc<Source>,
    options: &Options<'_>,
    turn: &(impl Fn(&SheetHead, &Row<'_>) -> R + Sync),
    file: &mut File<R>,
) -> Result<(), Problem> {
    let unpacked = match Format::of(bytes) {
        Format::Packed(packing) => Cow::Owned(archive::unpacked(bytes, packing, source)?),
        _ => Cow::Borrowed(bytes),
    };
    match Format::of(&unpacked) {
        Format::Workbook => workbook::read(&unpacked, source, options, turn, file),
        Format::Csv => csv::read(&unpacked, source, options, turn, file),
        Format::Packed(_) => Err(format::refusal(source, "an archive in an archive")),
        Format::Other(what) => Err(format::refusal(source, what)),
    }
}

impl<R> Default for File<R> {
    fn default() -> Self {
        Self {
            sheets: Vec::new(),
            passed_over: Vec::new(),
            notes: Vec::new(),
            problems: Vec::new(),
        }
    }
}

impl<R> File<R> {
    /// A file that is refused whole: none of its rows is used.
    fn unusable(problem: Problem) -> Self {
        Self {
            problems: vec![problem],
            ..Self::default()
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into memory does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Rows that are read before they are checked together, on all cores.
const BATCH: usize = 8192;

/// What reading the rows of a sheet came to.
enum Rows<R> {
    /// The sheet; without rows where its header is wrong.
    Sheet(Sheet<R>),
    /// It has no header, which is for the caller to weigh.
    NoHeader(header::Missing),
}

/// Reads the rows of one sheet: finds the header, leaves out what is no data, turns the rest.
///
/// # Errors
/// What is wrong with a row that cannot be read, which is wrong with the whole file.
fn read_rows<R: Send>(
    mut rows: impl Iterator<Item = Result<RawRow, Problem>>,
    source: &Arc<Source>,
    options: &Options<'_>,
    turn: &(impl Fn(&SheetHead, &Row<'_>) -> R + Sync),
    problems: &mut Vec<Problem>,
) -> Result<Rows<R>, Problem> {
    if let Extent::Sample(count) = options.extent {
        return sample::read_rows(rows, source, (options, count), turn, problems);
    }
    let (header_row, above) = match find_header(&mut rows, source, &options.names)? {
        Ok(found) => found,
        Err(missing) => return Ok(Rows::NoHeader(missing)),
    };
    let (header, found) = Header::read(
        source,
        header_row.number,
        &header_row.cells.present(),
        &options.names,
        &options.wide,
    );
    let swallowed = match &header_row.cells {
        RawCells::Record(record) => swallowed_in(record),
        RawCells::Sparse(_) => None,
    };
    let swallowed =
        swallowed.map(|column| swallowed_rows(Place::cell(source, header_row.number, column)));
    let found: Vec<Problem> = found.into_iter().chain(swallowed).collect();
    let usable = !found.iter().any(Problem::is_error);
    let is_denied = options.warnings == WarningPolicy::Deny && !found.is_empty();
    problems.extend(
        found
            .into_iter()
            .map(|problem| options.warnings.weigh(problem)),
    );
    let mut sheet = Sheet {
        source: Arc::clone(source),
        sha256: Arc::from(""),
        head: None,
        rows: Vec::new(),
        skipped: 0,
        unread: 0,
    };
    if !usable {
        for row in rows {
            sheet.unread += usize::from(
                row?.cells
                    .present()
                    .iter()
                    .any(|(_, cell)| !cell.is_blank()),
            );
        }
        return Ok(Rows::Sheet(sheet));
    }
    let head = SheetHead {
        source: Arc::clone(source),
        header,
        above,
        is_denied,
    };
    loop {
        let batch: Vec<RawRow> = rows.by_ref().take(BATCH).collect::<Result<_, _>>()?;
        if batch.is_empty() {
            break;
        }
        let turned: Vec<Turned<R>> = batch
            .par_iter()
            .map(|row| turn_row(&head, row, turn))
            .collect();
        for row in turned {
            match row {
                Turned::Blank => {}
                Turned::Data(row) => sheet.rows.push(row),
                Turned::Skipped(problem) => {
                    sheet.skipped += 1;
                    problems.push(options.warnings.weigh(problem));
                }
            }
        }
        (options.on_rows)(batch.len());
    }
    sheet.head = Some(head);
    Ok(Rows::Sheet(sheet))
}

/// The header row, and the rows above it.
type FoundHeader = (RawRow, Vec<(u32, Vec<(u32, Cell<'static>)>)>);

/// Returns the first row that can be the header, or the finding that there is none.
fn find_header(
    rows: &mut impl Iterator<Item = Result<RawRow, Problem>>,
    source: &Arc<Source>,
    names: &Names,
) -> Result<Result<FoundHeader, header::Missing>, Problem> {
    let mut seen = Vec::new();
    for row in rows {
        let row = row?;
        if row.number > header::HEADER_WITHIN_ROWS {
            break;
        }
        if header::holds_order_id(&row.cells.present(), names) {
            let above = seen.iter().map(RawRow::owned).collect();
            return Ok(Ok((row, above)));
        }
        seen.push(row);
    }
    let seen: Vec<_> = seen
        .iter()
        .map(|row| (row.number, row.cells.present()))
        .collect();
    Ok(Err(header::missing(source, &seen, names)))
}

impl RawRow {
    /// Returns its number and what it holds, parted from the buffers of the file.
    fn owned(&self) -> (u32, Vec<(u32, Cell<'static>)>) {
        let held = self.cells.present().into_iter();
        let held = held.filter(|(_, cell)| !cell.is_blank());
        (
            self.number,
            held.map(|(column, cell)| (column, cell.into_owned()))
                .collect(),
        )
    }
}

impl RawCells {
    /// Returns the cells that are there.
    fn present(&self) -> Vec<(u32, Cell<'_>)> {
        match self {
            Self::Record(record) => (0..).zip(record.iter().map(Cell::text)).collect(),
            Self::Sparse(cells) => cells.clone(),
        }
    }
}

/// What became of a row.
enum Turned<R> {
    Blank,
    Data(R),
    Skipped(Problem),
}

fn turn_row<R>(
    head: &SheetHead,
    raw: &RawRow,
    turn: &impl Fn(&SheetHead, &Row<'_>) -> R,
) -> Turned<R> {
    let row = placed(head, raw);
    let skip = |code, message, help: &str| {
        Turned::Skipped(Problem::new(
            code,
            Place::row(&head.source, row.number),
            message,
            help,
        ))
    };
    if row.surplus.is_none() && row.cells.iter().all(Cell::is_blank) {
        Turned::Blank
    } else if head.header.is_repeated_by(&row.cells) {
        skip(
            Code::HeaderRepeated,
            "the header stands here again; the row is left out",
            "nothing to do",
        )
    } else if row.swallowed.is_none() && footer::is_footer(head, &row.cells) {
        skip(
            Code::FooterIgnored,
            "a row without order, company and test id is left out: it looks like a total or a note",
            "nothing to do; if it holds a score, fill in its ids",
        )
    } else {
        Turned::Data(turn(head, &row))
    }
}

/// Puts the cells of a row under their headers.
fn placed<'a>(head: &SheetHead, raw: &'a RawRow) -> Row<'a> {
    let width = head.header.texts.len();
    let mut cells = vec![Cell::Blank; width];
    let mut surplus = None;
    let mut beyond = Vec::new();
    let mut swallowed = None;
    let mut filled = 0;
    match &raw.cells {
        RawCells::Record(record) => {
            swallowed = swallowed_in(record);
            for (column, text) in (0u32..).zip(record) {
                match (cells.get_mut(column as usize), Cell::text(text)) {
                    (Some(cell), value) => *cell = value,
                    (None, Cell::Blank) => {}
                    (None, value) => {
                        surplus = surplus.or(Some(column));
                        beyond.push((column, value));
                    }
                }
            }
        }
        RawCells::Sparse(present) => {
            for (column, value) in present {
                filled += usize::from(!value.is_blank());
                match cells.get_mut(*column as usize) {
                    Some(cell) => *cell = value.clone(),
                    None => {
                        surplus = surplus.or(Some(*column));
                        beyond.push((*column, value.clone()));
                    }
                }
            }
            let headers = head.header.texts.iter().flatten().count();
            surplus = surplus.filter(|_| filled > headers);
        }
    }
    Row {
        number: raw.number,
        cells,
        surplus,
        beyond,
        swallowed,
    }
}

/// A cell of so many lines is rather a quote that was closed rows below.
const SWALLOWED_LINES: u32 = 10;

/// Returns the first column of a record whose cell has so many lines; only a quoted one can.
fn swallowed_in(record: &::csv::StringRecord) -> Option<u32> {
    let bytes = record.as_slice().as_bytes();
    if !bytes.contains(&b'\n') && !bytes.contains(&b'\r') {
        return None;
    }
    let is_long = |text: &str| lines::breaks_in(text) >= SWALLOWED_LINES - 1;
    let long = (0..).zip(record).find(|(_, text)| is_long(text));
    long.map(|(column, _)| column)
}

/// Makes the finding that a quote may have swallowed the rows below a cell.
#[must_use]
pub fn swallowed_rows(place: Place) -> Problem {
    let message = format!(
        "the quoted cell that begins here has {SWALLOWED_LINES} lines or more: rows may be inside it"
    );
    let help = "look for a quote that is closed too late; nothing to do if the text is so long";
    Problem::new(Code::QuoteSwallowedRows, place, message, help)
}
