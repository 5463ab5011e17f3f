//! The protocol between worker and parent: JSON messages, one per line. The last one is [`Message::Done`] or an error;
//! a reply without either was cut short.

use std::borrow::Cow;

use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

use crate::input::row::{RawCells, RawRow};
use crate::input::values::cell::Cell;
use crate::input::workbook::error::WorkbookError;
use crate::input::workbook::sheets::Reason;

/// A message from the worker.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Message {
    /// The names of all sheets.
    Sheets(Vec<String>),
    /// A sheet that is not read.
    Skipped(String, Reason),
    /// A sheet whose rows follow.
    Sheet(String),
    /// A row: its number as the user sees it, and its cells with their columns.
    Row(u32, Vec<(u32, Value)>),
    /// The end of a sheet's rows.
    SheetEnd,
    /// The workbook is refused; earlier messages do not count.
    WorkbookError(WorkbookError),
    /// The reply is complete.
    Done,
}

/// A cell in a message. Numbers are sent as bits, because JSON cannot represent every f64.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Value {
    Text(String),
    Number(u64),
    Percentage(u64),
    Date(DateTime),
    Duration(String),
    Boolean(bool),
    Error(String),
    Formula,
    Blank,
}

impl From<Cell<'static>> for Value {
    fn from(cell: Cell<'static>) -> Self {
        match cell {
            Cell::Blank => Self::Blank,
            Cell::Text(text) => Self::Text(text.into_owned()),
            Cell::Number(number) => Self::Number(number.to_bits()),
            Cell::Percentage(number) => Self::Percentage(number.to_bits()),
            Cell::Date(time) => Self::Date(time),
            Cell::Duration(text) => Self::Duration(text),
            Cell::Boolean(value) => Self::Boolean(value),
            Cell::Error(text) => Self::Error(text.into_owned()),
            Cell::Formula => Self::Formula,
        }
    }
}

impl From<Value> for Cell<'static> {
    fn from(value: Value) -> Self {
        match value {
            Value::Blank => Self::Blank,
            Value::Text(text) => Self::Text(Cow::Owned(text)),
            Value::Number(bits) => Self::Number(f64::from_bits(bits)),
            Value::Percentage(bits) => Self::Percentage(f64::from_bits(bits)),
            Value::Date(time) => Self::Date(time),
            Value::Duration(text) => Self::Duration(text),
            Value::Boolean(value) => Self::Boolean(value),
            Value::Error(text) => Self::Error(Cow::Owned(text)),
            Value::Formula => Self::Formula,
        }
    }
}

impl Message {
    /// Converts a row into a message.
    pub(crate) fn row(row: RawRow) -> Self {
        let cells = match row.cells {
            RawCells::Sparse(cells) => cells,
            RawCells::Record(_) => Vec::new(),
        };
        let cells = cells.into_iter();
        Self::Row(
            row.number,
            cells.map(|(column, cell)| (column, cell.into())).collect(),
        )
    }
}

/// Converts a message back into a row.
pub(crate) fn raw_row(number: u32, cells: Vec<(u32, Value)>) -> RawRow {
    let cells = cells.into_iter();
    RawRow {
        number,
        cells: RawCells::Sparse(cells.map(|(column, cell)| (column, cell.into())).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_round_trips_through_a_message() {
        let cells = [
            Cell::Text("a\n\u{2028}b".into()),
            Cell::Number(0.1 + 0.2),
            Cell::Number(f64::INFINITY),
            Cell::Percentage(-0.0),
            Cell::Date("2026-03-04T17:06:00.5".parse().unwrap()),
            Cell::Duration("25:30:00".into()),
            Cell::Boolean(true),
            Cell::Error("#N/A".into()),
            Cell::Formula,
            Cell::Blank,
        ];
        for cell in cells {
            let sent = serde_json::to_string(&Value::from(cell.clone())).unwrap();
            assert!(!sent.contains('\n'));
            let arrived: Value = serde_json::from_str(&sent).unwrap();
            assert_eq!(Cell::from(arrived), cell);
        }
    }
}
