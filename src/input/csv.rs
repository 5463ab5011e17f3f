//! CSV: records with the line on which each begins.

use std::sync::Arc;

use csv::StringRecord;
use rayon::prelude::*;

use super::dialect::{self, Dialect, Told};
use super::format::{foreign_text, refusal};
use super::lines::Lines;
use super::pieces::{PIECE_BYTES, Piece, Pieces};
use super::rows::RowSource;
use super::{File, Options, RawCells, RawRow, Row, Rows, SheetHead, encoding, read_rows};
use crate::problem::{Code, Place, Problem, Source};

/// Reads a CSV file, in the encoding and the dialect that are set or that it shows.
pub(super) fn read<R: Send>(
    bytes: &[u8],
    source: &Arc<Source>,
    options: &Options<'_>,
    turn: &(impl Fn(&SheetHead, &Row<'_>) -> R + Sync),
    file: &mut File<R>,
) -> Result<(), Problem> {
    let decoded =
        encoding::decoded(bytes, options.encoding).map_err(|fault| fault.problem(source))?;
    if let Some(what) = foreign_text(&decoded.text) {
        return Err(refusal(source, what));
    }
    let mut told = dialect::told(&decoded.text, options.delimiter, &options.names);
    let notes = decoded.note.into_iter().chain(told.note.take());
    file.notes
        .extend(notes.map(|note| (Arc::clone(source), note)));
    let records = Records::of(&told, source);
    match read_rows(records, source, options, turn, &mut file.problems)? {
        Rows::Sheet(sheet) => file.sheets.push(sheet),
        Rows::NoHeader(missing) => return Err(missing.problem),
    }
    Ok(())
}

/// The records of a text. The reader's own line numbers are wrong after blank lines, so lines are counted here.
struct Records<'a> {
    text: &'a str,
    dialect: Dialect,
    source: &'a Arc<Source>,
    reader: csv::Reader<&'a [u8]>,
    lines: Lines,
    counted: usize,
    done: bool,
}

impl<'a> Records<'a> {
    fn of(told: &Told<'a>, source: &'a Arc<Source>) -> Self {
        let mut lines = Lines::default();
        lines.advance(told.preamble.as_bytes());
        let text = told.body;
        Self::of_piece(&Piece { text, lines }, told.dialect, source)
    }

    fn of_piece(piece: &Piece<'a>, dialect: Dialect, source: &'a Arc<Source>) -> Self {
        Self {
            text: piece.text,
            dialect,
            source,
            reader: dialect.reader(piece.text),
            lines: piece.lines.clone(),
            counted: 0,
            done: false,
        }
    }

    /// Cuts what has not been read yet into pieces of at `least` so many bytes.
    fn pieces(mut self, least: usize) -> Pieces<'a> {
        let read = usize::try_from(self.reader.position().byte()).unwrap_or(self.text.len());
        let mut read = if self.done { self.text.len() } else { read };
        let bytes = self.text.as_bytes();
        // A reader drops a byte order mark from the beginning; behind the end of a line it is text.
        if read > 0 && self.text[read..].starts_with('\u{feff}') {
            read -= 1;
        }
        self.lines.advance(&bytes[self.counted..read]);
        Pieces::of(&self.text[read..], self.dialect, self.lines, least)
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
        // Behind the end of a line no byte order mark is dropped.
        let end_before = if start > 0 { "\n" } else { "" };
        let probe = format!("{end_before}{}\nprobe", &self.text[start..]);
        self.dialect.reader(&probe).records().count() == 1
    }
}

/// The fields of a record: as many as a spreadsheet has columns.
const MOST_FIELDS: usize = 16_384;

fn too_wide(place: Place, fields: usize) -> Problem {
    let message = format!("the record has {fields} fields, and at most {MOST_FIELDS} are read");
    let help = "check the delimiter and the line ends of the file";
    Problem::new(Code::InputTooLarge, place, message, help)
}

impl Records<'_> {
    /// Reads the next record into one that is at hand; returns the line on which it begins.
    fn read(&mut self, record: &mut StringRecord) -> Option<Result<u32, Problem>> {
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
                if end >= self.text.len() && self.ends_in_quotes(self.counted) {
                    self.done = true;
                    return Some(Err(self.unclosed_quote(number)));
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

    /// Turns all records, each read into the same row.
    fn turn<T>(mut self, turn: impl Fn(&RawRow) -> T) -> Result<Vec<T>, Problem> {
        let mut turned = Vec::new();
        let mut record = StringRecord::new();
        while let Some(number) = self.read(&mut record) {
            let row = RawRow {
                number: number?,
                cells: RawCells::Record(record),
            };
            turned.push(turn(&row));
            record = row.cells.into_record();
        }
        Ok(turned)
    }

    fn unclosed_quote(&self, number: u32) -> Problem {
        let help = "close the quote, or double it where it belongs to the text";
        let message = "a quote is opened in this record and never closed, so the rest of the file is inside it";
        self.unreadable(number, message.to_owned(), help)
    }

    fn unreadable(&self, number: u32, message: String, help: &str) -> Problem {
        let place = Place::row(self.source, number);
        Problem::new(Code::InputUnreadable, place, message, help)
    }
}

impl Iterator for Records<'_> {
    type Item = Result<RawRow, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut record = StringRecord::new();
        let number = self.read(&mut record)?;
        Some(number.map(|number| RawRow {
            number,
            cells: RawCells::Record(record),
        }))
    }
}

/// Pieces that are cut before they are read together, for each core.
const PIECES: usize = 4;

impl RowSource for Records<'_> {
    fn turn_all<T: Send>(
        self,
        turn: impl Fn(&RawRow) -> T + Sync,
        mut take: impl FnMut(Vec<T>) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let (dialect, source) = (self.dialect, self.source);
        let mut pieces = self.pieces(PIECE_BYTES);
        loop {
            let count = PIECES * rayon::current_num_threads();
            let cut: Vec<Piece<'_>> = pieces.by_ref().take(count).collect();
            if cut.is_empty() {
                return Ok(());
            }
            let read = |piece: &Piece<'_>| Records::of_piece(piece, dialect, source).turn(&turn);
            let turned: Vec<Result<Vec<T>, Problem>> = cut.par_iter().map(read).collect();
            for piece in turned {
                take(piece?)?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::super::{Cell, Extent};
    use super::*;
    use crate::columns::Names;
    use crate::problem::WarningPolicy;

    fn source() -> Arc<Source> {
        Arc::new(Source {
            path: "a.csv".into(),
            sheet: None,
        })
    }

    fn told(text: &str) -> Told<'_> {
        dialect::told(text, None, &Names::default())
    }

    fn lines(text: &str) -> Vec<(u32, Vec<String>)> {
        let row = |row: Result<RawRow, Problem>| {
            let row = row.unwrap();
            let cells = row.cells.present();
            let texts = cells.iter().map(|(_, cell)| cell.shown().into_owned());
            (row.number, texts.collect())
        };
        Records::of(&told(text), &source()).map(row).collect()
    }

    /// What is read where each piece ends as soon as it may; the first record is read on its own.
    fn lines_in_pieces(text: &str) -> Vec<(u32, Vec<String>)> {
        let (told, source) = (told(text), source());
        let mut records = Records::of(&told, &source);
        let row = |row: &RawRow| {
            let cells = row.cells.present();
            let texts = cells.iter().map(|(_, cell)| cell.shown().into_owned());
            (row.number, texts.collect())
        };
        let first = records.next().map(|first| row(&first.unwrap()));
        let pieces = records.pieces(1);
        let rest = pieces.flat_map(|piece| {
            let records = Records::of_piece(&piece, told.dialect, &source);
            records.turn(row).unwrap()
        });
        first.into_iter().chain(rest).collect()
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
                let shown = row.iter().map(|cell| Cell::text(cell).shown().into_owned());
                expected.push((line, shown.collect::<Vec<_>>()));
            }
            prop_assert_eq!(&lines(&text), &expected, "{:?}", text);
            prop_assert_eq!(lines_in_pieces(&text), expected, "{:?}", text);
        }

        #[test]
        fn no_bytes_make_it_panic(start in 0usize..4, bytes: Vec<u8>) {
            let starts: [&[u8]; 4] = [b"", b"order_id;score\n", b"\xFF\xFE", b"sep=;\r\n'order_id';'"];
            let options = Options {
                names: Names::default(),
                wide: Vec::new(),
                sheets: Vec::new(),
                delimiter: None,
                encoding: None,
                warnings: WarningPolicy::Allow,
                extent: Extent::Whole,
                program: None,
                on_rows: &|_| {},
            };
            let mut file = File::default();
            let bytes = [starts[start], &bytes].concat();
            let _ = read(&bytes, &source(), &options, &|_, row| row.number, &mut file);
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
