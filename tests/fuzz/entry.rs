//! Makes up what one entry of `scoreload::fuzzing` is fed with: that which `SCORELOAD_FUZZ` names.
//!
//! A workbook that is a parcel is mostly changed in one of its parts, which is packed again, so that no checksum stops
//! it at the door.

#![no_main]

use std::io::{Cursor, Read, Write};
use std::sync::OnceLock;

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use scoreload::fuzzing::ENTRIES;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

fuzz_target!(|bytes: &[u8]| entry()(bytes));

fn entry() -> fn(&[u8]) {
    static ENTRY: OnceLock<fn(&[u8])> = OnceLock::new();
    *ENTRY.get_or_init(|| {
        let wanted = std::env::var("SCORELOAD_FUZZ").expect("SCORELOAD_FUZZ names the entry");
        let found = ENTRIES.into_iter().find(|(name, _)| *name == wanted);
        found.expect("there is such an entry").1
    })
}

fuzz_mutator!(|data: &mut [u8], size: usize, most: usize, seed: u32| {
    let is_parcel = data[..size].starts_with(b"PK");
    // One in eight is damaged from outside.
    let changed = (is_parcel && seed % 8 != 0).then(|| with_a_part_changed(&data[..size], seed as usize / 8));
    match changed.flatten().filter(|changed| changed.len() <= most) {
        Some(changed) => {
            data[..changed.len()].copy_from_slice(&changed);
            changed.len()
        }
        None => fuzzer_mutate(data, size, most),
    }
});

/// Parts do not grow beyond that.
const LONGEST: usize = 64 << 10;

fn with_a_part_changed(bytes: &[u8], seed: usize) -> Option<Vec<u8>> {
    let mut parts = unpacked(bytes)?;
    let count = parts.len();
    let index = seed.checked_rem(count)?;
    if seed / count % 32 == 0 {
        parts.swap_remove(index);
    } else {
        let (_, part) = &mut parts[index];
        let (length, most) = (part.len(), LONGEST.max(part.len()));
        part.resize(most, 0);
        let length = fuzzer_mutate(part, length, most);
        part.truncate(length);
    }
    packed(&parts)
}

fn unpacked(bytes: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).ok()?;
    let mut parts = Vec::new();
    for index in 0..archive.len().min(64) {
        let file = archive.by_index(index).ok()?;
        let name = file.name().ok()?.into_owned();
        let mut part = Vec::new();
        file.take(4 * LONGEST as u64).read_to_end(&mut part).ok()?;
        parts.push((name, part));
    }
    Some(parts)
}

fn packed(parts: &[(String, Vec<u8>)]) -> Option<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, part) in parts {
        archive.start_file(name.as_str(), options).ok()?;
        archive.write_all(part).ok()?;
    }
    Some(archive.finish().ok()?.into_inner())
}
