//! Decodes a file to UTF-8 as it is read.

use std::borrow::Cow;
use std::io::Read;
use std::sync::Arc;

use memchr::memchr;

use super::encoding::{self, Encoding, EncodingError};
use super::lines::Lines;
use crate::diagnostics::diagnostic::{Diagnostic, Source};
use crate::input::bytes::{DiagnosticError, fill};
use crate::input::memory_limit;

/// The minimum number of bytes per read, so that every read makes progress.
const MIN_READ: usize = 4096;

/// A decoder of the bytes that follow the byte order mark, if any.
pub(crate) struct Decoder<'a, R> {
    from: R,
    pub(crate) source: &'a Arc<Source>,
    /// The encoding; `None` while all bytes were ASCII, which is the same in every encoding that is guessed.
    encoding: Option<Encoding>,
    /// Bytes that were read and do not form a whole character yet.
    incomplete: Vec<u8>,
    pub(crate) is_at_end: bool,
    /// A remark on the encoding that was guessed.
    pub(crate) note: Option<Cow<'static, str>>,
}

impl<'a, R: Read> Decoder<'a, R> {
    /// Decodes from `encoding`; `None` to guess it from the first bytes beyond ASCII.
    pub(crate) fn new(from: R, encoding: Option<Encoding>, source: &'a Arc<Source>) -> Self {
        Self {
            from,
            source,
            encoding,
            incomplete: Vec::new(),
            is_at_end: false,
            note: None,
        }
    }

    /// Appends text to `text` until it has about `len` bytes or the file ends. `before` are the lines before `text`.
    ///
    /// Bytes that are known to be UTF-8 are not validated here and may end within a character.
    pub(crate) fn read_into(
        &mut self,
        text: &mut Vec<u8>,
        len: usize,
        before: &Lines,
    ) -> Result<(), Diagnostic> {
        let start = text.len();
        text.append(&mut self.incomplete);
        let filled = fill(text, len.max(start + MIN_READ), &mut self.from);
        self.is_at_end =
            filled.map_err(|error| DiagnosticError::into_diagnostic(error, self.source))?;
        memory_limit::check_after(text.len() - start, self.source)?;
        let decoded = match self.encoding {
            None => self.guess(text, start),
            Some(Encoding::Utf8) => Ok(()),
            Some(encoding) => self.decode(text, start, encoding),
        };
        decoded.map_err(|error| {
            let mut lines = before.clone();
            lines.advance(&text[..start]);
            error.after(&lines).diagnostic(self.source)
        })
    }

    /// Decodes the bytes of `text` from `start`.
    fn decode(
        &mut self,
        text: &mut Vec<u8>,
        start: usize,
        encoding: Encoding,
    ) -> Result<(), EncodingError> {
        self.hold_back_incomplete(text, start, encoding);
        let decoded = encoding::decode(&text[start..], encoding)?.into_owned();
        text.truncate(start);
        text.extend_from_slice(decoded.as_bytes());
        Ok(())
    }

    /// Guesses the encoding from the first bytes beyond ASCII, and decodes them.
    fn guess(&mut self, text: &mut Vec<u8>, start: usize) -> Result<(), EncodingError> {
        let is_plain = |bytes: &[u8]| bytes.is_ascii() && memchr(0, bytes).is_none();
        if is_plain(&text[start..]) {
            return Ok(());
        }
        self.hold_back_incomplete(text, start, Encoding::Utf8);
        if is_plain(&text[start..]) {
            return Ok(());
        }
        let guessed = encoding::guess(&text[start..])?;
        self.note = guessed.note;
        if self.note.is_none() {
            self.encoding = Some(Encoding::Utf8);
            return Ok(());
        }
        self.encoding = Some(Encoding::Windows1252);
        let decoded = guessed.text.into_owned();
        text.truncate(start);
        text.extend_from_slice(decoded.as_bytes());
        Ok(())
    }

    /// Keeps the bytes of a character that is cut at the end of `text` for the next read, unless the file ends there.
    fn hold_back_incomplete(&mut self, text: &mut Vec<u8>, start: usize, encoding: Encoding) {
        if !self.is_at_end {
            let whole = encoding::whole_units(&text[start..], encoding);
            self.incomplete = text.split_off(start + whole);
        }
    }
}
