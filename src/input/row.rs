//! Rows as files have them, and data rows aligned with the header.

use csv::StringRecord;

use super::csv::lines;
use super::sheet::SheetHead;
use super::values::cell::Cell;
use crate::diagnostics::diagnostic::{Code, Diagnostic, Place};

/// A data row, its cells aligned with the header.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    /// The row number as the user sees it; for CSV the line on which the record begins.
    pub(crate) number: u32,
    /// One cell for each column of the header.
    pub(crate) cells: Vec<Cell<'a>>,
    /// The column of the first cell beyond the header, if the row has more cells than the header.
    pub(crate) surplus: Option<u32>,
    /// The non-blank cells beyond the header with their columns, whether or not they make the row malformed.
    pub(crate) beyond: Vec<(u32, Cell<'a>)>,
    /// The first column whose cell has many lines, so that its quote may have swallowed rows.
    pub(crate) swallowed: Option<u32>,
    /// The number of an earlier row, and how many of the first cells equal that row's.
    pub(crate) same: Option<(u32, usize)>,
}

/// A row as its file has it.
pub(crate) struct RawRow {
    pub(crate) number: u32,
    pub(crate) cells: RawCells,
}

pub(crate) enum RawCells {
    /// A CSV record. A surplus field means that a stray delimiter moved later fields.
    Record(StringRecord),
    /// The non-blank cells of a workbook row with their columns from 0. A note far to the right moves nothing.
    Sparse(Vec<(u32, Cell<'static>)>),
}

impl RawRow {
    /// Returns the row number and the non-blank cells.
    pub(crate) fn to_owned_cells(&self) -> (u32, Vec<(u32, Cell<'static>)>) {
        let present = self.cells.present().into_iter();
        let filled = present.filter(|(_, cell)| !cell.is_blank());
        let owned = filled.map(|(column, cell)| (column, cell.into_owned()));
        (self.number, owned.collect())
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

    /// Returns the cells with their columns.
    pub(crate) fn present(&self) -> Vec<(u32, Cell<'_>)> {
        match self {
            Self::Record(record) => (0..).zip(record.iter().map(Cell::text)).collect(),
            Self::Sparse(cells) => cells.clone(),
        }
    }
}

impl<'a> Row<'a> {
    /// Aligns a row with a header.
    pub(crate) fn new(head: &SheetHead, raw: &'a RawRow) -> Self {
        match &raw.cells {
            RawCells::Record(record) => {
                Self::from_record(raw.number, record, head.header.texts.len())
            }
            RawCells::Sparse(cells) => Self::from_sparse(raw.number, cells, head),
        }
    }

    /// Aligns a CSV record with a header of `width` columns.
    pub(crate) fn from_record(number: u32, record: &'a StringRecord, width: usize) -> Self {
        let mut row = Self::blank(number, width);
        for (column, cell) in (0u32..).zip(record.iter().map(Cell::text)) {
            match row.cells.get_mut(column as usize) {
                Some(place) => *place = cell,
                None if cell.is_blank() => {}
                None => {
                    row.surplus = row.surplus.or(Some(column));
                    row.beyond.push((column, cell));
                }
            }
        }
        row.swallowed = swallowed_column(record);
        row
    }

    fn from_sparse(number: u32, cells: &'a [(u32, Cell<'static>)], head: &SheetHead) -> Self {
        let mut row = Self::blank(number, head.header.texts.len());
        let mut filled = 0;
        for (column, cell) in cells {
            filled += usize::from(!cell.is_blank());
            match row.cells.get_mut(*column as usize) {
                Some(place) => *place = cell.borrowed(),
                None => {
                    row.surplus = row.surplus.or(Some(*column));
                    row.beyond.push((*column, cell.borrowed()));
                }
            }
        }
        let headers = head.header.texts.iter().flatten().count();
        row.surplus = row.surplus.filter(|_| filled > headers);
        row
    }

    fn blank(number: u32, width: usize) -> Self {
        Self {
            number,
            cells: vec![Cell::Blank; width],
            surplus: None,
            beyond: Vec::new(),
            swallowed: None,
            same: None,
        }
    }
}

/// A cell with this many lines is more likely a quote that is closed rows below.
const SWALLOWED_LINES: u32 = 10;

/// Returns the first column of a record whose cell has at least [`SWALLOWED_LINES`] lines.
pub(crate) fn swallowed_column(record: &StringRecord) -> Option<u32> {
    let is_long = |text: &str| lines::breaks_in(text) >= SWALLOWED_LINES - 1;
    if !is_long(record.as_slice()) {
        return None;
    }
    let mut fields = (0..).zip(record.iter());
    fields
        .find(|(_, text)| is_long(text))
        .map(|(column, _)| column)
}

/// The warning that a quote may have swallowed the rows below a cell.
pub(crate) fn swallowed_rows(place: Place) -> Diagnostic {
    let message = format!(
        "the quoted cell that begins here has {SWALLOWED_LINES} lines or more: it may contain rows"
    );
    let help = "look for a quote that is closed too late; nothing to do if the text is that long";
    Diagnostic::new(Code::QuoteSwallowedRows, place, message, help)
}
