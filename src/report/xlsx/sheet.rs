//! A table in the workbook: frozen header, filters, and as many sheets as its rows need.

use rust_xlsxwriter::{ColNum, Color, Format, RowNum, Workbook, Worksheet, XlsxError};

use super::MAX_ROWS;
use crate::xlsx;

/// The fill of headers.
pub(crate) const HEADER_FILL: Color = Color::RGB(0xDD_E6F2);

/// A column: header and width in characters.
pub(crate) type Column = (&'static str, f64);

/// A cell to write.
pub(crate) enum Cell {
    Blank,
    Text(String),
    Number(f64),
    /// A state, shown on its colour.
    Coloured(&'static str, Color),
}

impl Cell {
    /// Creates a text cell.
    pub(crate) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// A table of the workbook.
pub(crate) struct Table<'a> {
    pub(crate) name: &'a str,
    pub(crate) columns: &'a [Column],
}

impl Table<'_> {
    /// Writes one row per item, continuing on another sheet when one is full.
    pub(crate) fn fill<T>(
        &self,
        book: &mut Workbook,
        items: &[T],
        cells: impl Fn(&T) -> Vec<Cell>,
    ) -> Result<(), XlsxError> {
        let mut parts: Vec<&[T]> = items.chunks(MAX_ROWS).collect();
        if parts.is_empty() {
            parts.push(&[]);
        }
        for (index, part) in parts.into_iter().enumerate() {
            let sheet = book.add_worksheet_with_low_memory()?;
            sheet.set_name(self.part_name(index))?;
            self.head(sheet, part.len())?;
            for (row, item) in (1..).zip(part) {
                write_row(sheet, row, &cells(item))?;
            }
        }
        Ok(())
    }

    fn part_name(&self, index: usize) -> String {
        match index {
            0 => self.name.to_owned(),
            index => format!("{} {}", self.name, index + 1),
        }
    }

    fn head(&self, sheet: &mut Worksheet, rows: usize) -> Result<(), XlsxError> {
        let header = xlsx::header_format(HEADER_FILL);
        for (column, (name, width)) in (0..).zip(self.columns) {
            sheet.set_column_width(column, *width)?;
            sheet.write_string_with_format(0, column, *name, &header)?;
        }
        sheet.set_freeze_panes(1, 0)?;
        let last_row = RowNum::try_from(rows).unwrap_or(RowNum::MAX);
        let last_column = ColNum::try_from(self.columns.len()).unwrap_or(ColNum::MAX) - 1;
        sheet.autofilter(0, 0, last_row, last_column)?;
        sheet.set_landscape();
        sheet.set_print_fit_to_pages(1, 0);
        sheet.set_repeat_rows(0, 0)?;
        Ok(())
    }
}

fn write_row(sheet: &mut Worksheet, row: RowNum, cells: &[Cell]) -> Result<(), XlsxError> {
    for (column, cell) in (0..).zip(cells) {
        match cell {
            Cell::Blank => {}
            Cell::Text(text) if text.is_empty() => {}
            Cell::Text(text) => {
                sheet.write_string(row, column, xlsx::truncated(text))?;
            }
            Cell::Number(number) => {
                sheet.write_number(row, column, *number)?;
            }
            Cell::Coloured(text, colour) => {
                let format = Format::new().set_background_color(*colour);
                sheet.write_string_with_format(row, column, *text, &format)?;
            }
        }
    }
    Ok(())
}
