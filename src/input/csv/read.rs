//! Reads a CSV file: encoding, dialect and header from its beginning, then all of it chunk by chunk.

use std::borrow::Cow;
use std::io::Read;
use std::sync::Arc;

use csv::StringRecord;

use super::chunks::{Chunk, Chunks, last_record_end};
use super::decoder::Decoder;
use super::dialect::{self, Dialect};
use super::encoding::{self, Encoding};
use super::error::record_too_long;
use super::lines::Lines;
use super::records::Records;
use crate::diagnostics::diagnostic::{Diagnostic, Source};
use crate::input::format::{foreign_text, refusal};
use crate::input::limits::LONGEST_RECORD;
use crate::input::options::Options;
use crate::input::parallel::in_order;
use crate::input::process_rows::{Processed, RowProcessor, RowSource};
use crate::input::read_context::ReadContext;
use crate::input::read_rows::read_rows;
use crate::input::row::{RawCells, RawRow, Row};
use crate::input::row_sink::RowSink;
use crate::input::sheet::SheetResult;
use crate::input::values::cell::Cell;

/// The minimum size of a chunk: large enough that cutting costs little, small enough that all cores have work.
pub(crate) const CHUNK_BYTES: usize = 1 << 20;

/// Reads a CSV file, which is one sheet and must have a header. `beginning` was already read from it.
pub(crate) fn read<S: RowSink>(
    context: &mut ReadContext<'_, S>,
    beginning: &[u8],
    rest: impl Read + Send,
    chunk_bytes: usize,
) -> Result<(), Diagnostic> {
    let (source, options) = (context.source, context.options);
    let marked = encoding::named(beginning, options.encoding);
    let marked = marked.map_err(|error| error.diagnostic(source))?;
    let bytes = beginning[marked.mark..].chain(rest);
    let mut decoder = Decoder::new(bytes, marked.encoding, source);
    let mut text = Vec::new();
    // Asks for one byte more than was read, to notice the end of a short file.
    let start = detect(&mut decoder, &mut text, beginning.len() + 1, options)?;
    let notes = [marked.note.or(decoder.note.take()), start.note];
    context.add_notes(notes.into_iter().flatten());
    let mut lines = Lines::default();
    lines.advance(&text[..start.body]);
    let head = encoding::utf_8(&text[start.body..start.end]);
    let head = head.map_err(|error| error.diagnostic(source))?;
    let rows = CsvRows {
        head: Records::new(head, &lines, start.dialect, source),
        last_number: 0,
        dialect: start.dialect,
        source,
        chunks: Chunks::new(
            &text[start.body..],
            lines,
            &mut decoder,
            start.dialect,
            source,
            chunk_bytes,
        ),
    };
    match read_rows(
        rows,
        source,
        options,
        context.sink,
        &mut context.file.diagnostics,
    )? {
        SheetResult::Sheet(sheet) => context.file.sheets.push(sheet),
        SheetResult::NoHeader(missing) => return Err(missing.diagnostic),
    }
    // An encoding that was guessed after the beginning.
    context.add_notes(decoder.note);
    Ok(())
}

/// The dialect of a file, and which part of its beginning holds whole records.
struct Start {
    dialect: Dialect,
    /// The position after a first line like `sep=;`.
    body: usize,
    /// The end of the last whole record.
    end: usize,
    note: Option<Cow<'static, str>>,
}

/// Reads text until it holds a whole record, at least `least` bytes of it, and detects its dialect.
fn detect<R: Read>(
    decoder: &mut Decoder<'_, R>,
    text: &mut Vec<u8>,
    least: usize,
    options: &Options<'_>,
) -> Result<Start, Diagnostic> {
    let mut wanted = least;
    loop {
        decoder.read_into(text, wanted, &Lines::default())?;
        if let Some(start) = start_of(text, !decoder.is_at_end, decoder.source, options)? {
            return Ok(start);
        }
        if text.len() > LONGEST_RECORD {
            return Err(record_too_long(decoder.source, &Lines::default(), text));
        }
        wanted = 2 * text.len();
    }
}

/// Detects the dialect of a text; `None` if it is cut and has no whole record.
fn start_of(
    text: &[u8],
    is_cut: bool,
    source: &Arc<Source>,
    options: &Options<'_>,
) -> Result<Option<Start>, Diagnostic> {
    let whole = if is_cut {
        encoding::whole_units(text, Encoding::Utf8)
    } else {
        text.len()
    };
    let text = encoding::utf_8(&text[..whole])
        .and_then(|text| encoding::check_is_text(text).map(|()| text))
        .map_err(|error| error.diagnostic(source))?;
    if let Some(format) = foreign_text(text) {
        return Err(refusal(source, format));
    }
    let detected = dialect::detect(text, is_cut, options.delimiter, &options.names);
    let body = detected.body.as_bytes();
    let end = if is_cut {
        last_record_end(body, detected.dialect)
    } else {
        Some(body.len())
    };
    Ok(end.map(|end| Start {
        dialect: detected.dialect,
        body: detected.preamble.len(),
        end: detected.preamble.len() + end,
        note: detected.note,
    }))
}

/// The rows of a CSV file.
///
/// As an iterator it returns the first rows, among which the header is looked for. The chunks contain these rows again,
/// so processing skips those that the iterator returned.
struct CsvRows<'a, 'd, R> {
    head: Records<'a>,
    /// The number of the last row that the iterator returned.
    last_number: u32,
    dialect: Dialect,
    source: &'a Arc<Source>,
    chunks: Chunks<'a, 'd, R>,
}

impl<R> Iterator for CsvRows<'_, '_, R> {
    type Item = Result<RawRow, Diagnostic>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut record = StringRecord::new();
        let number = self.head.read(&mut record).transpose()?;
        Some(number.map(|number| {
            self.last_number = number;
            RawRow {
                number,
                cells: RawCells::Record(record),
            }
        }))
    }
}

impl<R: Read + Send> CsvRows<'_, '_, R> {
    /// Applies `process` to the records of each chunk on all cores; returns the results in the order of the chunks.
    fn process_chunks<P: Send>(
        self,
        process: impl Fn(ChunkRecords<'_>) -> Result<P, Diagnostic> + Sync,
    ) -> Result<Vec<P>, Diagnostic> {
        let (dialect, source, last_number) = (self.dialect, self.source, self.last_number);
        in_order(self.chunks, |chunk| {
            let chunk: Chunk = chunk?;
            let records = Records::new(chunk.text(source)?, &chunk.lines, dialect, source);
            process(ChunkRecords {
                records,
                last_number,
            })
        })
    }
}

impl<R: Read + Send> RowSource for CsvRows<'_, '_, R> {
    fn process_all<S: RowSink>(
        self,
        processor: &RowProcessor<'_, S>,
    ) -> Result<Vec<Processed<S::Chunk>>, Diagnostic> {
        let width = processor.head.header.texts.len();
        self.process_chunks(|mut records| {
            let mut processed = processor.start();
            records.for_each(|number, record, same| {
                let mut row = Row::from_record(number, record, width);
                row.same = same;
                processor.add(&mut processed, &row)
            })?;
            Ok(processor.finish(processed))
        })
    }

    fn count_filled(self) -> Result<usize, Diagnostic> {
        let counts = self.process_chunks(|mut records| {
            let mut count = 0;
            records.for_each(|_, record, _| {
                let is_filled = record.iter().any(|field| !Cell::text(field).is_blank());
                count += usize::from(is_filled);
                Ok(())
            })?;
            Ok(count)
        })?;
        Ok(counts.into_iter().sum())
    }
}

/// The records of a chunk after the row `last_number`.
struct ChunkRecords<'a> {
    records: Records<'a>,
    last_number: u32,
}

impl ChunkRecords<'_> {
    /// Calls `use_record` with the number and fields of each record, and with the number of the previous record if the
    /// first fields are equal, and how many are.
    fn for_each(
        &mut self,
        mut use_record: impl FnMut(u32, &StringRecord, Option<(u32, usize)>) -> Result<(), Diagnostic>,
    ) -> Result<(), Diagnostic> {
        let (mut record, mut previous) = (StringRecord::new(), StringRecord::new());
        let mut previous_number = 0;
        while let Some(number) = self.records.read(&mut record)? {
            if number > self.last_number {
                let fields = record.iter().zip(previous.iter());
                let equal = fields.take_while(|(one, other)| one == other).count();
                use_record(
                    number,
                    &record,
                    (equal > 0).then_some((previous_number, equal)),
                )?;
            }
            previous_number = number;
            std::mem::swap(&mut record, &mut previous);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::diagnostics::diagnostic::Code;
    use crate::input::file::File;
    use crate::input::row_sink::MapRows;
    use crate::input::sheet::{Sheet, SheetHead};

    type Table = Vec<(u32, Vec<String>)>;

    /// Returns the numbers and texts of data rows, without blanks at their end.
    fn texts(_: &SheetHead, row: &Row<'_>) -> (u32, Vec<String>) {
        let mut cells: Vec<_> = row.cells.iter().map(Cell::shown).collect();
        for (column, cell) in &row.beyond {
            cells.resize(*column as usize, "".into());
            cells.push(cell.shown());
        }
        let end = cells.iter().rposition(|cell| !cell.is_empty());
        cells.truncate(end.map_or(0, |end| end + 1));
        (row.number, cells.into_iter().map(Into::into).collect())
    }

    /// Reads a file of which `beginning` bytes were already read, in chunks of at least `chunk_bytes`.
    fn read_file(
        bytes: &[u8],
        beginning: usize,
        chunk_bytes: usize,
    ) -> Result<File<Table>, Diagnostic> {
        let (beginning, rest) = bytes.split_at(beginning.min(bytes.len()));
        let source = Arc::new(Source {
            path: "a.csv".into(),
            sheet: None,
        });
        let mut file = File::default();
        let mut context = ReadContext {
            source: &source,
            options: &Options::default(),
            sink: &MapRows(texts),
            file: &mut file,
        };
        read(&mut context, beginning, rest, chunk_bytes)?;
        Ok(file)
    }

    fn rows(file: File<Table>) -> Table {
        file.sheets.into_iter().flat_map(Sheet::into_rows).collect()
    }

    fn in_chunks(bytes: &[u8], chunk_bytes: usize) -> Result<Table, Diagnostic> {
        read_file(bytes, chunk_bytes, chunk_bytes).map(rows)
    }

    fn whole(bytes: &[u8]) -> Result<Table, Diagnostic> {
        read_file(bytes, bytes.len(), CHUNK_BYTES).map(rows)
    }

    fn row_numbers(text: &str) -> Vec<u32> {
        let rows = whole(text.as_bytes()).unwrap();
        rows.into_iter().map(|(number, _)| number).collect()
    }

    fn wide(text: &str) -> Vec<u8> {
        let units = format!("\u{feff}{text}");
        units.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn a_file_in_chunks_has_the_same_rows() {
        let rows = "1,\"a\nb\"\"c\",7\r\n2,é,8\n\n3,\"\",\"9\"\n".repeat(40);
        let text = format!("\u{feff}title\r\norder_id,test_id,score\n{rows}");
        let found = in_chunks(text.as_bytes(), 64).unwrap();
        assert_eq!(found.len(), 120);
        assert_eq!(found, whole(text.as_bytes()).unwrap());
    }

    #[test]
    fn the_encoding_is_detected_after_the_beginning() {
        let header = "order_id,test_id,score\n";
        let rows = "1,a,7\n".repeat(9000);
        let latin = |text: &str| {
            let bytes = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap());
            bytes.collect::<Vec<_>>()
        };
        let accents = format!("{header}{rows}2,é,7\n3,à,8\n{rows}");
        for bytes in [
            accents.clone().into_bytes(),
            latin(&accents),
            wide(&accents),
        ] {
            let found = in_chunks(&bytes, 64).unwrap();
            assert_eq!(found.len(), 18_002);
            assert_eq!(found[9000].1, ["2", "é", "7"]);
            assert_eq!(found[9001].1, ["3", "à", "8"]);
        }
    }

    #[test]
    fn a_file_in_chunks_has_the_same_error() {
        let header = "order_id,test_id,score\n";
        let rows = "1,a,7\n".repeat(40);
        let texts = [
            format!("{rows}{header}{rows}"),
            format!("{header}{rows}2,\"a,7\n{rows}"),
            format!("{header}{rows}2,a\0,7\n{rows}"),
            format!("{header}{rows}test_id,order_id,score\n{rows}"),
            format!("{{\"order_id\":\n{rows}"),
            format!("{header}{rows}{}x", ",".repeat(16_384)),
        ];
        let long = |text: String| [text.as_bytes(), &[b'\n'; 9000]].concat();
        let mut texts: Vec<Vec<u8>> = texts.into_iter().map(long).collect();
        texts.push(long(format!("{header}éé\n{rows}")));
        let last = texts.last_mut().unwrap();
        last[100] = 0xE9;
        for text in texts {
            let (in_chunks, whole) = (in_chunks(&text, 64).unwrap_err(), whole(&text).unwrap_err());
            assert_eq!(
                (in_chunks.code, in_chunks.place),
                (whole.code, whole.place),
                "{}",
                whole.message
            );
        }
    }

    #[test]
    fn rows_below_an_invalid_header_are_counted() {
        let text = format!("order_id,tset_score\n{}\n,\n", "1,7\n".repeat(9000));
        let file = read_file(text.as_bytes(), 64, 64).unwrap();
        assert_eq!(file.diagnostics[0].code, Code::ColumnUnknown);
        assert_eq!(file.sheets[0].unread, 9000);
    }

    #[test]
    fn an_endless_record_is_refused_where_it_begins() {
        let header = "order_id,test_id,score\n1,a,7\n\n";
        let endless = |start: &str, byte: u8| {
            let bytes = [start.as_bytes(), &vec![byte; 3 * LONGEST_RECORD]].concat();
            let diagnostic = in_chunks(&bytes, 64).unwrap_err();
            (diagnostic.code, diagnostic.place.row)
        };
        assert_eq!(endless("", b'x'), (Code::InputTooLarge, Some(1)));
        assert_eq!(endless(header, b'x'), (Code::InputTooLarge, Some(4)));
        assert_eq!(
            endless(&format!("{header}2,\"b"), b'\n'),
            (Code::InputUnreadable, Some(4))
        );
    }

    #[test]
    fn a_row_number_is_the_line_where_the_record_begins() {
        let header = "order_id,b";
        assert_eq!(row_numbers(&format!("{header}\n1,2\n3,4\n")), [2, 3]);
        assert_eq!(row_numbers(&format!("\n\n{header}\n\n\n1,2\n\n")), [6]);
        assert_eq!(row_numbers(&format!("{header}\r1,2\r\r3,4")), [2, 4]);
        assert_eq!(
            row_numbers(&format!("{header}\r\n1,\"x\r\ny\r\nz\"\r\n\r\n3,4\r\n")),
            [2, 6]
        );
        assert_eq!(
            row_numbers(&format!("{header}\n1,\"x\n\n\ny\"\n3,4")),
            [2, 6]
        );
        assert_eq!(
            row_numbers("sep=;\r\n\r\norder_id;b\r\n1;\"x\r\ny\"\r\n2;z"),
            [4, 6]
        );
    }

    #[test]
    fn an_unclosed_quote_is_an_error() {
        let is_ok = |rows: &str| whole(format!("order_id,b\n{rows}").as_bytes()).is_ok();
        assert!(!is_ok("1,\"x\n3,4\n"));
        assert!(!is_ok("1,\"x\"\"\n3,4"));
        assert!(is_ok("1,5\" disk\n"));
        assert!(is_ok("1,\"x\"\n"));
        assert!(is_ok("1,\"x\""));
        // After a byte order mark inside the text, a quote opens no cell.
        assert!(is_ok("1,2\n\u{feff}\n"));
        assert!(is_ok("1,2\n\u{feff}\"x\n"));
    }

    #[test]
    fn a_record_with_too_many_fields_is_refused() {
        let text = format!("order_id{}\n", ",".repeat(16_384));
        let diagnostic = whole(text.as_bytes()).unwrap_err();
        assert_eq!(diagnostic.code, Code::InputTooLarge);
    }

    #[test]
    fn chunks_end_where_records_end() {
        for rows in [
            "1,2\n3,4\n",
            "1,5\" disk\n2,\"x\"\"\n,\"y\n3,\"\n\"\"\n4,\"z\" \"\n5\n",
            "\u{feff}\"1\n2,x\n3,4\n",
            "\u{feff}\u{feff}\r\u{feff}\ra",
            "1,=\"007\"\n2,'=\"008\"'\n",
        ] {
            let text = format!("order_id,b\n{rows}");
            for chunk_bytes in 1..20 {
                let found = read_file(text.as_bytes(), text.len(), chunk_bytes).map(self::rows);
                assert_eq!(found, whole(text.as_bytes()), "{text:?}");
            }
        }
    }

    /// Quotes a text if it needs it, or `always`.
    fn quoted(text: &str, delimiter: char, always: bool) -> String {
        if always || text.contains([delimiter, '"', '\'', '\r', '\n']) {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text.to_owned()
        }
    }

    proptest! {
        #[test]
        fn a_table_reads_back_in_any_dialect(
            table in vec(vec("[a-z0-9 ,;|\t\"'\n]{1,8}", 2), 0..12),
            delimiter in select(vec![',', ';', '\t', '|']),
            ending in select(vec!["\n", "\r\n", "\r", "\n\n"]),
            always: bool,
            sep: bool,
            chunk_bytes in 1usize..64,
        ) {
            let mut text = if sep { format!("sep={delimiter}{ending}") } else { String::new() };
            let mut expected = Vec::new();
            let header = ["order_id", "Candidate", "Remark"].map(str::to_owned);
            let rows = table.into_iter().map(|cells| [vec!["A-1".to_owned()], cells].concat());
            for row in std::iter::once(header.to_vec()).chain(rows) {
                let line = Lines::number_after(text.as_bytes());
                let cells: Vec<String> = row.iter().map(|cell| quoted(cell, delimiter, always)).collect();
                text += &(cells.join(&delimiter.to_string()) + ending);
                let mut cells: Vec<_> = row.iter().map(|cell| Cell::text(cell).shown().into_owned()).collect();
                let end = cells.iter().rposition(|cell| !cell.is_empty());
                cells.truncate(end.map_or(0, |end| end + 1));
                expected.push((line, cells));
            }
            expected.remove(0);
            prop_assert_eq!(&whole(text.as_bytes()).unwrap(), &expected, "{:?}", text);
            let in_chunks = read_file(text.as_bytes(), text.len(), chunk_bytes).map(self::rows);
            prop_assert_eq!(in_chunks.unwrap(), expected, "{:?}", text);
        }

        #[test]
        fn any_text_in_chunks_has_the_same_rows(rows in "([ab\"é]{0,3},[ab\"\n]{0,3}(\n|\r\n|\r)){0,40}", chunk_bytes in 24usize..80) {
            let text = format!("order_id,score\n{rows}");
            prop_assert_eq!(in_chunks(text.as_bytes(), chunk_bytes), whole(text.as_bytes()));
        }

        #[test]
        fn any_signs_in_chunks_have_the_same_rows(rows in "[a\"',;\r\n\u{feff}]{0,40}", chunk_bytes in 1usize..20) {
            let text = format!("order_id,score\n{rows}");
            let in_chunks = read_file(text.as_bytes(), text.len(), chunk_bytes).map(self::rows);
            prop_assert_eq!(in_chunks, whole(text.as_bytes()));
        }

        #[test]
        fn reading_never_panics(start in 0usize..4, bytes: Vec<u8>) {
            let starts: [&[u8]; 4] = [b"", b"order_id;score\n", b"\xFF\xFE", b"sep=;\r\n'order_id';'"];
            let _ = whole(&[starts[start], &bytes].concat());
        }
    }
}
