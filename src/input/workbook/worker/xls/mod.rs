//! .xls: calamine's cells, each checked against the records of the file.
//!
//! calamine allocates as many cells as a sheet claims to have, and skips formulas with an old record kind. Both records
//! are repaired before calamine reads the file.

mod cfb_fat;
mod scan;

use std::io::{Cursor, Read, Seek, SeekFrom, Write};

use calamine::{Data, Range, Reader, XlsError};
use cfb::CompoundFile;

use self::scan::{Globals, Mark, ODD_FORMULAS, Records, marks};
use crate::input::values::cell::Cell;
use crate::input::workbook::error::WorkbookError;
use crate::input::workbook::merged::Merged;
use crate::input::workbook::number_format::Format;
use crate::input::workbook::rows::CellAt;
use crate::input::workbook::sheets::SheetEntry;
use crate::input::workbook::value::{borrowed, value};
use crate::input::workbook::worker::book::{Book, Cells};
use crate::input::workbook::worker::limits::Room;

/// An open .xls workbook.
pub(crate) struct Xls {
    book: calamine::Xls<Cursor<Vec<u8>>>,
    formats: Vec<Format>,
    /// By sheet: the cells found in its records.
    marks: Vec<Vec<Mark>>,
}

impl Xls {
    pub(crate) fn open(mut bytes: Vec<u8>, room: Room) -> Result<Self, WorkbookError> {
        cfb_fat::repair(&mut bytes)?;
        let mut file =
            CompoundFile::open(Cursor::new(bytes)).map_err(|_| WorkbookError::cut_short())?;
        let name = stream_name(&file)?;
        let mut stream = Vec::new();
        file.open_stream(name)?.read_to_end(&mut stream)?;
        if stream.len() as u64 != file.entry(name)?.len() {
            return Err(WorkbookError::cut_short());
        }
        let globals = Globals::of(&stream)?;
        let repaired = repairs(&stream);
        for (at, bytes) in &repaired {
            let end = (at + bytes.len()).min(stream.len());
            stream[*at..end].copy_from_slice(&bytes[..end - at]);
        }
        let of_sheet = |start: &usize| marks(&stream, *start);
        let marks: Vec<_> = globals
            .sheets
            .iter()
            .map(of_sheet)
            .collect::<Result<_, _>>()?;
        room.check_memory(memory(&marks))?;
        let bytes = repair(file, name, &repaired)?;
        drop(stream);
        let book = calamine::Xls::new(Cursor::new(bytes)).map_err(|error| unreadable(&error))?;
        Ok(Self {
            book,
            formats: globals.formats,
            marks,
        })
    }
}

fn unreadable(error: &XlsError) -> WorkbookError {
    match error {
        XlsError::Password => WorkbookError::Encrypted,
        _ => WorkbookError::not_understood(),
    }
}

/// Returns the name of the stream that holds the workbook; version 5 uses another name.
fn stream_name(file: &CompoundFile<Cursor<Vec<u8>>>) -> Result<&'static str, WorkbookError> {
    let mut names = ["/Workbook", "/Book"].into_iter();
    let found = names.find(|name| file.is_stream(name));
    found.ok_or_else(|| WorkbookError::unreadable("it does not contain a workbook"))
}

/// Returns the replacements to make in the stream: position and new bytes.
fn repairs(stream: &[u8]) -> Vec<(usize, Vec<u8>)> {
    const DIMENSIONS: u16 = 0x0200;
    const FORMULA: u16 = 0x0006;
    /// The minimum length that calamine accepts for a formula.
    const SHORTEST: usize = 20;
    let mut records = Records::of(stream, 0);
    let mut repairs = Vec::new();
    // An error after the last sheet does not matter; one within a sheet is found again when the sheet is read.
    while let Ok(Some((at, kind, data))) = records.next() {
        if kind == DIMENSIONS {
            repairs.push((at, vec![0; data.len()]));
        } else if ODD_FORMULAS.contains(&kind) && data.len() >= SHORTEST {
            repairs.push((at - 4, FORMULA.to_le_bytes().to_vec()));
        }
    }
    repairs
}

/// Writes the replacements into the file.
fn repair(
    mut file: CompoundFile<Cursor<Vec<u8>>>,
    name: &str,
    repairs: &[(usize, Vec<u8>)],
) -> Result<Vec<u8>, WorkbookError> {
    let mut stream = file.open_stream(name)?;
    for (at, bytes) in repairs {
        stream.seek(SeekFrom::Start(*at as u64))?;
        stream.write_all(bytes)?;
    }
    stream.flush()?;
    drop(stream);
    Ok(file.into_inner().into_inner())
}

/// Returns the memory that calamine needs for the cells of all sheets, which it stores as rectangles.
fn memory(sheets: &[Vec<Mark>]) -> u64 {
    /// Per cell of the rectangle: a value and a formula, and the value again for the reader.
    const CELL: u64 = 32 + 24 + 32;
    let area = |marks: &Vec<Mark>| {
        let (Some(first), Some(last)) = (marks.first(), marks.last()) else {
            return 0;
        };
        let columns = || marks.iter().map(|mark| u64::from(mark.column));
        let left = columns().min().unwrap_or_default();
        let right = columns().max().unwrap_or_default();
        (u64::from(last.row - first.row) + 1) * (right - left + 1)
    };
    sheets.iter().map(area).sum::<u64>() * CELL
}

impl Book for Xls {
    fn sheets(&self) -> Vec<SheetEntry> {
        let sheets = self.book.sheets_metadata().iter();
        sheets.map(SheetEntry::of).collect()
    }

    fn cells(&mut self, index: usize) -> Result<(Merged, Cells<'_>), WorkbookError> {
        let sheet = self.book.sheets_metadata().get(index);
        let (Some(sheet), Some(marks)) = (sheet.cloned(), self.marks.get(index)) else {
            return Err(WorkbookError::cut_short());
        };
        let merges = self.book.merge_cells_by_sheet_name(&sheet.name);
        let merges = merges.map_err(|error| unreadable(&error))?.into_iter();
        let merged = Merged::of(merges.map(|merge| (merge.start.0, merge.start.1, merge.end.0)))?;
        let range = self.book.worksheet_range(&sheet.name);
        let range = range.map_err(|error| unreadable(&error))?;
        let is_1904 = self.book.has_1904_epoch();
        let formats = &self.formats;
        let cells = marks
            .iter()
            .map(move |mark| cell_at(*mark, &range, formats, is_1904));
        Ok((merged, Box::new(cells)))
    }
}

/// Returns the value that calamine read for a cell of the file.
fn cell_at(
    mark: Mark,
    range: &Range<Data>,
    formats: &[Format],
    is_1904: bool,
) -> Result<CellAt, WorkbookError> {
    let (row, column) = (u32::from(mark.row), u32::from(mark.column));
    let format = formats
        .get(usize::from(mark.style))
        .copied()
        .unwrap_or_default();
    let cell = match range.get_value((row, column)) {
        None | Some(Data::Empty) if mark.is_formula => Cell::Formula,
        None | Some(Data::Empty) => return Err(WorkbookError::lost(row, column)),
        Some(data) => value(&borrowed(data), format, is_1904),
    };
    Ok((row, column, cell))
}
