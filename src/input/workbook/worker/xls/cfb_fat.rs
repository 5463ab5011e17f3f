//! The sector table (FAT) of a compound file. Some programs fill its tail, beyond the end of the file, with
//! end-of-chain marks; the cfb crate accepts only free sectors there.

use crate::input::workbook::error::WorkbookError;
use crate::input::workbook::worker::le::{size_at, u16_at, u32_at};

const FREE: u32 = 0xFFFF_FFFF;
const END_OF_CHAIN: u32 = 0xFFFF_FFFE;
/// Larger numbers are markers.
const LAST_SECTOR: u32 = 0xFFFF_FFFA;

/// Marks the sectors beyond the end of a file as free, unless something refers to them.
pub(crate) fn repair(bytes: &mut [u8]) -> Result<(), WorkbookError> {
    // The only two sizes in use; the cfb crate refuses others.
    let size = 1usize << u16_at(bytes, 30)?.clamp(9, 12);
    let count = (bytes.len() / size).saturating_sub(1);
    let mut places = Vec::new();
    for sector in tables(bytes, size, count)? {
        let start = (sector + 1) * size;
        places.extend((start..start + size).step_by(4));
    }
    let (within, beyond) = places.split_at(count.min(places.len()));
    let is_used = |at: &usize| {
        let next = u32_at(bytes, *at).unwrap_or(FREE);
        next <= LAST_SECTOR && next as usize >= count
    };
    let is_end = |at: &usize| matches!(u32_at(bytes, *at), Ok(FREE | END_OF_CHAIN));
    if !within.iter().any(is_used) && beyond.iter().all(is_end) {
        for at in beyond {
            if let Some(entry) = bytes.get_mut(*at..at + 4) {
                entry.copy_from_slice(&FREE.to_le_bytes());
            }
        }
    }
    Ok(())
}

/// Returns the sectors that hold the table: the first ones are listed in the header, the rest in a chain of
/// sectors.
fn tables(bytes: &[u8], size: usize, count: usize) -> Result<Vec<usize>, WorkbookError> {
    const IN_HEADER: usize = 109;
    let is_sector = |sector: usize| sector < count;
    let listed = |start: usize, entries: usize| {
        let entries = (0..entries).map(move |index| size_at(bytes, start + index * 4));
        entries.collect::<Result<Vec<_>, _>>()
    };
    let mut tables = listed(76, IN_HEADER)?;
    let (mut next, mut followed) = (size_at(bytes, 68)?, 0);
    tables.retain(|sector| is_sector(*sector));
    while is_sector(next) {
        let start = (next + 1) * size;
        let more = listed(start, size / 4 - 1)?;
        tables.extend(more.into_iter().filter(|sector| is_sector(*sector)));
        next = size_at(bytes, start + size - 4)?;
        followed += 1;
        // A chain that loops would repeat the same sectors.
        if tables.len() > count || followed > count {
            return Err(WorkbookError::cut_short());
        }
    }
    Ok(tables)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Builds a file of three sectors, the first of which is the table.
    fn file(entries: &[u32]) -> Vec<u8> {
        let mut bytes = vec![0; 4 * 512];
        bytes[30] = 9;
        bytes[68..76].fill(0xFF);
        bytes[76..512].fill(0xFF);
        bytes[76..80].fill(0);
        for (index, entry) in entries.iter().enumerate() {
            bytes[512 + index * 4..][..4].copy_from_slice(&entry.to_le_bytes());
        }
        bytes
    }

    fn fourth(mut bytes: Vec<u8>) -> u32 {
        repair(&mut bytes).unwrap();
        u32_at(&bytes, 512 + 3 * 4).unwrap()
    }

    #[test]
    fn only_unreferenced_sectors_are_freed() {
        let mut entries = [END_OF_CHAIN; 128];
        assert_eq!(fourth(file(&entries)), FREE);
        // The chain continues after the end of the file.
        entries[2] = 3;
        assert_eq!(fourth(file(&entries)), END_OF_CHAIN);
        entries[2] = END_OF_CHAIN;
        entries[3] = 4;
        assert_eq!(fourth(file(&entries)), 4);
        assert!(repair(&mut [0; 40]).is_err());
    }

    #[test]
    fn a_looping_sector_table_is_refused() {
        let mut bytes = file(&[0; 128]);
        bytes[68..72].fill(0);
        assert!(repair(&mut bytes).is_err());
    }

    #[test]
    fn an_invalid_sector_size_is_harmless() {
        let mut bytes = file(&[END_OF_CHAIN; 128]);
        bytes[68..72].fill(0);
        for shift in [0, 1, 2, 255] {
            bytes[30] = shift;
            let header = bytes[..512].to_vec();
            // Refused or not, the header stays as it is.
            let _ = repair(&mut bytes);
            assert_eq!(bytes[..512], header);
        }
    }
}
