//! One sheet of rejected rows: its columns, and what stands above them.

use std::collections::HashMap;

use rust_xlsxwriter::{ColNum, Format, IgnoreError, Worksheet, XlsxError};

use super::{at, style};
use crate::input::workbook::sheet_style::Look;
use crate::rejects::table::{Ours, Table};
use crate::rejects::{Kept, Rejected, RejectedSheet};
use crate::schema::columns::Kind;

/// A sheet while it is written.
pub(crate) struct Writing<'a, 'b> {
    pub(crate) sheet: &'a RejectedSheet<'a>,
    pub(crate) table: Table<'a>,
    pub(crate) out: &'b mut Worksheet,
    /// How many notes it has.
    pub(crate) notes: usize,
}

impl<'a, 'b> Writing<'a, 'b> {
    /// Begins a sheet.
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

    /// Writes the sheet, with some of its rows.
    pub(crate) fn all(&mut self, rows: &'a [Kept]) -> Result<(), XlsxError> {
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
        // On paper or as PDF a sheet is as wide as the page.
        self.out.set_landscape().set_print_fit_to_pages(1, 0);
        self.out.set_margins(0.3, 0.3, 0.4, 0.4, 0.2, 0.2);
        self.out.set_repeat_rows(first - 1, first - 1)?;
        Ok(())
    }

    fn is_workbook(&self) -> bool {
        self.sheet.head.source.sheet.is_some()
    }

    /// Sets the widths of the columns, and lets ids be what is typed.
    fn columns(&mut self, rows: &[Kept]) -> Result<(), XlsxError> {
        let known = self
            .sheet
            .layout
            .as_ref()
            .map_or(&[][..], |layout| &layout.widths);
        let fitting = if self.is_workbook() {
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
            if let Some(width) = own.or_else(|| fitting.get(&column).copied()) {
                self.out.set_column_width(at(column), width)?;
            }
            if self.is_typed_as_is(origin) {
                let format = Format::new().set_num_format(style::AS_TYPED);
                self.out.set_column_format(at(column), &format)?;
            }
        }
        for (column, ours) in self.table.our_columns() {
            self.out.set_column_width(at(column), our_width(ours))?;
        }
        self.out
            .ignore_error_range(0, 0, 1_048_575, 16_383, IgnoreError::NumberStoredAsText)?;
        Ok(())
    }

    /// Tells whether a spreadsheet program must not make a number or a date of what is typed into a column: all of
    /// a CSV file, and ids.
    pub(crate) fn is_typed_as_is(&self, origin: u32) -> bool {
        let fields = &self.sheet.head.header.fields;
        let field = fields.iter().find(|(column, _)| *column == origin);
        !self.is_workbook() || field.is_some_and(|(_, field)| field.column.spec().kind == Kind::Id)
    }

    /// Writes what stands above the header, in its own rows.
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

    /// Returns the column of a title: its own, unless it stands beyond the columns.
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
        for (column, ours) in self.table.our_columns() {
            let format = style::our_header();
            self.out
                .write_string_with_format(row, at(column), ours.header(), &format)?;
        }
        Ok(())
    }

    /// Returns how a cell of the sheet looks, where that is known.
    pub(crate) fn look(&self, row: u32, column: u32) -> Option<&'a Look> {
        self.sheet.layout.as_ref()?.look(row, column)
    }
}

/// Returns widths in which the values of a CSV file can be read.
fn fitting_widths(table: &Table<'_>, rows: &[Kept]) -> HashMap<usize, f64> {
    /// Rows that are looked at: the others are like them.
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

/// Returns the width that a spreadsheet program shows, by the one that the format stores: that has a margin in it.
fn shown_width(stored: f64) -> f64 {
    /// Pixels that a character takes, and the margin, in the font that widths are counted in.
    const CHARACTER: f64 = 7.0;
    const MARGIN: f64 = 5.0;
    if stored * CHARACTER > CHARACTER + MARGIN {
        stored - MARGIN / CHARACTER
    } else {
        stored * CHARACTER / (CHARACTER + MARGIN)
    }
}

/// Returns how wide a column of ours is.
fn our_width(ours: Ours) -> f64 {
    match ours {
        Ours::Error => 72.0,
        Ours::Code | Ours::Path | Ours::Run => 24.0,
        Ours::Row | Ours::Sheet => 14.0,
    }
}
