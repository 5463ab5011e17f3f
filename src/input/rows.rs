//! Rows of a sheet: the header among them, and where the cells of the others stand under it.

use std::sync::Arc;

use super::header::{self, Header};
use crate::diagnostics::diagnostic::{Diagnostic, Place, Source, WarningPolicy};
use crate::input::options::{Extent, Options};
use crate::input::process_rows::{RowSource, Turned, Turning};
use crate::input::row::{RawCells, RawRow, swallowed_in, swallowed_rows};
use crate::input::row_sink::RowSink;
use crate::input::sample_rows;
use crate::input::sheet::{Doubtful, Rows, Sheet, SheetHead};
use crate::input::values::cell::Cell;
use crate::schema::columns::Field;
use crate::schema::header_names::HeaderNames;

/// Reads the rows of one sheet: finds the header, leaves out what is no data, turns the rest.
///
/// # Errors
/// What is wrong with a row that cannot be read, which is wrong with the whole file.
pub(crate) fn read_rows<S: RowSink>(
    mut rows: impl RowSource,
    source: &Arc<Source>,
    options: &Options<'_>,
    sink: &S,
    problems: &mut Vec<Diagnostic>,
) -> Result<Rows<S::Chunk>, Diagnostic> {
    if let Extent::Sample(count) = options.extent {
        return sample_rows::read_rows(rows, source, (options, count), sink, problems);
    }
    let (header_row, above) = match find_header(&mut rows, source, &options.names)? {
        Ok(found) => found,
        Err(missing) => return Ok(Rows::NoHeader(missing)),
    };
    let (header, found) = read_header(source, &header_row, options);
    let usable = !found.iter().any(Diagnostic::is_error);
    let likely = header.likely(&found, &options.names);
    let is_denied = options.warnings == WarningPolicy::Deny && !found.is_empty();
    problems.extend(
        found
            .into_iter()
            .map(|problem| options.warnings.weigh(problem)),
    );
    let head = |header| SheetHead {
        source: Arc::clone(source),
        header,
        above,
        is_denied,
    };
    let mut sheet = Sheet::empty(source);
    match likely {
        _ if usable => sheet.take(rows, head(header), (options, sink), problems)?,
        Some((header, unclear)) => sheet.doubt(rows, head(header), unclear, (options, sink))?,
        None => sheet.unread = rows.count_filled()?,
    }
    Ok(Rows::Sheet(sheet))
}

impl<P> Sheet<P> {
    /// Takes the rows under a good header.
    fn take<S: RowSink<Chunk = P>>(
        &mut self,
        rows: impl RowSource,
        head: SheetHead,
        (options, sink): (&Options<'_>, &S),
        problems: &mut Vec<Diagnostic>,
    ) -> Result<(), Diagnostic> {
        for turned in turned(rows, &head, options, sink)? {
            self.rows += turned.rows;
            self.skipped += turned.skipped.len();
            self.chunks.push(turned.part);
            problems.extend(turned.skipped);
        }
        self.head = Some(head);
        Ok(())
    }

    /// Takes the rows under a header as it was most likely meant, to be checked and no more.
    fn doubt<S: RowSink<Chunk = P>>(
        &mut self,
        rows: impl RowSource,
        head: SheetHead,
        unclear: Vec<Field>,
        (options, sink): (&Options<'_>, &S),
    ) -> Result<(), Diagnostic> {
        let turned = turned(rows, &head, options, sink)?;
        let count = |turned: &Turned<P>| turned.rows + turned.skipped.len();
        self.unread = turned.iter().map(count).sum();
        let parts = turned.into_iter().map(|turned| turned.part).collect();
        self.doubtful = Some(Box::new(Doubtful {
            head,
            unclear,
            chunks: parts,
        }));
        Ok(())
    }
}

/// Turns the rows under a header.
fn turned<S: RowSink>(
    rows: impl RowSource,
    head: &SheetHead,
    options: &Options<'_>,
    sink: &S,
) -> Result<Vec<Turned<S::Chunk>>, Diagnostic> {
    rows.turn_all(&Turning {
        head,
        options,
        sink,
    })
}

/// Reads the header row: the columns, and what is wrong with them.
fn read_header(
    source: &Arc<Source>,
    row: &RawRow,
    options: &Options<'_>,
) -> (Header, Vec<Diagnostic>) {
    let cells = row.cells.present();
    let (header, mut found) =
        Header::read(source, row.number, &cells, &options.names, &options.wide);
    if let RawCells::Record(record) = &row.cells {
        let swallowed = swallowed_in(record.iter());
        found.extend(
            swallowed.map(|column| swallowed_rows(Place::cell(source, row.number, column))),
        );
    }
    (header, found)
}

/// The header row, and the rows above it.
type FoundHeader = (RawRow, Vec<(u32, Vec<(u32, Cell<'static>)>)>);

/// Returns the first row that can be the header, or the finding that there is none.
fn find_header(
    rows: &mut impl Iterator<Item = Result<RawRow, Diagnostic>>,
    source: &Arc<Source>,
    names: &HeaderNames,
) -> Result<Result<FoundHeader, header::Missing>, Diagnostic> {
    let mut seen = Vec::new();
    for row in rows {
        let row = row?;
        if row.number > header::HEADER_WITHIN_ROWS {
            break;
        }
        if header::holds_order_id(&row.cells.present(), names) {
            let above = seen.iter().map(RawRow::owned).collect();
            return Ok(Ok((row, above)));
        }
        seen.push(row);
    }
    let seen: Vec<_> = seen
        .iter()
        .map(|row| (row.number, row.cells.present()))
        .collect();
    Ok(Err(header::missing(source, &seen, names)))
}
