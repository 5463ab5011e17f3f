//! Rows as files have them, and data rows aligned with the header.

use super::csv::lines;
use super::sheet::SheetHead;
use super::values::cell::Cell;
use crate::diagnostics::diagnostic::{Code, Diagnostic, Place};

/// A row of data, its cells in the places of the header's.
#[derive(Debug)]
pub(crate) struct Row<'a> {
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

impl RawRow {
    /// Returns its number and what it holds, parted from the buffers of the file.
    pub(crate) fn owned(&self) -> (u32, Vec<(u32, Cell<'static>)>) {
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
