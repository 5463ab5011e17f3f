//! Classifies the rows below a header: data, a repeated header, a footer, or blank.

use super::footer;
use super::header::HEADER_WITHIN_ROWS;
use super::row::Row;
use super::sheet::SheetHead;
use super::values::cell::Cell;
use crate::diagnostics::diagnostic::{Code, Diagnostic, Place};
use crate::schema::header_names::HeaderNames;

/// The kind of a row below a header.
pub(crate) enum RowKind {
    Blank,
    Data,
    Skipped(Diagnostic),
    /// A header with different columns.
    OtherHeader(Diagnostic),
}

impl RowKind {
    pub(crate) fn new(row: &Row<'_>, head: &SheetHead, names: &HeaderNames) -> Self {
        let place = || Place::row(&head.source, row.number);
        let skip = |code, message, help: &'static str| {
            Self::Skipped(Diagnostic::new(code, place(), message, help))
        };
        if row.surplus.is_none() && row.cells.iter().all(Cell::is_blank) {
            Self::Blank
        } else if head.header.is_repeated_by(&row.cells, names) {
            skip(
                Code::HeaderRepeated,
                "the header is repeated here; the row is skipped",
                "nothing to do",
            )
        } else if head.header.is_followed_by_another(&row.cells, names) {
            Self::OtherHeader(other_header(place(), head))
        } else if row.swallowed.is_none() && footer::is_footer(head, &row.cells) {
            skip(
                Code::FooterIgnored,
                "a row without order, company and test id is left out: it looks like a total or a note",
                "nothing to do; if it holds a score, fill in its ids",
            )
        } else {
            Self::Data
        }
    }
}

fn other_header(place: Place, head: &SheetHead) -> Diagnostic {
    let message = format!(
        "this row is another header, with columns that differ from those of row {}",
        head.header.row
    );
    let apart = "move this row and the rows below it to a separate file";
    // Near the top, a title row that mentions the order id may have been taken for the header.
    let help = match place.row {
        Some(row) if row <= HEADER_WITHIN_ROWS => {
            let first = head.header.row;
            format!("if this is the header, delete row {first}; if both are headers, {apart}")
        }
        _ => apart.to_owned(),
    };
    Diagnostic::new(Code::RowMalformed, place, message, help)
}
