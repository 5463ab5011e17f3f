//! Diagnostics for records that cannot be read.

use std::sync::Arc;

use memchr::memchr2;

use super::lines::Lines;
use crate::diagnostics::diagnostic::{Code, Diagnostic, Place, Source};
use crate::input::limits::{LONGEST_CELL, LONGEST_RECORD, MOST_COLUMNS};

const CHECK_QUOTES: &str =
    "check the quotes and line ends of the file, or leave the long text out of the export";

/// A record that exceeds the length limit. `bytes` is its text, after the lines `before`; blank lines may precede it.
pub(crate) fn record_too_long(source: &Arc<Source>, before: &Lines, bytes: &[u8]) -> Diagnostic {
    let is_line_end = |byte: &&u8| matches!(byte, b'\r' | b'\n');
    let (line_ends, record) = bytes.split_at(bytes.iter().take_while(is_line_end).count());
    let mut lines = before.clone();
    lines.advance(line_ends);
    if memchr2(b'\r', b'\n', record).is_some() {
        // Only a quoted record has several lines.
        return unclosed_quote(source, lines.number());
    }
    let message = format!(
        "the line is longer than the limit of {} MB",
        LONGEST_RECORD >> 20
    );
    let place = Place::row(source, lines.number());
    Diagnostic::new(Code::InputTooLarge, place, message, CHECK_QUOTES)
}

/// A cell that exceeds the length limit.
pub(crate) fn cell_too_long(place: Place, bytes: usize) -> Diagnostic {
    let message = format!(
        "a cell of {bytes} bytes exceeds the limit of {} KB",
        LONGEST_CELL >> 10
    );
    Diagnostic::new(Code::InputTooLarge, place, message, CHECK_QUOTES)
}

/// A record with more fields than a spreadsheet has columns.
pub(crate) fn too_many_fields(place: Place, fields: usize) -> Diagnostic {
    let message = format!("the record has {fields} fields; the limit is {MOST_COLUMNS}");
    let help = "check the delimiter and the line ends of the file";
    Diagnostic::new(Code::InputTooLarge, place, message, help)
}

/// A quote that is never closed.
pub(crate) fn unclosed_quote(source: &Arc<Source>, number: u32) -> Diagnostic {
    let message = "a quote that opens in this record is never closed, so the cell contains the rest of the file";
    let help = "close the quote, or double it if it is part of the text";
    let place = Place::row(source, number);
    Diagnostic::new(Code::InputUnreadable, place, message, help)
}
