//! A text of records cut into pieces that can be read apart, on all cores: each ends where a record ends.

use std::borrow::Cow;
use std::sync::Arc;

use memchr::{memchr, memchr3};

use super::dialect::Dialect;
use super::encoding;
use super::lines::Lines;
use crate::diagnostics::diagnostic::{Diagnostic, Source};

/// A piece is at least so long: small enough that every core has one, large enough that cutting costs little.
pub(crate) const PIECE_BYTES: usize = 256 << 10;

/// Some records of a text.
pub(crate) struct Piece<'a> {
    pub(crate) bytes: Cow<'a, [u8]>,
    /// The lines before it.
    pub(crate) lines: Lines,
}

impl Piece<'_> {
    /// Returns its text.
    ///
    /// # Errors
    /// Where that is none.
    pub(crate) fn text(&self, source: &Arc<Source>) -> Result<&str, Diagnostic> {
        let text = encoding::utf_8(&self.bytes).and_then(|text| match memchr(0, text.as_bytes()) {
            Some(at) => Err(encoding::no_text(&text.as_bytes()[..at])),
            None => Ok(text),
        });
        text.map_err(|fault| fault.after(&self.lines).problem(source))
    }
}

/// Cuts a text into pieces.
pub(crate) struct Pieces<'a> {
    rest: &'a [u8],
    dialect: Dialect,
    lines: Lines,
    least: usize,
}

impl<'a> Pieces<'a> {
    /// Cuts a text that begins with a record, after so many `lines`, into pieces of at `least` so many bytes.
    pub(crate) fn of(rest: &'a [u8], dialect: Dialect, lines: Lines, least: usize) -> Self {
        Self {
            rest,
            dialect,
            lines,
            least,
        }
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let end = end_of_piece(self.rest, self.dialect, self.least).unwrap_or(self.rest.len());
        let (bytes, rest) = self.rest.split_at(end);
        let lines = self.lines.clone();
        self.lines.advance(bytes);
        self.rest = rest;
        Some(Piece {
            bytes: Cow::Borrowed(bytes),
            lines,
        })
    }
}

/// Returns where the first record ends that reaches so far, if more follows it. A quote counts where it opens a cell,
/// and until it closes.
pub(crate) fn end_of_piece(bytes: &[u8], dialect: Dialect, least: usize) -> Option<usize> {
    let quote = dialect.quote();
    let least = least.min(bytes.len());
    let mut at = 0;
    // Up to there the ends of lines do not matter, and quotes are few.
    while at < least {
        at = match memchr(quote, &bytes[at..least]) {
            Some(found) => past_quote(bytes, at + found, dialect),
            None => least,
        };
    }
    while let Some(found) = memchr3(b'\n', b'\r', quote, &bytes[at..]).map(|found| at + found) {
        if bytes[found] == quote {
            at = past_quote(bytes, found, dialect);
            continue;
        }
        at = found + 1;
        if at < bytes.len() && is_parting(bytes, at) {
            return Some(at);
        }
    }
    None
}

/// Returns where the last record ends that more follows.
pub(crate) fn last_end(bytes: &[u8], dialect: Dialect) -> Option<usize> {
    let mut last = 0;
    while let Some(end) = end_of_piece(&bytes[last..], dialect, 1) {
        last += end;
    }
    (last > 0).then_some(last)
}

/// Returns where the text goes on after a quote: behind the cell that it opens, if it does.
fn past_quote(bytes: &[u8], at: usize, dialect: Dialect) -> usize {
    if opens_cell(bytes, at, dialect) {
        past_closing(bytes, at + 1, dialect.quote())
    } else {
        at + 1
    }
}

fn opens_cell(bytes: &[u8], at: usize, dialect: Dialect) -> bool {
    let before = at.checked_sub(1).map(|before| bytes[before]);
    before.is_none_or(|byte| matches!(byte, b'\r' | b'\n') || dialect.parts_cells(byte))
}

/// Returns where the text goes on after the quote that closes a cell; a doubled one belongs to the cell.
fn past_closing(bytes: &[u8], mut at: usize, quote: u8) -> usize {
    while let Some(found) = memchr(quote, &bytes[at..]) {
        at += found + 1;
        if bytes.get(at) != Some(&quote) {
            return at;
        }
        at += 1;
    }
    bytes.len()
}

/// Tells whether the text may be parted after a line's end: not within `\r\n`, nor before a mark that a reader drops
/// from the beginning of what it reads.
fn is_parting(bytes: &[u8], at: usize) -> bool {
    let is_within_end = bytes[at - 1] == b'\r' && bytes.get(at) == Some(&b'\n');
    !is_within_end && !bytes[at..].starts_with("\u{feff}".as_bytes())
}
