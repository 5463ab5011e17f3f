//! .ods: the library's cells, of which each is held against the XML of the file.
//!
//! What the library trips over is mended before it reads ([`parts`]).

mod repair;
mod scan;

use std::io::{BufReader, Cursor};

use calamine::{Data, OdsError, Range, Reader};
use zip::ZipArchive;

use self::scan::{Kind, Mark, Table, tables};
use super::serve::{Book, Cells};
use crate::input::values::cell::Cell;
use crate::input::values::percent::Percent;
use crate::input::workbook::error::Flaw;
use crate::input::workbook::merged::Merged;
use crate::input::workbook::number_format::Format;
use crate::input::workbook::rows::Placed;
use crate::input::workbook::sheets::SheetEntry;
use crate::input::workbook::value::{lent, value};
use crate::input::workbook::worker::limits::Room;
use crate::input::workbook::worker::ods::repair::{CONTENT, completed};

/// An .ods workbook that has been opened.
pub(crate) struct Ods {
    book: calamine::Ods<Cursor<Vec<u8>>>,
    tables: Vec<Table>,
}

impl Ods {
    pub(crate) fn open(bytes: Vec<u8>, room: Room) -> Result<Self, Flaw> {
        let tables = {
            let mut archive = ZipArchive::new(Cursor::new(&bytes[..]))?;
            let content = archive.by_name(CONTENT)?;
            tables(BufReader::new(content))?
        };
        room.hold(tables.iter().map(memory).sum())?;
        let has_between = tables.iter().any(|table| table.has_between);
        let bytes = completed(bytes, has_between)?;
        let book = calamine::Ods::new(Cursor::new(bytes)).map_err(|error| unreadable(&error))?;
        if book.sheets_metadata().len() != tables.len() {
            return Err(Flaw::cut_short());
        }
        Ok(Self { book, tables })
    }
}

fn unreadable(error: &OdsError) -> Flaw {
    match error {
        OdsError::Password => Flaw::Encrypted,
        OdsError::InvalidMime(_) => Flaw::unreadable("it is no OpenDocument spreadsheet"),
        OdsError::CellLimitExceeded { .. } => Flaw::too_large(error.to_string()),
        _ => Flaw::strange(),
    }
}

/// Returns how much memory the library takes for a sheet: its rows as they are, and the rectangle of them all.
fn memory(table: &Table) -> u64 {
    /// A value and a formula, in a list that may have grown to twice its size.
    const LISTED: u64 = 2 * (32 + 24);
    /// A value and a formula, and the value once more for its reader.
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

    fn cells(&mut self, index: usize) -> Result<(Merged, Cells<'_>), Flaw> {
        let sheet = self.book.sheets_metadata().get(index);
        let (Some(sheet), Some(table)) = (sheet.cloned(), self.tables.get(index)) else {
            return Err(Flaw::cut_short());
        };
        let merged = Merged::of(table.merges.iter().copied())?;
        let range = self.book.worksheet_range(&sheet.name);
        let range = range.map_err(|error| unreadable(&error))?;
        let places = table.rows.iter().flat_map(|run| {
            let rows = run.row..run.row + run.count;
            rows.flat_map(|row| run.cells.iter().flat_map(move |mark| each(row, mark)))
        });
        let cells = places.map(move |(row, column, kind)| placed(row, column, kind, &range));
        Ok((merged, Box::new(cells)))
    }
}

fn each(row: u32, mark: &Mark) -> impl Iterator<Item = (u32, u32, Kind)> + use<> {
    let kind = mark.kind;
    let columns = mark.column..mark.column + mark.count;
    columns.map(move |column| (row, column, kind))
}

/// Returns what the library has read where the file has a cell.
fn placed(row: u32, column: u32, kind: Kind, range: &Range<Data>) -> Result<Placed, Flaw> {
    let format = match kind {
        Kind::Percentage(Some(decimals)) => Format::Percent(Percent::plain(decimals)),
        Kind::Percentage(None) => Format::SomePercent,
        _ => Format::Number,
    };
    let cell = match (range.get_value((row, column)), kind) {
        (_, Kind::Formula) => Cell::Formula,
        (_, Kind::Boolean(value)) => Cell::Boolean(value),
        (None | Some(Data::Empty), _) => return Err(Flaw::lost(row, column)),
        (Some(Data::String(text)), Kind::Error) => error(text),
        (_, Kind::Error) => error(""),
        (Some(data), _) => value(&lent(data), format, false),
    };
    Ok((row, column, cell))
}

/// Returns an error, whatever the program calls it: `#N/A`, `Err:502`.
fn error(text: &str) -> Cell<'static> {
    let text = if text.trim().is_empty() {
        "#ERROR!"
    } else {
        text.trim()
    };
    Cell::Error(text.to_owned().into())
}
