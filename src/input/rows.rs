//! Rows: which of a sheet's are data, and where their cells stand under the header.

use std::sync::Arc;

use rayon::prelude::*;

use super::header::{self, Header};
use super::{Cell, Extent, Options, Row, Sheet, SheetHead, footer, lines, sample};
use crate::columns::Names;
use crate::problem::{Code, Place, Problem, Source, WarningPolicy};

/// A row as its file has it: the cells that are there, each with its column from 0.
pub(super) struct RawRow {
    pub(super) number: u32,
    pub(super) cells: RawCells,
}

pub(super) enum RawCells {
    /// A CSV record: a surplus field means that a comma has moved the others.
    Record(::csv::StringRecord),
    /// Cells of a workbook: a note far to the right moves nothing.
    Sparse(Vec<(u32, Cell<'static>)>),
}

/// Rows as they come from a file.
pub(super) trait RowSource: Iterator<Item = Result<RawRow, Problem>> {
    /// Turns the rest of the rows on all cores, and hands them on in their order, many at a time.
    fn turn_all<T: Send>(
        self,
        turn: impl Fn(&RawRow) -> T + Sync,
        take: impl FnMut(Vec<T>) -> Result<(), Problem>,
    ) -> Result<(), Problem>;
}

/// Rows that are read before they are checked together, on all cores.
const BATCH: usize = 8192;
/// What such rows may weigh together, in bytes: rows can be long.
const BATCH_BYTES: usize = 16 << 20;

/// Rows that can be read only one after the other, as those of a workbook.
pub(super) struct OneByOne<I>(pub(super) I);

impl<I: Iterator<Item = Result<RawRow, Problem>>> Iterator for OneByOne<I> {
    type Item = Result<RawRow, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

impl<I: Iterator<Item = Result<RawRow, Problem>>> RowSource for OneByOne<I> {
    fn turn_all<T: Send>(
        mut self,
        turn: impl Fn(&RawRow) -> T + Sync,
        mut take: impl FnMut(Vec<T>) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        loop {
            let batch = next_batch(&mut self)?;
            if batch.is_empty() {
                return Ok(());
            }
            take(batch.par_iter().map(&turn).collect())?;
        }
    }
}

/// What reading the rows of a sheet came to.
pub(super) enum Rows<R> {
    /// The sheet; without rows where its header is wrong.
    Sheet(Sheet<R>),
    /// It has no header, which is for the caller to weigh.
    NoHeader(header::Missing),
}

/// Reads the rows of one sheet: finds the header, leaves out what is no data, turns the rest.
///
/// # Errors
/// What is wrong with a row that cannot be read, which is wrong with the whole file.
pub(super) fn read_rows<R: Send>(
    mut rows: impl RowSource,
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
    let (header, found) = read_header(source, &header_row, options);
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
            let is_filled = row?
                .cells
                .present()
                .iter()
                .any(|(_, cell)| !cell.is_blank());
            sheet.unread += usize::from(is_filled);
        }
        return Ok(Rows::Sheet(sheet));
    }
    let head = SheetHead {
        source: Arc::clone(source),
        header,
        above,
        is_denied,
    };
    turn_rows(rows, &head, options, turn, &mut sheet, problems)?;
    sheet.head = Some(head);
    Ok(Rows::Sheet(sheet))
}

/// Reads the header row: the columns, and what is wrong with them.
fn read_header(
    source: &Arc<Source>,
    row: &RawRow,
    options: &Options<'_>,
) -> (Header, Vec<Problem>) {
    let cells = row.cells.present();
    let (header, mut found) =
        Header::read(source, row.number, &cells, &options.names, &options.wide);
    if let RawCells::Record(record) = &row.cells {
        let swallowed = swallowed_in(record);
        found.extend(
            swallowed.map(|column| swallowed_rows(Place::cell(source, row.number, column))),
        );
    }
    (header, found)
}

/// Turns the rows under a header, on all cores.
fn turn_rows<R: Send>(
    rows: impl RowSource,
    head: &SheetHead,
    options: &Options<'_>,
    turn: &(impl Fn(&SheetHead, &Row<'_>) -> R + Sync),
    sheet: &mut Sheet<R>,
    problems: &mut Vec<Problem>,
) -> Result<(), Problem> {
    let take = |turned: Vec<Turned<R>>| {
        (options.on_rows)(turned.len());
        for row in turned {
            match row {
                Turned::Blank => {}
                Turned::Data(row) => sheet.rows.push(row),
                Turned::OtherHeader(problem) => return Err(problem),
                Turned::Skipped(problem) => {
                    sheet.skipped += 1;
                    problems.push(options.warnings.weigh(problem));
                }
            }
        }
        Ok(())
    };
    rows.turn_all(|row| turn_row(head, &options.names, row, turn), take)
}

/// Takes the next rows, as many as are checked together.
fn next_batch(
    rows: &mut impl Iterator<Item = Result<RawRow, Problem>>,
) -> Result<Vec<RawRow>, Problem> {
    let mut batch = Vec::new();
    let mut bytes = 0;
    while batch.len() < BATCH && bytes < BATCH_BYTES {
        let Some(row) = rows.next().transpose()? else {
            break;
        };
        bytes += row.cells.bytes();
        batch.push(row);
    }
    Ok(batch)
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
    /// Returns about how much memory the cells take.
    fn bytes(&self) -> usize {
        let of_cell = |(_, cell): &(u32, Cell<'_>)| {
            let text = match cell {
                Cell::Text(text) => text.len(),
                _ => 0,
            };
            size_of::<(u32, Cell<'_>)>() + text
        };
        match self {
            Self::Record(record) => record.as_slice().len(),
            Self::Sparse(cells) => cells.iter().map(of_cell).sum(),
        }
    }

    /// Returns the cells that are there.
    pub(super) fn present(&self) -> Vec<(u32, Cell<'_>)> {
        match self {
            Self::Record(record) => (0..).zip(record.iter().map(Cell::text)).collect(),
            Self::Sparse(cells) => cells.clone(),
        }
    }

    /// Returns the record, to read the next one into.
    pub(super) fn into_record(self) -> ::csv::StringRecord {
        match self {
            Self::Record(record) => record,
            Self::Sparse(_) => ::csv::StringRecord::new(),
        }
    }
}

/// What became of a row.
pub(super) enum Turned<R> {
    Blank,
    Data(R),
    Skipped(Problem),
    /// A header with other columns: where the cells below stand is another question.
    OtherHeader(Problem),
}

pub(super) fn turn_row<R>(
    head: &SheetHead,
    names: &Names,
    raw: &RawRow,
    turn: &impl Fn(&SheetHead, &Row<'_>) -> R,
) -> Turned<R> {
    let row = placed(head, raw);
    let place = || Place::row(&head.source, row.number);
    let skip =
        |code, message, help: &str| Turned::Skipped(Problem::new(code, place(), message, help));
    if row.surplus.is_none() && row.cells.iter().all(Cell::is_blank) {
        Turned::Blank
    } else if head.header.is_repeated_by(&row.cells, names) {
        skip(
            Code::HeaderRepeated,
            "the header stands here again; the row is left out",
            "nothing to do",
        )
    } else if header::is_header(&row.cells, names) {
        Turned::OtherHeader(other_header(place(), head))
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

fn other_header(place: Place, head: &SheetHead) -> Problem {
    let message = format!(
        "a header stands here again, and its columns are not those of row {}",
        head.header.row
    );
    let help = "put the rows from here on into a file of their own";
    Problem::new(Code::RowMalformed, place, message, help)
}

/// Puts the cells of a row under their headers.
pub(super) fn placed<'a>(head: &SheetHead, raw: &'a RawRow) -> Row<'a> {
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
