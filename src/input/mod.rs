//! Files to rows: what a file is, where its header stands, which of its rows hold data.
//!
//! A row is handed on as soon as it is read, to a function that turns it into something smaller; the text of a file
//! is never held twice. What is wrong with a file is a [`Problem`]; one bad file does not stop the others.

pub mod cell;
mod csv;
pub mod header;
pub mod sample;
pub mod timestamp;
mod workbook;

use std::fmt::Write as _;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;
use sha2::{Digest, Sha256};

pub use self::cell::Cell;
pub use self::header::Header;
pub use self::sample::{Extent, sample};
use crate::columns::{Column, Names};
use crate::problem::{Code, Place, Problem, Source, WarningPolicy};

/// How inputs are read.
pub struct Options<'a> {
    /// The names that columns may have.
    pub names: Names,
    /// The sheets to read; every visible one with an order-id header where none is named.
    pub sheets: Vec<String>,
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
}

/// Which sheet a row is from, and what its columns are.
#[derive(Debug)]
pub struct SheetHead {
    /// The file and sheet.
    pub source: Arc<Source>,
    /// Its columns.
    pub header: Header,
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
}

/// What one input gave.
#[derive(Debug)]
pub struct File<R> {
    /// Its sheets; a CSV file is one.
    pub sheets: Vec<Sheet<R>>,
    /// Sheets that were not read, with the reason.
    pub passed_over: Vec<(Arc<Source>, &'static str)>,
    /// What is wrong with the file, its headers, and the rows that were left out.
    pub problems: Vec<Problem>,
}

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

/// Reads one input, in which `-` is standard input, turning each row of data by `turn`.
pub fn read<R: Send>(
    path: &Path,
    options: &Options<'_>,
    turn: &(impl Fn(&SheetHead, &Row<'_>) -> R + Sync),
) -> File<R> {
    let source = Arc::new(Source {
        path: path.display().to_string(),
        sheet: None,
    });
    let bytes = match bytes_of(path) {
        Ok(bytes) => bytes,
        Err(error) => return File::unusable(unreadable(&source, &error)),
    };
    let mut file = File {
        sheets: Vec::new(),
        passed_over: Vec::new(),
        problems: Vec::new(),
    };
    let (sha256, result) = rayon::join(
        || Arc::<str>::from(hex(&Sha256::digest(&bytes))),
        || match Format::of(&bytes) {
            Format::Xlsx => workbook::read(&bytes, &source, options, turn, &mut file),
            Format::Csv => csv::read(&bytes, &source, options, turn, &mut file),
            Format::Other(what) => Err(Problem::new(
                Code::InputUnreadable,
                Place::whole(&source),
                format!("this is {what}, which is not read"),
                "save it as .xlsx or as CSV (UTF-8) and try again",
            )),
        },
    );
    if let Err(problem) = result {
        return File::unusable(problem);
    }
    for sheet in &mut file.sheets {
        sheet.sha256 = Arc::clone(&sha256);
    }
    file
}

impl<R> File<R> {
    /// A file that is refused whole: none of its rows is used.
    fn unusable(problem: Problem) -> Self {
        Self {
            sheets: Vec::new(),
            passed_over: Vec::new(),
            problems: vec![problem],
        }
    }
}

/// What a file is, by its content.
enum Format {
    Csv,
    Xlsx,
    Other(&'static str),
}

impl Format {
    /// Beginnings of files that are no spreadsheet text.
    const SIGNATURES: [(&'static [u8], Self); 5] = [
        (b"PK\x03\x04", Self::Xlsx),
        (
            b"\xD0\xCF\x11\xE0",
            Self::Other("an .xls workbook or an encrypted one"),
        ),
        (b"\x1F\x8B", Self::Other("a gzip archive")),
        (b"\x28\xB5\x2F\xFD", Self::Other("a zstd archive")),
        (b"%PDF", Self::Other("a PDF document")),
    ];

    fn of(bytes: &[u8]) -> Self {
        let found = Self::SIGNATURES
            .into_iter()
            .find(|(signature, _)| bytes.starts_with(signature));
        found.map_or(Self::Csv, |(_, format)| format)
    }
}

fn bytes_of(path: &Path) -> std::io::Result<Vec<u8>> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    std::fs::read(path)
}

fn unreadable(source: &Arc<Source>, error: &std::io::Error) -> Problem {
    let (message, help) = match error.kind() {
        std::io::ErrorKind::NotFound => ("there is no such file".to_owned(), "check the path"),
        std::io::ErrorKind::IsADirectory => {
            ("this is a directory".to_owned(), "name the files in it")
        }
        _ => (
            format!("the file cannot be read: {error}"),
            "check that the file is whole and that you may read it",
        ),
    };
    Problem::new(Code::InputUnreadable, Place::whole(source), message, help)
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
    NoHeader(Problem),
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
    let header_row = match find_header(&mut rows, source, &options.names)? {
        Ok(row) => row,
        Err(missing) => return Ok(Rows::NoHeader(missing)),
    };
    let (header, found) = Header::read(
        source,
        header_row.number,
        &header_row.cells.present(),
        &options.names,
    );
    let found: Vec<Problem> = found
        .into_iter()
        .map(|problem| options.warnings.weigh(problem))
        .collect();
    let usable = !found.iter().any(Problem::is_error);
    problems.extend(found);
    let mut sheet = Sheet {
        source: Arc::clone(source),
        sha256: Arc::from(""),
        head: None,
        rows: Vec::new(),
        skipped: 0,
    };
    if !usable {
        return Ok(Rows::Sheet(sheet));
    }
    let head = SheetHead {
        source: Arc::clone(source),
        header,
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

/// Returns the first row that can be the header, or the finding that there is none.
fn find_header(
    rows: &mut impl Iterator<Item = Result<RawRow, Problem>>,
    source: &Arc<Source>,
    names: &Names,
) -> Result<Result<RawRow, Problem>, Problem> {
    let mut seen = Vec::new();
    for row in rows {
        let row = row?;
        if row.number > header::HEADER_WITHIN_ROWS {
            break;
        }
        if header::holds_order_id(&row.cells.present(), names) {
            return Ok(Ok(row));
        }
        seen.push(row);
    }
    let seen: Vec<_> = seen
        .iter()
        .map(|row| (row.number, row.cells.present()))
        .collect();
    Ok(Err(header::missing(source, &seen, names)))
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
    } else if is_footer(head, &row.cells) {
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
    let mut filled = 0;
    match &raw.cells {
        RawCells::Record(record) => {
            for (index, text) in record.iter().enumerate() {
                match cells.get_mut(index) {
                    Some(cell) => *cell = Cell::text(text),
                    None if Cell::text(text).is_blank() => {}
                    None => surplus = surplus.or(u32::try_from(index).ok()),
                }
            }
        }
        RawCells::Sparse(present) => {
            for (column, value) in present {
                filled += usize::from(!value.is_blank());
                match cells.get_mut(*column as usize) {
                    Some(cell) => *cell = value.clone(),
                    None => surplus = surplus.or(Some(*column)),
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
    }
}

/// Tells whether a row is only a label and figures, or a note, under the data.
fn is_footer(head: &SheetHead, cells: &[Cell<'_>]) -> bool {
    let blank = |column: Column| {
        let place = head.header.column_of(column);
        place.is_none_or(|column| cells.get(column as usize).is_none_or(Cell::is_blank))
    };
    if ![Column::OrderId, Column::CompanyId, Column::TestId]
        .into_iter()
        .all(blank)
    {
        return false;
    }
    let labels = cells
        .iter()
        .filter(|cell| !cell.is_blank() && !is_figure(cell))
        .count();
    labels <= 1
}

/// Tells whether a cell holds a figure: a number, a percentage, an amount, a span of time.
fn is_figure(cell: &Cell<'_>) -> bool {
    match cell {
        Cell::Text(text) => {
            text.chars().any(|c| c.is_ascii_digit())
                && text
                    .chars()
                    .all(|c| c.is_ascii_digit() || ".,:/%+-$€£ ".contains(c))
        }
        Cell::Number(_) | Cell::Duration(_) | Cell::Date(_) => true,
        Cell::Blank | Cell::Boolean(_) | Cell::Error(_) => false,
    }
}
