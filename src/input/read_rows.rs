//! Reads the rows of one sheet: finds the header and processes the rows below it.

use std::sync::Arc;

use super::header::{self, Header};
use super::options::{Extent, Options};
use super::process_rows::{Processed, RowProcessor, RowSource};
use super::row::{RawCells, RawRow, swallowed_column, swallowed_rows};
use super::row_sink::RowSink;
use super::sample_rows::read_sample;
use super::sheet::{BadHeaderRows, Sheet, SheetHead, SheetResult};
use super::values::cell::Cell;
use crate::diagnostics::diagnostic::{Diagnostic, Place, Source, WarningPolicy};
use crate::schema::header_names::HeaderNames;

/// Reads the rows of one sheet. An unreadable row is an error of the whole file.
pub(crate) fn read_rows<S: RowSink>(
    mut rows: impl RowSource,
    source: &Arc<Source>,
    options: &Options<'_>,
    sink: &S,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<SheetResult<S::Chunk>, Diagnostic> {
    if let Extent::Sample(count) = options.extent {
        return read_sample(rows, count, source, options, sink, diagnostics);
    }
    let (header_row, above) = match find_header(&mut rows, source, &options.names)? {
        Ok(found) => found,
        Err(missing) => return Ok(SheetResult::NoHeader(missing)),
    };
    let (header, found) = read_header(source, &header_row, options);
    let is_valid = !found.iter().any(Diagnostic::is_error);
    let likely = header.likely(&found, &options.names);
    let is_denied = options.warnings == WarningPolicy::Deny && !found.is_empty();
    let found = found.into_iter();
    diagnostics.extend(found.map(|diagnostic| options.warnings.weigh(diagnostic)));
    let head = |header| SheetHead {
        source: Arc::clone(source),
        header,
        above,
        is_denied,
    };
    let mut sheet = Sheet::empty(source);
    match likely {
        _ if is_valid => {
            let head = head(header);
            let processed = process_rows(rows, &head, options, sink)?;
            sheet.add_rows(head, processed, diagnostics);
        }
        Some((header, ambiguous)) => {
            let head = head(header);
            let processed = process_rows(rows, &head, options, sink)?;
            sheet.unread = processed.iter().map(|it| it.rows + it.skipped.len()).sum();
            sheet.bad_header_rows = Some(Box::new(BadHeaderRows {
                head,
                ambiguous,
                chunks: processed.into_iter().map(|it| it.chunk).collect(),
            }));
        }
        None => sheet.unread = rows.count_filled()?,
    }
    Ok(SheetResult::Sheet(sheet))
}

fn process_rows<S: RowSink>(
    rows: impl RowSource,
    head: &SheetHead,
    options: &Options<'_>,
    sink: &S,
) -> Result<Vec<Processed<S::Chunk>>, Diagnostic> {
    rows.process_all(&RowProcessor {
        head,
        options,
        sink,
    })
}

impl<C> Sheet<C> {
    /// Adds the rows below a valid header.
    fn add_rows(
        &mut self,
        head: SheetHead,
        processed: Vec<Processed<C>>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        for processed in processed {
            self.rows += processed.rows;
            self.skipped += processed.skipped.len();
            self.chunks.push(processed.chunk);
            diagnostics.extend(processed.skipped);
        }
        self.head = Some(head);
    }
}

/// Reads the header row; returns the columns and their diagnostics.
fn read_header(
    source: &Arc<Source>,
    row: &RawRow,
    options: &Options<'_>,
) -> (Header, Vec<Diagnostic>) {
    let cells = row.cells.present();
    let (header, mut diagnostics) =
        Header::read(source, row.number, &cells, &options.names, &options.wide);
    if let RawCells::Record(record) = &row.cells {
        let swallowed = swallowed_column(record);
        let place = swallowed.map(|column| Place::cell(source, row.number, column));
        diagnostics.extend(place.map(swallowed_rows));
    }
    (header, diagnostics)
}

/// The header row, and the non-blank cells of the rows above it.
type FoundHeader = (RawRow, Vec<(u32, Vec<(u32, Cell<'static>)>)>);

/// Returns the first row that can be the header.
fn find_header(
    rows: &mut impl Iterator<Item = Result<RawRow, Diagnostic>>,
    source: &Arc<Source>,
    names: &HeaderNames,
) -> Result<Result<FoundHeader, header::MissingHeader>, Diagnostic> {
    let mut seen = Vec::new();
    for row in rows {
        let row = row?;
        if row.number > header::HEADER_WITHIN_ROWS {
            break;
        }
        if header::holds_order_id(&row.cells.present(), names) {
            let above = seen.iter().map(RawRow::to_owned_cells).collect();
            return Ok(Ok((row, above)));
        }
        seen.push(row);
    }
    let seen = seen.iter();
    let seen: Vec<_> = seen.map(|row| (row.number, row.cells.present())).collect();
    Ok(Err(header::missing(source, &seen, names)))
}
