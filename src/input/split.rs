//! A piece of text into rows. A line without quotes is a record that needs no parser: its cells are borrowed from the
//! text. The others are read by the library of CSV.

use std::sync::Arc;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use memchr::{memchr_iter, memchr3};

use super::dialect::Dialect;
use super::lines::Lines;
use super::rows::swallowed_in;
use super::{Cell, Row};
use crate::problem::{Code, Place, Problem, Source};

/// The fields of a record: as many as a spreadsheet has columns.
pub(super) const MOST_FIELDS: usize = 16_384;

/// The records of a piece of text, which begins with one.
pub(super) struct Split<'a> {
    text: &'a str,
    dialect: Dialect,
    source: &'a Arc<Source>,
    at: usize,
    /// The line on which the next byte stands.
    line: u32,
    quoted: Quoted,
}

impl<'a> Split<'a> {
    pub(super) fn of(
        text: &'a str,
        before: &Lines,
        dialect: Dialect,
        source: &'a Arc<Source>,
    ) -> Self {
        Self {
            text,
            dialect,
            source,
            at: usize::from(before.ends_with(text.as_bytes().first())),
            line: before.number(),
            quoted: Quoted::of(dialect),
        }
    }

    /// Hands each record on as a row of so many columns.
    ///
    /// # Errors
    /// What is wrong with a record that cannot be read, or what `take` says of a row.
    pub(super) fn each(
        mut self,
        width: usize,
        mut take: impl FnMut(&Row<'_>) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let delimiter = self.dialect.delimiter();
        let mut row = Row::of_width(width);
        let mut before = Line::default();
        while let Some(record) = self.next() {
            let (line, number) = match record {
                Record::Plain { line, number } => (line, number),
                Record::Quoted { start } => {
                    self.take_quoted(start, width, &mut take)?;
                    continue;
                }
            };
            let same = before.common_fields(line).min(width);
            row.same = (same > 0).then_some((row.number, same));
            row.number = number;
            let fields = before.next(line, same, delimiter);
            row.put_from(same, fields.map(Cell::of_line));
            if row.surplus.is_some() {
                self.check_width(before.ends.len(), number)?;
            }
            take(&row)?;
        }
        Ok(())
    }

    /// Finds the next record; of one with quotes only the beginning.
    fn next(&mut self) -> Option<Record<'a>> {
        let bytes = self.text.as_bytes();
        self.pass_ends();
        let start = self.at;
        let (ending, quote) = ([b'\n', b'\r'], self.dialect.quote());
        match memchr3(ending[0], ending[1], quote, &bytes[start..]) {
            _ if start == bytes.len() => None,
            Some(length) if bytes[start + length] == quote => Some(Record::Quoted { start }),
            found => {
                self.at = found.map_or(bytes.len(), |length| start + length);
                Some(Record::Plain {
                    line: &self.text[start..self.at],
                    number: self.line,
                })
            }
        }
    }

    /// Goes past the ends of lines.
    fn pass_ends(&mut self) {
        let bytes = self.text.as_bytes();
        while let Some(byte @ (b'\n' | b'\r')) = bytes.get(self.at) {
            let is_pair = *byte == b'\r' && bytes.get(self.at + 1) == Some(&b'\n');
            self.at += 1 + usize::from(is_pair);
            self.line += 1;
        }
    }

    /// Reads a record with quotes, and hands it on.
    fn take_quoted(
        &mut self,
        start: usize,
        width: usize,
        take: &mut impl FnMut(&Row<'_>) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let number = self.line;
        let bytes = self.text.as_bytes();
        let mut end = start + self.quoted.read(&bytes[start..]);
        if end >= bytes.len() && ends_in_quotes(self.text, start, self.dialect) {
            return Err(unclosed_quote(self.source, number));
        }
        let is_within_pair = bytes[end - 1] == b'\r' && bytes.get(end) == Some(&b'\n');
        end += usize::from(is_within_pair);
        self.line += Lines::number_after(&bytes[start..end]) - 1;
        self.at = end;
        self.check_width(self.quoted.fields().count(), number)?;
        let mut row = Row::of_width(width);
        row.number = number;
        row.put(self.quoted.fields().map(Cell::text));
        row.swallowed = swallowed_in(self.quoted.fields());
        take(&row)
    }

    fn check_width(&self, fields: usize, number: u32) -> Result<(), Problem> {
        if fields > MOST_FIELDS {
            return Err(too_wide(Place::row(self.source, number), fields));
        }
        Ok(())
    }
}

/// A record as it is found.
enum Record<'a> {
    /// A line without quotes.
    Plain { line: &'a str, number: u32 },
    /// One with quotes, of which only the beginning is known.
    Quoted { start: usize },
}

/// A line without quotes, and where its fields end.
#[derive(Default)]
struct Line<'a> {
    text: &'a str,
    ends: Vec<usize>,
}

impl<'a> Line<'a> {
    /// Returns how many of the first fields another line has too: those of an order often begin alike.
    fn common_fields(&self, other: &str) -> usize {
        let common = common_length(self.text.as_bytes(), other.as_bytes());
        self.ends.partition_point(|end| *end < common)
    }

    /// Goes on to another line, of which so many fields are the same; returns its other fields.
    fn next(&mut self, line: &'a str, same: usize, delimiter: u8) -> impl Iterator<Item = &'a str> {
        self.text = line;
        self.ends.truncate(same);
        let mut start = self.ends.last().map_or(0, |end| end + 1);
        let first = start;
        let others = memchr_iter(delimiter, &line.as_bytes()[first..]);
        let others = others.map(move |end| first + end).chain([line.len()]);
        others.map(move |end| {
            let field = &line[start..end];
            start = end + 1;
            self.ends.push(end);
            field
        })
    }
}

/// Returns how many bytes two texts have in common at their beginning.
fn common_length(one: &[u8], other: &[u8]) -> usize {
    const STEP: usize = 16;
    let steps = one.chunks_exact(STEP).zip(other.chunks_exact(STEP));
    let whole = STEP * steps.take_while(|(one, other)| one == other).count();
    let rest = one[whole..].iter().zip(&other[whole..]);
    whole + rest.take_while(|(one, other)| one == other).count()
}

/// A record with quotes, without them.
struct Quoted {
    reader: Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
    fields: usize,
}

impl Quoted {
    fn of(dialect: Dialect) -> Self {
        let mut reader = ReaderBuilder::new()
            .delimiter(dialect.delimiter())
            .quote(dialect.quote())
            .build();
        // A byte order mark is dropped at the beginning of a text alone, which has been read by now.
        let _ = reader.read_record(b"\n", &mut [0; 4], &mut [0; 4]);
        Self {
            reader,
            text: vec![0; 1024],
            ends: vec![0; 64],
            fields: 0,
        }
    }

    /// Reads the record that bytes begin with; returns how many of them it takes.
    fn read(&mut self, bytes: &[u8]) -> usize {
        let (mut read, mut written) = (0, 0);
        self.fields = 0;
        loop {
            let (text, ends) = (&mut self.text[written..], &mut self.ends[self.fields..]);
            let (result, taken, gave, ended) = self.reader.read_record(&bytes[read..], text, ends);
            read += taken;
            written += gave;
            self.fields += ended;
            match result {
                ReadRecordResult::OutputFull => self.text.resize(self.text.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                // What is left to read is nothing, which ends the record.
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::Record | ReadRecordResult::End => return read,
            }
        }
    }

    fn fields(&self) -> impl Iterator<Item = &str> {
        let mut start = 0;
        self.ends[..self.fields].iter().map(move |end| {
            let field = &self.text[start..*end];
            start = *end;
            // Signs of one byte are all that the library takes away from a text.
            str::from_utf8(field).unwrap_or_default()
        })
    }
}

/// Tells whether a quote that the last record opens is never closed: then a line put after it becomes part of it.
pub(super) fn ends_in_quotes(text: &str, start: usize, dialect: Dialect) -> bool {
    // Behind the end of a line no byte order mark is dropped.
    let end_before = if start > 0 { "\n" } else { "" };
    let probe = format!("{end_before}{}\nprobe", &text[start..]);
    dialect.reader(&probe).records().count() == 1
}

/// The finding that a record has more fields than are read.
pub(super) fn too_wide(place: Place, fields: usize) -> Problem {
    let message = format!("the record has {fields} fields, and at most {MOST_FIELDS} are read");
    let help = "check the delimiter and the line ends of the file";
    Problem::new(Code::InputTooLarge, place, message, help)
}

/// The finding that a quote swallows the rest of the file.
pub(super) fn unclosed_quote(source: &Arc<Source>, number: u32) -> Problem {
    let help = "close the quote, or double it where it belongs to the text";
    let message =
        "a quote is opened in this record and never closed, so the rest of the file is inside it";
    Problem::new(
        Code::InputUnreadable,
        Place::row(source, number),
        message,
        help,
    )
}
