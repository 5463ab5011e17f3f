//! Finds formulas of an .xlsx sheet that have no stored value; calamine returns them as blank cells.

use std::collections::HashSet;
use std::io::{BufReader, Read};

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

use crate::input::limits::MOST_REGIONS;
use crate::input::workbook::error::WorkbookError;

/// What a cell holds.
#[derive(Default)]
struct Holds {
    formula: bool,
    value: bool,
    /// Whether the value is a text, which may be empty.
    text: bool,
}

/// The state of a walk through a sheet's cells.
#[derive(Default)]
struct Look {
    row: u32,
    column: u32,
    holds: Holds,
    /// Whether the next text is a value.
    in_value: bool,
    without: HashSet<(u32, u32)>,
}

/// Returns the cells, by row and column from 0, that have a formula and no value.
pub(crate) fn without_value(part: impl Read) -> Result<HashSet<(u32, u32)>, WorkbookError> {
    let unreadable = |_: quick_xml::Error| WorkbookError::invalid_xml();
    let mut reader = Reader::from_reader(BufReader::new(part));
    reader.config_mut().check_end_names = false;
    let mut buffer = Vec::new();
    let mut look = Look::default();
    loop {
        match reader.read_event_into(&mut buffer).map_err(unreadable)? {
            Event::Start(tag) => look.begin(&tag),
            Event::Empty(tag) => {
                look.begin(&tag);
                look.end(tag.local_name().as_ref())?;
            }
            Event::End(tag) if tag.local_name().as_ref() == "sheetData" => return Ok(look.without),
            Event::End(tag) => look.end(tag.local_name().as_ref())?,
            Event::Text(_) | Event::GeneralRef(_) | Event::CData(_) => {
                look.holds.value |= look.in_value;
            }
            Event::Eof => return Ok(look.without),
            _ => {}
        }
        buffer.clear();
    }
}

impl Look {
    fn begin(&mut self, tag: &BytesStart<'_>) {
        match tag.local_name().as_ref() {
            "row" => {
                if let Some(number) = attribute(tag, "r").and_then(|text| text.parse::<u32>().ok())
                {
                    self.row = number.saturating_sub(1);
                }
            }
            "c" => {
                if let Some((row, column)) = attribute(tag, "r").as_deref().and_then(place) {
                    (self.row, self.column) = (row, column);
                }
                self.holds = Holds {
                    text: attribute(tag, "t").as_deref() == Some("str"),
                    ..Holds::default()
                };
            }
            "f" => self.holds.formula = true,
            "v" => {
                self.in_value = true;
                self.holds.value |= self.holds.text;
            }
            "is" => self.holds.value = true,
            _ => {}
        }
    }

    fn end(&mut self, tag: &str) -> Result<(), WorkbookError> {
        match tag {
            "row" => {
                self.row = self.row.saturating_add(1);
                self.column = 0;
            }
            "c" => {
                if self.holds.formula && !self.holds.value {
                    self.without.insert((self.row, self.column));
                }
                self.column = self.column.saturating_add(1);
            }
            "v" => self.in_value = false,
            _ => {}
        }
        if self.without.len() > MOST_REGIONS {
            let what = format!("it has more than {MOST_REGIONS} formulas without a value");
            return Err(WorkbookError::too_large(what));
        }
        Ok(())
    }
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = tag.try_get_attribute(name).ok()??;
    Some(
        found
            .normalized_value(XmlVersion::Implicit1_0)
            .ok()?
            .into_owned(),
    )
}

/// Parses `B17` as row and column from 0.
fn place(name: &str) -> Option<(u32, u32)> {
    let digits = name.find(|c: char| c.is_ascii_digit())?;
    let (letters, row) = name.split_at(digits);
    let mut column = 0u32;
    for letter in letters.bytes() {
        let digit = letter.to_ascii_uppercase().checked_sub(b'A')?;
        column = column.checked_mul(26)?.checked_add(u32::from(digit) + 1)?;
    }
    let row: u32 = row.parse().ok()?;
    Some((row.checked_sub(1)?, column.checked_sub(1)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_needs_a_value() {
        let sheet = r#"<worksheet><sheetData>
            <row r="2"><c r="A2"><f>1+1</f></c><c r="B2"><f>1+1</f><v>2</v></c><c><f/><v/></c></row>
            <row><c t="str"><f>""</f><v></v></c><c t="str"><f>""</f></c><c><v>7</v></c></row>
            <row r="9"><c r="AA9" t="b"><f>TRUE</f><v></v></c></row>
            </sheetData></worksheet>"#;
        let mut found: Vec<_> = without_value(sheet.as_bytes())
            .unwrap()
            .into_iter()
            .collect();
        found.sort_unstable();
        assert_eq!(found, [(1, 0), (1, 2), (2, 1), (8, 26)]);
        assert_eq!(place("XFD1048576"), Some((1_048_575, 16_383)));
        assert_eq!(place("A0"), None);
        assert_eq!(place("ZZZZZZZZZZ1"), None);
    }
}
