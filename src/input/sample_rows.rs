//! Reads the first data rows of a sheet, even if its header is invalid or missing.

use std::cmp::Reverse;
use std::sync::Arc;

use super::header::{self, HEADER_WITHIN_ROWS, Header};
use super::options::Options;
use super::row::{RawRow, placed};
use super::row_kind::RowKind;
use super::row_sink::RowSink;
use super::sheet::{Rows, Sheet, SheetHead};
use super::values::cell::Cell;
use crate::diagnostics::diagnostic::{Diagnostic, Source};

/// Reads the first rows of one sheet.
///
/// # Errors
/// What is wrong with a row that cannot be read, which is wrong with the whole file.
pub(crate) fn read_rows<S: RowSink>(
    rows: impl Iterator<Item = Result<RawRow, Diagnostic>>,
    source: &Arc<Source>,
    (options, count): (&Options<'_>, usize),
    sink: &S,
    problems: &mut Vec<Diagnostic>,
) -> Result<Rows<S::Chunk>, Diagnostic> {
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
        return Ok(Rows::NoHeader(missing()));
    };
    let (row, cells) = (&rows[index], rows[index].cells.present());
    let (header, wrong) = Header::read(source, row.number, &cells, names, &options.wide);
    problems.extend(found.is_none().then(|| missing().problem));
    problems.extend(wrong);
    let head = SheetHead {
        source: Arc::clone(source),
        header,
        above: Vec::new(),
        is_denied: false,
    };
    let data = rows[index + 1..].iter().filter_map(|row| {
        let row = placed(&head, row);
        // Where nothing is known of the ids, every row looks like a footer.
        match RowKind::of(&row, &head, names) {
            RowKind::Data => Some(row),
            RowKind::Skipped(_) if found.is_none() => Some(row),
            RowKind::Blank | RowKind::Skipped(_) | RowKind::OtherHeader(_) => None,
        }
    });
    let mut part = sink.start(&head);
    let rows = data
        .take(count)
        .map(|row| sink.add(&mut part, &head, &row))
        .count();
    Ok(Rows::Sheet(Sheet {
        source: Arc::clone(source),
        sha256: Arc::from(""),
        chunks: vec![part],
        rows,
        head: Some(head),
        skipped: 0,
        unread: 0,
        doubtful: None,
    }))
}

/// Returns the row that looks most like a header: the first of those with the most words.
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
