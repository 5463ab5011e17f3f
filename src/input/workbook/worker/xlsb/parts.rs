//! Facts about an .xlsb that calamine keeps private: the part of each sheet, and the number formats of the styles.

use std::collections::HashMap;
use std::io::{BufReader, Read};

use quick_xml::events::Event;
use quick_xml::{Reader, XmlVersion};

use super::records::{Archive, Records};
use crate::input::limits::{MOST_SHEETS, MOST_STYLES};
use crate::input::workbook::error::WorkbookError;
use crate::input::workbook::number_format::Format;
use crate::input::workbook::worker::le::{size_at, u16_at, wide_text};

/// Returns the archive index of a part, ignoring the case of its name.
fn index(archive: &Archive, name: &str) -> Option<usize> {
    let is_same = |other: &str| other.replace('\\', "/").eq_ignore_ascii_case(name);
    (0..archive.len()).find(|index| {
        let other = archive.name_for_index(*index).and_then(Result::ok);
        other.is_some_and(|other| is_same(&other))
    })
}

/// Returns the archive indexes of the sheets' parts, in sheet order.
pub(crate) fn sheets(archive: &mut Archive) -> Result<Vec<Option<usize>>, WorkbookError> {
    let targets = targets(archive)?;
    let names = sheet_ids(archive)?;
    let part = |id: &String| {
        let target = targets.get(id)?;
        index(archive, &format!("xl/{target}"))
    };
    Ok(names.iter().map(part).collect())
}

/// Returns the relationship ids of the sheets' parts.
fn sheet_ids(archive: &mut Archive) -> Result<Vec<String>, WorkbookError> {
    const SHEET: u16 = 0x9C;
    const SHEETS_END: u16 = 0x90;
    const NO_TEXT: usize = 0xFFFF_FFFF;
    let workbook = index(archive, "xl/workbook.bin").ok_or_else(WorkbookError::cut_short)?;
    let part = archive.by_index(workbook)?;
    let mut records = Records::of(part);
    let mut ids = Vec::new();
    while let Some((kind, data)) = records.next()? {
        match kind {
            // calamine also skips sheets without an id.
            SHEET if size_at(data, 8)? != NO_TEXT => ids.push(wide_text(data, 8)?.0),
            SHEETS_END => break,
            _ => {}
        }
        if ids.len() > MOST_SHEETS {
            return Err(WorkbookError::too_large("it has too many sheets"));
        }
    }
    Ok(ids)
}

/// Returns the names of parts by relationship id.
fn targets(archive: &mut Archive) -> Result<HashMap<String, String>, WorkbookError> {
    let Some(index) = index(archive, "xl/_rels/workbook.bin.rels") else {
        return Ok(HashMap::new());
    };
    let part = archive.by_index(index)?;
    let mut reader = Reader::from_reader(BufReader::new(part));
    let (mut buffer, mut targets) = (Vec::new(), HashMap::new());
    loop {
        let event = reader.read_event_into(&mut buffer);
        match event.map_err(|_| WorkbookError::invalid_xml())? {
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
pub(crate) fn formats(archive: &mut Archive) -> Result<Vec<Format>, WorkbookError> {
    match index(archive, "xl/styles.bin") {
        Some(index) => formats_in(archive.by_index(index)?),
        None => Ok(Vec::new()),
    }
}

fn formats_in(part: impl Read) -> Result<Vec<Format>, WorkbookError> {
    const FORMAT: u16 = 0x2C;
    const STYLES_BEGIN: u16 = 0x269;
    const STYLES_END: u16 = 0x26A;
    const STYLE: u16 = 0x2F;
    let mut records = Records::of(part);
    let (mut codes, mut formats, mut among_styles) = (HashMap::new(), Vec::new(), false);
    while let Some((kind, data)) = records.next()? {
        match kind {
            FORMAT => {
                let format = Format::from_code(&wide_text(data, 2)?.0);
                codes.insert(u16_at(data, 0)?, format);
            }
            STYLES_BEGIN => among_styles = true,
            STYLES_END => break,
            STYLE if among_styles => {
                let id = u16_at(data, 2)?;
                let built_in = || Format::built_in(id.into());
                formats.push(codes.get(&id).copied().unwrap_or_else(built_in));
            }
            _ => {}
        }
        if formats.len() > MOST_STYLES || codes.len() > MOST_STYLES {
            return Err(WorkbookError::too_large("it has too many styles"));
        }
    }
    Ok(formats)
}
