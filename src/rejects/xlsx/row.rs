//! One rejected row: cells with their original types, colours and notes on errors, and the added columns.

use std::collections::HashMap;

use rust_xlsxwriter::{ColNum, Format, RowNum, XlsxError};

use super::at;
use super::sheet::SheetWriter;
use super::style::{self, Tint};
use crate::input::Cell;
use crate::input::values::percent::Percent;
use crate::rejects::remarks::{Cause, RejectedRow, Remark, UNKNOWN_VALUE};
use crate::rejects::table::AddedColumn;
use crate::xlsx;

/// Maximum number of notes per sheet: spreadsheets open more of them slowly, and the error column has the same text.
const MAX_NOTES: usize = 10_000;

/// Characters per line of the error column, with some slack.
const ERROR_CHARS_PER_LINE: usize = 76;

/// The notes on a row.
#[derive(Default)]
struct Notes {
    /// By column of the table.
    cells: HashMap<usize, String>,
    /// Text about the row as a whole.
    whole: String,
}

impl Notes {
    fn tint(&self, column: usize, otherwise: Tint) -> Tint {
        if self.cells.contains_key(&column) {
            Tint::Bad
        } else {
            otherwise
        }
    }
}

impl<'a> SheetWriter<'a, '_> {
    /// Writes a row.
    pub(crate) fn row(
        &mut self,
        row: RowNum,
        kept: &'a RejectedRow,
        remark: &Remark<'_>,
    ) -> Result<(), XlsxError> {
        let tint = match remark.cause {
            Cause::Error => Tint::None,
            Cause::Sibling => Tint::Sibling,
            Cause::Undelivered => Tint::Undelivered,
        };
        let mut notes = self.notes_of(kept, remark);
        self.blank_cells(row, kept, tint, &notes)?;
        for placed in self.table.cells(0, kept) {
            let look = self.look(kept.number, placed.origin);
            let format = style::of(look, notes.tint(placed.column, tint));
            let from = (kept.number, placed.origin);
            if let Some(lost) = self.put((row, at(placed.column)), from, &placed.cell, format)? {
                notes.cells.entry(placed.column).or_insert(lost);
            }
        }
        self.added_cells(row, kept, remark, tint, &mut notes)?;
        self.out
            .set_row_height(row, xlsx::row_height(&remark.words, ERROR_CHARS_PER_LINE))?;
        for (column, text) in notes.cells {
            self.note(row, at(column), &text)?;
        }
        Ok(())
    }

    /// Writes the added cells. A note about the row as a whole is attached to its code.
    fn added_cells(
        &mut self,
        row: RowNum,
        kept: &RejectedRow,
        remark: &Remark<'_>,
        tint: Tint,
        notes: &mut Notes,
    ) -> Result<(), XlsxError> {
        let source = &self.sheet.head.source;
        for (column, ours, text) in self.table.added_cells(source, kept, remark) {
            if ours == AddedColumn::Code && !notes.whole.is_empty() {
                notes.cells.insert(column, std::mem::take(&mut notes.whole));
            }
            let format = style::ours(notes.tint(column, tint));
            self.out
                .write_string_with_format(row, at(column), xlsx::truncated(&text), &format)?;
        }
        Ok(())
    }

    /// Colours the blank cells, so that the row is a continuous band and missing values are visible.
    fn blank_cells(
        &mut self,
        row: RowNum,
        kept: &RejectedRow,
        tint: Tint,
        notes: &Notes,
    ) -> Result<(), XlsxError> {
        for (origin, cell) in (0u32..).zip(&kept.cells) {
            let Some(column) = self.table.column(0, origin).filter(|_| cell.is_blank()) else {
                continue;
            };
            let tint = notes.tint(column, tint);
            if tint == Tint::None {
                continue;
            }
            let look = self.look(kept.number, origin);
            let has_format = look.is_some_and(|look| look.format.is_some());
            let mut format = style::of(look, tint);
            if !has_format && self.needs_text_format(origin) {
                format = format.set_num_format(style::AS_TYPED);
            }
            self.out.write_blank(row, at(column), &format)?;
        }
        Ok(())
    }

    /// Collects the notes on the bad cells.
    fn notes_of(&self, kept: &RejectedRow, remark: &Remark<'_>) -> Notes {
        let mut notes = Notes::default();
        for problem in &remark.problems {
            let column = problem
                .place
                .column
                .and_then(|origin| self.table.column_of(0, origin, kept));
            let note = match column {
                Some(column) => notes.cells.entry(column).or_default(),
                None => &mut notes.whole,
            };
            if !note.is_empty() {
                note.push_str("\n\n");
            }
            let words = [problem.code.name(), &problem.message, &problem.help];
            note.push_str(&words.join("\n"));
        }
        notes
    }

    /// Writes a cell with its type: numbers as numbers, dates as dates, text as text. Returns a note if something was
    /// lost.
    ///
    /// The first pair is the target; the second is row and column in the input.
    pub(crate) fn put(
        &mut self,
        (row, column): (RowNum, ColNum),
        (number, origin): (u32, u32),
        cell: &Cell<'_>,
        format: Format,
    ) -> Result<Option<String>, XlsxError> {
        let own = self
            .look(number, origin)
            .and_then(|look| look.format.clone());
        let format = match (&own, style::format_code(cell)) {
            (None, Some(code)) => format.set_num_format(code),
            _ => format,
        };
        let stored = self
            .sheet
            .layout
            .as_ref()
            .and_then(|layout| layout.number(number, origin));
        if let Some(value) = numeric(cell, stored, own.as_deref()) {
            self.out
                .write_number_with_format(row, column, value, &format)?;
            return Ok(None);
        }
        if let Cell::Boolean(value) = cell {
            self.out
                .write_boolean_with_format(row, column, *value, &format)?;
            return Ok(None);
        }
        let text = match cell {
            Cell::Formula => UNKNOWN_VALUE.into(),
            cell => cell.shown(),
        };
        self.out
            .write_string_with_format(row, column, xlsx::truncated(&text), &format)?;
        let is_cut = xlsx::truncated(&text).len() < text.len();
        Ok(is_cut.then(|| {
            format!("the text was truncated to {} characters, the maximum of a cell\nthe input has the full text, and so does a rejects file ending in .csv", xlsx::MAX_TEXT)
        }))
    }

    fn note(&mut self, row: RowNum, column: ColNum, text: &str) -> Result<(), XlsxError> {
        self.notes += 1;
        if self.notes > MAX_NOTES {
            return Ok(());
        }
        self.out.insert_note(row, column, &xlsx::note(text))?;
        Ok(())
    }
}

/// Returns the stored number of a cell, if it is stored as one.
///
/// A percentage was read as the text that it displays; if its number and format are known, it becomes a number again.
fn numeric(cell: &Cell<'_>, stored: Option<f64>, format: Option<&str>) -> Option<f64> {
    match cell {
        Cell::Number(number) | Cell::Percentage(number) => Some(*number),
        Cell::Date(time) => Some(style::serial(*time)),
        Cell::Duration(text) => style::days(text),
        Cell::Text(text) => {
            let number = stored?;
            (Percent::of_code(format?)?.text(number)? == *text).then_some(number)
        }
        Cell::Blank | Cell::Boolean(_) | Cell::Error(_) | Cell::Formula => None,
    }
}
