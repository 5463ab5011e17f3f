//! The container of a workbook (a zip archive or a compound file), checked before anything in it is used: its kind,
//! whether it is complete and within limits, and which parts need a second look.

use std::collections::{HashMap, HashSet};
use std::io::{self, Cursor, Write};

use memchr::memmem;
use zip::ZipArchive;

use crate::input::format;
use crate::input::limits::{MOST_EXPANSION, MOST_PARTS, MOST_SHARED_TEXTS, MOST_UNPACKED};
use crate::input::workbook::error::WorkbookError;

/// Parts up to this size may have any compression ratio.
const SMALL_PART: u64 = 16 << 20;
/// The shared strings are held in memory whole. Their texts differ, so they compress to a fifth or a tenth at best.
const MOST_EXPANSION_OF_TEXTS: u64 = 40;
const SHARED_TEXTS: &str = "sharedstrings.xml";
/// Maximum number of tags in the styles, each of which is held in memory.
const MOST_STYLE_TAGS: usize = 500_000;
/// Maximum size of the styles if each repeated the longest text, as calamine stores them.
const MOST_STYLE_BYTES: usize = 128 << 20;
/// Maximum distance between tags in a parsed part, in bytes: the longest text of a cell, escaped.
const LONGEST_STRETCH: usize = 1 << 20;

/// The signature of a compound file: an .xls, or an encrypted workbook of any kind.
const COMPOUND: &[u8] = b"\xD0\xCF\x11\xE0";
/// The stream of an encrypted workbook, named in UTF-16 in the directory.
const ENCRYPTED_PACKAGE: &str = "EncryptedPackage";
/// The part of an .ods that says how others are encrypted.
const MANIFEST: &str = "meta-inf/manifest.xml";

/// A workbook format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Xlsx,
    Xlsb,
    Xls,
    Ods,
}

/// A checked container.
#[derive(Debug)]
pub(crate) struct Container {
    pub(crate) kind: Kind,
    /// Total size of all parts in bytes.
    pub(crate) unpacked: u64,
    /// By part name in lower case: its contents.
    parts: HashMap<String, Seen>,
}

/// The contents of a part, as far as they matter here.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Seen {
    /// Its index in the archive.
    pub(crate) index: usize,
    pub(crate) has_formulas: bool,
    pub(crate) has_merges: bool,
}

impl Container {
    /// Checks the container of a workbook.
    ///
    /// # Errors
    /// If it is encrypted, damaged, cut short, or a decompression bomb.
    pub(crate) fn of(bytes: &[u8]) -> Result<Self, WorkbookError> {
        if bytes.starts_with(COMPOUND) {
            return Self::from_compound_file(bytes);
        }
        let mut archive = ZipArchive::new(Cursor::new(bytes))?;
        if archive.len() > MOST_PARTS {
            let what = format!("it has {} parts", archive.len());
            return Err(WorkbookError::too_large(what));
        }
        check_names(bytes)?;
        let names = names(&mut archive)?;
        let of_manifest = names.iter().position(|name| name == MANIFEST);
        if let Some(index) = of_manifest {
            refuse_encrypted(&mut archive, index)?;
        }
        let mut container = Self {
            kind: kind(&names),
            unpacked: 0,
            parts: HashMap::new(),
        };
        for (index, name) in names.into_iter().enumerate() {
            container.check_part(&mut archive, index, name)?;
        }
        Ok(container)
    }

    fn from_compound_file(bytes: &[u8]) -> Result<Self, WorkbookError> {
        let name: Vec<u8> = ENCRYPTED_PACKAGE
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        if memmem::find(bytes, &name).is_some() {
            return Err(WorkbookError::Encrypted);
        }
        Ok(Self {
            kind: Kind::Xls,
            unpacked: bytes.len() as u64,
            parts: HashMap::new(),
        })
    }

    /// Returns the facts about a part, ignoring the case of its name.
    pub(crate) fn part(&self, name: &str) -> Option<Seen> {
        self.parts.get(&normal(name)).copied()
    }

    /// Returns whether any part has formulas.
    pub(crate) fn has_formulas(&self) -> bool {
        self.parts.values().any(|seen| seen.has_formulas)
    }

    /// Reads a part to its end, which verifies its checksum and size.
    fn check_part(
        &mut self,
        archive: &mut Archive<'_>,
        index: usize,
        name: String,
    ) -> Result<(), WorkbookError> {
        let mut part = archive.by_index(index)?;
        let (packed, size) = (part.compressed_size().max(1), part.size());
        self.unpacked = self.unpacked.saturating_add(size);
        let most_expansion = if name.ends_with(SHARED_TEXTS) {
            MOST_EXPANSION_OF_TEXTS
        } else {
            MOST_EXPANSION
        };
        if self.unpacked > MOST_UNPACKED || (size > SMALL_PART && size / packed > most_expansion) {
            let what = format!("its part `{name}` would unpack to {size} bytes");
            return Err(WorkbookError::too_large(what));
        }
        let mut look = Look::default();
        let read = io::copy(&mut part, &mut look)
            .map_err(|_| WorkbookError::unreadable(format!("its part `{name}` is damaged")))?;
        if read != size {
            let what = format!("its part `{name}` holds {read} bytes instead of {size}");
            return Err(WorkbookError::unreadable(what));
        }
        look.within_bounds(&name)?;
        let seen = Seen {
            index,
            has_formulas: look.has_formulas,
            has_merges: look.has_merges,
        };
        self.parts.insert(name, seen);
        Ok(())
    }
}

type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

/// Normalizes a part name: programs differ in case and slashes.
fn normal(name: &str) -> String {
    let name = name.replace('\\', "/").to_ascii_lowercase();
    name.trim_start_matches('/').to_owned()
}

/// Refuses an archive with two parts of the same name: programs disagree on which one counts.
fn check_names(bytes: &[u8]) -> Result<(), WorkbookError> {
    let mut seen = HashSet::new();
    for name in format::entry_names(bytes).unwrap_or_default() {
        let name = normal(&String::from_utf8_lossy(name));
        if let Some(twice) = seen.replace(name) {
            let what = format!("it has two parts named `{twice}`");
            return Err(WorkbookError::unreadable(what));
        }
    }
    Ok(())
}

fn names(archive: &mut Archive<'_>) -> Result<Vec<String>, WorkbookError> {
    let count = archive.len();
    let name = |index| {
        let part = archive.by_index_raw(index)?;
        Ok(normal(&String::from_utf8_lossy(part.name_raw())))
    };
    (0..count).map(name).collect()
}

/// Determines the format of a workbook by its parts.
fn kind(names: &[String]) -> Kind {
    const KINDS: [(&str, Kind); 2] = [("content.xml", Kind::Ods), ("xl/workbook.bin", Kind::Xlsb)];
    let holds = |part: &str| names.iter().any(|name| name == part);
    let found = KINDS.into_iter().find(|(part, _)| holds(part));
    found.map_or(Kind::Xlsx, |(_, kind)| kind)
}

fn refuse_encrypted(archive: &mut Archive<'_>, index: usize) -> Result<(), WorkbookError> {
    /// A manifest has one line per part.
    const LONGEST: u64 = 8 << 20;
    let part = archive.by_index(index)?;
    let mut text = Vec::new();
    io::Read::read_to_end(&mut io::Read::take(part, LONGEST), &mut text)?;
    match memmem::find(&text, b"encryption-data") {
        Some(_) => Err(WorkbookError::Encrypted),
        None => Ok(()),
    }
}

/// Scans a part while it is being read, for facts that calamine does not expose.
#[derive(Default)]
struct Look {
    has_formulas: bool,
    has_merges: bool,
    /// The first byte: XML begins with a tag, a blank or a byte order mark.
    first: Option<u8>,
    tags: usize,
    /// The longest stretch without a tag, and the length of the current one.
    longest: usize,
    stretch: usize,
    shared_texts: usize,
    /// The end of the previous chunk, where a match may begin.
    tail: Vec<u8>,
}

impl Look {
    /// The length of the longest pattern.
    const LONGEST: usize = "mergeCell".len();

    fn look(&mut self, bytes: &[u8]) {
        self.has_merges |= memmem::find(bytes, b"mergeCell").is_some();
        self.has_formulas |= has_formula(bytes);
    }

    fn within_bounds(&self, name: &str) -> Result<(), WorkbookError> {
        let is_shared = name.ends_with(SHARED_TEXTS);
        if is_shared && self.shared_texts > MOST_SHARED_TEXTS {
            let what = format!("it has {} texts", self.shared_texts);
            return Err(WorkbookError::too_large(what));
        }
        if name.ends_with("styles.xml") && self.tags > MOST_STYLE_TAGS {
            let what = format!("its part `{name}` has {} tags", self.tags);
            return Err(WorkbookError::too_large(what));
        }
        let longest = self.longest.max(self.stretch);
        // A picture may be XML of any length.
        let is_xml = matches!(self.first, Some(b'<' | b'\r' | b'\n' | b' ' | 0xEF));
        let is_parsed = is_xml && name.starts_with("xl/") && !name.starts_with("xl/media/");
        let is_repeated = name.ends_with("styles.xml") && longest * self.tags > MOST_STYLE_BYTES;
        if is_parsed && (longest > LONGEST_STRETCH || is_repeated) {
            let what = format!("its part `{name}` has a text of {longest} bytes");
            return Err(WorkbookError::too_large(what));
        }
        Ok(())
    }
}

impl Write for Look {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.first = self.first.or(bytes.first().copied());
        let mut seam = std::mem::take(&mut self.tail);
        seam.extend_from_slice(&bytes[..bytes.len().min(Self::LONGEST)]);
        self.look(&seam);
        self.look(bytes);
        let mut last = 0;
        for at in memchr::memchr_iter(b'<', bytes) {
            self.longest = self.longest.max(self.stretch + at - last);
            (self.stretch, last) = (0, at);
            self.tags += 1;
        }
        self.stretch += bytes.len() - last;
        self.shared_texts += memmem::find_iter(bytes, b"<si").count();
        let end = if bytes.len() < Self::LONGEST {
            &seam
        } else {
            bytes
        };
        self.tail = end[end.len().saturating_sub(Self::LONGEST)..].to_vec();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns whether there is a formula tag: `<f>`, `<f t="shared"/>`, also with a prefix.
fn has_formula(bytes: &[u8]) -> bool {
    let begins = |start: &[u8]| {
        memmem::find_iter(bytes, start).any(|at| {
            let next = bytes.get(at + start.len());
            next.is_some_and(|byte| matches!(byte, b'>' | b' ' | b'/' | b'\t' | b'\r' | b'\n'))
        })
    };
    begins(b"<f") || begins(b":f")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(text: &str, piece: usize) -> (bool, bool) {
        let mut look = Look::default();
        for bytes in text.as_bytes().chunks(piece) {
            look.write_all(bytes).unwrap();
        }
        (look.has_formulas, look.has_merges)
    }

    #[test]
    fn formulas_and_merges_are_found_across_chunk_boundaries() {
        let table = [
            (r#"<c r="A1"><f>SUM(B1)</f></c>"#, (true, false)),
            (r#"<x:c><x:f t="shared" si="0"/></x:c>"#, (true, false)),
            (
                r#"<mergeCells count="1"><mergeCell ref="A1:A2"/>"#,
                (false, true),
            ),
            (
                "<filterColumn/><formula>1</formula><c><v>1</v></c>",
                (false, false),
            ),
        ];
        for (text, expected) in table {
            for piece in 1..text.len() {
                assert_eq!(seen(text, piece), expected, "{text} by {piece}");
            }
        }
    }
}
