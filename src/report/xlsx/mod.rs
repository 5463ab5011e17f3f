//! The report as a workbook: sheets for the summary, the orders and the diagnostics.
//!
//! Data are written as text, never as formulas or links. Rows are flushed as they are written.

mod sheet;
mod summary;

use std::fs::File;
use std::io;

use rust_xlsxwriter::{Color, Workbook, XlsxError};

use self::sheet::{Cell, Column, Table};
use crate::delivery::Outcome;
use crate::diagnostics::diagnostic::Diagnostic;
use crate::report::model::{OrderEntry, Report};
use crate::xlsx;

/// Maximum number of rows in a sheet (1,048,576), without the header.
const MAX_ROWS: usize = 1_048_575;

const GOOD: Color = Color::RGB(0xE3_F3E8);
const PLAIN: Color = Color::RGB(0xEE_F0F3);
const DOUBTFUL: Color = Color::RGB(0xFD_F1D6);
const BAD: Color = Color::RGB(0xFB_E3E0);

const ORDER_COLUMNS: [Column; 11] = [
    ("Company", 12.0),
    ("Order", 22.0),
    ("Outcome", 12.0),
    ("HTTP status", 12.0),
    ("Attempts", 10.0),
    ("Latency (ms)", 13.0),
    ("Last sent (UTC)", 20.0),
    ("Rows", 32.0),
    ("Possible duplicate reports", 20.0),
    ("Held reports", 24.0),
    ("Message", 70.0),
];

const PROBLEM_COLUMNS: [Column; 9] = [
    ("Severity", 10.0),
    ("Code", 24.0),
    ("File and sheet", 32.0),
    ("Row", 8.0),
    ("Cell", 8.0),
    ("Column", 24.0),
    ("Value", 30.0),
    ("Problem", 60.0),
    ("Remedy", 60.0),
];

/// Writes the workbook.
pub(crate) fn write(report: &Report, file: &mut File) -> io::Result<()> {
    xlsx::save(book(report).map_err(xlsx::io_error)?, file)
}

fn book(report: &Report) -> Result<Workbook, XlsxError> {
    let mut book = Workbook::new();
    summary::fill(report, &mut book)?;
    let orders = Table {
        name: "Orders",
        columns: &ORDER_COLUMNS,
    };
    orders.fill(&mut book, &report.orders, order)?;
    let problems = Table {
        name: "Problems",
        columns: &PROBLEM_COLUMNS,
    };
    problems.fill(&mut book, &report.diagnostics, problem)?;
    Ok(book)
}

/// Returns the colour of an outcome.
fn colour(outcome: Outcome) -> Color {
    match outcome {
        Outcome::Valid | Outcome::Accepted => GOOD,
        Outcome::Unchanged => PLAIN,
        Outcome::Unknown | Outcome::NotSent => DOUBTFUL,
        Outcome::Invalid | Outcome::Rejected | Outcome::Failed => BAD,
    }
}

fn order(order: &OrderEntry) -> Vec<Cell> {
    let held = order
        .held_reports
        .iter()
        .filter_map(|held| held.url.as_deref());
    let sent_at = |last: &crate::report::model::RequestEntry| {
        last.sent_at.strftime("%Y-%m-%d %H:%M:%S").to_string()
    };
    vec![
        Cell::text(&order.company_id),
        Cell::text(&order.order_id),
        Cell::Coloured(order.outcome.words(), colour(order.outcome)),
        order
            .http_status
            .map_or(Cell::Blank, |status| Cell::Number(status.into())),
        Cell::Number(order.attempts.into()),
        order.latency_ms.map_or(Cell::Blank, Cell::Number),
        order
            .requests
            .last()
            .map_or(Cell::Blank, |last| Cell::Text(sent_at(last))),
        Cell::Text(order.places()),
        Cell::text(if order.possible_duplicate_reports {
            "yes"
        } else {
            ""
        }),
        Cell::Text(held.collect::<Vec<_>>().join("\n")),
        Cell::text(order.message.as_deref().unwrap_or_default()),
    ]
}

fn problem(found: &Diagnostic) -> Vec<Cell> {
    let text = |text: Option<&str>| text.map_or(Cell::Blank, Cell::text);
    let colour = if found.is_error() { BAD } else { DOUBTFUL };
    vec![
        Cell::Coloured(found.severity.words(), colour),
        Cell::text(found.code.name()),
        Cell::Text(found.place.source.to_string()),
        found
            .place
            .row
            .map_or(Cell::Blank, |row| Cell::Number(row.into())),
        found.place.cell_name().map_or(Cell::Blank, Cell::Text),
        text(found.header.as_deref()),
        text(found.value.as_deref()),
        Cell::text(&found.message),
        Cell::text(&found.help),
    ]
}

#[cfg(test)]
mod tests {
    use calamine::{Data, DataType, Reader, Xlsx};

    use super::*;
    use crate::report::model::tests::{HOSTILE, hostile};

    fn sheets(report: &Report) -> Xlsx<io::Cursor<Vec<u8>>> {
        let bytes = book(report).unwrap().save_to_buffer().unwrap();
        Xlsx::new(io::Cursor::new(bytes)).unwrap()
    }

    #[test]
    fn every_hostile_text_reads_back_as_text() {
        let mut book = sheets(&hostile());
        assert_eq!(book.sheet_names(), ["Summary", "Orders", "Problems"]);
        let problems = book.worksheet_range("Problems").unwrap();
        let values: Vec<&Data> = problems.rows().skip(1).map(|row| &row[6]).collect();
        let written: Vec<Data> = HOSTILE.map(|text| Data::String(text.to_owned())).into();
        assert_eq!(values, written.iter().collect::<Vec<_>>());
        let orders = book.worksheet_range("Orders").unwrap();
        assert_eq!(orders.get((1, 0)), Some(&Data::String("=1+1".to_owned())));
        assert_eq!(orders.get((1, 5)).and_then(DataType::as_f64), Some(12.5));
        assert_eq!(
            book.worksheet_formula("Orders")
                .unwrap()
                .used_cells()
                .count(),
            0
        );
    }

    #[test]
    fn texts_too_long_for_a_cell_are_truncated() {
        let mut report = hostile();
        report.orders[0].message = Some("é".repeat(40_000));
        let orders = sheets(&report).worksheet_range("Orders").unwrap();
        let text = orders.get((1, 10)).and_then(DataType::as_string).unwrap();
        assert_eq!(text.chars().count(), 32_767);
    }
}
