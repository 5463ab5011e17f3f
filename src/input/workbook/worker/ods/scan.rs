//! The cells of an .ods from its XML: positions, repetitions, and what calamine does not expose.

use std::io::BufRead;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use crate::input::limits::{MOST_COLUMNS, MOST_REGIONS, MOST_ROWS, MOST_SHEETS};
use crate::input::values::cell::Cell;
use crate::input::workbook::error::WorkbookError;

/// A sheet.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) rows: Vec<Run>,
    /// Merged cells: first row, column, last row.
    pub(crate) merges: Vec<(u32, u32, u32)>,
    /// Whether a row has content between its cells, which calamine cannot read.
    pub(crate) has_content_between_cells: bool,
}

/// A row, or several equal ones.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) row: u32,
    pub(crate) count: u32,
    pub(crate) cells: Vec<Mark>,
}

/// A cell that holds something, or several equal adjacent ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) column: u32,
    pub(crate) count: u32,
    pub(crate) kind: Kind,
}

/// What the XML says about a cell besides its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    /// A percentage, with the number of decimals that the user sees, if known.
    Percentage(Option<usize>),
    Error,
    /// A number that is shown as a word.
    Boolean(bool),
    /// A formula without a value.
    Formula,
}

/// Reads the sheets of a content part in order.
pub(crate) fn tables(part: impl BufRead) -> Result<Vec<Table>, WorkbookError> {
    let mut scan = Scan {
        reader: Reader::from_reader(part),
        buffer: Vec::new(),
    };
    scan.reader.config_mut().expand_empty_elements = true;
    scan.reader.config_mut().check_end_names = false;
    let mut tables = Vec::new();
    loop {
        match scan.step()? {
            Step::Begin(tag) if tag.is("table:table") && tag.text("table:name").is_some() => {
                tables.push(scan.table()?);
            }
            Step::End(_) | Step::Begin(_) | Step::Text(_) => {}
            Step::Eof => return Ok(tables),
        }
        if tables.len() > MOST_SHEETS {
            return Err(WorkbookError::too_large("it has too many sheets"));
        }
    }
}

/// Walks through the tags of a part.
struct Scan<R> {
    reader: Reader<R>,
    buffer: Vec<u8>,
}

enum Step {
    Begin(Tag),
    End(String),
    Text(String),
    Eof,
}

/// The start tag of an element.
struct Tag(BytesStart<'static>);

impl Tag {
    fn is(&self, name: &str) -> bool {
        self.0.name().as_ref() == name
    }

    fn text(&self, name: &str) -> Option<String> {
        let found = self.0.try_get_attribute(name).ok()??;
        let text = found.normalized_value(XmlVersion::Implicit1_0).ok()?;
        Some(text.into_owned())
    }

    /// Reads a repetition or span count.
    fn count(&self, name: &str) -> Result<u32, WorkbookError> {
        let Some(text) = self.text(name) else {
            return Ok(1);
        };
        let count = text.parse::<u64>();
        let count =
            count.map_err(|_| WorkbookError::unreadable(format!("`{name}` is `{text}`")))?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }
}

impl<R: BufRead> Scan<R> {
    fn step(&mut self) -> Result<Step, WorkbookError> {
        self.buffer.clear();
        let event = self.reader.read_event_into(&mut self.buffer);
        Ok(match event.map_err(|_| WorkbookError::invalid_xml())? {
            Event::Start(tag) => Step::Begin(Tag(tag.into_owned())),
            Event::End(tag) => Step::End(tag.name().as_ref().to_owned()),
            Event::Text(text) => Step::Text(text.xml10_content().into_owned()),
            Event::Eof => Step::Eof,
            _ => Step::Text(String::new()),
        })
    }

    fn table(&mut self) -> Result<Table, WorkbookError> {
        let mut table = Table::default();
        let mut row = 0u32;
        loop {
            match self.step()? {
                Step::Begin(tag) if tag.is("table:table-row") => {
                    let count = tag.count("table:number-rows-repeated")?;
                    let cells = self.row(row, &mut table)?;
                    if !cells.is_empty() {
                        if row.saturating_add(count) > MOST_ROWS {
                            let what = format!("a sheet has more than {MOST_ROWS} rows");
                            return Err(WorkbookError::too_large(what));
                        }
                        table.rows.push(Run { row, count, cells });
                    }
                    row = row.saturating_add(count);
                }
                Step::End(name) if name == "table:table" => return Ok(table),
                Step::Eof => return Err(WorkbookError::cut_short()),
                _ => {}
            }
        }
    }

    fn row(&mut self, row: u32, table: &mut Table) -> Result<Vec<Mark>, WorkbookError> {
        let (mut cells, mut column) = (Vec::new(), 0u32);
        loop {
            match self.step()? {
                Step::Begin(tag)
                    if tag.is("table:table-cell") || tag.is("table:covered-table-cell") =>
                {
                    let count = tag.count("table:number-columns-repeated")?;
                    let covered = tag.count("table:number-rows-spanned")?;
                    if covered > 1 && table.merges.len() <= MOST_REGIONS {
                        table
                            .merges
                            .push((row, column, row.saturating_add(covered - 1)));
                    }
                    if let Some(kind) = self.cell(&tag)? {
                        if column.saturating_add(count) > MOST_COLUMNS {
                            let what = format!("a sheet has more than {MOST_COLUMNS} columns");
                            return Err(WorkbookError::too_large(what));
                        }
                        cells.push(Mark {
                            column,
                            count,
                            kind,
                        });
                    }
                    column = column.saturating_add(count);
                }
                Step::End(name) if name == "table:table-row" => return Ok(cells),
                Step::Eof => return Err(WorkbookError::cut_short()),
                Step::Text(_) => table.has_content_between_cells = true,
                _ => {}
            }
        }
    }

    /// Reads a cell to its end. Returns `None` if it is empty.
    fn cell(&mut self, tag: &Tag) -> Result<Option<Kind>, WorkbookError> {
        let shown = self.shown(tag.0.name().as_ref())?;
        let kind = tag
            .text("office:value-type")
            .or_else(|| tag.text("calcext:value-type"));
        let is_error = tag.text("calcext:value-type").as_deref() == Some("error");
        Ok(match kind.as_deref() {
            _ if is_error => Some(Kind::Error),
            Some("percentage") => Some(Kind::Percentage(decimals(&shown))),
            Some("float") => Some(of_number(&shown)),
            Some(_) if shown.starts_with("Err:") && tag.text("table:formula").is_some() => {
                Some(Kind::Error)
            }
            Some(_) => Some(Kind::Plain),
            None => tag.text("table:formula").map(|_| Kind::Formula),
        })
    }

    /// Reads an element to its end and returns its text, without annotations.
    fn shown(&mut self, name: &str) -> Result<String, WorkbookError> {
        const NOTE: &str = "office:annotation";
        let (mut text, mut depth, mut in_note) = (String::new(), 1u32, false);
        loop {
            match self.step()? {
                Step::Begin(tag) if tag.is(NOTE) => in_note = true,
                Step::End(other) if other == NOTE => in_note = false,
                Step::Begin(tag) if tag.is(name) => depth = depth.saturating_add(1),
                Step::End(other) if other == name => {
                    depth -= 1;
                    if depth == 0 {
                        return Ok(text);
                    }
                }
                // Only numbers are compared, and they are short.
                Step::Text(more) if text.len() < 64 && !in_note => text.push_str(&more),
                Step::Eof => return Err(WorkbookError::cut_short()),
                _ => {}
            }
        }
    }
}

/// Decides by the shown text whether a number is a boolean or a percentage: formulas may store either as a number.
fn of_number(shown: &str) -> Kind {
    match shown {
        "TRUE" => Kind::Boolean(true),
        "FALSE" => Kind::Boolean(false),
        _ if shown.starts_with("Err:") => Kind::Error,
        _ => match Cell::text(shown) {
            Cell::Error(_) => Kind::Error,
            _ => Kind::Plain,
        },
    }
}

/// Returns the number of decimals of a percentage as shown: 1 for `85.5%`.
fn decimals(shown: &str) -> Option<usize> {
    let number = shown
        .trim()
        .strip_suffix('%')?
        .trim_end_matches([' ', '\u{a0}', '\u{202f}']);
    let digits = number.strip_prefix('-').unwrap_or(number);
    let (whole, decimals) = digits.split_once(['.', ',']).unwrap_or((digits, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    (!whole.is_empty() && is_number(whole) && is_number(decimals)).then_some(decimals.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_booleans_and_formulas_are_found() {
        let content = r#"<office:spreadsheet><table:table table:name="S"><table:table-column/>
            <table:table-row table:number-rows-repeated="3"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>
            <table:table-header-rows><table:table-row table:number-rows-repeated="2"><table:table-cell/><table:table-cell office:value-type="percentage" office:value="0.855" table:number-columns-repeated="2" table:number-rows-spanned="4"><text:p>85.5 %</text:p></table:table-cell><table:covered-table-cell/><table:table-cell office:value-type="string" calcext:value-type="error" table:formula="of:=NA()"><text:p>#N/A</text:p></table:table-cell><table:table-cell table:formula="of:=1"/></table:table-row></table:table-header-rows>
            <table:table-row table:number-rows-repeated="1048570"/></table:table></office:spreadsheet>"#;
        let tables = tables(content.as_bytes()).unwrap();
        let mark = |column, count, kind| Mark {
            column,
            count,
            kind,
        };
        assert_eq!(
            tables[0].rows,
            [Run {
                row: 3,
                count: 2,
                cells: vec![
                    mark(1, 2, Kind::Percentage(Some(1))),
                    mark(4, 1, Kind::Error),
                    mark(5, 1, Kind::Formula),
                ],
            }]
        );
        assert_eq!(tables[0].merges, [(3, 1, 6)]);
    }

    #[test]
    fn decimals_of_a_percentage_come_from_its_shown_text() {
        let table = [
            ("85%", Some(0)),
            ("-85,50 %", Some(2)),
            ("1,234.5%", None),
            ("about 85%", None),
            ("85", None),
            ("", None),
        ];
        for (shown, expected) in table {
            assert_eq!(decimals(shown), expected, "{shown}");
        }
    }
}
