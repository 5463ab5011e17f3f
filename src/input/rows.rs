//! Rows of a sheet: the header among them, and where the cells of the others stand under it.

use std::sync::Arc;

use super::header::{self, Header};
use crate::diagnostics::diagnostic::{Code, Diagnostic, Place, Source, WarningPolicy};
use crate::input::csv::lines;
use crate::input::process_rows::{RowSource, Turned, Turning};
use crate::input::{Cell, Doubtful, Extent, Options, Row, Sheet, SheetHead, Turn, sample};
use crate::schema::columns::Field;
use crate::schema::header_names::Names;

/// A row as its file has it: the cells that are there, each with its column from 0.
pub(crate) struct RawRow {
    pub(crate) number: u32,
    pub(crate) cells: RawCells,
}

pub(crate) enum RawCells {
    /// A CSV record: a surplus field means that a comma has moved the others.
    Record(::csv::StringRecord),
    /// Cells of a workbook: a note far to the right moves nothing.
    Sparse(Vec<(u32, Cell<'static>)>),
}

/// What reading the rows of a sheet came to.
pub(crate) enum Rows<P> {
    /// The sheet; without rows where its header is wrong.
    Sheet(Sheet<P>),
    /// It has no header, which is for the caller to weigh.
    NoHeader(header::Missing),
}

/// Reads the rows of one sheet: finds the header, leaves out what is no data, turns the rest.
///
/// # Errors
/// What is wrong with a row that cannot be read, which is wrong with the whole file.
pub(crate) fn read_rows<T: Turn>(
    mut rows: impl RowSource,
    source: &Arc<Source>,
    options: &Options<'_>,
    turn: &T,
    problems: &mut Vec<Diagnostic>,
) -> Result<Rows<T::Part>, Diagnostic> {
    if let Extent::Sample(count) = options.extent {
        return sample::read_rows(rows, source, (options, count), turn, problems);
    }
    let (header_row, above) = match find_header(&mut rows, source, &options.names)? {
        Ok(found) => found,
        Err(missing) => return Ok(Rows::NoHeader(missing)),
    };
    let (header, found) = read_header(source, &header_row, options);
    let usable = !found.iter().any(Diagnostic::is_error);
    let likely = header.likely(&found, &options.names);
    let is_denied = options.warnings == WarningPolicy::Deny && !found.is_empty();
    problems.extend(
        found
            .into_iter()
            .map(|problem| options.warnings.weigh(problem)),
    );
    let head = |header| SheetHead {
        source: Arc::clone(source),
        header,
        above,
        is_denied,
    };
    let mut sheet = Sheet::empty(source);
    match likely {
        _ if usable => sheet.take(rows, head(header), (options, turn), problems)?,
        Some((header, unclear)) => sheet.doubt(rows, head(header), unclear, (options, turn))?,
        None => sheet.unread = rows.count_filled()?,
    }
    Ok(Rows::Sheet(sheet))
}

impl<P> Sheet<P> {
    fn empty(source: &Arc<Source>) -> Self {
        Self {
            source: Arc::clone(source),
            sha256: Arc::from(""),
            head: None,
            parts: Vec::new(),
            rows: 0,
            skipped: 0,
            unread: 0,
            doubtful: None,
        }
    }

    /// Takes the rows under a good header.
    fn take<T: Turn<Part = P>>(
        &mut self,
        rows: impl RowSource,
        head: SheetHead,
        (options, turn): (&Options<'_>, &T),
        problems: &mut Vec<Diagnostic>,
    ) -> Result<(), Diagnostic> {
        for turned in turned(rows, &head, options, turn)? {
            self.rows += turned.rows;
            self.skipped += turned.skipped.len();
            self.parts.push(turned.part);
            problems.extend(turned.skipped);
        }
        self.head = Some(head);
        Ok(())
    }

    /// Takes the rows under a header as it was most likely meant, to be checked and no more.
    fn doubt<T: Turn<Part = P>>(
        &mut self,
        rows: impl RowSource,
        head: SheetHead,
        unclear: Vec<Field>,
        (options, turn): (&Options<'_>, &T),
    ) -> Result<(), Diagnostic> {
        let turned = turned(rows, &head, options, turn)?;
        let count = |turned: &Turned<P>| turned.rows + turned.skipped.len();
        self.unread = turned.iter().map(count).sum();
        let parts = turned.into_iter().map(|turned| turned.part).collect();
        self.doubtful = Some(Box::new(Doubtful {
            head,
            unclear,
            parts,
        }));
        Ok(())
    }
}

/// Turns the rows under a header.
fn turned<T: Turn>(
    rows: impl RowSource,
    head: &SheetHead,
    options: &Options<'_>,
    turn: &T,
) -> Result<Vec<Turned<T::Part>>, Diagnostic> {
    rows.turn_all(&Turning {
        head,
        options,
        turn,
    })
}

/// Reads the header row: the columns, and what is wrong with them.
fn read_header(
    source: &Arc<Source>,
    row: &RawRow,
    options: &Options<'_>,
) -> (Header, Vec<Diagnostic>) {
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

/// The header row, and the rows above it.
type FoundHeader = (RawRow, Vec<(u32, Vec<(u32, Cell<'static>)>)>);

/// Returns the first row that can be the header, or the finding that there is none.
fn find_header(
    rows: &mut impl Iterator<Item = Result<RawRow, Diagnostic>>,
    source: &Arc<Source>,
    names: &Names,
) -> Result<Result<FoundHeader, header::Missing>, Diagnostic> {
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
    pub(crate) fn bytes(&self) -> usize {
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
    pub(crate) fn present(&self) -> Vec<(u32, Cell<'_>)> {
        match self {
            Self::Record(record) => (0..).zip(record.iter().map(Cell::text)).collect(),
            Self::Sparse(cells) => cells.clone(),
        }
    }
}

/// Puts the cells of a row under their headers.
pub(crate) fn placed<'a>(head: &SheetHead, raw: &'a RawRow) -> Row<'a> {
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
    pub(crate) fn of_width(width: usize) -> Self {
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
    pub(crate) fn put(&mut self, cells: impl Iterator<Item = Cell<'a>>) {
        self.put_from(0, cells);
    }

    /// Puts the cells of a record under their headers, but for the first ones, which are there.
    pub(crate) fn put_from(&mut self, kept: usize, cells: impl Iterator<Item = Cell<'a>>) {
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
pub(crate) fn swallowed_in<'a>(fields: impl Iterator<Item = &'a str>) -> Option<u32> {
    let is_long = |text: &str| lines::breaks_in(text) >= SWALLOWED_LINES - 1;
    let long = (0..).zip(fields).find(|(_, text)| is_long(text));
    long.map(|(column, _)| column)
}

/// Makes the finding that a quote may have swallowed the rows below a cell.
pub(crate) fn swallowed_rows(place: Place) -> Diagnostic {
    let message = format!(
        "the quoted cell that begins here has {SWALLOWED_LINES} lines or more: rows may be inside it"
    );
    let help = "look for a quote that is closed too late; nothing to do if the text is so long";
    Diagnostic::new(Code::QuoteSwallowedRows, place, message, help)
}
