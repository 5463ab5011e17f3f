//! .xlsx and .xlsm, read as a stream of cells in this process. A far-away cell costs no more than a near one.

use std::collections::{HashMap, HashSet};
use std::io::{Cursor, Read, Seek};

use calamine::{Reader, Style, Xlsx, XlsxCellReader, XlsxError};
use zip::ZipArchive;

use super::formulas;
use super::merged::Merged;
use super::rows::{CellAt, SheetRows, Spent};
use super::sheets::{Reason, SheetEntry};
use super::value::value;
use crate::input::workbook::catch_panic::catch_panic;
use crate::input::workbook::container::{Container, Seen};
use crate::input::workbook::error::WorkbookError;
use crate::input::workbook::number_format::Format;
use crate::input::workbook::sheet_style;

/// An open .xlsx workbook.
pub(crate) struct Book<'a> {
    bytes: &'a [u8],
    container: &'a Container,
    xlsx: Xlsx<Cursor<&'a [u8]>>,
    spent: Spent,
    /// By sheet name: the part that holds it, if known.
    parts: HashMap<String, String>,
}

impl<'a> Book<'a> {
    pub(crate) fn open(bytes: &'a [u8], container: &'a Container) -> Result<Self, WorkbookError> {
        let xlsx =
            catch_panic(|| Xlsx::new(Cursor::new(bytes)).map_err(|error| unreadable(&error)))?;
        Ok(Self {
            bytes,
            container,
            xlsx,
            spent: Spent::of_file(bytes.len()),
            parts: sheet_style::sheet_parts(bytes).unwrap_or_default(),
        })
    }

    pub(crate) fn sheets(&self) -> Vec<SheetEntry> {
        let sheets = self.xlsx.sheets_metadata().iter();
        sheets.map(SheetEntry::of).collect()
    }

    /// Opens a sheet. Returns the reason for skipping it if it is not a sheet of cells.
    pub(crate) fn rows(
        &mut self,
        name: &str,
    ) -> Result<
        Result<SheetRows<'_, impl Iterator<Item = Result<CellAt, WorkbookError>>>, Reason>,
        WorkbookError,
    > {
        let seen = self.seen(name);
        let merged = if seen.is_none_or(|seen| seen.has_merges) {
            self.merged(name)?
        } else {
            Merged::default()
        };
        let without_value = match seen {
            Some(seen) if seen.has_formulas => catch_panic(|| self.without_value(seen))?,
            None if self.container.has_formulas() => {
                let what = format!("the part of its sheet `{name}` is missing");
                return Err(WorkbookError::unreadable(what));
            }
            _ => HashSet::new(),
        };
        let is_1904 = self.xlsx.has_1904_epoch();
        let opened = catch_panic(|| Ok(self.xlsx.worksheet_cells_reader(name)))?;
        let cells = match opened {
            Ok(cells) => cells,
            Err(XlsxError::NotAWorksheet(_)) => return Ok(Err(Reason::NoCells)),
            Err(error) => return Err(unreadable(&error)),
        };
        let cells = Cells {
            formats: cells.styles().iter().map(format).collect(),
            reader: cells,
            is_1904,
            without_value,
        };
        Ok(Ok(SheetRows::of(cells, merged, &self.spent)))
    }

    /// Returns the facts about the part of a sheet, or `None` if the part is not known.
    fn seen(&self, sheet: &str) -> Option<Seen> {
        self.container.part(self.parts.get(sheet)?)
    }

    fn merged(&mut self, sheet: &str) -> Result<Merged, WorkbookError> {
        let merges = catch_panic(|| Ok(self.xlsx.merge_cells_by_sheet_name(sheet)))?;
        // Sheets of another kind have no merges.
        let merges = merges.unwrap_or_default().into_iter();
        Merged::of(merges.map(|merge| (merge.start.0, merge.start.1, merge.end.0)))
    }

    fn without_value(&self, seen: Seen) -> Result<HashSet<(u32, u32)>, WorkbookError> {
        let mut archive = ZipArchive::new(Cursor::new(self.bytes))?;
        formulas::without_value(archive.by_index(seen.index)?)
    }
}

fn format(style: &Style) -> Format {
    let format = style.number_format.as_ref();
    format.map_or(Format::Number, |format| {
        Format::from_code(&format.format_code)
    })
}

fn unreadable(error: &XlsxError) -> WorkbookError {
    match error {
        XlsxError::Password => WorkbookError::Encrypted,
        XlsxError::Xml(_) | XlsxError::XmlAttr(_) | XlsxError::XmlEof(_) => {
            WorkbookError::invalid_xml()
        }
        XlsxError::FileNotFound(part) => {
            WorkbookError::unreadable(format!("its part `{part}` is missing"))
        }
        _ => WorkbookError::not_understood(),
    }
}

/// Iterates over the cells of a sheet.
struct Cells<'a, F: Read + Seek> {
    reader: XlsxCellReader<'a, F>,
    /// By style: its number format.
    formats: Vec<Format>,
    is_1904: bool,
    without_value: HashSet<(u32, u32)>,
}

impl<F: Read + Seek> Iterator for Cells<'_, F> {
    type Item = Result<CellAt, WorkbookError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = catch_panic(|| {
            let next = self.reader.next_cell_with_style_id();
            next.map_err(|error| unreadable(&error))
        });
        let (cell, style) = match next {
            Ok(next) => next?,
            Err(flaw) => return Some(Err(flaw)),
        };
        let (row, column) = cell.get_position();
        let format = self.formats.get(style).copied().unwrap_or_default();
        let mut value = value(cell.get_value(), format, self.is_1904);
        if value.is_blank() && self.without_value.contains(&(row, column)) {
            value = crate::input::values::cell::Cell::Formula;
        }
        Some(Ok((row, column, value)))
    }
}
