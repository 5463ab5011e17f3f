//! Detects what a file is by its content, and names formats that are not supported.

use std::sync::Arc;

use super::archive::Compression;
use crate::diagnostics::diagnostic::{Code, Diagnostic, Place, Source};

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Text; [`foreign_text`] examines it once it is decoded.
    Csv,
    /// A workbook in a zip or compound-file container.
    Workbook,
    /// A compressed file.
    Compressed(Compression),
    /// An unsupported format.
    Other(&'static str),
}

use Format::Other;

/// The signature of a zip archive.
const ZIP: &[u8] = b"PK\x03\x04";

/// The signatures of formats that are not text.
const SIGNATURES: [(&[u8], Format); 24] = [
    (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", Format::Workbook),
    (b"\x1F\x8B", Format::Compressed(Compression::Gzip)),
    (b"\x28\xB5\x2F\xFD", Format::Compressed(Compression::Zstd)),
    (b"PK\x05\x06", Other("an empty zip archive")),
    (b"PK\x07\x08", Other("a zip archive in several parts")),
    (b"\x09\x00\x04\x00", Other("a workbook of Excel 2")),
    (b"\x09\x02\x06\x00", Other("a workbook of Excel 3")),
    (b"\x09\x04\x06\x00", Other("a workbook of Excel 4")),
    (b"%PDF-", Other("a PDF document")),
    (b"{\\rtf", Other("an RTF document")),
    (b"\x89PNG", Other("an image (PNG)")),
    (b"\xFF\xD8\xFF", Other("an image (JPEG)")),
    (b"GIF87a", Other("an image (GIF)")),
    (b"GIF89a", Other("an image (GIF)")),
    (b"II*\0", Other("an image (TIFF)")),
    (b"MM\0*", Other("an image (TIFF)")),
    (b"RIFF", Other("an image or a sound (RIFF)")),
    (b"BZh9", Other("a bzip2 archive")),
    (b"\xFD7zXZ\0", Other("an xz archive")),
    (b"7z\xBC\xAF\x27\x1C", Other("a 7z archive")),
    (b"Rar!\x1A\x07", Other("a RAR archive")),
    (b"PAR1", Other("a Parquet file")),
    (b"SQLite format 3\0", Other("an SQLite database")),
    (b"\x7FELF", Other("a program")),
];

impl Format {
    /// Detects the format by the beginning of a file. A zip archive may not be a workbook: see [`Format::of`].
    pub(crate) fn of_beginning(bytes: &[u8]) -> Self {
        if bytes.starts_with(ZIP) {
            return Self::Workbook;
        }
        Self::of(bytes)
    }

    /// Detects the format of a whole file.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        if bytes.starts_with(ZIP) {
            return of_zip(bytes);
        }
        if is_skippable_frame(bytes) {
            return Self::Compressed(Compression::Zstd);
        }
        let found = SIGNATURES
            .iter()
            .find(|(signature, _)| bytes.starts_with(signature));
        found.map_or(Self::Csv, |(_, format)| *format)
    }
}

/// Whether bytes begin with a zstd frame without data.
fn is_skippable_frame(bytes: &[u8]) -> bool {
    matches!(bytes, [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..])
}

/// The formats of zip archives by the names of entries; the first match decides.
const ENTRIES: [(&str, Format); 8] = [
    ("xl/", Format::Workbook),
    ("content.xml", Format::Workbook),
    ("mimetype", Format::Workbook),
    ("word/", Other("a Word document")),
    ("ppt/", Other("a PowerPoint presentation")),
    ("visio/", Other("a Visio drawing")),
    ("index/", Other("a document of Apple's Numbers or Pages")),
    ("index.zip", Other("a document of Apple's Numbers or Pages")),
];

/// Detects the format of a zip archive. A damaged one counts as a workbook, whose reader describes the damage.
fn of_zip(bytes: &[u8]) -> Format {
    let Some(names) = entry_names(bytes) else {
        return Format::Workbook;
    };
    let names: Vec<String> = names
        .into_iter()
        .map(|name| {
            String::from_utf8_lossy(name)
                .replace('\\', "/")
                .to_lowercase()
        })
        .collect();
    let holds = |start: &str| {
        names
            .iter()
            .any(|name| name.trim_start_matches('/').starts_with(start))
    };
    match ENTRIES.iter().find(|(start, _)| holds(start)) {
        Some((_, format)) => *format,
        None if holds("[content_types].xml") => Format::Workbook,
        None => Other("a zip archive without a workbook"),
    }
}

/// The end record of a zip archive, without the comment that may follow it.
const END_RECORD: usize = 22;
/// The longest comment of a zip archive.
const LONGEST_COMMENT: usize = 0xFFFF;
/// An entry of a zip archive's directory, without its name.
const ENTRY: usize = 46;

/// Returns the names in the directory of a zip archive; `None` if the directory is damaged.
pub(crate) fn entry_names(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let tail = bytes.len().saturating_sub(END_RECORD + LONGEST_COMMENT);
    let end = bytes[tail..]
        .windows(4)
        .rposition(|window| window == b"PK\x05\x06")?
        + tail;
    let start = usize::try_from(u32::from_le_bytes(*bytes.get(end + 16..)?.first_chunk()?)).ok()?;
    let mut rest = bytes.get(start..end)?;
    let mut names = Vec::new();
    while rest.starts_with(b"PK\x01\x02") {
        let length = |at: usize| -> Option<usize> {
            Some(u16::from_le_bytes(*rest.get(at..)?.first_chunk()?).into())
        };
        let name = length(28)?;
        let next = ENTRY + name + length(30)? + length(32)?;
        names.push(rest.get(ENTRY..ENTRY + name)?);
        rest = rest.get(next..)?;
    }
    (!names.is_empty()).then_some(names)
}

/// How much of a text is examined.
const HEAD: usize = 4096;

/// Formats of text by how it begins and what its head contains, in lower case.
const BEGINNINGS: [(&[&str], &str, &str); 9] = [
    (
        &["<"],
        "urn:schemas-microsoft-com:office:spreadsheet",
        "an Excel 2003 XML spreadsheet",
    ),
    (
        &["<?"],
        "progid=\"excel.sheet\"",
        "an Excel 2003 XML spreadsheet",
    ),
    (
        &["<?"],
        "urn:oasis:names:tc:opendocument",
        "a flat OpenDocument file",
    ),
    (
        &[
            "<!doctype html",
            "<html",
            "<head",
            "<meta",
            "<style",
            "<body",
            "<table",
            "<div",
        ],
        "",
        "an HTML page",
    ),
    (&["<?xml", "<!--", "<!doctype"], "<html", "an HTML page"),
    (&["<!--"], "<table", "an HTML page"),
    (&["<?xml"], "", "an XML file"),
    (&["mime-version:"], "content-type:", "a web archive (MHTML)"),
    (&["%pdf-"], "", "a PDF document"),
];

/// Returns the format of a decoded text that is not CSV.
pub(crate) fn foreign_text(text: &str) -> Option<&'static str> {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let head = text[..text.floor_char_boundary(HEAD)].to_ascii_lowercase();
    let found = BEGINNINGS.iter().find(|(starts, within, _)| {
        starts.iter().any(|start| head.starts_with(start)) && head.contains(within)
    });
    found
        .map(|(_, _, what)| *what)
        .or_else(|| head.starts_with("{\\rtf").then_some("an RTF document"))
        .or_else(|| is_json(&head).then_some("a JSON file"))
}

fn is_json(text: &str) -> bool {
    let after = |opening: char| text.strip_prefix(opening).map(str::trim_start);
    let is_object = |rest: &str| rest.starts_with(['"', '}']);
    let is_list = |rest: &str| rest.starts_with(['{', '[', ']', '"']);
    after('{').is_some_and(is_object) || after('[').is_some_and(is_list)
}

/// The help for each format, by a word of its name; the last matches all.
const HELP: [(&str, &str); 6] = [
    (
        "HTML",
        "open it in a spreadsheet program and save it as .xlsx",
    ),
    (
        "spreadsheet",
        "open it in a spreadsheet program and save it as .xlsx",
    ),
    (
        "workbook of",
        "open it in a spreadsheet program and save it as .xlsx",
    ),
    (
        "OpenDocument",
        "open it in a spreadsheet program and save it as .ods or .xlsx",
    ),
    ("archive", "unpack it and name the files in it"),
    ("", "export the scores again, as .xlsx or as CSV (UTF-8)"),
];

/// Returns the diagnostic for an unsupported format.
pub(crate) fn refusal(source: &Arc<Source>, what: &str) -> Diagnostic {
    let help = HELP.iter().find(|(word, _)| what.contains(word));
    Diagnostic::new(
        Code::InputUnreadable,
        Place::whole(source),
        format!("the file is {what}, which is not supported"),
        help.map_or("", |(_, help)| help),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A zip archive of empty entries.
    fn zip(names: &[&str]) -> Vec<u8> {
        let mut bytes = b"PK\x03\x04".to_vec();
        bytes.resize(30, 0);
        let start = u32::try_from(bytes.len()).unwrap();
        for name in names {
            let mut entry = b"PK\x01\x02".to_vec();
            entry.resize(ENTRY, 0);
            entry[28] = u8::try_from(name.len()).unwrap();
            bytes.extend(entry);
            bytes.extend(name.as_bytes());
        }
        bytes.extend(b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0");
        bytes.extend(start.to_le_bytes());
        bytes.extend(b"\x02\0hi");
        bytes
    }

    #[test]
    fn a_zip_archive_is_detected_by_its_entries() {
        let content = "[Content_Types].xml";
        assert_eq!(
            Format::of(&zip(&[content, "xl/workbook.xml"])),
            Format::Workbook
        );
        assert_eq!(
            Format::of(&zip(&["mimetype", "content.xml"])),
            Format::Workbook
        );
        assert_eq!(
            Format::of(&zip(&[content, "word/document.xml"])),
            Other("a Word document")
        );
        assert_eq!(
            Format::of(&zip(&["a.csv", "b.csv"])),
            Other("a zip archive without a workbook")
        );
        assert_eq!(Format::of(b"PK\x03\x04 and then nothing"), Format::Workbook);
    }

    #[test]
    fn text_that_is_not_csv_is_detected() {
        let excel =
            "<?xml version=\"1.0\"?>\n<?mso-application progid=\"Excel.Sheet\"?>\n<Workbook>";
        let table = [
            (
                "\u{feff} \r\n<HTML xmlns:x=\"urn:schemas-microsoft-com:office:excel\">",
                Some("an HTML page"),
            ),
            ("<table><tr><td>order_id", Some("an HTML page")),
            (excel, Some("an Excel 2003 XML spreadsheet")),
            ("<?xml version='1.0'?><scores/>", Some("an XML file")),
            ("{\\rtf1\\ansi", Some("an RTF document")),
            ("[ {\"order_id\": 1}]", Some("a JSON file")),
            ("{\n  \"orders\": []}", Some("a JSON file")),
            (
                "MIME-Version: 1.0\nContent-Type: multipart/related",
                Some("a web archive (MHTML)"),
            ),
            ("order_id,score\n", None),
            ("[order_id],[score]\n", None),
            ("<none>,order_id\n", None),
            ("", None),
        ];
        for (text, what) in table {
            assert_eq!(foreign_text(text), what, "{text}");
        }
    }

    #[test]
    fn every_unsupported_format_has_help() {
        let source = Arc::new(Source {
            path: "a.xls".into(),
            sheet: None,
        });
        assert!(
            refusal(&source, "an HTML page")
                .help
                .ends_with("save it as .xlsx")
        );
        assert!(refusal(&source, "a RAR archive").help.starts_with("unpack"));
        assert!(
            refusal(&source, "an image (PNG)")
                .help
                .starts_with("export")
        );
    }

    proptest! {
        #[test]
        fn detection_never_panics(bytes: Vec<u8>, end: Vec<u8>) {
            let _ = Format::of(&bytes);
            let _ = Format::of(&[b"PK\x03\x04", &bytes[..], b"PK\x01\x02", &end, b"PK\x05\x06", &end].concat());
            let _ = foreign_text(&String::from_utf8_lossy(&bytes));
        }
    }
}
