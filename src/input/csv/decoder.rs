//! Bytes as they come, to text in UTF-8 as it is asked for: a long file is decoded on its way.

use std::borrow::Cow;
use std::io::Read;
use std::sync::Arc;

use super::encoding::{self, Encoding, Fault};
use super::lines::Lines;
use crate::diagnostics::diagnostic::{Diagnostic, Source};
use crate::input::bytes::{Refusal, fill};
use crate::input::memory_limit;

/// A text as it is read.
pub(crate) struct Decoding<'a, R> {
    from: R,
    source: &'a Arc<Source>,
    /// The encoding; `None` while all bytes have been ASCII, which means the same in those that may be meant.
    encoding: Option<Encoding>,
    /// Bytes at the end of what was read that are less than a character.
    carried: Vec<u8>,
    pub(crate) is_at_end: bool,
    /// What was found out of the encoding on the way and must be said.
    pub(crate) note: Option<Cow<'static, str>>,
}

impl<'a, R: Read> Decoding<'a, R> {
    /// Decodes what follows a byte order mark, if there is one; `None` stands for an encoding that is to be told.
    pub(crate) fn of(from: R, encoding: Option<Encoding>, source: &'a Arc<Source>) -> Self {
        Self {
            from,
            source,
            encoding,
            carried: Vec::new(),
            is_at_end: false,
            note: None,
        }
    }

    /// Reads what comes next behind a text that begins after so many lines, until it has about `most` bytes or ends.
    /// What is put there in UTF-8 may be none, and end within a character.
    ///
    /// # Errors
    /// Where the bytes do not come, or are not of their encoding.
    pub(crate) fn read_into(
        &mut self,
        text: &mut Vec<u8>,
        most: usize,
        before: &Lines,
    ) -> Result<(), Diagnostic> {
        let start = text.len();
        let is_plain = matches!(self.encoding, None | Some(Encoding::Utf8));
        text.append(&mut self.carried);
        let filled = fill(text, most.max(start + LEAST), &mut self.from);
        self.is_at_end = filled.map_err(|error| Refusal::of(error, self.source))?;
        memory_limit::note(text.len() - start, self.source)?;
        let decoded = if is_plain {
            self.settle(text, start)
        } else {
            self.decode(text, start)
        };
        decoded.map_err(|fault| {
            let mut lines = before.clone();
            lines.advance(&text[..start]);
            fault.after(&lines).problem(self.source)
        })
    }

    /// Decodes what was put behind the text.
    fn decode(&mut self, text: &mut Vec<u8>, start: usize) -> Result<(), Fault> {
        let Some(encoding) = self.encoding else {
            return Ok(());
        };
        if !self.is_at_end {
            let whole = encoding::whole_units(&text[start..], encoding);
            self.carried = text.split_off(start + whole);
        }
        let decoded = encoding::decode(&text[start..], encoding)?.into_owned();
        text.truncate(start);
        text.extend_from_slice(decoded.as_bytes());
        Ok(())
    }

    /// Tells the encoding of a text by its first characters beyond ASCII.
    fn settle(&mut self, text: &mut Vec<u8>, start: usize) -> Result<(), Fault> {
        if self.encoding.is_some() || text[start..].is_ascii() {
            return Ok(());
        }
        if !self.is_at_end {
            let whole = encoding::whole_units(&text[start..], Encoding::Utf8);
            self.carried = text.split_off(start + whole);
        }
        if text[start..].is_ascii() {
            return Ok(());
        }
        let guessed = encoding::guessed(&text[start..])?;
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
}

/// So much is read at the least, so that every reading comes to something.
const LEAST: usize = 4096;
