//! CSV: records with the line on which each begins.

use std::sync::Arc;

use csv::{ReaderBuilder, StringRecord};

use super::{File, Options, RawCells, RawRow, Row, Rows, SheetHead, read_rows};
use crate::problem::{Code, Place, Problem, Source};

/// Reads a CSV file (UTF-8, comma).
pub(super) fn read<R: Send>(
    bytes: &[u8],
    source: &Arc<Source>,
    options: &Options<'_>,
    turn: &(impl Fn(&SheetHead, &Row<'_>) -> R + Sync),
    file: &mut File<R>,
) -> Result<(), Problem> {
    let text = decoded(bytes, source)?;
    let records = Records::of(text, source);
    match read_rows(records, source, options, turn, &mut file.problems)? {
        Rows::Sheet(sheet) => file.sheets.push(sheet),
        Rows::NoHeader(missing) => return Err(missing.problem),
    }
    Ok(())
}

/// Takes the bytes as UTF-8, without a byte order mark.
fn decoded<'a>(bytes: &'a [u8], source: &Arc<Source>) -> Result<&'a str, Problem> {
    let help = "save the file as CSV UTF-8 and try again";
    if bytes.starts_with(b"\xFF\xFE")
        || bytes.starts_with(b"\xFE\xFF")
        || bytes[..bytes.len().min(4096)].contains(&0)
    {
        let message = "the file is not UTF-8: it looks like UTF-16 or like no text at all";
        return Err(Problem::new(
            Code::EncodingInvalid,
            Place::whole(source),
            message,
            help,
        ));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(error) => {
            let mut line = Lines::default();
            line.advance(&bytes[..error.valid_up_to()]);
            let message = format!("byte {:#04x} is not UTF-8", bytes[error.valid_up_to()]);
            Err(Problem::new(
                Code::EncodingInvalid,
                Place::row(source, line.number()),
                message,
                help,
            ))
        }
    }
}

/// Counts lines: `\n`, `\r\n` and a lone `\r` each end one.
#[derive(Default)]
struct Lines {
    ended: u32,
    after_return: bool,
}

impl Lines {
    fn advance(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.ended += u32::from(byte == b'\r' || (byte == b'\n' && !self.after_return));
            self.after_return = byte == b'\r';
        }
    }

    /// Returns the number of the line that the next byte stands on.
    fn number(&self) -> u32 {
        self.ended + 1
    }
}

/// The records of a text. The reader's own line numbers are wrong after blank lines, so lines are counted here.
struct Records<'a> {
    text: &'a str,
    source: &'a Arc<Source>,
    reader: csv::Reader<&'a [u8]>,
    lines: Lines,
    counted: usize,
    done: bool,
}

impl<'a> Records<'a> {
    fn of(text: &'a str, source: &'a Arc<Source>) -> Self {
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        Self {
            text,
            source,
            reader,
            lines: Lines::default(),
            counted: 0,
            done: false,
        }
    }

    /// Returns the line on which the record that begins at or after `start` begins.
    fn line_at(&mut self, start: usize) -> u32 {
        let bytes = self.text.as_bytes();
        let blank = bytes[start..]
            .iter()
            .take_while(|byte| matches!(byte, b'\r' | b'\n'))
            .count();
        self.lines.advance(&bytes[self.counted..start + blank]);
        self.counted = start + blank;
        self.lines.number()
    }

    /// Tells whether a quote that the last record opens is never closed: then a line put after it becomes part of it.
    fn ends_in_quotes(&self, start: usize) -> bool {
        let probe = format!("{}\nprobe", &self.text[start..]);
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(probe.as_bytes());
        reader.records().count() == 1
    }
}

impl Iterator for Records<'_> {
    type Item = Result<RawRow, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let start = usize::try_from(self.reader.position().byte()).ok()?;
        let mut record = StringRecord::new();
        let read = self.reader.read_record(&mut record);
        let number = self.line_at(start);
        match read {
            Ok(false) => None,
            Ok(true) => {
                self.done = self.reader.is_done();
                let end = usize::try_from(self.reader.position().byte()).ok()?;
                if end >= self.text.len() && self.ends_in_quotes(self.counted) {
                    self.done = true;
                    let help = "close the quote, or double it where it belongs to the text";
                    let message = "a quote is opened in this record and never closed, so the rest of the file is inside it";
                    return Some(Err(Problem::new(
                        Code::InputUnreadable,
                        Place::row(self.source, number),
                        message,
                        help,
                    )));
                }
                Some(Ok(RawRow {
                    number,
                    cells: RawCells::Record(record),
                }))
            }
            Err(error) => {
                self.done = true;
                let message = format!("the record cannot be read: {error}");
                let help = "check the file in a text editor at this line";
                Some(Err(Problem::new(
                    Code::InputUnreadable,
                    Place::row(self.source, number),
                    message,
                    help,
                )))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<(u32, Vec<String>)> {
        let source = Arc::new(Source {
            path: "a.csv".into(),
            sheet: None,
        });
        let row = |row: Result<RawRow, Problem>| {
            let row = row.unwrap();
            (
                row.number,
                row.cells
                    .present()
                    .iter()
                    .map(|(_, cell)| cell.shown().into_owned())
                    .collect(),
            )
        };
        Records::of(text, &source).map(row).collect()
    }

    #[test]
    fn a_record_stands_on_the_line_where_it_begins() {
        let numbers = |text: &str| {
            lines(text)
                .into_iter()
                .map(|(number, _)| number)
                .collect::<Vec<_>>()
        };
        assert_eq!(numbers("a,b\n1,2\n3,4\n"), [1, 2, 3]);
        assert_eq!(numbers("\n\na,b\n\n\n1,2\n\n"), [3, 6]);
        assert_eq!(numbers("a,b\r1,2\r\r3,4"), [1, 2, 4]);
        assert_eq!(
            numbers("a,b\r\n1,\"x\r\ny\r\nz\"\r\n\r\n3,4\r\n"),
            [1, 2, 6]
        );
        assert_eq!(numbers("a,b\n1,\"x\n\n\ny\"\n3,4"), [1, 2, 6]);
    }

    #[test]
    fn a_quote_that_is_never_closed_is_noticed() {
        let source = Arc::new(Source {
            path: "a.csv".into(),
            sheet: None,
        });
        let last = |text: &str| Records::of(text, &source).last().map(|row| row.is_ok());
        assert_eq!(last("a,b\n1,\"x\n3,4\n"), Some(false));
        assert_eq!(last("a,b\n1,\"x\"\"\n3,4"), Some(false));
        assert_eq!(last("a,b\n1,5\" disk\n"), Some(true));
        assert_eq!(last("a,b\n1,\"x\"\n"), Some(true));
        assert_eq!(last("a,b\n1,\"x\""), Some(true));
    }

    #[test]
    fn text_that_is_not_utf_8_is_refused_with_its_line() {
        let source = Arc::new(Source {
            path: "a.csv".into(),
            sheet: None,
        });
        assert_eq!(
            decoded(b"a\nb\nM\xFCller", &source).unwrap_err().place.row,
            Some(3)
        );
        assert!(decoded(b"\xFF\xFEa\0", &source).is_err());
        assert_eq!(decoded(b"\xEF\xBB\xBFa", &source), Ok("a"));
    }
}
