//! Repairs an .ods for calamine: adds parts that some programs leave out, and removes content between the cells of a
//! row.

use std::io::{BufRead, BufReader, Cursor, Write};

use quick_xml::events::Event;
use quick_xml::{Reader, Writer};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::input::workbook::error::WorkbookError;

/// The part that holds the sheets.
pub(crate) const CONTENT: &str = "content.xml";

/// Parts that calamine requires.
const WANTED: [(&str, &str); 2] = [
    ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
    ("META-INF/manifest.xml", "<manifest:manifest/>"),
];

/// Adds missing parts, and rewrites the content if it has anything between its cells.
pub(crate) fn repaired_parts(
    bytes: Vec<u8>,
    has_content_between_cells: bool,
) -> Result<Vec<u8>, WorkbookError> {
    let mut archive = ZipArchive::new(Cursor::new(&bytes[..]))?;
    let is_missing = |name: &str| archive.index_for_name(name).is_none();
    let missing: Vec<_> = WANTED.iter().filter(|(name, _)| is_missing(name)).collect();
    if missing.is_empty() && !has_content_between_cells {
        return Ok(bytes);
    }
    let plain = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in missing {
        writer.start_file(*name, plain)?;
        writer.write_all(content.as_bytes())?;
    }
    let content = archive.index_for_name(CONTENT);
    for index in 0..archive.len() {
        if has_content_between_cells && Some(index) == content {
            let repaired = without_content_between_cells(BufReader::new(archive.by_index(index)?))?;
            writer.start_file(CONTENT, plain)?;
            writer.write_all(&repaired)?;
        } else {
            writer.raw_copy_file(archive.by_index_raw(index)?)?;
        }
    }
    Ok(writer.finish()?.into_inner())
}

/// Writes a content part without anything between the cells of a row (mostly line breaks).
fn without_content_between_cells(part: impl BufRead) -> Result<Vec<u8>, WorkbookError> {
    let unreadable = |_: quick_xml::Error| WorkbookError::invalid_xml();
    let mut reader = Reader::from_reader(part);
    reader.config_mut().check_end_names = false;
    let mut writer = Writer::new(Vec::new());
    let (mut buffer, mut in_row, mut in_cell) = (Vec::new(), false, false);
    loop {
        let event = reader.read_event_into(&mut buffer).map_err(unreadable)?;
        let is = |name: &str, other: &str| name.ends_with(other);
        let is_tag = matches!(event, Event::Start(_) | Event::End(_) | Event::Empty(_));
        match &event {
            Event::Eof => return Ok(writer.into_inner()),
            Event::Start(tag) if is(tag.name().as_ref(), ":table-row") => in_row = true,
            Event::End(tag) if is(tag.name().as_ref(), ":table-row") => in_row = false,
            Event::Start(tag) if is(tag.name().as_ref(), "table-cell") => in_cell = true,
            Event::End(tag) if is(tag.name().as_ref(), "table-cell") => in_cell = false,
            _ => {}
        }
        if is_tag || in_cell || !in_row {
            writer.write_event(event)?;
        }
        buffer.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_content_between_cells_is_removed() {
        let written = "<t>\n<table:table-row> <table:table-cell><text:p>a &amp; \n b</text:p> </table:table-cell>\n<!-- c --><table:covered-table-cell/> </table:table-row>\n</t>";
        let repaired = without_content_between_cells(written.as_bytes()).unwrap();
        let expected = "<t>\n<table:table-row><table:table-cell><text:p>a &amp; \n b</text:p> </table:table-cell><table:covered-table-cell/></table:table-row>\n</t>";
        assert_eq!(String::from_utf8(repaired).unwrap(), expected);
    }
}
