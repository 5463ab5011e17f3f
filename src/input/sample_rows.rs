//! Reads the first data rows of a sheet, even if its header is invalid or missing.

use std::cmp::Reverse;
use std::sync::Arc;

use super::header::{self, HEADER_WITHIN_ROWS, Header};
use super::options::Options;
use super::row::{RawRow, Row};
use super::row_kind::RowKind;
use super::row_sink::RowSink;
use super::sheet::{Sheet, SheetHead, SheetResult};
use super::values::cell::Cell;
use crate::diagnostics::diagnostic::{Diagnostic, Source};

/// Reads the first `count` data rows of one sheet. An unreadable row is an error of the whole file.
pub(crate) fn read_sample<S: RowSink>(
    rows: impl Iterator<Item = Result<RawRow, Diagnostic>>,
    count: usize,
    source: &Arc<Source>,
    options: &Options<'_>,
    sink: &S,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<SheetResult<S::Chunk>, Diagnostic> {
    let most = count.saturating_add(HEADER_WITHIN_ROWS as usize);
    let rows: Vec<RawRow> = rows.take(most).collect::<Result<_, _>>()?;
    let within = rows
        .iter()
        .take_while(|row| row.number <= HEADER_WITHIN_ROWS)
        .count();
    let (first, names) = (&rows[..within], &options.names);
    let found = first
        .iter()
        .position(|row| header::holds_order_id(&row.cells.present(), names));
    let missing = || {
        let seen: Vec<_> = first
            .iter()
            .map(|row| (row.number, row.cells.present()))
            .collect();
        header::missing(source, &seen, names)
    };
    let Some(index) = found.or_else(|| likely_header(first)) else {
        return Ok(SheetResult::NoHeader(missing()));
    };
    let (row, cells) = (&rows[index], rows[index].cells.present());
    let (header, found_in_header) = Header::read(source, row.number, &cells, names, &options.wide);
    diagnostics.extend(found.is_none().then(|| missing().diagnostic));
    diagnostics.extend(found_in_header);
    let head = SheetHead {
        source: Arc::clone(source),
        header,
        above: Vec::new(),
        is_denied: false,
    };
    let data = rows[index + 1..].iter().filter_map(|row| {
        let row = Row::new(&head, row);
        // Without an order-id column every row looks like a footer.
        match RowKind::new(&row, &head, names) {
            RowKind::Data => Some(row),
            RowKind::Skipped(_) if found.is_none() => Some(row),
            RowKind::Blank | RowKind::Skipped(_) | RowKind::OtherHeader(_) => None,
        }
    });
    let mut chunk = sink.start(&head);
    let rows = data
        .take(count)
        .map(|row| sink.add(&mut chunk, &head, &row))
        .count();
    Ok(SheetResult::Sheet(Sheet {
        source: Arc::clone(source),
        sha256: Arc::from(""),
        chunks: vec![chunk],
        rows,
        head: Some(head),
        skipped: 0,
        unread: 0,
        bad_header_rows: None,
    }))
}

/// Returns the index of the row that looks most like a header: the first of those with the most words.
fn likely_header(rows: &[RawRow]) -> Option<usize> {
    let words = |row: &RawRow| {
        let cells = row.cells.present();
        cells
            .iter()
            .filter(
                |(_, cell)| matches!(cell, Cell::Text(text) if text.contains(char::is_alphabetic)),
            )
            .count()
    };
    let counts = rows.iter().map(words).enumerate();
    counts
        .filter(|(_, words)| *words >= 2)
        .min_by_key(|(index, words)| (Reverse(*words), *index))
        .map(|(index, _)| index)
}
