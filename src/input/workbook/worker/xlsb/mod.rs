//! .xlsb: calamine's stream of cells, checked against the same records for what calamine loses.

mod parts;
mod records;
mod repair;

use std::io::{Cursor, Read};
use std::rc::Rc;

use calamine::{DataRef, Reader, XlsbError};
use zip::ZipArchive;

use self::records::{Archive, Records};
use crate::input::limits::MOST_ROWS;
use crate::input::values::cell::Cell;
use crate::input::workbook::error::WorkbookError;
use crate::input::workbook::merged::Merged;
use crate::input::workbook::number_format::Format;
use crate::input::workbook::rows::CellAt;
use crate::input::workbook::sheets::SheetEntry;
use crate::input::workbook::value::value;
use crate::input::workbook::worker::book::{Book, Cells};
use crate::input::workbook::worker::le::{bytes, error_text, size_at, u32_at, wide_text};
use crate::input::workbook::worker::xlsb::repair::{RICH_TEXT, ROW};

/// An open .xlsb workbook.
pub(crate) struct Xlsb {
    book: calamine::Xlsb<Cursor<Rc<[u8]>>>,
    archive: Archive,
    /// By sheet: the archive index of its part.
    parts: Vec<Option<usize>>,
    /// By style: its number format.
    formats: Vec<Format>,
}

impl Xlsb {
    pub(crate) fn open(bytes: Vec<u8>) -> Result<Self, WorkbookError> {
        let bytes: Rc<[u8]> = bytes.into();
        let mut archive = ZipArchive::new(Cursor::new(Rc::clone(&bytes)))?;
        let parts = parts::sheets(&mut archive)?;
        let bytes = repair::repaired(&mut archive, &parts)?.unwrap_or(bytes);
        let mut archive = ZipArchive::new(Cursor::new(Rc::clone(&bytes)))?;
        let book = calamine::Xlsb::new(Cursor::new(bytes)).map_err(|error| unreadable(&error))?;
        Ok(Self {
            parts,
            formats: parts::formats(&mut archive)?,
            archive,
            book,
        })
    }
}

fn unreadable(error: &XlsbError) -> WorkbookError {
    match error {
        XlsbError::Password => WorkbookError::Encrypted,
        _ => WorkbookError::not_understood(),
    }
}

impl Book for Xlsb {
    fn sheets(&self) -> Vec<SheetEntry> {
        let sheets = self.book.sheets_metadata().iter();
        sheets.map(SheetEntry::of).collect()
    }

    fn cells(&mut self, index: usize) -> Result<(Merged, Cells<'_>), WorkbookError> {
        let sheet = self.book.sheets_metadata().get(index);
        let part = self.parts.get(index).copied().flatten();
        let (Some(sheet), Some(part)) = (sheet.cloned(), part) else {
            return Err(WorkbookError::cut_short());
        };
        let merged = merged(Records::of(self.archive.by_index(part)?))?;
        let is_1904 = self.book.has_1904_epoch();
        let cells = self.book.worksheet_cells_reader(&sheet.name);
        let mut cells = cells.map_err(|error| unreadable(&error))?;
        let cells = SheetCells {
            next_cell: move || cells.next_cell().map_err(|error| unreadable(&error)),
            records: Records::of(self.archive.by_index(part)?),
            formats: &self.formats,
            is_1904,
            row: 0,
            has_begun: false,
        };
        Ok((merged, Box::new(cells)))
    }
}

/// Reads the merged ranges of a sheet, which come after its cells.
fn merged(mut records: Records<impl Read>) -> Result<Merged, WorkbookError> {
    const MERGED: u16 = 0xB0;
    let mut merges = Vec::new();
    while let Some((kind, data)) = records.next()? {
        if kind == MERGED {
            merges.push((u32_at(data, 0)?, u32_at(data, 8)?, u32_at(data, 4)?));
        }
    }
    Merged::of(merges)
}

/// The next cell from calamine, if there is one.
type NextCell<'a> = Result<Option<calamine::Cell<DataRef<'a>>>, WorkbookError>;

/// The cells of a sheet: calamine's, matched record by record.
struct SheetCells<'a, N, R> {
    next_cell: N,
    records: Records<R>,
    formats: &'a [Format],
    is_1904: bool,
    row: u32,
    has_begun: bool,
}

/// The minimum length of each kind of cell. calamine reads the missing bytes of a shorter one from the previous record.
const LENGTHS: [(u16, usize); 9] = [
    (2, 12),
    (3, 9),
    (4, 9),
    (5, 16),
    (6, 12),
    (7, 12),
    (8, 12),
    (9, 16),
    (10, 9),
];

impl<'a, N: FnMut() -> NextCell<'a>, R: Read> SheetCells<'a, N, R> {
    fn cell(&mut self) -> Result<Option<CellAt>, WorkbookError> {
        const BEGIN: u16 = 0x91;
        const END: u16 = 0x92;
        const ERROR_OF_FORMULA: u16 = 0x0B;
        loop {
            let (kind, data) = self.records.next()?.ok_or_else(WorkbookError::cut_short)?;
            self.has_begun |= kind == BEGIN;
            match kind {
                _ if !self.has_begun => continue,
                END => return Ok(None),
                ROW => {
                    self.row = u32_at(data, 0)?;
                    if self.row >= MOST_ROWS {
                        return Err(WorkbookError::too_large(format!(
                            "it has more than {MOST_ROWS} rows"
                        )));
                    }
                    continue;
                }
                2..=11 | RICH_TEXT => {}
                _ => continue,
            }
            let column = u32_at(data, 0)?;
            let value = match kind {
                ERROR_OF_FORMULA => Cell::Error(error_text(bytes::<1>(data, 8)?[0]).into()),
                RICH_TEXT => Cell::text(&wide_text(data, 9)?.0).into_owned(),
                _ => {
                    within(kind, data)?;
                    // The upper byte holds flags.
                    let style = size_at(data, 4)? & 0x00FF_FFFF;
                    let format = self.formats.get(style).copied().unwrap_or_default();
                    let found = (self.next_cell)()?;
                    let found = found.filter(|cell| cell.get_position() == (self.row, column));
                    let found = found.ok_or_else(|| WorkbookError::lost(self.row, column))?;
                    value(found.get_value(), format, self.is_1904)
                }
            };
            return Ok(Some((self.row, column, value)));
        }
    }
}

/// Refuses a cell record that is too short for its kind.
fn within(kind: u16, data: &[u8]) -> Result<(), WorkbookError> {
    let least = LENGTHS.iter().find(|(known, _)| *known == kind);
    if least.is_some_and(|(_, length)| data.len() < *length) {
        return Err(WorkbookError::cut_short());
    }
    if matches!(kind, 6 | 8) {
        wide_text(data, 8)?;
    }
    Ok(())
}

impl<'a, N: FnMut() -> NextCell<'a>, R: Read> Iterator for SheetCells<'a, N, R> {
    type Item = Result<CellAt, WorkbookError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.cell().transpose()
    }
}
