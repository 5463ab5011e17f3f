//! .ods: calamine's cells, each checked against the XML of the file.
//!
//! What calamine cannot read is repaired first ([`repair`]).

mod repair;
mod scan;

use std::io::{BufReader, Cursor};

use calamine::{Data, OdsError, Range, Reader};
use zip::ZipArchive;

use self::scan::{Kind, Mark, Table, tables};
use crate::input::values::cell::Cell;
use crate::input::values::percent::Percent;
use crate::input::workbook::error::WorkbookError;
use crate::input::workbook::merged::Merged;
use crate::input::workbook::number_format::Format;
use crate::input::workbook::rows::CellAt;
use crate::input::workbook::sheets::SheetEntry;
use crate::input::workbook::value::{borrowed, value};
use crate::input::workbook::worker::book::{Book, Cells};
use crate::input::workbook::worker::limits::Room;
use crate::input::workbook::worker::ods::repair::{CONTENT, repaired_parts};

/// An open .ods workbook.
pub(crate) struct Ods {
    book: calamine::Ods<Cursor<Vec<u8>>>,
    tables: Vec<Table>,
}

impl Ods {
    pub(crate) fn open(bytes: Vec<u8>, room: Room) -> Result<Self, WorkbookError> {
        let tables = {
            let mut archive = ZipArchive::new(Cursor::new(&bytes[..]))?;
            let content = archive.by_name(CONTENT)?;
            tables(BufReader::new(content))?
        };
        room.check_memory(tables.iter().map(memory).sum())?;
        let has_content_between_cells = tables.iter().any(|table| table.has_content_between_cells);
        let bytes = repaired_parts(bytes, has_content_between_cells)?;
        let book = calamine::Ods::new(Cursor::new(bytes)).map_err(|error| unreadable(&error))?;
        if book.sheets_metadata().len() != tables.len() {
            return Err(WorkbookError::cut_short());
        }
        Ok(Self { book, tables })
    }
}

fn unreadable(error: &OdsError) -> WorkbookError {
    match error {
        OdsError::Password => WorkbookError::Encrypted,
        OdsError::InvalidMime(_) => {
            WorkbookError::unreadable("it is not an OpenDocument spreadsheet")
        }
        OdsError::CellLimitExceeded { .. } => WorkbookError::too_large(error.to_string()),
        _ => WorkbookError::not_understood(),
    }
}

/// Returns the memory that calamine needs for a sheet: its rows, and the rectangle around them.
fn memory(table: &Table) -> u64 {
    /// Per listed cell: a value and a formula, in a list that may have grown to twice its size.
    const LISTED: u64 = 2 * (32 + 24);
    /// Per cell of the rectangle: a value and a formula, and the value again for the reader.
    const CELL: u64 = 32 + 24 + 32;
    let right = |mark: &Mark| u64::from(mark.column) + u64::from(mark.count);
    let ends = || {
        table
            .rows
            .iter()
            .map(|run| run.cells.last().map_or(0, right))
    };
    let lefts = table.rows.iter().filter_map(|run| run.cells.first());
    let left = lefts.map(|mark| u64::from(mark.column)).min();
    let width = ends().max().unwrap_or_default() - left.unwrap_or_default();
    let (Some(first), Some(last)) = (table.rows.first(), table.rows.last()) else {
        return 0;
    };
    let height = u64::from(last.row) + u64::from(last.count) - u64::from(first.row);
    ends().sum::<u64>() * LISTED + height * width * CELL
}

impl Book for Ods {
    fn sheets(&self) -> Vec<SheetEntry> {
        let sheets = self.book.sheets_metadata().iter();
        sheets.map(SheetEntry::of).collect()
    }

    fn cells(&mut self, index: usize) -> Result<(Merged, Cells<'_>), WorkbookError> {
        let sheet = self.book.sheets_metadata().get(index);
        let (Some(sheet), Some(table)) = (sheet.cloned(), self.tables.get(index)) else {
            return Err(WorkbookError::cut_short());
        };
        let merged = Merged::of(table.merges.iter().copied())?;
        let range = self.book.worksheet_range(&sheet.name);
        let range = range.map_err(|error| unreadable(&error))?;
        let places = table.rows.iter().flat_map(|run| {
            let rows = run.row..run.row + run.count;
            rows.flat_map(|row| run.cells.iter().flat_map(move |mark| each(row, mark)))
        });
        let cells = places.map(move |(row, column, kind)| cell_at(row, column, kind, &range));
        Ok((merged, Box::new(cells)))
    }
}

fn each(row: u32, mark: &Mark) -> impl Iterator<Item = (u32, u32, Kind)> + use<> {
    let kind = mark.kind;
    let columns = mark.column..mark.column + mark.count;
    columns.map(move |column| (row, column, kind))
}

/// Returns the value that calamine read for a cell of the file.
fn cell_at(
    row: u32,
    column: u32,
    kind: Kind,
    range: &Range<Data>,
) -> Result<CellAt, WorkbookError> {
    let format = match kind {
        Kind::Percentage(Some(decimals)) => Format::Percent(Percent::plain(decimals)),
        Kind::Percentage(None) => Format::PercentUnknown,
        _ => Format::Number,
    };
    let cell = match (range.get_value((row, column)), kind) {
        (_, Kind::Formula) => Cell::Formula,
        (_, Kind::Boolean(value)) => Cell::Boolean(value),
        (None | Some(Data::Empty), _) => return Err(WorkbookError::lost(row, column)),
        (Some(Data::String(text)), Kind::Error) => error(text),
        (_, Kind::Error) => error(""),
        (Some(data), _) => value(&borrowed(data), format, false),
    };
    Ok((row, column, cell))
}

/// Returns the error cell for an error text of any program: `#N/A`, `Err:502`.
fn error(text: &str) -> Cell<'static> {
    let text = if text.trim().is_empty() {
        "#ERROR!"
    } else {
        text.trim()
    };
    Cell::Error(text.to_owned().into())
}
