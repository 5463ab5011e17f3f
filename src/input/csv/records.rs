//! The records of a text, with line numbers and limits.

use std::sync::Arc;

use csv::{Reader, StringRecord};

use super::dialect::Dialect;
use super::error::{cell_too_long, record_too_long, too_many_fields, unclosed_quote};
use super::lines::Lines;
use crate::diagnostics::diagnostic::{Code, Diagnostic, Place, Source};
use crate::input::limits::{LONGEST_CELL, LONGEST_RECORD, MOST_COLUMNS};

/// Reads the records of a text that begins with a record.
///
/// Counts lines itself: the line numbers of the csv crate are wrong after blank lines and in files with lone `\r`. The
/// crate also accepts an unclosed quote silently; it is an error here.
pub(crate) struct Records<'a> {
    text: &'a str,
    dialect: Dialect,
    source: &'a Arc<Source>,
    reader: Reader<&'a [u8]>,
    /// The lines before `counted`, a position in the text.
    lines: Lines,
    counted: usize,
}

impl<'a> Records<'a> {
    /// Reads `text`, which follows the lines `before`.
    pub(crate) fn new(
        text: &'a str,
        before: &Lines,
        dialect: Dialect,
        source: &'a Arc<Source>,
    ) -> Self {
        Self {
            text,
            dialect,
            source,
            reader: dialect.reader(text),
            lines: before.clone(),
            counted: 0,
        }
    }

    /// Reads the next record into `record` and returns the line on which it begins; `None` at the end.
    pub(crate) fn read(&mut self, record: &mut StringRecord) -> Result<Option<u32>, Diagnostic> {
        let after_previous = self.position();
        let read = self.reader.read_record(record);
        let number = self.line_at(after_previous);
        match read {
            Ok(false) => Ok(None),
            Ok(true) => {
                self.check(number, record)?;
                Ok(Some(number))
            }
            Err(error) => {
                let message = format!("cannot read the record: {error}");
                let help = "check this line of the file in a text editor";
                let place = Place::row(self.source, number);
                Err(Diagnostic::new(Code::InputUnreadable, place, message, help))
            }
        }
    }

    fn position(&self) -> usize {
        usize::try_from(self.reader.position().byte()).unwrap_or(self.text.len())
    }

    /// Returns the line of the record that begins at `at` or after the line ends there.
    fn line_at(&mut self, at: usize) -> u32 {
        let bytes = self.text.as_bytes();
        let is_line_end = |byte: &&u8| matches!(byte, b'\r' | b'\n');
        let start = at + bytes[at..].iter().take_while(is_line_end).count();
        self.lines.advance(&bytes[self.counted..start]);
        self.counted = start;
        self.lines.number()
    }

    /// Checks the limits of a record that was just read, and that its quotes are closed.
    fn check(&self, number: u32, record: &StringRecord) -> Result<(), Diagnostic> {
        let (start, end) = (self.counted, self.position());
        if end >= self.text.len() && self.is_unclosed(start) {
            return Err(unclosed_quote(self.source, number));
        }
        if record.len() > MOST_COLUMNS as usize {
            let place = Place::row(self.source, number);
            return Err(too_many_fields(place, record.len()));
        }
        if end - start <= LONGEST_CELL {
            return Ok(());
        }
        if end - start > LONGEST_RECORD {
            let bytes = self.text[start..end].trim_end_matches(['\r', '\n']);
            return Err(record_too_long(self.source, &self.lines, bytes.as_bytes()));
        }
        let mut fields = (0..).zip(record.iter());
        match fields.find(|(_, field)| field.len() > LONGEST_CELL) {
            Some((column, field)) => {
                let place = Place::cell(self.source, number, column);
                Err(cell_too_long(place, field.len()))
            }
            None => Ok(()),
        }
    }

    /// Whether the last record, which begins at `start`, ends inside quotes: then a line appended to it is part of it.
    fn is_unclosed(&self, start: usize) -> bool {
        // The reader drops a byte order mark at the beginning of its input, but not after a line end.
        let line_end = if start > 0 { "\n" } else { "" };
        let probe = format!("{line_end}{}\nprobe", &self.text[start..]);
        self.dialect.reader(&probe).records().count() == 1
    }
}
