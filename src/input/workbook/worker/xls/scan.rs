//! The records of an .xls: where its cells stand and how they are formatted, which the library does not tell.

use std::collections::HashMap;

use crate::input::limits::MOST_STYLES;
use crate::input::workbook::error::Flaw;
use crate::input::workbook::number_format::Format;
use crate::input::workbook::worker::le::{bytes, u16_at, u32_at};

/// The beginning of a sheet, of the whole, or of a chart within a sheet.
const BEGIN: u16 = 0x0809;
const END: u16 = 0x000A;

/// A record: where its bytes begin in the stream, its kind, and its bytes.
pub(crate) type Record<'a> = (usize, u16, &'a [u8]);

/// The records from a place on.
pub(crate) struct Records<'a> {
    stream: &'a [u8],
    at: usize,
}

impl<'a> Records<'a> {
    pub(crate) fn of(stream: &'a [u8], at: usize) -> Self {
        Self { stream, at }
    }

    /// Returns the next record, unless the stream ends here.
    pub(crate) fn next(&mut self) -> Result<Option<Record<'a>>, Flaw> {
        if self.stream.len() <= self.at {
            return Ok(None);
        }
        let start = self.at + 4;
        let end = start + usize::from(u16_at(self.stream, self.at + 2)?);
        let data = self.stream.get(start..end).ok_or_else(Flaw::cut_short)?;
        let kind = u16_at(self.stream, self.at)?;
        self.at = end;
        Ok(Some((start, kind, data)))
    }
}

/// What the workbook says for all its sheets.
#[derive(Debug, Default)]
pub(crate) struct Globals {
    /// By style.
    pub(crate) formats: Vec<Format>,
    /// Where the sheets begin in the stream.
    pub(crate) sheets: Vec<usize>,
}

impl Globals {
    pub(crate) fn of(stream: &[u8]) -> Result<Self, Flaw> {
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
                PASSWORD => return Err(Flaw::Encrypted),
                FORMAT => {
                    let code = format_code(data, is_wide)?;
                    codes.insert(u16_at(data, 0)?, Format::of_code(&code));
                }
                STYLE => {
                    let id = u16_at(data, 2)?;
                    let built_in = || Format::of_built_in(id.into());
                    globals
                        .formats
                        .push(codes.get(&id).copied().unwrap_or_else(built_in));
                }
                SHEET => {
                    let start = usize::try_from(u32_at(data, 0)?);
                    globals.sheets.push(start.map_err(|_| Flaw::cut_short())?);
                }
                END => return Ok(globals),
                _ => {}
            }
            if globals.formats.len() > MOST_STYLES {
                return Err(Flaw::too_large("it has too many styles"));
            }
        }
        Err(Flaw::cut_short())
    }
}

/// Reads the code of a number format; older versions have no wide characters.
fn format_code(data: &[u8], is_wide: bool) -> Result<String, Flaw> {
    if !is_wide {
        let count = usize::from(bytes::<1>(data, 2)?[0]);
        let text = data.get(3..3 + count).ok_or_else(Flaw::cut_short)?;
        return Ok(text.iter().map(|byte| char::from(*byte)).collect());
    }
    let count = usize::from(u16_at(data, 2)?);
    let has_wide = bytes::<1>(data, 4)?[0] & 1 != 0;
    let end = 5 + if has_wide { 2 * count } else { count };
    let text = data.get(5..end).ok_or_else(Flaw::cut_short)?;
    if !has_wide {
        return Ok(text.iter().map(|byte| char::from(*byte)).collect());
    }
    let units: Vec<u16> = text
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .collect();
    Ok(String::from_utf16_lossy(&units))
}

/// Where a cell stands, and what is known of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark {
    pub(crate) row: u16,
    pub(crate) column: u16,
    pub(crate) style: u16,
    pub(crate) is_formula: bool,
}

/// Returns the cells of a sheet that hold something, row by row.
pub(crate) fn marks(stream: &[u8], start: usize) -> Result<Vec<Mark>, Flaw> {
    /// Cells of versions before 5, which are laid out in another way.
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
    // A chart within a sheet is a stream of records of its own.
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
                return Err(Flaw::lost(u16_at(data, 0)?.into(), u16_at(data, 2)?.into()));
            }
            _ => {}
        }
    }
    Err(Flaw::cut_short())
}

/// Formulas in the manner of older versions, which some programs write.
pub(crate) const ODD_FORMULAS: [u16; 2] = [0x0206, 0x0406];

/// Reads a record of several numbers beside each other.
fn several(data: &[u8], marks: &mut Vec<Mark>) -> Result<(), Flaw> {
    let (row, first) = (u16_at(data, 0)?, u16_at(data, 2)?);
    let numbers = data.get(4..data.len() - 2).ok_or_else(Flaw::cut_short)?;
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
