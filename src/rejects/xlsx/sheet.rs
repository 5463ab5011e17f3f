//! One sheet of rejected rows: columns, rows above the header, and the header.

use std::collections::HashMap;

use rust_xlsxwriter::{ColNum, Format, IgnoreError, Worksheet, XlsxError};

use super::{at, style};
use crate::input::workbook::sheet_style::Look;
use crate::rejects::remarks::{Rejected, RejectedRow, RejectedSheet};
use crate::rejects::table::{AddedColumn, Table};
use crate::schema::columns::Kind;

/// Writes one sheet.
pub(crate) struct SheetWriter<'a, 'b> {
    pub(crate) sheet: &'a RejectedSheet<'a>,
    pub(crate) table: Table<'a>,
    pub(crate) out: &'b mut Worksheet,
    /// Number of notes written.
    pub(crate) notes: usize,
}

impl<'a, 'b> SheetWriter<'a, 'b> {
    /// Creates a writer for a sheet.
    pub(crate) fn of(
        rejected: &'a Rejected<'a>,
        sheet: &'a RejectedSheet<'a>,
        out: &'b mut Worksheet,
    ) -> Self {
        Self {
            sheet,
            table: Table::of(rejected, &[sheet]),
            out,
            notes: 0,
        }
    }

    /// Writes the sheet with some of its rows.
    pub(crate) fn all(&mut self, rows: &'a [RejectedRow]) -> Result<(), XlsxError> {
        self.columns(rows)?;
        self.titles()?;
        self.headers()?;
        let first = self.sheet.head.header.row;
        for (row, kept) in (first..).zip(rows) {
            if let Some(remark) = self.sheet.remarks.get(&kept.number) {
                self.row(row, kept, remark)?;
            }
        }
        self.out.set_freeze_panes(first, 0)?;
        // Prints and exports to PDF at page width.
        self.out.set_landscape().set_print_fit_to_pages(1, 0);
        self.out.set_margins(0.3, 0.3, 0.4, 0.4, 0.2, 0.2);
        self.out.set_repeat_rows(first - 1, first - 1)?;
        Ok(())
    }

    fn is_workbook(&self) -> bool {
        self.sheet.head.source.sheet.is_some()
    }

    /// Sets the column widths, and the text format for ids.
    fn columns(&mut self, rows: &[RejectedRow]) -> Result<(), XlsxError> {
        let known = self
            .sheet
            .layout
            .as_ref()
            .map_or(&[][..], |layout| &layout.widths);
        let fitted = if self.is_workbook() {
            HashMap::new()
        } else {
            fitting_widths(&self.table, rows)
        };
        let header = &self.sheet.head.header;
        for origin in (0u32..).take(header.texts.len()) {
            let Some(column) = self.table.column(0, origin) else {
                continue;
            };
            let own = known
                .iter()
                .find(|(first, last, _)| (*first..=*last).contains(&origin));
            let own = own
                .map(|(_, _, stored)| shown_width(*stored))
                .filter(|width| *width > 0.0);
            if let Some(width) = own.or_else(|| fitted.get(&column).copied()) {
                self.out.set_column_width(at(column), width)?;
            }
            if self.needs_text_format(origin) {
                let format = Format::new().set_num_format(style::AS_TYPED);
                self.out.set_column_format(at(column), &format)?;
            }
        }
        for (column, ours) in self.table.added_columns() {
            self.out.set_column_width(at(column), added_width(ours))?;
        }
        self.out
            .ignore_error_range(0, 0, 1_048_575, 16_383, IgnoreError::NumberStoredAsText)?;
        Ok(())
    }

    /// Returns whether a column needs the text format, so that a spreadsheet does not convert what is typed into it:
    /// all columns of a CSV file, and ids.
    pub(crate) fn needs_text_format(&self, origin: u32) -> bool {
        let fields = &self.sheet.head.header.fields;
        let field = fields.iter().find(|(column, _)| *column == origin);
        !self.is_workbook() || field.is_some_and(|(_, field)| field.column.spec().kind == Kind::Id)
    }

    /// Writes the rows above the header.
    fn titles(&mut self) -> Result<(), XlsxError> {
        for (number, cells) in &self.sheet.head.above {
            for (origin, cell) in cells {
                let look = self.look(*number, *origin);
                let format = look.map_or_else(Format::new, |look| style::header(Some(look)));
                let column = self.title_column(*origin);
                self.put((number - 1, column), (*number, *origin), cell, format)?;
            }
        }
        Ok(())
    }

    /// Returns the column of a title cell: its own, unless it is beyond the header.
    fn title_column(&self, origin: u32) -> ColNum {
        let column = self.table.column(0, origin).unwrap_or(origin as usize);
        at(column)
    }

    fn headers(&mut self) -> Result<(), XlsxError> {
        let header = &self.sheet.head.header;
        let row = header.row - 1;
        for (origin, text) in (0u32..).zip(&header.texts) {
            if let (Some(text), Some(column)) = (text, self.table.column(0, origin)) {
                let format = style::header(self.look(header.row, origin));
                self.out
                    .write_string_with_format(row, at(column), &**text, &format)?;
            }
        }
        for (column, ours) in self.table.added_columns() {
            let format = style::added_header();
            self.out
                .write_string_with_format(row, at(column), ours.header(), &format)?;
        }
        Ok(())
    }

    /// Returns the appearance of a cell, if known.
    pub(crate) fn look(&self, row: u32, column: u32) -> Option<&'a Look> {
        self.sheet.layout.as_ref()?.look(row, column)
    }
}

/// Returns column widths that fit the values of a CSV file.
fn fitting_widths(table: &Table<'_>, rows: &[RejectedRow]) -> HashMap<usize, f64> {
    /// Number of rows to measure.
    const LOOKED_AT: usize = 1000;
    const WIDEST: usize = 40;
    let mut widest: HashMap<usize, usize> = table
        .headers
        .iter()
        .map(|header| header.chars().count())
        .enumerate()
        .collect();
    for row in rows.iter().take(LOOKED_AT) {
        for placed in table.cells(0, row) {
            let width = widest.entry(placed.column).or_default();
            *width = placed.cell.shown().chars().count().max(*width);
        }
    }
    let width = |count: usize| f64::from(u8::try_from(count.min(WIDEST)).unwrap_or(u8::MAX)) + 2.0;
    widest
        .into_iter()
        .map(|(column, count)| (column, width(count)))
        .collect()
}

/// Converts a stored width, which includes a margin, into the width that spreadsheets display.
fn shown_width(stored: f64) -> f64 {
    /// Pixels per character and per margin, in the font that widths refer to.
    const CHARACTER: f64 = 7.0;
    const MARGIN: f64 = 5.0;
    if stored * CHARACTER > CHARACTER + MARGIN {
        stored - MARGIN / CHARACTER
    } else {
        stored * CHARACTER / (CHARACTER + MARGIN)
    }
}

/// Returns the width of an added column.
fn added_width(ours: AddedColumn) -> f64 {
    match ours {
        AddedColumn::Error => 72.0,
        AddedColumn::Code | AddedColumn::Path | AddedColumn::Run => 24.0,
        AddedColumn::Row | AddedColumn::Sheet => 14.0,
    }
}
