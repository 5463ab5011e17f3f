//! Rejected rows as a workbook: each sheet in its own layout, bad cells coloured and annotated.

use std::collections::HashMap;
use std::fs::File;
use std::io;

use rust_xlsxwriter::{ColNum, Format, IgnoreError, Note, RowNum, Workbook, Worksheet, XlsxError};

use super::style::{self, Tint};
use super::table::{Placed, Table};
use super::{Cause, Kept, Rejected, RejectedSheet, Remark};
use crate::columns::Kind;
use crate::input::Cell;
use crate::input::cell::{percent_decimals, percent_text};
use crate::input::layout::Look;
use crate::problem::Source;

/// Rows of one sheet, below the format's bound of 1,048,576 by the 20 that a header may stand in.
const MOST_ROWS: usize = 1_048_000;
/// The longest text that a cell can hold, by the format's own bound.
const LONGEST_TEXT: usize = 32_767;
/// Notes of one sheet: spreadsheet programs open more of them slowly, and the error column has the words.
const MOST_NOTES: usize = 10_000;

/// Writes the rejected rows.
///
/// # Errors
/// Those of the file, and of a form that cannot hold the rows.
pub fn write(rejected: &Rejected<'_>, file: &mut File) -> io::Result<()> {
    let mut book = Workbook::new();
    let mut names = Vec::new();
    for sheet in &rejected.sheets {
        for rows in sheet.rows.chunks(MOST_ROWS) {
            let name = unique(sheet_name(&sheet.head.source), &names);
            names.push(name.to_lowercase());
            let out = book.add_worksheet_with_low_memory().map_err(unwritable)?;
            out.set_name(name).map_err(unwritable)?;
            let table = Table::of(rejected, &[sheet]);
            let mut writing = Writing {
                sheet,
                table,
                out,
                notes: 0,
            };
            writing.all(rows).map_err(unwritable)?;
        }
    }
    book.save_to_writer(file).map_err(unwritable)
}

fn unwritable(error: XlsxError) -> io::Error {
    match error {
        XlsxError::IoError(error) => error,
        error => io::Error::other(error),
    }
}

/// Returns the name of the sheet that a sheet's rows go to; a file without sheets gives its own.
fn sheet_name(source: &Source) -> String {
    /// The longest name of a sheet, by the format's own bound, less the room for ` (99)`.
    const LONGEST: usize = 26;
    if let Some(sheet) = &source.sheet {
        return sheet.clone();
    }
    if source.path == "-" {
        return "standard input".to_owned();
    }
    let stem = std::path::Path::new(&source.path)
        .file_stem()
        .map(|stem| stem.to_string_lossy())
        .unwrap_or_default();
    let name: String = stem
        .chars()
        .map(|c| {
            if c.is_control() || "[]:*?/\\'".contains(c) {
                '_'
            } else {
                c
            }
        })
        .take(LONGEST)
        .collect();
    match name.trim() {
        // A spreadsheet program keeps that name for itself.
        "" | "History" | "history" => "rows".to_owned(),
        name => name.to_owned(),
    }
}

/// Returns a name that no other sheet has; `taken` is in lower case.
fn unique(name: String, taken: &[String]) -> String {
    let is_free = |name: &String| !taken.contains(&name.to_lowercase());
    if is_free(&name) {
        return name;
    }
    let short: String = name.chars().take(26).collect();
    (2..)
        .map(|number| format!("{short} ({number})"))
        .find(is_free)
        .unwrap_or(name)
}

/// A sheet while it is written.
struct Writing<'a, 'b> {
    sheet: &'a RejectedSheet<'a>,
    table: Table<'a>,
    out: &'b mut Worksheet,
    notes: usize,
}

impl Writing<'_, '_> {
    fn all(&mut self, rows: &[Kept]) -> Result<(), XlsxError> {
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
            let own = own.map(|(_, _, width)| *width).filter(|width| *width > 0.0);
            if let Some(width) = own.or_else(|| fitting.get(&column).copied()) {
                self.out.set_column_width(at(column), width)?;
            }
            if self.is_typed_as_is(origin) {
                let format = Format::new().set_num_format(style::AS_TYPED);
                self.out.set_column_format(at(column), &format)?;
            }
        }
        for (column, header) in self.table.our_headers() {
            self.out.set_column_width(at(column), our_width(header))?;
        }
        self.out
            .ignore_error_range(0, 0, 1_048_575, 16_383, IgnoreError::NumberStoredAsText)?;
        Ok(())
    }

    /// Tells whether a spreadsheet program must not make a number or a date of what is typed into a column: all of
    /// a CSV file, and ids.
    fn is_typed_as_is(&self, origin: u32) -> bool {
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
                self.put(number - 1, column, *number, *origin, cell, format)?;
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
        for (column, header) in self.table.our_headers() {
            self.out
                .write_string_with_format(row, at(column), header, &style::our_header())?;
        }
        Ok(())
    }

    fn row(&mut self, row: RowNum, kept: &Kept, remark: &Remark<'_>) -> Result<(), XlsxError> {
        let tint = match remark.cause {
            Cause::Error => Tint::None,
            Cause::Sibling => Tint::Sibling,
            Cause::Undelivered => Tint::Undelivered,
        };
        let (mut bad, whole) = self.bad_cells(kept, remark);
        // The row is a band of its tint, also where nothing stands.
        for column in 0..self.table.own_width {
            let tint = if bad.contains_key(&column) {
                Tint::Bad
            } else {
                tint
            };
            if tint != Tint::None {
                self.out
                    .write_blank(row, at(column), &style::of(None, tint))?;
            }
        }
        let cells: Vec<(usize, u32, Cell<'static>)> = self
            .table
            .cells(0, kept)
            .into_iter()
            .map(
                |Placed {
                     column,
                     origin,
                     cell,
                 }| (column, origin, cell.into_owned().into_owned()),
            )
            .collect();
        for (column, origin, cell) in cells {
            let tint = if bad.contains_key(&column) {
                Tint::Bad
            } else {
                tint
            };
            let format = style::of(self.look(kept.number, origin), tint);
            if let Some(lost) = self.put(row, at(column), kept.number, origin, &cell, format)? {
                bad.entry(column).or_insert(lost);
            }
        }
        for (index, (column, text)) in self
            .table
            .our_cells(&self.sheet.head.source, kept, remark)
            .into_iter()
            .enumerate()
        {
            // The second is the code: it stands for what is wrong with the row as a whole.
            let tint = if index == 1 && !whole.is_empty() {
                Tint::Bad
            } else {
                tint
            };
            let text = fitting(&text);
            self.out
                .write_string_with_format(row, at(column), text, &style::ours(tint))?;
            if index == 1 && !whole.is_empty() {
                bad.insert(column, whole.clone());
            }
        }
        for (column, text) in bad {
            self.note(row, at(column), &text)?;
        }
        Ok(())
    }

    /// Returns the notes of the bad cells, by column, and what is wrong with the row as a whole.
    fn bad_cells(&self, kept: &Kept, remark: &Remark<'_>) -> (HashMap<usize, String>, String) {
        let mut bad: HashMap<usize, String> = HashMap::new();
        let mut whole = String::new();
        for problem in &remark.problems {
            let origin = problem.place.column;
            let own = origin.and_then(|origin| self.table.column(0, origin));
            let beyond = || {
                let index = kept
                    .beyond
                    .iter()
                    .position(|(column, _)| Some(*column) == origin);
                index.map(|index| self.table.own_width + index)
            };
            let note = match own.or_else(beyond) {
                Some(column) => bad.entry(column).or_default(),
                None => &mut whole,
            };
            if !note.is_empty() {
                note.push_str("\n\n");
            }
            let words = [problem.code.name(), &problem.message, &problem.help];
            note.push_str(&words.join("\n"));
        }
        (bad, whole)
    }

    fn look(&self, row: u32, column: u32) -> Option<&Look> {
        self.sheet.layout.as_ref()?.look(row, column)
    }

    /// Writes a cell as what it is: a number as a number, a date as a date, text as text. Returns what was lost.
    fn put(
        &mut self,
        row: RowNum,
        column: ColNum,
        number: u32,
        origin: u32,
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
        let text = cell.shown();
        self.out
            .write_string_with_format(row, column, fitting(&text), &format)?;
        let is_cut = text.chars().count() > LONGEST_TEXT;
        Ok(is_cut.then(|| {
            format!("the text is cut: a cell holds {LONGEST_TEXT} characters\nthe input has the whole of it, and so has a file of rejected rows that ends in .csv")
        }))
    }

    fn note(&mut self, row: RowNum, column: ColNum, text: &str) -> Result<(), XlsxError> {
        /// What a line of a note holds at its width, and how tall a line is, in pixels.
        const LINE: (usize, u32) = (52, 18);
        const WIDTH: u32 = 320;
        self.notes += 1;
        if self.notes > MOST_NOTES {
            return Ok(());
        }
        let lines: usize = text
            .lines()
            .map(|line| line.chars().count() / LINE.0 + 1)
            .sum();
        let height = u32::try_from(lines + 1)
            .unwrap_or(u32::MAX)
            .saturating_mul(LINE.1);
        let note = Note::new(text)
            .add_author_prefix(false)
            .set_author("Scoreload")
            .set_width(WIDTH)
            .set_height(height.min(600));
        self.out.insert_note(row, column, &note)?;
        Ok(())
    }
}

/// Returns the number that a cell is stored as, if it is stored as one.
///
/// A percentage was read as the text that it shows; where its number and format are known, it is a number again.
fn numeric(cell: &Cell<'_>, stored: Option<f64>, format: Option<&str>) -> Option<f64> {
    match cell {
        Cell::Number(number) => Some(*number),
        Cell::Date(time) => Some(style::serial(*time)),
        Cell::Duration(text) => style::days(text),
        Cell::Text(text) => {
            let (number, decimals) = (stored?, percent_decimals(format?)?);
            (percent_text(number, decimals) == *text).then_some(number)
        }
        Cell::Blank | Cell::Boolean(_) | Cell::Error(_) => None,
    }
}

/// Cuts a text to what a cell can hold.
fn fitting(text: &str) -> &str {
    text.char_indices()
        .nth(LONGEST_TEXT)
        .map_or(text, |(end, _)| &text[..end])
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

/// Returns how wide a column of ours is.
fn our_width(header: &str) -> f64 {
    match header {
        "scoreload_error" => 64.0,
        "scoreload_code" | "scoreload_path" | "scoreload_run" => 24.0,
        _ => 14.0,
    }
}

/// Returns a column as the library counts it; one beyond the format's bound is refused by the library.
fn at(column: usize) -> ColNum {
    ColNum::try_from(column).unwrap_or(ColNum::MAX)
}
