//! The appearance of an .xlsx sheet: column widths, number formats, fonts and fills.
//!
//! Used to write rejected rows as they looked in the input. Nothing here fails: a property that cannot be read is left
//! out.

use std::collections::HashMap;
use std::io::{BufReader, Cursor, Read};
use std::path::Path;

use calamine::{Color, DataRef, Reader as _, Style, Xlsx};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

/// The appearance of a sheet.
#[derive(Debug, Default)]
pub struct Layout {
    /// Column widths in characters (the file format's unit): first column, last column (from 0), width.
    pub widths: Vec<(u32, u32, f64)>,
    looks: Vec<Look>,
    /// By row (from 1) and column (from 0): index of the cell's style, and the number that it stores.
    cells: HashMap<(u32, u32), (usize, Option<f64>)>,
}

/// The appearance of a cell.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Look {
    /// The code of its number format, unless it is `General`.
    pub format: Option<String>,
    /// Whether the text is bold.
    pub is_bold: bool,
    /// Whether the text is italic.
    pub is_italic: bool,
    /// Font size in points.
    pub size: Option<f64>,
    /// Text colour as 0xRRGGBB.
    pub colour: Option<u32>,
    /// Fill colour as 0xRRGGBB.
    pub fill: Option<u32>,
}

impl Layout {
    /// Reads the appearance of the wanted rows. Returns `None` if the file is not an .xlsx workbook with that sheet.
    pub fn read(path: &Path, sheet: &str, is_wanted: impl Fn(u32) -> bool) -> Option<Self> {
        let bytes = crate::input::bytes::whole(path).ok()?;
        crate::input::workbook::catch_panic(|| Self::of(&bytes, sheet, is_wanted))
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

    /// Returns the appearance of a cell.
    pub fn look(&self, row: u32, column: u32) -> Option<&Look> {
        self.looks.get(self.cells.get(&(row, column))?.0)
    }

    /// Returns the number that a cell stores, if it stores one.
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

/// Returns the column widths of a sheet. calamine does not expose them, so they are read from the sheet's XML.
fn widths(bytes: &[u8], sheet: &str) -> Option<Vec<(u32, u32, f64)>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).ok()?;
    let part = parts_of(&mut archive)?.remove(sheet)?;
    let mut widths = Vec::new();
    each_element(&mut archive, &part, |element| {
        if let Some(width) = width_of(element) {
            widths.push(width);
        }
        // `cols` comes before `sheetData`.
        element.local_name().as_ref() != "sheetData"
    })?;
    Some(widths)
}

/// Reads `<col min="2" max="3" width="12.5"/>`. The file counts columns from 1.
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

/// Returns the names of the parts that hold the sheets, by sheet name.
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

/// Passes the elements of a part to `see` in order, until it returns false.
fn each_element(
    archive: &mut Archive<'_>,
    part: &str,
    mut see: impl FnMut(&BytesStart<'_>) -> bool,
) -> Option<()> {
    /// Widths are near the beginning of a part; the limit bounds the unpacking of a hostile file.
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

/// Returns the relationship id of a sheet, whatever the prefix of the attribute.
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
