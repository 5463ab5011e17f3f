//! The records of an .xls: the positions and formats of its cells, which calamine does not expose.

use std::collections::HashMap;

use crate::input::limits::MOST_STYLES;
use crate::input::workbook::error::WorkbookError;
use crate::input::workbook::number_format::Format;
use crate::input::workbook::worker::le::{bytes, u16_at, u32_at};

/// The start of a sheet, of the workbook, or of a chart within a sheet.
const BEGIN: u16 = 0x0809;
const END: u16 = 0x000A;

/// A record: the position of its bytes in the stream, its kind, and its bytes.
pub(crate) type Record<'a> = (usize, u16, &'a [u8]);

/// Iterates over the records from a position.
pub(crate) struct Records<'a> {
    stream: &'a [u8],
    at: usize,
}

impl<'a> Records<'a> {
    pub(crate) fn of(stream: &'a [u8], at: usize) -> Self {
        Self { stream, at }
    }

    /// Returns the next record, or `None` at the end of the stream.
    pub(crate) fn next(&mut self) -> Result<Option<Record<'a>>, WorkbookError> {
        if self.stream.len() <= self.at {
            return Ok(None);
        }
        let start = self.at + 4;
        let end = start + usize::from(u16_at(self.stream, self.at + 2)?);
        let data = self
            .stream
            .get(start..end)
            .ok_or_else(WorkbookError::cut_short)?;
        let kind = u16_at(self.stream, self.at)?;
        self.at = end;
        Ok(Some((start, kind, data)))
    }
}

/// Properties of the whole workbook.
#[derive(Debug, Default)]
pub(crate) struct Globals {
    /// By style: its number format.
    pub(crate) formats: Vec<Format>,
    /// The positions at which the sheets start in the stream.
    pub(crate) sheets: Vec<usize>,
}

impl Globals {
    pub(crate) fn of(stream: &[u8]) -> Result<Self, WorkbookError> {
        const PASSWORD: u16 = 0x002F;
        const SHEET: u16 = 0x0085;
        const STYLE: u16 = 0x00E0;
        const FORMAT: u16 = 0x041E;
        const VERSION_8: u16 = 0x0600;
        let mut records = Records::of(stream, 0);
        let (mut globals, mut codes) = (Self::default(), HashMap::new());
        let mut is_wide = true;
        while let Some((_, kind, data)) = records.next()? {
            match kind {
                BEGIN => is_wide = u16_at(data, 0)? == VERSION_8,
                PASSWORD => return Err(WorkbookError::Encrypted),
                FORMAT => {
                    let code = format_code(data, is_wide)?;
                    codes.insert(u16_at(data, 0)?, Format::from_code(&code));
                }
                STYLE => {
                    let id = u16_at(data, 2)?;
                    let built_in = || Format::built_in(id.into());
                    globals
                        .formats
                        .push(codes.get(&id).copied().unwrap_or_else(built_in));
                }
                SHEET => {
                    let start = usize::try_from(u32_at(data, 0)?);
                    globals
                        .sheets
                        .push(start.map_err(|_| WorkbookError::cut_short())?);
                }
                END => return Ok(globals),
                _ => {}
            }
            if globals.formats.len() > MOST_STYLES {
                return Err(WorkbookError::too_large("it has too many styles"));
            }
        }
        Err(WorkbookError::cut_short())
    }
}

/// Reads the code of a number format. Versions before 8 have no wide characters.
fn format_code(data: &[u8], is_wide: bool) -> Result<String, WorkbookError> {
    if !is_wide {
        let count = usize::from(bytes::<1>(data, 2)?[0]);
        let text = data
            .get(3..3 + count)
            .ok_or_else(WorkbookError::cut_short)?;
        return Ok(text.iter().map(|byte| char::from(*byte)).collect());
    }
    let count = usize::from(u16_at(data, 2)?);
    let has_wide = bytes::<1>(data, 4)?[0] & 1 != 0;
    let end = 5 + if has_wide { 2 * count } else { count };
    let text = data.get(5..end).ok_or_else(WorkbookError::cut_short)?;
    if !has_wide {
        return Ok(text.iter().map(|byte| char::from(*byte)).collect());
    }
    let units: Vec<u16> = text
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .collect();
    Ok(String::from_utf16_lossy(&units))
}

/// The position of a cell and its number format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark {
    pub(crate) row: u16,
    pub(crate) column: u16,
    pub(crate) style: u16,
    pub(crate) is_formula: bool,
}

/// Returns the cells of a sheet that hold something, row by row.
pub(crate) fn marks(stream: &[u8], start: usize) -> Result<Vec<Mark>, WorkbookError> {
    /// Cell records of versions before 5, which have another layout.
    const OLD: std::ops::RangeInclusive<u16> = 0x0002..=0x0005;
    const FORMULA: u16 = 0x0006;
    const SHORT_NUMBERS: u16 = 0x00BD;
    const NUMBER: u16 = 0x0203;
    const LABEL: u16 = 0x0204;
    const RICH_LABEL: u16 = 0x00D6;
    const SHARED_LABEL: u16 = 0x00FD;
    const BOOLEAN_OR_ERROR: u16 = 0x0205;
    const SHORT_NUMBER: u16 = 0x027E;
    let mut records = Records::of(stream, start);
    let mut marks = Vec::new();
    // A chart within a sheet is a nested stream of records.
    let mut depth = 0u32;
    while let Some((_, kind, data)) = records.next()? {
        match kind {
            BEGIN => depth = depth.saturating_add(1),
            END if depth <= 1 => {
                marks.sort_unstable();
                marks.dedup();
                return Ok(marks);
            }
            END => depth -= 1,
            _ if depth != 1 => {}
            SHORT_NUMBERS => several(data, &mut marks)?,
            FORMULA | NUMBER | LABEL | RICH_LABEL | SHARED_LABEL | BOOLEAN_OR_ERROR
            | SHORT_NUMBER => marks.push(Mark {
                row: u16_at(data, 0)?,
                column: u16_at(data, 2)?,
                style: u16_at(data, 4)?,
                is_formula: kind == FORMULA,
            }),
            kind if OLD.contains(&kind) || ODD_FORMULAS.contains(&kind) => {
                return Err(WorkbookError::lost(
                    u16_at(data, 0)?.into(),
                    u16_at(data, 2)?.into(),
                ));
            }
            _ => {}
        }
    }
    Err(WorkbookError::cut_short())
}

/// Old record kinds of formulas that some programs still write.
pub(crate) const ODD_FORMULAS: [u16; 2] = [0x0206, 0x0406];

/// Reads a record that holds several adjacent numbers.
fn several(data: &[u8], marks: &mut Vec<Mark>) -> Result<(), WorkbookError> {
    let (row, first) = (u16_at(data, 0)?, u16_at(data, 2)?);
    let numbers = data
        .get(4..data.len() - 2)
        .ok_or_else(WorkbookError::cut_short)?;
    for (column, number) in (first..=u16::MAX).zip(numbers.chunks_exact(6)) {
        marks.push(Mark {
            row,
            column,
            style: u16_at(number, 0)?,
            is_formula: false,
        });
    }
    Ok(())
}
