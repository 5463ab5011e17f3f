//! .xls: the library's cells, of which each is held against the records of the file.
//!
//! The library reserves memory for as many cells as a sheet claims, and passes over formulas whose records are of an
//! older kind; so both records are mended before it reads them.

mod cfb_fat;
mod scan;

use std::io::{Cursor, Read, Seek, SeekFrom, Write};

use calamine::{Data, Range, Reader, XlsError};
use cfb::CompoundFile;

use self::scan::{Globals, Mark, ODD_FORMULAS, Records, marks};
use super::serve::{Book, Cells};
use crate::input::values::cell::Cell;
use crate::input::workbook::error::Flaw;
use crate::input::workbook::merged::Merged;
use crate::input::workbook::number_format::Format;
use crate::input::workbook::rows::Placed;
use crate::input::workbook::sheets::SheetEntry;
use crate::input::workbook::value::{lent, value};
use crate::input::workbook::worker::limits::Room;

/// An .xls workbook that has been opened.
pub(crate) struct Xls {
    book: calamine::Xls<Cursor<Vec<u8>>>,
    formats: Vec<Format>,
    /// By sheet.
    marks: Vec<Vec<Mark>>,
}

impl Xls {
    pub(crate) fn open(mut bytes: Vec<u8>, room: Room) -> Result<Self, Flaw> {
        cfb_fat::mend(&mut bytes)?;
        let mut file = CompoundFile::open(Cursor::new(bytes)).map_err(|_| Flaw::cut_short())?;
        let name = stream_name(&file)?;
        let mut stream = Vec::new();
        file.open_stream(name)?.read_to_end(&mut stream)?;
        if stream.len() as u64 != file.entry(name)?.len() {
            return Err(Flaw::cut_short());
        }
        let globals = Globals::of(&stream)?;
        let mended = mends(&stream);
        for (at, bytes) in &mended {
            let end = (at + bytes.len()).min(stream.len());
            stream[*at..end].copy_from_slice(&bytes[..end - at]);
        }
        let of_sheet = |start: &usize| marks(&stream, *start);
        let marks: Vec<_> = globals
            .sheets
            .iter()
            .map(of_sheet)
            .collect::<Result<_, _>>()?;
        room.hold(memory(&marks))?;
        let bytes = mend(file, name, &mended)?;
        drop(stream);
        let book = calamine::Xls::new(Cursor::new(bytes)).map_err(|error| unreadable(&error))?;
        Ok(Self {
            book,
            formats: globals.formats,
            marks,
        })
    }
}

fn unreadable(error: &XlsError) -> Flaw {
    match error {
        XlsError::Password => Flaw::Encrypted,
        _ => Flaw::strange(),
    }
}

/// Returns the name of the stream that holds the workbook; version 5 has another.
fn stream_name(file: &CompoundFile<Cursor<Vec<u8>>>) -> Result<&'static str, Flaw> {
    let mut names = ["/Workbook", "/Book"].into_iter();
    let found = names.find(|name| file.is_stream(name));
    found.ok_or_else(|| Flaw::unreadable("it holds no workbook"))
}

/// Returns what is to be mended in the stream, and where.
fn mends(stream: &[u8]) -> Vec<(usize, Vec<u8>)> {
    const DIMENSIONS: u16 = 0x0200;
    const FORMULA: u16 = 0x0006;
    /// The least that the library takes for a formula.
    const SHORTEST: usize = 20;
    let mut records = Records::of(stream, 0);
    let mut mends = Vec::new();
    // What is wrong behind the last sheet is no matter; within one it is found again.
    while let Ok(Some((at, kind, data))) = records.next() {
        if kind == DIMENSIONS {
            mends.push((at, vec![0; data.len()]));
        } else if ODD_FORMULAS.contains(&kind) && data.len() >= SHORTEST {
            mends.push((at - 4, FORMULA.to_le_bytes().to_vec()));
        }
    }
    mends
}

/// Writes what is mended into the file.
fn mend(
    mut file: CompoundFile<Cursor<Vec<u8>>>,
    name: &str,
    mends: &[(usize, Vec<u8>)],
) -> Result<Vec<u8>, Flaw> {
    let mut stream = file.open_stream(name)?;
    for (at, bytes) in mends {
        stream.seek(SeekFrom::Start(*at as u64))?;
        stream.write_all(bytes)?;
    }
    stream.flush()?;
    drop(stream);
    Ok(file.into_inner().into_inner())
}

/// Returns how much memory the library takes for the cells of all sheets: they stand in rectangles.
fn memory(sheets: &[Vec<Mark>]) -> u64 {
    /// A value and a formula in the rectangle, and the value once more for its reader.
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

    fn cells(&mut self, index: usize) -> Result<(Merged, Cells<'_>), Flaw> {
        let sheet = self.book.sheets_metadata().get(index);
        let (Some(sheet), Some(marks)) = (sheet.cloned(), self.marks.get(index)) else {
            return Err(Flaw::cut_short());
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
            .map(move |mark| placed(*mark, &range, formats, is_1904));
        Ok((merged, Box::new(cells)))
    }
}

/// Returns what the library has read where the file has a cell.
fn placed(
    mark: Mark,
    range: &Range<Data>,
    formats: &[Format],
    is_1904: bool,
) -> Result<Placed, Flaw> {
    let (row, column) = (u32::from(mark.row), u32::from(mark.column));
    let format = formats
        .get(usize::from(mark.style))
        .copied()
        .unwrap_or_default();
    let cell = match range.get_value((row, column)) {
        None | Some(Data::Empty) if mark.is_formula => Cell::Formula,
        None | Some(Data::Empty) => return Err(Flaw::lost(row, column)),
        Some(data) => value(&lent(data), format, is_1904),
    };
    Ok((row, column, cell))
}
