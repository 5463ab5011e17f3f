//! What the library for .xlsb keeps to itself: which part holds a sheet, and the number formats of the styles.

use std::collections::HashMap;
use std::io::{BufReader, Read};

use quick_xml::events::Event;
use quick_xml::{Reader, XmlVersion};

use super::records::{Archive, Records};
use crate::input::limits::{MOST_SHEETS, MOST_STYLES};
use crate::input::workbook::error::Flaw;
use crate::input::workbook::number_format::Format;
use crate::input::workbook::worker::le::{size_at, u16_at, wide_text};

/// Returns the place of a part in the archive, whatever the case of its name.
fn index(archive: &Archive, name: &str) -> Option<usize> {
    let is_same = |other: &str| other.replace('\\', "/").eq_ignore_ascii_case(name);
    (0..archive.len()).find(|index| {
        let other = archive.name_for_index(*index).and_then(Result::ok);
        other.is_some_and(|other| is_same(&other))
    })
}

/// Returns the places of the parts that hold the sheets, in their order.
pub(crate) fn sheets(archive: &mut Archive) -> Result<Vec<Option<usize>>, Flaw> {
    let targets = targets(archive)?;
    let names = sheet_ids(archive)?;
    let part = |id: &String| {
        let target = targets.get(id)?;
        index(archive, &format!("xl/{target}"))
    };
    Ok(names.iter().map(part).collect())
}

/// Returns the ids by which the workbook refers to the parts of its sheets.
fn sheet_ids(archive: &mut Archive) -> Result<Vec<String>, Flaw> {
    const SHEET: u16 = 0x9C;
    const SHEETS_END: u16 = 0x90;
    const NO_TEXT: usize = 0xFFFF_FFFF;
    let workbook = index(archive, "xl/workbook.bin").ok_or_else(Flaw::cut_short)?;
    let part = archive.by_index(workbook)?;
    let mut records = Records::of(part);
    let mut ids = Vec::new();
    while let Some((kind, data)) = records.next()? {
        match kind {
            // Calamine leaves out those without an id, too.
            SHEET if size_at(data, 8)? != NO_TEXT => ids.push(wide_text(data, 8)?.0),
            SHEETS_END => break,
            _ => {}
        }
        if ids.len() > MOST_SHEETS {
            return Err(Flaw::too_large("it has too many sheets"));
        }
    }
    Ok(ids)
}

/// Returns the names of parts by the ids that refer to them.
fn targets(archive: &mut Archive) -> Result<HashMap<String, String>, Flaw> {
    let Some(index) = index(archive, "xl/_rels/workbook.bin.rels") else {
        return Ok(HashMap::new());
    };
    let part = archive.by_index(index)?;
    let mut reader = Reader::from_reader(BufReader::new(part));
    let (mut buffer, mut targets) = (Vec::new(), HashMap::new());
    loop {
        let event = reader.read_event_into(&mut buffer);
        match event.map_err(|_| Flaw::no_xml())? {
            Event::Start(tag) | Event::Empty(tag) => {
                let text = |name: &str| {
                    let found = tag.try_get_attribute(name).ok()??;
                    let text = found.normalized_value(XmlVersion::Implicit1_0).ok()?;
                    Some(text.into_owned())
                };
                if let (Some(id), Some(target)) = (text("Id"), text("Target")) {
                    targets.insert(id, target);
                }
            }
            Event::Eof => return Ok(targets),
            _ => {}
        }
        buffer.clear();
    }
}

/// Returns the number format of each style.
pub(crate) fn formats(archive: &mut Archive) -> Result<Vec<Format>, Flaw> {
    match index(archive, "xl/styles.bin") {
        Some(index) => formats_in(archive.by_index(index)?),
        None => Ok(Vec::new()),
    }
}

fn formats_in(part: impl Read) -> Result<Vec<Format>, Flaw> {
    const FORMAT: u16 = 0x2C;
    const STYLES_BEGIN: u16 = 0x269;
    const STYLES_END: u16 = 0x26A;
    const STYLE: u16 = 0x2F;
    let mut records = Records::of(part);
    let (mut codes, mut formats, mut among_styles) = (HashMap::new(), Vec::new(), false);
    while let Some((kind, data)) = records.next()? {
        match kind {
            FORMAT => {
                let format = Format::of_code(&wide_text(data, 2)?.0);
                codes.insert(u16_at(data, 0)?, format);
            }
            STYLES_BEGIN => among_styles = true,
            STYLES_END => break,
            STYLE if among_styles => {
                let id = u16_at(data, 2)?;
                let built_in = || Format::of_built_in(id.into());
                formats.push(codes.get(&id).copied().unwrap_or_else(built_in));
            }
            _ => {}
        }
        if formats.len() > MOST_STYLES || codes.len() > MOST_STYLES {
            return Err(Flaw::too_large("it has too many styles"));
        }
    }
    Ok(formats)
}
