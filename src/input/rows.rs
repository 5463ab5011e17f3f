//! Rows: which of a sheet's are data, and where their cells stand under the header.

use std::sync::Arc;

use super::footer::is_figure;
use super::header::{self, Header};
use super::in_order::in_order;
use super::{Cell, Extent, Options, Row, Sheet, SheetHead, Turn, footer, lines, sample};
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
    /// Turns the rest of the rows on all cores, in parts that stand in their order.
    ///
    /// # Errors
    /// What is wrong with the first row that cannot be read or stands out of place.
    fn turn_all<T: Turn>(self, turning: &Turning<'_, T>) -> Result<Vec<Turned<T::Part>>, Problem>;
}

/// How the rows under a header are turned.
pub(super) struct Turning<'a, T> {
    pub(super) head: &'a SheetHead,
    options: &'a Options<'a>,
    turn: &'a T,
}

/// A part of a sheet, as far as it has been turned.
pub(super) struct Turned<P> {
    part: P,
    rows: usize,
    skipped: Vec<Problem>,
    /// How the last row begins, if that alone tells that it holds data.
    telling: Option<[String; 2]>,
}

impl<T: Turn> Turning<'_, T> {
    /// Begins a part.
    pub(super) fn begin(&self) -> Turned<T::Part> {
        Turned {
            part: self.turn.begin(self.head),
            rows: 0,
            skipped: Vec::new(),
            telling: None,
        }
    }

    /// Takes the next row of a part: turns it if it holds data.
    ///
    /// # Errors
    /// Where the row is a header with other columns: where the cells below stand is another question.
    pub(super) fn take(&self, turned: &mut Turned<T::Part>, row: &Row<'_>) -> Result<(), Problem> {
        let beginning = beginning(row);
        let is_told = match (&turned.telling, beginning) {
            (Some([one, other]), Some(texts)) => [&**one, &**other] == texts,
            _ => false,
        };
        let kind = if is_told {
            RowKind::Data
        } else {
            RowKind::of(row, self.head, &self.options.names)
        };
        match kind {
            RowKind::Blank => {}
            RowKind::Data => {
                turned.rows += 1;
                self.turn.row(&mut turned.part, self.head, row);
                if !is_told {
                    turned.telling = beginning
                        .filter(|texts| self.is_telling(*texts))
                        .map(|texts| texts.map(str::to_owned));
                }
            }
            RowKind::Skipped(problem) => {
                turned.skipped.push(self.options.warnings.weigh(problem));
            }
            RowKind::OtherHeader(problem) => return Err(problem),
        }
        Ok(())
    }

    /// Tells whether a row that begins so holds data, whatever else stands in it: two words that no header begins with.
    fn is_telling(&self, texts: [&str; 2]) -> bool {
        let is_word = |text: &&str| self.options.names.find(text).is_none() && !is_figure(text);
        texts.iter().all(is_word) && !self.head.header.begins_with(texts[0], &self.options.names)
    }

    /// Ends a part.
    pub(super) fn end(&self, turned: Turned<T::Part>) -> Turned<T::Part> {
        (self.options.on_rows)(turned.rows);
        turned
    }
}

/// Returns the first two cells of a row, if both hold text.
fn beginning<'a>(row: &'a Row<'_>) -> Option<[&'a str; 2]> {
    match &row.cells[..] {
        [Cell::Text(one), Cell::Text(other), ..] => Some([one, other]),
        _ => None,
    }
}

/// Rows that are read before they are checked together.
const BATCH: usize = 1024;
/// What such rows may weigh together, in bytes: rows can be long.
const BATCH_BYTES: usize = 4 << 20;

/// Rows that can be read only one after the other, as those of a workbook.
pub(super) struct OneByOne<I>(pub(super) I);

impl<I: Iterator<Item = Result<RawRow, Problem>>> Iterator for OneByOne<I> {
    type Item = Result<RawRow, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

impl<I: Iterator<Item = Result<RawRow, Problem>> + Send> RowSource for OneByOne<I> {
    fn turn_all<T: Turn>(
        mut self,
        turning: &Turning<'_, T>,
    ) -> Result<Vec<Turned<T::Part>>, Problem> {
        let batches = std::iter::from_fn(|| {
            let batch = next_batch(&mut self);
            let is_end = batch.as_ref().is_ok_and(Vec::is_empty);
            (!is_end).then_some(batch)
        });
        in_order(batches, |batch| {
            let mut turned = turning.begin();
            for row in batch? {
                turning.take(&mut turned, &placed(turning.head, &row))?;
            }
            Ok(turning.end(turned))
        })
    }
}

/// What reading the rows of a sheet came to.
pub(super) enum Rows<P> {
    /// The sheet; without rows where its header is wrong.
    Sheet(Sheet<P>),
    /// It has no header, which is for the caller to weigh.
    NoHeader(header::Missing),
}

/// Reads the rows of one sheet: finds the header, leaves out what is no data, turns the rest.
///
/// # Errors
/// What is wrong with a row that cannot be read, which is wrong with the whole file.
pub(super) fn read_rows<T: Turn>(
    mut rows: impl RowSource,
    source: &Arc<Source>,
    options: &Options<'_>,
    turn: &T,
    problems: &mut Vec<Problem>,
) -> Result<Rows<T::Part>, Problem> {
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
        parts: Vec::new(),
        rows: 0,
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
    let turning = Turning {
        head: &head,
        options,
        turn,
    };
    for turned in rows.turn_all(&turning)? {
        sheet.rows += turned.rows;
        sheet.skipped += turned.skipped.len();
        sheet.parts.push(turned.part);
        problems.extend(turned.skipped);
    }
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
        let swallowed = swallowed_in(record.iter());
        found.extend(
            swallowed.map(|column| swallowed_rows(Place::cell(source, row.number, column))),
        );
    }
    (header, found)
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
}

/// What a row under the header is.
pub(super) enum RowKind {
    Blank,
    Data,
    Skipped(Problem),
    /// A header with other columns.
    OtherHeader(Problem),
}

impl RowKind {
    pub(super) fn of(row: &Row<'_>, head: &SheetHead, names: &Names) -> Self {
        let place = || Place::row(&head.source, row.number);
        let skip =
            |code, message, help: &str| Self::Skipped(Problem::new(code, place(), message, help));
        if row.surplus.is_none() && row.cells.iter().all(Cell::is_blank) {
            Self::Blank
        } else if head.header.is_repeated_by(&row.cells, names) {
            skip(
                Code::HeaderRepeated,
                "the header stands here again; the row is left out",
                "nothing to do",
            )
        } else if header::is_header(&row.cells, names) {
            Self::OtherHeader(other_header(place(), head))
        } else if row.swallowed.is_none() && footer::is_footer(head, &row.cells) {
            skip(
                Code::FooterIgnored,
                "a row without order, company and test id is left out: it looks like a total or a note",
                "nothing to do; if it holds a score, fill in its ids",
            )
        } else {
            Self::Data
        }
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
    let mut row = Row::of_width(head.header.texts.len());
    row.number = raw.number;
    match &raw.cells {
        RawCells::Record(record) => {
            row.put(record.iter().map(Cell::text));
            row.swallowed = swallowed_in(record.iter());
        }
        RawCells::Sparse(present) => {
            let mut filled = 0;
            for (column, value) in present {
                filled += usize::from(!value.is_blank());
                match row.cells.get_mut(*column as usize) {
                    Some(cell) => *cell = value.borrowed(),
                    None => {
                        row.surplus = row.surplus.or(Some(*column));
                        row.beyond.push((*column, value.borrowed()));
                    }
                }
            }
            let headers = head.header.texts.iter().flatten().count();
            row.surplus = row.surplus.filter(|_| filled > headers);
        }
    }
    row
}

impl<'a> Row<'a> {
    /// Makes a row of blank cells, one for each column of a header.
    pub(super) fn of_width(width: usize) -> Self {
        Self {
            number: 0,
            cells: vec![Cell::Blank; width],
            surplus: None,
            beyond: Vec::new(),
            swallowed: None,
            same: None,
        }
    }

    /// Puts the cells of a record under their headers; what is filled beyond them means that a comma has moved the others.
    pub(super) fn put(&mut self, cells: impl Iterator<Item = Cell<'a>>) {
        self.put_from(0, cells);
    }

    /// Puts the cells of a record under their headers, but for the first ones, which are there.
    pub(super) fn put_from(&mut self, kept: usize, cells: impl Iterator<Item = Cell<'a>>) {
        let width = self.cells.len();
        self.cells.truncate(kept);
        self.beyond.clear();
        self.surplus = None;
        for (column, cell) in (0u32..).zip(cells) {
            let column = column.saturating_add(u32::try_from(kept).unwrap_or(u32::MAX));
            if self.cells.len() < width {
                self.cells.push(cell);
            } else if !cell.is_blank() {
                self.surplus = self.surplus.or(Some(column));
                self.beyond.push((column, cell));
            }
        }
        self.cells.resize(width, Cell::Blank);
    }
}

/// A cell of so many lines is rather a quote that was closed rows below.
const SWALLOWED_LINES: u32 = 10;

/// Returns the first column of a record whose cell has so many lines; only a quoted one can.
pub(super) fn swallowed_in<'a>(fields: impl Iterator<Item = &'a str>) -> Option<u32> {
    let is_long = |text: &str| lines::breaks_in(text) >= SWALLOWED_LINES - 1;
    let long = (0..).zip(fields).find(|(_, text)| is_long(text));
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
