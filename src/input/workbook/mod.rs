//! Workbooks, read as a stream of cells: a cell far away costs no more than a near one. Alone knows calamine.

mod merged;
mod package;

use std::io::{Cursor, Read, Seek};
use std::sync::Arc;

use calamine::{
    DataRef, Reader, Sheet as SheetInfo, SheetVisible, Xlsx, XlsxCellReader, XlsxError,
};

use self::merged::Merged;
use super::cell::{Cell, percent_decimals, percent_text};
use super::timestamp::from_serial;
use super::{File, Options, RawCells, RawRow, Row, Rows, SheetHead, read_rows};
use crate::problem::{Code, Place, Problem, Source};

/// The last row of a sheet, by the format's own bound.
const MOST_ROWS: u32 = 1_048_576;
/// The last column of a sheet, by the format's own bound.
const MOST_COLUMNS: u32 = 16_384;
/// Cells of one sheet: several times the largest real export, so that a hostile one ends.
const MOST_CELLS: u64 = 100_000_000;

/// Reads the sheets of an .xlsx workbook.
pub(super) fn read<R: Send>(
    bytes: &[u8],
    source: &Arc<Source>,
    options: &Options<'_>,
    turn: &(impl Fn(&SheetHead, &Row<'_>) -> R + Sync),
    file: &mut File<R>,
) -> Result<(), Problem> {
    package::check(bytes, source)?;
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(|error| unreadable(source, &error))?;
    let sheets = book.sheets_metadata().to_vec();
    let is_1904 = book.has_1904_epoch();
    for name in &options.sheets {
        if !sheets.iter().any(|sheet| sheet.name == *name) {
            file.problems.push(no_such_sheet(source, name, &sheets));
        }
    }
    for sheet in &sheets {
        let source = Arc::new(Source {
            path: source.path.clone(),
            sheet: Some(sheet.name.clone()),
        });
        if let Some(reason) = left_out(sheet, options) {
            file.passed_over.push((source, reason));
            continue;
        }
        let merges = book
            .merge_cells_by_sheet_name(&sheet.name)
            .unwrap_or_default();
        let cells = match book.worksheet_cells_reader(&sheet.name) {
            Ok(cells) => cells,
            Err(XlsxError::NotAWorksheet(_)) => {
                file.passed_over.push((source, "not a worksheet"));
                continue;
            }
            Err(error) => return Err(unreadable(&source, &error)),
        };
        match read_rows(
            SheetRows::of(cells, is_1904, Merged::of(&merges), &source),
            &source,
            options,
            turn,
            &mut file.problems,
        )? {
            Rows::Sheet(sheet) => file.sheets.push(sheet),
            Rows::NoHeader(missing) if options.sheets.is_empty() && !missing.comes_close => {
                file.passed_over
                    .push((source, "no column for the order id"));
            }
            Rows::NoHeader(missing) => file.problems.push(missing.problem),
        }
    }
    if file.sheets.is_empty() && !file.problems.iter().any(Problem::is_error) {
        return Err(no_usable_sheet(source));
    }
    Ok(())
}

fn no_usable_sheet(source: &Arc<Source>) -> Problem {
    let message = "none of the visible sheets has a column for the order id in its first 20 rows";
    let help = "name the column of the order ids `order_id`, or pass --map 'HEADER=order_id'";
    Problem::new(Code::HeaderMissing, Place::whole(source), message, help)
}

/// Tells why a sheet is not read, if so.
fn left_out(sheet: &SheetInfo, options: &Options<'_>) -> Option<&'static str> {
    if options.sheets.is_empty() {
        (sheet.visible != SheetVisible::Visible).then_some("hidden")
    } else {
        (!options.sheets.contains(&sheet.name)).then_some("not named by --sheet")
    }
}

fn no_such_sheet(source: &Arc<Source>, name: &str, sheets: &[SheetInfo]) -> Problem {
    let there: Vec<String> = sheets
        .iter()
        .map(|sheet| format!("`{}`", sheet.name))
        .collect();
    let message = format!("there is no sheet `{name}`");
    let help = format!("the workbook has {}", there.join(", "));
    Problem::new(Code::InputUnreadable, Place::whole(source), message, help)
}

fn unreadable(source: &Arc<Source>, error: &XlsxError) -> Problem {
    let message = format!("the workbook cannot be read: {error}");
    let help = "open it in a spreadsheet program, save it again as .xlsx, and try again";
    Problem::new(Code::InputUnreadable, Place::whole(source), message, help)
}

/// The rows of a sheet: cells of the same row, gathered as they come.
struct SheetRows<'a, F: Read + Seek> {
    cells: XlsxCellReader<'a, F>,
    /// By style, how many decimals it shows as a percentage.
    percent: Vec<Option<usize>>,
    /// Whether days are counted from 1904.
    is_1904: bool,
    merged: Merged,
    source: Arc<Source>,
    /// The first cell of the next row.
    ahead: Option<(u32, u32, Cell<'static>)>,
    count: u64,
    /// The cells have come to their end: the library would read on past it.
    ended: bool,
}

impl<'a, F: Read + Seek> SheetRows<'a, F> {
    fn of(
        cells: XlsxCellReader<'a, F>,
        is_1904: bool,
        merged: Merged,
        source: &Arc<Source>,
    ) -> Self {
        let decimals = |style: &calamine::Style| {
            style
                .number_format
                .as_ref()
                .and_then(|format| percent_decimals(&format.format_code))
        };
        let percent = cells.styles().iter().map(decimals).collect();
        Self {
            cells,
            percent,
            is_1904,
            merged,
            source: Arc::clone(source),
            ahead: None,
            count: 0,
            ended: false,
        }
    }

    /// Returns the next cell that holds something.
    fn cell(&mut self) -> Result<Option<(u32, u32, Cell<'static>)>, Problem> {
        while !self.ended {
            let next = self
                .cells
                .next_cell_with_style_id()
                .map_err(|error| unreadable(&self.source, &error))?;
            let Some((cell, style)) = next else {
                self.ended = true;
                break;
            };
            self.count += 1;
            let (row, column) = cell.get_position();
            if row >= MOST_ROWS || column >= MOST_COLUMNS || self.count > MOST_CELLS {
                return Err(too_large(&self.source));
            }
            let value = value(
                cell.get_value(),
                self.percent.get(style).copied().flatten(),
                self.is_1904,
            );
            if !value.is_blank() {
                return Ok(Some((row, column, value)));
            }
        }
        Ok(None)
    }

    fn row(&mut self) -> Result<Option<RawRow>, Problem> {
        let first = match self.ahead.take() {
            Some(cell) => Some(cell),
            None => self.cell()?,
        };
        let Some((row, column, value)) = first else {
            return Ok(None);
        };
        let mut cells = vec![(column, value)];
        while let Some((next_row, column, value)) = self.cell()? {
            if next_row < row {
                return Err(out_of_order(&self.source, next_row));
            }
            if next_row > row {
                self.ahead = Some((next_row, column, value));
                break;
            }
            cells.push((column, value));
        }
        self.merged.complete(row, &mut cells);
        Ok(Some(RawRow {
            number: row + 1,
            cells: RawCells::Sparse(cells),
        }))
    }
}

impl<F: Read + Seek> Iterator for SheetRows<'_, F> {
    type Item = Result<RawRow, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.row().transpose();
        self.ended |= matches!(row, Some(Err(_)));
        row
    }
}

fn too_large(source: &Arc<Source>) -> Problem {
    let message = format!(
        "the sheet has more than {MOST_ROWS} rows, {MOST_COLUMNS} columns or {MOST_CELLS} cells"
    );
    Problem::new(
        Code::InputTooLarge,
        Place::whole(source),
        message,
        "split the sheet into several files",
    )
}

fn out_of_order(source: &Arc<Source>, row: u32) -> Problem {
    let message = format!(
        "row {} stands after later rows: the workbook is damaged",
        row + 1
    );
    let help = "open it in a spreadsheet program, save it again as .xlsx, and try again";
    Problem::new(Code::InputUnreadable, Place::whole(source), message, help)
}

/// Turns a cell of the library into ours. `percent` is how many decimals its format shows as a percentage.
fn value(data: &DataRef<'_>, percent: Option<usize>, is_1904: bool) -> Cell<'static> {
    match data {
        DataRef::Empty => Cell::Blank,
        DataRef::String(text) => Cell::text(text).into_owned(),
        DataRef::SharedString(text) => Cell::text(text).into_owned(),
        DataRef::Bool(value) => Cell::Boolean(*value),
        #[expect(
            clippy::cast_precision_loss,
            reason = "a workbook's numbers are of that precision"
        )]
        DataRef::Int(number) => Cell::Number(*number as f64),
        DataRef::Float(number) => match percent {
            Some(decimals) => Cell::Text(percent_text(*number, decimals).into()),
            None => Cell::Number(*number),
        },
        DataRef::DateTime(time) if time.is_duration() => {
            Cell::Duration(duration_text(time.as_f64()))
        }
        DataRef::DateTime(time) => match from_serial(time.as_f64(), is_1904) {
            Some(date) => Cell::Date(date),
            None => Cell::Number(time.as_f64()),
        },
        DataRef::DateTimeIso(text) => match text.trim_end_matches('Z').parse() {
            Ok(date) => Cell::Date(date),
            Err(_) => Cell::text(text).into_owned(),
        },
        DataRef::DurationIso(text) => Cell::Duration(text.clone()),
        DataRef::Error(error) => Cell::Error(error.to_string().into()),
    }
}

fn duration_text(days: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a duration that long is a mistake, and shown as one"
    )]
    let seconds = (days * 86_400.0).round() as i64;
    format!(
        "{}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        (seconds % 60).abs()
    )
}
