//! The dialect for output files: that of the input, so that the same program opens both.

use std::io::{self, Read};
use std::path::Path;

use super::delimiter::Delimiter;
use super::encoding::{self, Encoding};
use crate::input::csv::dialect;
use crate::input::format::Format;
use crate::input::options::Options;

/// How a CSV file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OutputDialect {
    /// The delimiter.
    pub(crate) delimiter: u8,
    /// Whether to begin with a byte order mark, so that a spreadsheet program opens the file as UTF-8.
    pub(crate) is_marked: bool,
}

impl Default for OutputDialect {
    fn default() -> Self {
        Self {
            delimiter: b',',
            is_marked: false,
        }
    }
}

/// How much of a file is examined.
const BEGINNING: usize = 64 << 10;

impl OutputDialect {
    /// Detects the dialect of a CSV file; `None` if it is missing, compressed, or not CSV.
    pub(crate) fn detect(path: &Path, options: &Options<'_>) -> Option<Self> {
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
        let detected = dialect::detect(&text, is_cut, options.delimiter, &options.names);
        // An unusual delimiter would not be detected when the output is read.
        let mut usual = Delimiter::USUAL.iter();
        let delimiter = usual.find(|usual| usual.0 == detected.dialect.delimiter());
        Some(Self {
            delimiter: delimiter.map_or(b',', |usual| usual.0),
            is_marked: named.mark > 0 || encoding != Encoding::Utf8,
        })
    }

    /// Combines the dialects of several input files: their delimiter, if they agree.
    pub(crate) fn combine(files: &[Self]) -> Self {
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

    fn written(delimiter: u8, is_marked: bool) -> OutputDialect {
        OutputDialect {
            delimiter,
            is_marked,
        }
    }

    #[test]
    fn the_dialect_is_detected_from_the_beginning_of_a_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.csv");
        let wide: Vec<u8> = "\u{feff}order_id\tscore\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let table: [(&[u8], Option<OutputDialect>); 7] = [
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
            let found = OutputDialect::detect(&path, &Options::default());
            assert_eq!(found, expected, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn several_files_share_the_delimiter_on_which_they_agree() {
        let (semicolons, tabs) = (written(b';', true), written(b'\t', false));
        assert_eq!(OutputDialect::combine(&[]), OutputDialect::default());
        assert_eq!(
            OutputDialect::combine(&[semicolons, semicolons]),
            semicolons
        );
        assert_eq!(
            OutputDialect::combine(&[tabs, semicolons]),
            written(b',', true)
        );
    }
}
