//! Cuts decoded text into chunks that can be parsed independently: each ends where a record ends.

use std::io::Read;
use std::sync::Arc;

use memchr::{memchr, memchr3};

use super::decoder::Decoder;
use super::dialect::Dialect;
use super::encoding;
use super::error::record_too_long;
use super::lines::Lines;
use crate::diagnostics::diagnostic::{Diagnostic, Source};
use crate::input::limits::LONGEST_RECORD;

/// Whole records of a file.
pub(crate) struct Chunk {
    bytes: Vec<u8>,
    /// The lines before the chunk.
    pub(crate) lines: Lines,
}

impl Chunk {
    /// Returns the text of the chunk, or the error that it is not UTF-8 or contains a zero byte.
    pub(crate) fn text(&self, source: &Arc<Source>) -> Result<&str, Diagnostic> {
        let text = encoding::utf_8(&self.bytes).and_then(|text| match memchr(0, text.as_bytes()) {
            Some(at) => Err(encoding::zero_byte(&text.as_bytes()[..at])),
            None => Ok(text),
        });
        text.map_err(|error| error.after(&self.lines).diagnostic(source))
    }
}

/// Reads a text chunk by chunk.
pub(crate) struct Chunks<'a, 'd, R> {
    /// Text that was read and belongs to the next chunk.
    pending: Vec<u8>,
    decoder: &'d mut Decoder<'a, R>,
    source: &'a Arc<Source>,
    dialect: Dialect,
    /// The lines before the next chunk.
    lines: Lines,
    /// The minimum size of a chunk.
    chunk_bytes: usize,
    has_failed: bool,
}

impl<'a, 'd, R: Read> Chunks<'a, 'd, R> {
    /// Cuts `beginning`, which follows the lines `before`, and what the decoder returns after it.
    pub(crate) fn new(
        beginning: &[u8],
        before: Lines,
        decoder: &'d mut Decoder<'a, R>,
        dialect: Dialect,
        source: &'a Arc<Source>,
        chunk_bytes: usize,
    ) -> Self {
        Self {
            pending: beginning.to_vec(),
            decoder,
            source,
            dialect,
            lines: before,
            chunk_bytes,
            has_failed: false,
        }
    }

    /// Returns the bytes of the next chunk; empty at the end.
    fn next_bytes(&mut self) -> Result<Vec<u8>, Diagnostic> {
        let mut bytes = std::mem::take(&mut self.pending);
        let mut least = self.chunk_bytes;
        loop {
            // A little more than a chunk, so that the last record is usually whole.
            let wanted = least + least / 8;
            while bytes.len() < wanted && !self.decoder.is_at_end {
                self.decoder.read_into(&mut bytes, wanted, &self.lines)?;
            }
            if let Some(end) = record_end(&bytes, self.dialect, least) {
                self.pending = bytes.split_off(end);
                return Ok(bytes);
            }
            if self.decoder.is_at_end {
                return Ok(bytes);
            }
            self.check_record_length(&bytes)?;
            least *= 2;
        }
    }

    /// Checks the length of the last record, whose end was not read yet.
    fn check_record_length(&self, bytes: &[u8]) -> Result<(), Diagnostic> {
        if bytes.len() <= LONGEST_RECORD {
            return Ok(());
        }
        let start = last_record_end(bytes, self.dialect).unwrap_or_default();
        if bytes.len() - start <= LONGEST_RECORD {
            return Ok(());
        }
        let mut lines = self.lines.clone();
        lines.advance(&bytes[..start]);
        if let Some(zero) = memchr(0, &bytes[start..]) {
            let error = encoding::zero_byte(&bytes[start..start + zero]);
            return Err(error.after(&lines).diagnostic(self.source));
        }
        Err(record_too_long(self.source, &lines, &bytes[start..]))
    }
}

impl<R: Read> Iterator for Chunks<'_, '_, R> {
    type Item = Result<Chunk, Diagnostic>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_failed {
            return None;
        }
        match self.next_bytes() {
            Ok(bytes) if bytes.is_empty() => None,
            Ok(bytes) => {
                let lines = self.lines.clone();
                self.lines.advance(&bytes);
                Some(Ok(Chunk { bytes, lines }))
            }
            Err(diagnostic) => {
                self.has_failed = true;
                Some(Err(diagnostic))
            }
        }
    }
}

/// Returns the end of the first record that reaches to `least` bytes and is followed by more text.
fn record_end(bytes: &[u8], dialect: Dialect, least: usize) -> Option<usize> {
    let quote = dialect.quote();
    let least = least.min(bytes.len());
    let mut at = 0;
    // Up to `least` only quotes matter, which are rarer than line ends.
    while at < least {
        at = match memchr(quote, &bytes[at..least]) {
            Some(found) => after_quote(bytes, at + found, dialect),
            None => least,
        };
    }
    while let Some(found) = memchr3(b'\n', b'\r', quote, &bytes[at..]).map(|found| at + found) {
        if bytes[found] == quote {
            at = after_quote(bytes, found, dialect);
            continue;
        }
        at = found + 1;
        if at < bytes.len() && can_split(bytes, at) {
            return Some(at);
        }
    }
    None
}

/// Returns the end of the last record that is followed by more text.
pub(crate) fn last_record_end(bytes: &[u8], dialect: Dialect) -> Option<usize> {
    let mut last = 0;
    while let Some(end) = record_end(&bytes[last..], dialect, 1) {
        last += end;
    }
    (last > 0).then_some(last)
}

/// Returns the position after a quote, or after the quoted cell if the quote opens one.
fn after_quote(bytes: &[u8], at: usize, dialect: Dialect) -> usize {
    let opens_cell = match at.checked_sub(1).map(|before| bytes[before]) {
        None | Some(b'\r' | b'\n') => true,
        Some(before) => before == dialect.delimiter(),
    };
    if opens_cell {
        after_closing_quote(bytes, at + 1, dialect.quote())
    } else {
        at + 1
    }
}

/// Returns the position after the quote that closes a cell; a doubled quote is part of the cell.
fn after_closing_quote(bytes: &[u8], mut at: usize, quote: u8) -> usize {
    while let Some(found) = memchr(quote, &bytes[at..]) {
        at += found + 1;
        if bytes.get(at) != Some(&quote) {
            return at;
        }
        at += 1;
    }
    bytes.len()
}

/// Whether the text may be split after the line end before `at`: not inside `\r\n`, and not before a byte order mark,
/// which the csv crate drops from the beginning of its input.
fn can_split(bytes: &[u8], at: usize) -> bool {
    let is_inside_line_end = bytes[at - 1] == b'\r' && bytes[at] == b'\n';
    !is_inside_line_end && !bytes[at..].starts_with("\u{feff}".as_bytes())
}
