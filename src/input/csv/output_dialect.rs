//! How a CSV is written, told from its beginning: to write another that its user's program opens like it.

use std::io::{self, Read};
use std::path::Path;

use super::delimiter::Delimiter;
use super::encoding::{self, Encoding};
use crate::input::csv::dialect;
use crate::input::format::Format;
use crate::input::options::Options;

/// How a CSV is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    /// What stands between its columns.
    pub(crate) delimiter: u8,
    /// Whether a spreadsheet program would take UTF-8 without a byte order mark for another encoding beside it.
    pub(crate) is_marked: bool,
}

impl Default for Written {
    fn default() -> Self {
        Self {
            delimiter: b',',
            is_marked: false,
        }
    }
}

/// As much of a file is looked at.
const BEGINNING: usize = 64 << 10;

impl Written {
    /// Tells how a CSV is written that has been read in this way; `None` for what is none, or packed, or gone.
    pub(crate) fn of(path: &Path, options: &Options<'_>) -> Option<Self> {
        let beginning = beginning(path).ok()?;
        if Format::of_beginning(&beginning) != Format::Csv {
            return None;
        }
        let named = encoding::named(&beginning, options.encoding).ok()?;
        let rest = &beginning[named.mark..];
        let encoding = named.encoding.unwrap_or_else(|| {
            let whole = encoding::whole_units(rest, Encoding::Utf8);
            match encoding::utf_8(&rest[..whole]) {
                Ok(_) => Encoding::Utf8,
                Err(_) => Encoding::Windows1252,
            }
        });
        let whole = encoding::whole_units(rest, encoding);
        let text = encoding::decode(&rest[..whole], encoding).ok()?;
        let is_cut = beginning.len() == BEGINNING;
        let told = dialect::told(&text, is_cut, options.delimiter, &options.names);
        // Another is found again only where it is set.
        let mut usual = Delimiter::USUAL.iter();
        let delimiter = usual.find(|usual| told.dialect.parts_cells(usual.0));
        Some(Self {
            delimiter: delimiter.map_or(b',', |usual| usual.0),
            is_marked: named.mark > 0 || encoding != Encoding::Utf8,
        })
    }

    /// Returns how to write what is taken from several files: as they are written, where they agree.
    pub(crate) fn of_all(files: &[Self]) -> Self {
        let mut delimiters = files.iter().map(|file| file.delimiter);
        let first = delimiters.next().unwrap_or(b',');
        Self {
            delimiter: if delimiters.all(|other| other == first) {
                first
            } else {
                b','
            },
            is_marked: files.iter().any(|file| file.is_marked),
        }
    }
}

fn beginning(path: &Path) -> io::Result<Vec<u8>> {
    let mut beginning = Vec::new();
    let file = std::fs::File::open(path)?;
    file.take(BEGINNING as u64).read_to_end(&mut beginning)?;
    Ok(beginning)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(delimiter: u8, is_marked: bool) -> Written {
        Written {
            delimiter,
            is_marked,
        }
    }

    #[test]
    fn a_csv_tells_by_its_beginning_how_it_is_written() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.csv");
        let wide: Vec<u8> = "\u{feff}order_id\tscore\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let table: [(&[u8], Option<Written>); 7] = [
            (b"order_id,score\n1,5\n", Some(written(b',', false))),
            (
                b"\xEF\xBB\xBForder_id;score\n1;4,5\n",
                Some(written(b';', true)),
            ),
            (b"sep=|\norder_id|score\n", Some(written(b'|', false))),
            (b"order_id,score\n1,caf\xE9\n", Some(written(b',', true))),
            (
                "order_id,score\n1,café\n".as_bytes(),
                Some(written(b',', false)),
            ),
            (&wide, Some(written(b'\t', true))),
            (b"\x1F\x8B\x08", None),
        ];
        for (bytes, expected) in table {
            std::fs::write(&path, bytes).unwrap();
            let found = Written::of(&path, &Options::default());
            assert_eq!(found, expected, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn of_several_files_the_delimiter_counts_in_which_they_agree() {
        let (semicolons, tabs) = (written(b';', true), written(b'\t', false));
        assert_eq!(Written::of_all(&[]), Written::default());
        assert_eq!(Written::of_all(&[semicolons, semicolons]), semicolons);
        assert_eq!(Written::of_all(&[tabs, semicolons]), written(b',', true));
    }
}
