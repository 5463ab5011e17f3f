//! What a row under the header is: data, a header again, a total, or nothing.

use super::footer;
use super::header::HEADER_WITHIN_ROWS;
use super::row::Row;
use super::sheet::SheetHead;
use super::values::cell::Cell;
use crate::diagnostics::diagnostic::{Code, Diagnostic, Place};
use crate::schema::header_names::HeaderNames;

/// What a row under the header is.
pub(crate) enum RowKind {
    Blank,
    Data,
    Skipped(Diagnostic),
    /// A header with other columns.
    OtherHeader(Diagnostic),
}

impl RowKind {
    pub(crate) fn of(row: &Row<'_>, head: &SheetHead, names: &HeaderNames) -> Self {
        let place = || Place::row(&head.source, row.number);
        let skip = |code, message, help: &'static str| {
            Self::Skipped(Diagnostic::new(code, place(), message, help))
        };
        if row.surplus.is_none() && row.cells.iter().all(Cell::is_blank) {
            Self::Blank
        } else if head.header.is_repeated_by(&row.cells, names) {
            skip(
                Code::HeaderRepeated,
                "the header stands here again; the row is left out",
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
        "a header stands here again, and its columns are not those of row {}",
        head.header.row
    );
    let apart = "put the rows from here on into a file of their own";
    // Of several rows near the top that name the order id, the first was taken for the header.
    let help = match place.row {
        Some(row) if row <= HEADER_WITHIN_ROWS => {
            let first = head.header.row;
            format!("if this is the header, take row {first} away; if both are, {apart}")
        }
        _ => apart.to_owned(),
    };
    Diagnostic::new(Code::RowMalformed, place, message, help)
}
