//! A piece of text into rows. A line whose quotes, if any, are around whole cells needs no parser: its cells are
//! borrowed from the text. All other records are read by the library of CSV.

use std::sync::Arc;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use memchr::{memchr_iter, memchr2, memchr3};

use super::dialect::Dialect;
use super::lines::Lines;
use crate::diagnostics::diagnostic::{Code, Diagnostic, Place, Source};
use crate::input::limits::{LONGEST_CELL, LONGEST_RECORD, MOST_COLUMNS};
use crate::input::row::{Row, swallowed_in};
use crate::input::values::cell::Cell;

/// The fields of a record: as many as a spreadsheet has columns.
pub(crate) const MOST_FIELDS: usize = MOST_COLUMNS as usize;

/// The records of a piece of text, which begins with one.
pub(crate) struct Split<'a> {
    text: &'a str,
    dialect: Dialect,
    source: &'a Arc<Source>,
    at: usize,
    /// The line on which the next byte stands.
    line: u32,
    quoted: Quoted,
}

impl<'a> Split<'a> {
    pub(crate) fn of(
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
    pub(crate) fn each(
        mut self,
        width: usize,
        mut take: impl FnMut(&Row<'_>) -> Result<(), Diagnostic>,
    ) -> Result<(), Diagnostic> {
        let delimiter = self.dialect.delimiter();
        let mut row = Row::of_width(width);
        let mut before = Line::default();
        let mut cells = Vec::new();
        while let Some(record) = self.next() {
            let number = self.line;
            let same = before.common_fields(&self.text[record.start..]).min(width);
            if record.is_quoted {
                let rest = &self.text[record.start..];
                let Some(length) = before.next_quoted(rest, same, self.dialect, &mut cells) else {
                    before = Line::default();
                    self.take_odd(record.start, width, &mut take)?;
                    continue;
                };
                self.at = record.start + length;
                row.put_from(same, cells.drain(..));
            } else {
                let fields = before.next(&self.text[record.start..self.at], same, delimiter);
                row.put_from(same, fields.map(Cell::of_line));
            }
            row.same = (same > 0).then_some((row.number, same));
            row.number = number;
            if row.surplus.is_some() {
                self.check_width(before.ends.len(), number)?;
            }
            self.check_length(record.start, &row)?;
            take(&row)?;
        }
        Ok(())
    }

    /// Finds the next record; of one with quotes only the beginning.
    fn next(&mut self) -> Option<Record> {
        let bytes = self.text.as_bytes();
        self.pass_ends();
        let start = self.at;
        let quote = self.dialect.quote();
        let found = memchr3(b'\n', b'\r', quote, &bytes[start..]).map(|length| start + length);
        let is_quoted = found.is_some_and(|at| bytes[at] == quote);
        if !is_quoted {
            self.at = found.unwrap_or(bytes.len());
        }
        (start < bytes.len()).then_some(Record { start, is_quoted })
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

    /// Reads a record by the library, and hands it on.
    fn take_odd(
        &mut self,
        start: usize,
        width: usize,
        take: &mut impl FnMut(&Row<'_>) -> Result<(), Diagnostic>,
    ) -> Result<(), Diagnostic> {
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
        self.check_length(start, &row)?;
        take(&row)
    }

    /// Refuses a record that is too long, or a cell of it.
    fn check_length(&self, start: usize, row: &Row<'_>) -> Result<(), Diagnostic> {
        let record = &self.text.as_bytes()[start..self.at];
        if record.len() <= LONGEST_CELL {
            return Ok(());
        }
        if record.len() > LONGEST_RECORD {
            return Err(too_long_on(self.source, row.number, record));
        }
        let is_long =
            |cell: &Cell<'_>| matches!(cell, Cell::Text(text) if text.len() > LONGEST_CELL);
        let cells = (0..).zip(&row.cells);
        let beyond = row.beyond.iter().map(|(column, cell)| (*column, cell));
        match cells.chain(beyond).find(|(_, cell)| is_long(cell)) {
            Some((column, cell)) => {
                let place = Place::cell(self.source, row.number, column);
                let bytes = cell.shown().len();
                let message = format!(
                    "a cell of {bytes} bytes is longer than the {} KB that are read",
                    LONGEST_CELL >> 10
                );
                Err(Diagnostic::new(
                    Code::InputTooLarge,
                    place,
                    message,
                    CHECK_QUOTES,
                ))
            }
            None => Ok(()),
        }
    }

    fn check_width(&self, fields: usize, number: u32) -> Result<(), Diagnostic> {
        if fields > MOST_FIELDS {
            return Err(too_wide(Place::row(self.source, number), fields));
        }
        Ok(())
    }
}

/// A record as it is found.
struct Record {
    start: usize,
    /// Whether there are quotes in it: then its end is not known yet.
    is_quoted: bool,
}

/// A line that is a record, and where its fields end.
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

impl<'a> Line<'a> {
    /// Goes on to a line with quotes, which a text begins with and of which so many fields are the same; puts the cells
    /// of its other fields into `cells`, and returns its length. `None` where its quotes are not those of whole cells
    /// within the line.
    fn next_quoted(
        &mut self,
        text: &'a str,
        same: usize,
        dialect: Dialect,
        cells: &mut Vec<Cell<'a>>,
    ) -> Option<usize> {
        let (bytes, delimiter, quote) = (text.as_bytes(), dialect.delimiter(), dialect.quote());
        cells.clear();
        self.ends.truncate(same);
        let mut start = self.ends.last().map_or(0, |end| end + 1);
        loop {
            let end = if bytes.get(start) == Some(&quote) {
                let (end, is_doubled) = closing_quote(bytes, start + 1, quote)?;
                let raw = &text[start + 1..end];
                cells.push(if is_doubled {
                    Cell::text(&undoubled(raw, quote)).into_owned()
                } else {
                    Cell::text(raw)
                });
                end + 1
            } else {
                let found = memchr3(delimiter, b'\n', b'\r', &bytes[start..]);
                let end = found.map_or(bytes.len(), |length| start + length);
                cells.push(Cell::text(&text[start..end]));
                end
            };
            self.ends.push(end);
            match bytes.get(end) {
                Some(byte) if *byte == delimiter => start = end + 1,
                None | Some(b'\n' | b'\r') => {
                    self.text = &text[..end];
                    return Some(end);
                }
                Some(_) => return None,
            }
        }
    }
}

/// Returns where the quote stands that closes a cell within its line, and whether there are doubled ones before it.
fn closing_quote(bytes: &[u8], mut at: usize, quote: u8) -> Option<(usize, bool)> {
    let mut is_doubled = false;
    loop {
        let found = at + memchr3(quote, b'\n', b'\r', &bytes[at..])?;
        match bytes.get(found + 1) {
            _ if bytes[found] != quote => return None,
            Some(next) if *next == quote => {
                is_doubled = true;
                at = found + 2;
            }
            _ => return Some((found, is_doubled)),
        }
    }
}

/// Takes doubled quotes as single ones.
fn undoubled(text: &str, quote: u8) -> String {
    let quote = char::from(quote);
    text.replace(
        &String::from_iter([quote, quote]),
        quote.encode_utf8(&mut [0; 4]),
    )
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
pub(crate) fn ends_in_quotes(text: &str, start: usize, dialect: Dialect) -> bool {
    // Behind the end of a line no byte order mark is dropped.
    let end_before = if start > 0 { "\n" } else { "" };
    let probe = format!("{end_before}{}\nprobe", &text[start..]);
    dialect.reader(&probe).records().count() == 1
}

const CHECK_QUOTES: &str =
    "check the quotes and the line ends of the file, or leave the long text out of the export";

/// The finding that a record, which begins after so many lines, goes on too long.
pub(crate) fn too_long(source: &Arc<Source>, before: &Lines, record: &[u8]) -> Diagnostic {
    let ends = record
        .iter()
        .take_while(|byte| matches!(byte, b'\r' | b'\n'));
    let (ends, record) = record.split_at(ends.count());
    let mut lines = before.clone();
    lines.advance(ends);
    too_long_on(source, lines.number(), record)
}

fn too_long_on(source: &Arc<Source>, number: u32, record: &[u8]) -> Diagnostic {
    if memchr2(b'\r', b'\n', record).is_some() {
        // Only between quotes does a record have several lines.
        return unclosed_quote(source, number);
    }
    let message = format!(
        "the line is longer than the {} MB that are read",
        LONGEST_RECORD >> 20
    );
    let place = Place::row(source, number);
    Diagnostic::new(Code::InputTooLarge, place, message, CHECK_QUOTES)
}

/// The finding that a record has more fields than are read.
pub(crate) fn too_wide(place: Place, fields: usize) -> Diagnostic {
    let message = format!("the record has {fields} fields, and at most {MOST_FIELDS} are read");
    let help = "check the delimiter and the line ends of the file";
    Diagnostic::new(Code::InputTooLarge, place, message, help)
}

/// The finding that a quote swallows the rest of the file.
pub(crate) fn unclosed_quote(source: &Arc<Source>, number: u32) -> Diagnostic {
    let help = "close the quote, or double it where it belongs to the text";
    let message =
        "a quote is opened in this record and never closed, so the rest of the file is inside it";
    Diagnostic::new(
        Code::InputUnreadable,
        Place::row(source, number),
        message,
        help,
    )
}
