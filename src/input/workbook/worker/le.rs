//! Little-endian numbers and text in .xls and .xlsb records. Every read is checked against the record's length.

use crate::input::workbook::error::WorkbookError;

/// Returns `COUNT` bytes of a record.
pub(crate) fn bytes<const COUNT: usize>(
    data: &[u8],
    at: usize,
) -> Result<[u8; COUNT], WorkbookError> {
    let found = data.get(at..).and_then(|rest| rest.first_chunk());
    found.copied().ok_or_else(WorkbookError::cut_short)
}

pub(crate) fn u16_at(data: &[u8], at: usize) -> Result<u16, WorkbookError> {
    bytes(data, at).map(u16::from_le_bytes)
}

pub(crate) fn u32_at(data: &[u8], at: usize) -> Result<u32, WorkbookError> {
    bytes(data, at).map(u32::from_le_bytes)
}

pub(crate) fn size_at(data: &[u8], at: usize) -> Result<usize, WorkbookError> {
    let size = u32_at(data, at)?;
    usize::try_from(size).map_err(|_| WorkbookError::cut_short())
}

/// Reads a text of an .xlsb: its length in UTF-16 units, then the units. Also returns where it ends.
pub(crate) fn wide_text(data: &[u8], at: usize) -> Result<(String, usize), WorkbookError> {
    let start = at + 4;
    let end = size_at(data, at)?.saturating_mul(2).saturating_add(start);
    let units = data.get(start..end).ok_or_else(WorkbookError::cut_short)?;
    let units: Vec<u16> = units
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .collect();
    Ok((String::from_utf16_lossy(&units), end))
}

/// Returns the text that a spreadsheet shows for an error code.
pub(crate) fn error_text(code: u8) -> &'static str {
    const TEXTS: [(u8, &str); 8] = [
        (0x00, "#NULL!"),
        (0x07, "#DIV/0!"),
        (0x0F, "#VALUE!"),
        (0x17, "#REF!"),
        (0x1D, "#NAME?"),
        (0x24, "#NUM!"),
        (0x2A, "#N/A"),
        (0x2B, "#GETTING_DATA"),
    ];
    let found = TEXTS.iter().find(|(known, _)| *known == code);
    found.map_or("#ERROR!", |(_, text)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_beyond_the_record_are_refused() {
        assert_eq!(u16_at(&[1, 2, 3], 1), Ok(0x0302));
        assert_eq!(u16_at(&[1, 2, 3], 2), Err(WorkbookError::cut_short()));
        let text = [2, 0, 0, 0, b'a', 0, 0xE9, 0, 9];
        assert_eq!(wide_text(&text, 0), Ok(("aé".to_owned(), 8)));
        assert!(wide_text(&[255, 255, 255, 255, 0], 0).is_err());
    }
}
