//! Expands short cell records, which calamine skips: a cell that directly follows its left neighbour may omit its
//! column. They are rewritten in the long form before calamine reads them.

use std::io::{Cursor, Read, Write};
use std::rc::Rc;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::records::{Archive, Records};
use crate::input::workbook::error::WorkbookError;
use crate::input::workbook::worker::le::u32_at;

/// The start of a row.
pub(crate) const ROW: u16 = 0x00;
/// Record kinds of cells that include their column.
const LONG: std::ops::RangeInclusive<u16> = 1..=11;
/// A rich text cell, which also includes its column.
pub(crate) const RICH_TEXT: u16 = 0x3E;
/// The same kinds, up to text, in the short form and in the same order.
const SHORT: std::ops::RangeInclusive<u16> = 12..=18;
/// The difference between the long and the short kind.
const BETWEEN: u16 = 11;

/// Rewrites the short cells in the given parts of an archive. Returns `None` if none are found.
pub(crate) fn repaired(
    archive: &mut Archive,
    parts: &[Option<usize>],
) -> Result<Option<Rc<[u8]>>, WorkbookError> {
    let mut changed = Vec::new();
    for index in parts.iter().flatten() {
        if has_short(Records::of(archive.by_index(*index)?))? {
            let records = Records::of(archive.by_index(*index)?);
            changed.push((*index, with_long_cells(records)?));
        }
    }
    if changed.is_empty() {
        return Ok(None);
    }
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let part = archive.by_index_raw(index)?;
        match changed.iter().find(|(other, _)| *other == index) {
            None => writer.raw_copy_file(part)?,
            Some((_, content)) => {
                let name = part.name()?.into_owned();
                let plain =
                    SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
                writer.start_file(name, plain)?;
                writer.write_all(content)?;
            }
        }
    }
    let bytes = writer.finish()?.into_inner();
    Ok(Some(bytes.into()))
}

fn has_short(mut records: Records<impl Read>) -> Result<bool, WorkbookError> {
    while let Some((kind, _)) = records.next()? {
        if SHORT.contains(&kind) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Writes a part with all cells in the long form.
fn with_long_cells(mut records: Records<impl Read>) -> Result<Vec<u8>, WorkbookError> {
    let (mut out, mut column) = (Vec::new(), 0u32);
    while let Some((kind, data)) = records.next()? {
        if SHORT.contains(&kind) {
            write(&mut out, kind - BETWEEN, &[&column.to_le_bytes()[..], data]);
            column = column.saturating_add(1);
            continue;
        }
        if kind == ROW {
            column = 0;
        } else if LONG.contains(&kind) || kind == RICH_TEXT {
            column = u32_at(data, 0)?.saturating_add(1);
        }
        write(&mut out, kind, &[data]);
    }
    Ok(out)
}

/// Writes a record: kind, length and bytes. Kind and length are written with seven bits per byte.
fn write(out: &mut Vec<u8>, kind: u16, data: &[&[u8]]) {
    let [low, high] = [kind & 0x7F, kind >> 7].map(|bits| bits.to_le_bytes()[0]);
    if high == 0 {
        out.push(low);
    } else {
        out.extend([low | 0x80, high]);
    }
    let mut length: usize = data.iter().map(|bytes| bytes.len()).sum();
    loop {
        let [bits, ..] = (length & 0x7F).to_le_bytes();
        length >>= 7;
        out.push(if length > 0 { bits | 0x80 } else { bits });
        if length == 0 {
            break;
        }
    }
    for bytes in data {
        out.extend_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_cell_follows_its_left_neighbour() {
        let mut part = Vec::new();
        write(&mut part, ROW, &[&[0; 4]]);
        write(&mut part, 2, &[&[3, 0, 0, 0], &[0; 8]]);
        write(&mut part, 13, &[&[7; 8]]);
        write(&mut part, 0x267, &[&[1; 300]]);
        write(&mut part, ROW, &[&[1, 0, 0, 0]]);
        write(&mut part, 18, &[&[9; 8]]);
        assert_eq!(has_short(Records::of(&part[..])), Ok(true));
        let out = with_long_cells(Records::of(&part[..])).unwrap();
        let mut records = Records::of(&out[..]);
        let mut seen = Vec::new();
        while let Some((kind, data)) = records.next().unwrap() {
            seen.push((kind, data.len(), data[0]));
        }
        let expected = [
            (0, 4, 0),
            (2, 12, 3),
            (2, 12, 4),
            (0x267, 300, 1),
            (0, 4, 1),
            (7, 12, 0),
        ];
        assert_eq!(seen, expected);
    }
}
