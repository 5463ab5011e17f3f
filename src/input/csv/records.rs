//! CSV: records with the line on which each begins.

use std::borrow::Cow;
use std::sync::Arc;

use csv::StringRecord;

use super::dialect::{self, Dialect, Told};
use super::lines::Lines;
use crate::diagnostics::diagnostic::{Code, Diagnostic, Place, Source};
use crate::input::csv::chunks::{PIECE_BYTES, Piece, Pieces};
use crate::input::csv::encoding;
use crate::input::csv::fast_path::{MOST_FIELDS, Split, ends_in_quotes, too_wide, unclosed_quote};
use crate::input::file::File;
use crate::input::format::{foreign_text, refusal};
use crate::input::options::Options;
use crate::input::parallel::in_order;
use crate::input::process_rows::{RowSource, Turned, Turning};
use crate::input::row::{RawCells, RawRow};
use crate::input::row_sink::RowSink;
use crate::input::rows::read_rows;
use crate::input::sheet::Rows;

/// Reads a CSV file that is at hand, in the encoding and the dialect that are set or that it shows.
pub(crate) fn read<S: RowSink>(
    bytes: &[u8],
    source: &Arc<Source>,
    options: &Options<'_>,
    sink: &S,
    file: &mut File<S::Chunk>,
) -> Result<(), Diagnostic> {
    let decoded =
        encoding::decoded(bytes, options.encoding).map_err(|fault| fault.problem(source))?;
    read_text(&decoded.text, decoded.note, source, options, sink, file)
}

/// Reads the text of a CSV file, of whose encoding something may have to be said.
pub(crate) fn read_text<S: RowSink>(
    text: &str,
    note: Option<Cow<'static, str>>,
    source: &Arc<Source>,
    options: &Options<'_>,
    sink: &S,
    file: &mut File<S::Chunk>,
) -> Result<(), Diagnostic> {
    if let Some(what) = foreign_text(text) {
        return Err(refusal(source, what));
    }
    let mut told = dialect::told(text, false, options.delimiter, &options.names);
    let notes = note.into_iter().chain(told.note.take());
    file.notes
        .extend(notes.map(|note| (Arc::clone(source), note)));
    read_sheet(Records::of(&told, source), source, options, sink, file)
}

/// Reads the records of a text, which is one sheet, and must have a header.
pub(crate) fn read_sheet<S: RowSink>(
    records: impl RowSource,
    source: &Arc<Source>,
    options: &Options<'_>,
    sink: &S,
    file: &mut File<S::Chunk>,
) -> Result<(), Diagnostic> {
    match read_rows(records, source, options, sink, &mut file.problems)? {
        Rows::Sheet(sheet) => file.sheets.push(sheet),
        Rows::NoHeader(missing) => return Err(missing.problem),
    }
    Ok(())
}

/// The records of a text. The reader's own line numbers are wrong after blank lines, so lines are counted here.
pub(crate) struct Records<'a> {
    text: &'a str,
    dialect: Dialect,
    source: &'a Arc<Source>,
    reader: csv::Reader<&'a [u8]>,
    lines: Lines,
    counted: usize,
    done: bool,
}

impl<'a> Records<'a> {
    pub(crate) fn of(told: &Told<'a>, source: &'a Arc<Source>) -> Self {
        let mut lines = Lines::default();
        lines.advance(told.preamble.as_bytes());
        Self {
            text: told.body,
            dialect: told.dialect,
            source,
            reader: told.dialect.reader(told.body),
            lines,
            counted: 0,
            done: false,
        }
    }

    /// Returns how far it has been read, and the lines before that place.
    pub(crate) fn position(mut self) -> (usize, Lines) {
        let read = usize::try_from(self.reader.position().byte()).unwrap_or(self.text.len());
        let mut read = if self.done { self.text.len() } else { read };
        let bytes = self.text.as_bytes();
        // A reader drops a byte order mark from the beginning; behind the end of a line it is text.
        if read > 0 && self.text[read..].starts_with('\u{feff}') {
            read -= 1;
        }
        self.lines.advance(&bytes[self.counted..read]);
        (read, self.lines)
    }

    /// Cuts what has not been read yet into pieces of at `least` so many bytes.
    fn pieces(self, least: usize) -> Pieces<'a> {
        let (text, dialect) = (self.text, self.dialect);
        let (read, lines) = self.position();
        Pieces::of(&text.as_bytes()[read..], dialect, lines, least)
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
}

impl Records<'_> {
    /// Reads the next record into one that is at hand; returns the line on which it begins.
    fn read(&mut self, record: &mut StringRecord) -> Option<Result<u32, Diagnostic>> {
        if self.done {
            return None;
        }
        let start = usize::try_from(self.reader.position().byte()).ok()?;
        let read = self.reader.read_record(record);
        let number = self.line_at(start);
        match read {
            Ok(false) => None,
            Ok(true) if record.len() > MOST_FIELDS => {
                self.done = true;
                Some(Err(too_wide(Place::row(self.source, number), record.len())))
            }
            Ok(true) => {
                self.done = self.reader.is_done();
                let end = usize::try_from(self.reader.position().byte()).ok()?;
                if end >= self.text.len() && ends_in_quotes(self.text, self.counted, self.dialect) {
                    self.done = true;
                    return Some(Err(unclosed_quote(self.source, number)));
                }
                Some(Ok(number))
            }
            Err(error) => {
                self.done = true;
                let message = format!("the record cannot be read: {error}");
                let help = "check the file in a text editor at this line";
                Some(Err(self.unreadable(number, message, help)))
            }
        }
    }

    fn unreadable(&self, number: u32, message: String, help: &'static str) -> Diagnostic {
        let place = Place::row(self.source, number);
        Diagnostic::new(Code::InputUnreadable, place, message, help)
    }
}

impl Iterator for Records<'_> {
    type Item = Result<RawRow, Diagnostic>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut record = StringRecord::new();
        let number = self.read(&mut record)?;
        Some(number.map(|number| RawRow {
            number,
            cells: RawCells::Record(record),
        }))
    }
}

impl RowSource for Records<'_> {
    fn turn_all<S: RowSink>(
        self,
        turning: &Turning<'_, S>,
    ) -> Result<Vec<Turned<S::Chunk>>, Diagnostic> {
        let dialect = self.dialect;
        in_order(self.pieces(PIECE_BYTES), |piece| {
            turned(&piece, dialect, turning)
        })
    }

    fn count_filled(self) -> Result<usize, Diagnostic> {
        let (dialect, source) = (self.dialect, self.source);
        let counts = in_order(self.pieces(PIECE_BYTES), |piece| {
            filled(&piece, dialect, source)
        })?;
        Ok(counts.into_iter().sum())
    }
}

/// Turns the records of a piece.
///
/// # Errors
/// What is wrong with the first that cannot be read.
pub(crate) fn turned<S: RowSink>(
    piece: &Piece<'_>,
    dialect: Dialect,
    turning: &Turning<'_, S>,
) -> Result<Turned<S::Chunk>, Diagnostic> {
    let source = &turning.head.source;
    let text = piece.text(source)?;
    let mut turned = turning.begin();
    let width = turning.head.header.texts.len();
    Split::of(text, &piece.lines, dialect, source)
        .each(width, |row| turning.take(&mut turned, row))?;
    Ok(turning.end(turned))
}

/// Counts the records of a piece in which something stands.
///
/// # Errors
/// What is wrong with the first that cannot be read.
pub(crate) fn filled(
    piece: &Piece<'_>,
    dialect: Dialect,
    source: &Arc<Source>,
) -> Result<usize, Diagnostic> {
    let text = piece.text(source)?;
    let mut count = 0;
    // No header stands over any cell, so that all that is there is beyond it.
    Split::of(text, &piece.lines, dialect, source).each(0, |row| {
        count += usize::from(!row.beyond.is_empty());
        Ok(())
    })?;
    Ok(count)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::input::{Cell, MapRows, Row, SheetHead};
    use crate::schema::header_names::HeaderNames;

    fn source() -> Arc<Source> {
        Arc::new(Source {
            path: "a.csv".into(),
            sheet: None,
        })
    }

    fn told(text: &str) -> Told<'_> {
        dialect::told(text, false, None, &HeaderNames::default())
    }

    /// Returns the texts of a record; what is blank at its end is nothing.
    fn filled(cells: &[(u32, Cell<'_>)]) -> Vec<String> {
        let texts = cells.iter().map(|(_, cell)| cell.shown().into_owned());
        let mut texts: Vec<String> = texts.collect();
        let last = texts.iter().rposition(|text| !text.is_empty());
        texts.truncate(last.map_or(0, |last| last + 1));
        texts
    }

    fn lines(text: &str) -> Vec<(u32, Vec<String>)> {
        let row = |row: Result<RawRow, Diagnostic>| {
            let row = row.unwrap();
            let cells = row.cells.present();
            (row.number, filled(&cells))
        };
        Records::of(&told(text), &source()).map(row).collect()
    }

    /// What is read where each piece ends as soon as it may; the first record is read on its own.
    fn lines_in_pieces(text: &str) -> Vec<(u32, Vec<String>)> {
        let (told, source) = (told(text), source());
        let mut records = Records::of(&told, &source);
        let row = |row: &RawRow| {
            let cells = row.cells.present();
            (row.number, filled(&cells))
        };
        let first = records.next().map(|first| row(&first.unwrap()));
        let mut all: Vec<_> = first.into_iter().collect();
        for piece in records.pieces(1) {
            let text = piece.text(&source).unwrap();
            let split = Split::of(text, &piece.lines, told.dialect, &source);
            let taken = split.each(2, |row| {
                let cells = row.cells.iter();
                let mut texts: Vec<_> = cells.map(|cell| cell.shown().into_owned()).collect();
                for (column, cell) in &row.beyond {
                    texts.resize(*column as usize, String::new());
                    texts.push(cell.shown().into_owned());
                }
                let last = texts.iter().rposition(|text| !text.is_empty());
                texts.truncate(last.map_or(0, |last| last + 1));
                all.push((row.number, texts));
                Ok(())
            });
            taken.unwrap();
        }
        all
    }

    #[test]
    fn pieces_end_where_records_end() {
        for text in [
            "a,b\n1,2\n3,4\n",
            "a,b\r1,2\r\r3,4",
            "a,b\r\n1,\"x\r\ny\r\nz\"\r\n\r\n3,4\r\n",
            "a,b\n1,5\" disk\n2,\"x\"\"\n,\"y\n3,\"\n\"\"\n4,\"z\" \"\n5\n",
            "a,b\n\u{feff}\"1\n2,x\n3,4\n",
            "\u{feff}\u{feff}\r\u{feff}\ra",
            "'a','b'\n1,=\"007\"\n2,'=\"008\"'\n",
        ] {
            assert_eq!(lines_in_pieces(text), lines(text), "{text:?}");
        }
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
        let source = source();
        let last = |text: &str| {
            Records::of(&told(text), &source)
                .last()
                .map(|row| row.is_ok())
        };
        assert_eq!(last("a,b\n1,\"x\n3,4\n"), Some(false));
        assert_eq!(last("a,b\n1,\"x\"\"\n3,4"), Some(false));
        assert_eq!(last("a,b\n1,5\" disk\n"), Some(true));
        assert_eq!(last("a,b\n1,\"x\"\n"), Some(true));
        assert_eq!(last("a,b\n1,\"x\""), Some(true));
    }

    #[test]
    fn a_byte_order_mark_in_the_last_record_opens_no_quote() {
        assert_eq!(lines("a,b\n1,2\n\u{feff}\n").len(), 3);
        assert_eq!(lines("a,b\n1,2\n\u{feff}\"x\n").len(), 3);
    }

    #[test]
    fn a_record_of_more_fields_than_a_spreadsheet_has_columns_is_refused() {
        let text = format!("order_id{}\n", ",".repeat(MOST_FIELDS));
        let source = source();
        let row = Records::of(&told(&text), &source).next().unwrap();
        assert_eq!(row.err().unwrap().code, Code::InputTooLarge);
    }

    #[test]
    fn a_line_that_names_the_delimiter_is_counted_and_no_record() {
        let records = lines("sep=;\r\n\r\na;b\r\n1;\"x\r\ny\"\r\n2;z");
        let numbers: Vec<u32> = records.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [3, 4, 6]);
        assert_eq!(records[1].1, ["1", "x\ny"]);
    }

    /// A text between quotes, where it needs them or `always`.
    fn quoted(text: &str, delimiter: char, always: bool) -> String {
        if always || text.contains([delimiter, '"', '\'', '\r', '\n']) {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text.to_owned()
        }
    }

    proptest! {
        #[test]
        fn a_table_reads_back_however_it_is_written(
            table in vec(vec("[a-z0-9 ,;|\t\"'\n]{1,8}", 3), 0..12),
            delimiter in select(vec![',', ';', '\t', '|']),
            ending in select(vec!["\n", "\r\n", "\r", "\n\n"]),
            always: bool,
            sep: bool,
        ) {
            let mut rows = vec![["order_id", "test_id", "score"].map(str::to_owned).to_vec()];
            rows.extend(table);
            let mut text = if sep { format!("sep={delimiter}{ending}") } else { String::new() };
            let mut expected = Vec::new();
            for row in &rows {
                let line = Lines::number_after(text.as_bytes());
                let cells: Vec<String> = row.iter().map(|cell| quoted(cell, delimiter, always)).collect();
                text += &(cells.join(&delimiter.to_string()) + ending);
                let cells: Vec<_> = (0..).zip(row.iter().map(|cell| Cell::text(cell))).collect();
                expected.push((line, filled(&cells)));
            }
            prop_assert_eq!(&lines(&text), &expected, "{:?}", text);
            prop_assert_eq!(lines_in_pieces(&text), expected, "{:?}", text);
        }

        #[test]
        fn no_bytes_make_it_panic(start in 0usize..4, bytes: Vec<u8>) {
            let starts: [&[u8]; 4] = [b"", b"order_id;score\n", b"\xFF\xFE", b"sep=;\r\n'order_id';'"];
            let options = Options::default();
            let mut file = File::default();
            let bytes = [starts[start], &bytes].concat();
            let _ = read(&bytes, &source(), &options, &MapRows(|_: &SheetHead, row: &Row<'_>| row.number), &mut file);
        }

        #[test]
        fn any_text_in_pieces_is_the_same_text(text in "[a\"',;\r\n\u{feff}]{0,40}") {
            if Records::of(&told(&text), &source()).all(|row| row.is_ok()) {
                prop_assert_eq!(lines_in_pieces(&text), lines(&text));
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "[\\PC\"'\t\r\n,;]{0,80}") {
            let (told, source) = (told(&text), source());
            for row in Records::of(&told, &source) {
                let _ = row.map(|row| row.number);
            }
        }
    }
}
