//! A text of records cut into pieces that can be read apart, on all cores: each ends where a record ends.

use memchr::{memchr, memchr3};

use super::dialect::Dialect;
use super::lines::Lines;

/// A piece is at least so long: small enough that every core has one, large enough that cutting costs little.
pub(super) const PIECE_BYTES: usize = 256 << 10;

/// Some records of a text.
pub(super) struct Piece<'a> {
    pub(super) text: &'a str,
    /// The lines before it.
    pub(super) lines: Lines,
}

/// Cuts a text into pieces.
pub(super) struct Pieces<'a> {
    rest: &'a str,
    dialect: Dialect,
    lines: Lines,
    least: usize,
}

impl<'a> Pieces<'a> {
    /// Cuts a text that begins with a record, after so many `lines`, into pieces of at `least` so many bytes.
    pub(super) fn of(rest: &'a str, dialect: Dialect, lines: Lines, least: usize) -> Self {
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
        let end = end_of_piece(self.rest.as_bytes(), self.dialect, self.least);
        let (text, rest) = self.rest.split_at(end);
        let lines = self.lines.clone();
        self.lines.advance(text.as_bytes());
        self.rest = rest;
        Some(Piece { text, lines })
    }
}

/// Returns where the first record ends that reaches so far. A quote counts where it opens a cell, and until it closes.
fn end_of_piece(bytes: &[u8], dialect: Dialect, least: usize) -> usize {
    let quote = dialect.quote();
    let mut at = 0;
    while let Some(found) = memchr3(b'\n', b'\r', quote, &bytes[at..]).map(|found| at + found) {
        at = found + 1;
        if bytes[found] == quote {
            if opens_cell(bytes, found, dialect) {
                at = past_closing(bytes, at, quote);
            }
        } else if at >= least && is_parting(bytes, at) {
            return at;
        }
    }
    bytes.len()
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
