//! How a sheet of an .xlsx workbook looks: the widths of its columns, the number formats, fonts and fills of its cells.
//!
//! What the cells mean is for the readers of rows. Nothing here fails: what cannot be known is left out.

use std::collections::HashMap;
use std::io::{BufReader, Cursor, Read};
use std::path::Path;

use calamine::{Color, DataRef, Reader as _, Style, Xlsx};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

/// How a sheet looks.
#[derive(Debug, Default)]
pub struct Layout {
    /// Widths of columns, counted from 0, in the format's own unit: characters. First and last column, then the width.
    pub widths: Vec<(u32, u32, f64)>,
    looks: Vec<Look>,
    /// By row, as the user sees it, and column, from 0: which look, and the number that is stored.
    cells: HashMap<(u32, u32), (usize, Option<f64>)>,
}

/// How a cell looks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Look {
    /// The code of its number format, where it is not the general one.
    pub format: Option<String>,
    /// Whether its text is bold.
    pub is_bold: bool,
    /// Whether its text is in italics.
    pub is_italic: bool,
    /// The size of its text, in points.
    pub size: Option<f64>,
    /// The colour of its text, as 0xRRGGBB.
    pub colour: Option<u32>,
    /// The colour behind it, as 0xRRGGBB.
    pub fill: Option<u32>,
}

impl Layout {
    /// Reads how the wanted rows of a sheet look; `None` where the file is no .xlsx workbook with that sheet.
    pub fn read(path: &Path, sheet: &str, is_wanted: impl Fn(u32) -> bool) -> Option<Self> {
        let bytes = crate::input::bytes::whole(path).ok()?;
        crate::input::workbook::guarded(|| Self::of(&bytes, sheet, is_wanted))
    }

    fn of(bytes: &[u8], sheet: &str, is_wanted: impl Fn(u32) -> bool) -> Option<Self> {
        let mut book = Xlsx::new(Cursor::new(bytes)).ok()?;
        let mut reader = book.worksheet_cells_reader(sheet).ok()?;
        let looks = reader.styles().iter().map(Look::of).collect();
        let mut cells = HashMap::new();
        while let Ok(Some((cell, style))) = reader.next_cell_with_style_id() {
            let (row, column) = cell.get_position();
            if is_wanted(row + 1) {
                cells.insert((row + 1, column), (style, number(cell.get_value())));
            }
        }
        Some(Self {
            widths: widths(bytes, sheet).unwrap_or_default(),
            looks,
            cells,
        })
    }

    /// Returns how a cell looks.
    pub fn look(&self, row: u32, column: u32) -> Option<&Look> {
        self.looks.get(self.cells.get(&(row, column))?.0)
    }

    /// Returns the number that a cell stores, where it stores one.
    pub(crate) fn number(&self, row: u32, column: u32) -> Option<f64> {
        self.cells.get(&(row, column))?.1
    }
}

impl Look {
    fn of(style: &Style) -> Self {
        let font = style.font.as_ref();
        let format = style.number_format.as_ref();
        let fill = style.fill.as_ref().filter(|fill| fill.is_visible());
        Self {
            format: format
                .map(|format| format.format_code.clone())
                .filter(|code| !code.is_empty() && code != "General"),
            is_bold: font.is_some_and(calamine::Font::is_bold),
            is_italic: font.is_some_and(calamine::Font::is_italic),
            size: font.and_then(|font| font.size),
            colour: font.and_then(|font| font.color).map(rgb),
            fill: fill.and_then(calamine::Fill::get_color).map(rgb),
        }
    }
}

fn rgb(colour: Color) -> u32 {
    colour.to_argb() & 0x00FF_FFFF
}

fn number(data: &DataRef<'_>) -> Option<f64> {
    match data {
        DataRef::Float(number) => Some(*number),
        DataRef::DateTime(time) => Some(time.as_f64()),
        _ => None,
    }
}

type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

/// Returns the widths of a sheet's columns. calamine does not tell them, so they are read from the sheet's own part.
fn widths(bytes: &[u8], sheet: &str) -> Option<Vec<(u32, u32, f64)>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).ok()?;
    let part = parts_of(&mut archive)?.remove(sheet)?;
    let mut widths = Vec::new();
    each_element(&mut archive, &part, |element| {
        if let Some(width) = width_of(element) {
            widths.push(width);
        }
        // The widths stand before the cells.
        element.local_name().as_ref() != "sheetData"
    })?;
    Some(widths)
}

/// Reads `<col min="2" max="3" width="12.5"/>`, in which columns are counted from 1.
fn width_of(element: &BytesStart<'_>) -> Option<(u32, u32, f64)> {
    if element.local_name().as_ref() != "col" {
        return None;
    }
    let first: u32 = attribute(element, "min")?.parse().ok()?;
    let last: u32 = attribute(element, "max")?.parse().ok()?;
    let width: f64 = attribute(element, "width")?.parse().ok()?;
    let is_sound = first >= 1 && last >= first && (0.0..=255.0).contains(&width);
    is_sound.then(|| (first - 1, last - 1, width))
}

/// Returns the names of the parts of an .xlsx that hold its sheets, by the name of the sheet.
pub(crate) fn sheet_parts(bytes: &[u8]) -> Option<HashMap<String, String>> {
    parts_of(&mut ZipArchive::new(Cursor::new(bytes)).ok()?)
}

fn parts_of(archive: &mut Archive<'_>) -> Option<HashMap<String, String>> {
    let mut ids = Vec::new();
    each_element(archive, "xl/workbook.xml", |element| {
        if element.local_name().as_ref() == "sheet"
            && let (Some(name), Some(id)) = (attribute(element, "name"), relation(element))
        {
            ids.push((name, id));
        }
        true
    })?;
    let mut targets = HashMap::new();
    each_element(archive, "xl/_rels/workbook.xml.rels", |element| {
        if let (Some(id), Some(target)) = (attribute(element, "Id"), attribute(element, "Target")) {
            targets.entry(id).or_insert(target);
        }
        true
    })?;
    let part = |target: &String| match target.strip_prefix('/') {
        Some(absolute) => absolute.to_owned(),
        None => format!("xl/{target}"),
    };
    let parts = ids.into_iter().rev();
    let parts = parts.filter_map(|(name, id)| Some((name, part(targets.get(&id)?))));
    Some(parts.collect())
}

/// Shows the elements of a part, in their order, until `see` has seen enough.
fn each_element(
    archive: &mut Archive<'_>,
    part: &str,
    mut see: impl FnMut(&BytesStart<'_>) -> bool,
) -> Option<()> {
    /// What is sought stands in the first part of a file, and no more of a hostile one is unpacked.
    const MOST_BYTES: u64 = 16 << 20;
    let file = archive.by_name(part).ok()?;
    let mut reader = Reader::from_reader(BufReader::new(file.take(MOST_BYTES)));
    let mut buffer = Vec::new();
    loop {
        match reader.read_event_into(&mut buffer).ok()? {
            Event::Start(element) | Event::Empty(element) if !see(&element) => return Some(()),
            Event::Eof => return Some(()),
            _ => {}
        }
        buffer.clear();
    }
}

/// Returns the id by which a sheet refers to its part, whatever the prefix of that attribute.
fn relation(element: &BytesStart<'_>) -> Option<String> {
    let mut attributes = element.attributes().flatten();
    let found = attributes.find(|attribute| attribute.key.as_ref().ends_with(":id"))?;
    let text = found.normalized_value(quick_xml::XmlVersion::Implicit1_0);
    Some(text.ok()?.into_owned())
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = element.try_get_attribute(name).ok()??;
    Some(
        found
            .normalized_value(quick_xml::XmlVersion::Implicit1_0)
            .ok()?
            .into_owned(),
    )
}
