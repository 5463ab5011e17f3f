//! Long files of CSV, read piece by piece, so that a file takes no more memory than what is made of it.
//!
//! How the file is written and where its header stands is told by its beginning. No record may be so long that pieces
//! do not help: a file of one endless line is refused as soon as that is seen.

use std::borrow::Cow;
use std::io::Read;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use memchr::memchr;

use super::dialect::{self, Dialect, Told};
use super::encoding::{self, Encoding};
use super::lines::Lines;
use crate::diagnostics::diagnostic::{Diagnostic, Source};
use crate::input::bytes::PIECE as PIECE_BYTES;
use crate::input::csv::chunks::{Piece, end_of_piece, last_end};
use crate::input::csv::decoder::Decoding;
use crate::input::csv::fast_path::too_long;
use crate::input::csv::records;
use crate::input::csv::records::{Records, turned};
use crate::input::file::File;
use crate::input::format::{foreign_text, refusal};
use crate::input::limits::LONGEST_RECORD;
use crate::input::options::Options;
use crate::input::parallel::in_order;
use crate::input::process_rows::{RowSource, Turned, Turning};
use crate::input::row::RawRow;
use crate::input::row_sink::RowSink;

/// Reads a file of which so much is at hand.
///
/// # Errors
/// What is wrong with the whole file.
pub(crate) fn read<S: RowSink>(
    beginning: &[u8],
    rest: impl Read + Send,
    source: &Arc<Source>,
    options: &Options<'_>,
    sink: &S,
    file: &mut File<S::Chunk>,
) -> Result<(), Diagnostic> {
    read_pieces((beginning, rest), PIECE_BYTES, source, options, sink, file)
}

/// Reads a file in pieces of at least so many bytes.
pub(crate) fn read_pieces<S: RowSink>(
    (beginning, rest): (&[u8], impl Read + Send),
    least: usize,
    source: &Arc<Source>,
    options: &Options<'_>,
    sink: &S,
    file: &mut File<S::Chunk>,
) -> Result<(), Diagnostic> {
    let named = encoding::named(beginning, options.encoding);
    let named = named.map_err(|fault| fault.problem(source))?;
    let from = beginning[named.mark..].chain(rest);
    let mut stream = Decoding::of(from, named.encoding, source);
    let mut text = Vec::new();
    let mut wanted = beginning.len();
    loop {
        stream.read_into(&mut text, wanted, &Lines::default())?;
        if stream.is_at_end {
            let whole = checked(&text, source)?;
            let note = named.note.or(stream.note);
            return records::read_text(whole, note, source, options, sink, file);
        }
        if text.len() > LONGEST_RECORD || told_by(&text, source, options)?.is_some() {
            break;
        }
        wanted = 2 * text.len();
    }
    let Some(mut told) = told_by(&text, source, options)? else {
        return Err(too_long(source, &Lines::default(), &text));
    };
    let notes = named.note.or(stream.note.take()).into_iter();
    let notes = notes.chain(told.note.take());
    file.notes
        .extend(notes.map(|note| (Arc::clone(source), note)));
    let rows = LongRows {
        records: Records::of(&told, source),
        text: &text,
        body: told.preamble.len(),
        pieces: LongPieces {
            carried: Vec::new(),
            stream: &mut stream,
            source,
            dialect: told.dialect,
            lines: Lines::default(),
            least,
            spare: &Spare::default(),
            is_ended: false,
        },
    };
    records::read_sheet(rows, source, options, sink, file)?;
    let late = stream.note.map(|note| (Arc::clone(source), note));
    file.notes.extend(late);
    Ok(())
}

fn checked<'t>(text: &'t [u8], source: &Arc<Source>) -> Result<&'t str, Diagnostic> {
    let text = encoding::utf_8(text).and_then(|text| encoding::check_is_text(text).map(|()| text));
    text.map_err(|fault| fault.problem(source))
}

/// Tells how a text is written that begins so, and which of its records are whole; `None` where not even one is.
fn told_by<'t>(
    text: &'t [u8],
    source: &Arc<Source>,
    options: &Options<'_>,
) -> Result<Option<Told<'t>>, Diagnostic> {
    let whole = encoding::whole_units(text, Encoding::Utf8);
    let text = checked(&text[..whole], source)?;
    if let Some(what) = foreign_text(text) {
        return Err(refusal(source, what));
    }
    let mut told = dialect::told(text, true, options.delimiter, &options.names);
    let end = last_end(told.body.as_bytes(), told.dialect);
    Ok(end.map(|end| {
        told.body = &told.body[..end];
        told
    }))
}

/// The rows of a long file: the first ones from its beginning, the others as they are read.
struct LongRows<'a, 'b, R> {
    records: Records<'a>,
    /// The beginning, and where the text of the records begins in it.
    text: &'a [u8],
    body: usize,
    pieces: LongPieces<'a, 'b, R>,
}

impl<R> Iterator for LongRows<'_, '_, R> {
    type Item = Result<RawRow, Diagnostic>;

    fn next(&mut self) -> Option<Self::Item> {
        self.records.next()
    }
}

impl<R: Read + Send> LongRows<'_, '_, R> {
    /// Turns the pieces that are left, on all cores.
    fn each_piece<P: Send>(
        self,
        turn: impl Fn(&Piece<'_>, Dialect) -> Result<P, Diagnostic> + Sync,
    ) -> Result<Vec<P>, Diagnostic> {
        let mut pieces = self.pieces;
        let (read, lines) = self.records.position();
        pieces.carried = self.text[self.body + read..].to_vec();
        pieces.lines = lines;
        let (dialect, spare) = (pieces.dialect, pieces.spare);
        in_order(std::iter::from_fn(|| pieces.next()), |piece| {
            let piece = piece?;
            let turned = turn(&piece, dialect);
            lock(spare).push(piece.bytes.into_owned());
            turned
        })
    }
}

impl<R: Read + Send> RowSource for LongRows<'_, '_, R> {
    fn turn_all<S: RowSink>(
        self,
        turning: &Turning<'_, S>,
    ) -> Result<Vec<Turned<S::Chunk>>, Diagnostic> {
        self.each_piece(|piece, dialect| turned(piece, dialect, turning))
    }

    fn count_filled(self) -> Result<usize, Diagnostic> {
        let source = self.pieces.source;
        let counts = self.each_piece(|piece, dialect| records::filled(piece, dialect, source))?;
        Ok(counts.into_iter().sum())
    }
}

/// Buffers that have been read, to be filled again.
type Spare = Mutex<Vec<Vec<u8>>>;

fn lock(spare: &Spare) -> MutexGuard<'_, Vec<Vec<u8>>> {
    spare.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Cuts what a stream gives into pieces.
struct LongPieces<'a, 'b, R> {
    /// What was read and not handed on.
    carried: Vec<u8>,
    stream: &'b mut Decoding<'a, R>,
    source: &'a Arc<Source>,
    dialect: Dialect,
    lines: Lines,
    least: usize,
    spare: &'b Spare,
    is_ended: bool,
}

impl<R: Read> LongPieces<'_, '_, R> {
    fn next(&mut self) -> Option<Result<Piece<'static>, Diagnostic>> {
        if self.is_ended {
            return None;
        }
        let bytes = match self.bytes() {
            Ok(bytes) => bytes,
            Err(problem) => {
                self.is_ended = true;
                return Some(Err(problem));
            }
        };
        let lines = self.lines.clone();
        self.lines.advance(&bytes);
        (!bytes.is_empty()).then_some(Ok(Piece {
            bytes: Cow::Owned(bytes),
            lines,
        }))
    }

    /// Returns the bytes of the next piece; none at the end.
    fn bytes(&mut self) -> Result<Vec<u8>, Diagnostic> {
        let mut bytes = std::mem::take(&mut self.carried);
        let mut least = self.least;
        loop {
            // A little more, so that the record ends that reaches so far.
            let most = least + least / 8;
            while bytes.len() < most && !self.stream.is_at_end {
                self.stream.read_into(&mut bytes, most, &self.lines)?;
            }
            if let Some(end) = end_of_piece(&bytes, self.dialect, least) {
                self.carried = lock(self.spare).pop().unwrap_or_default();
                self.carried.clear();
                self.carried.extend_from_slice(&bytes[end..]);
                bytes.truncate(end);
                return Ok(bytes);
            }
            if self.stream.is_at_end {
                return Ok(bytes);
            }
            self.check_length(&bytes)?;
            least *= 2;
        }
    }

    /// Refuses a record that goes on too long.
    fn check_length(&self, bytes: &[u8]) -> Result<(), Diagnostic> {
        if bytes.len() <= LONGEST_RECORD {
            return Ok(());
        }
        let start = last_end(bytes, self.dialect).unwrap_or_default();
        if bytes.len() - start <= LONGEST_RECORD {
            return Ok(());
        }
        let mut lines = self.lines.clone();
        lines.advance(&bytes[..start]);
        if let Some(zero) = memchr(0, &bytes[start..]) {
            let fault = encoding::no_text(&bytes[start..start + zero]);
            return Err(fault.after(&lines).problem(self.source));
        }
        Err(too_long(self.source, &lines, &bytes[start..]))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::input::fingerprint::HashingReader;
    use crate::input::{MapRows, Row, SheetHead, hex};
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::diagnostics::diagnostic::Code;

    type Rows = Vec<(u32, Vec<String>)>;

    fn options() -> Options<'static> {
        Options::default()
    }

    fn source() -> Arc<Source> {
        Arc::new(Source {
            path: "a.csv".into(),
            sheet: None,
        })
    }

    fn cells(_: &SheetHead, row: &Row<'_>) -> (u32, Vec<String>) {
        let texts = row.cells.iter().map(|cell| cell.shown().into_owned());
        (row.number, texts.collect())
    }

    fn rows(file: File<Vec<(u32, Vec<String>)>>) -> Rows {
        let sheets = file.sheets.into_iter();
        sheets.flat_map(crate::input::Sheet::into_rows).collect()
    }

    /// Reads a text of which only the beginning is at hand, in pieces of so many bytes.
    fn in_pieces(bytes: &[u8], least: usize) -> Result<(Rows, String), Diagnostic> {
        let (beginning, rest) = bytes.split_at(least.min(bytes.len()));
        let mut rest = HashingReader::new(beginning, rest, true);
        let mut file = File::default();
        let (source, options) = (source(), options());
        read_pieces(
            (beginning, &mut rest),
            least,
            &source,
            &options,
            &MapRows(cells),
            &mut file,
        )?;
        Ok((rows(file), rest.finish()))
    }

    fn whole(bytes: &[u8]) -> Result<Rows, Diagnostic> {
        let mut file = File::default();
        records::read(bytes, &source(), &options(), &MapRows(cells), &mut file)?;
        Ok(rows(file))
    }

    fn wide(text: &str) -> Vec<u8> {
        let units = format!("\u{feff}{text}");
        units.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn a_file_in_pieces_is_the_same_file() {
        let rows = "1,\"a\nb\"\"c\",7\r\n2,é,8\n\n3,\"\",\"9\"\n".repeat(40);
        let text = format!("\u{feff}title\r\norder_id,test_id,score\n{rows}");
        let found = in_pieces(text.as_bytes(), 64).unwrap();
        assert_eq!(found.0.len(), 120);
        assert_eq!(found.0, whole(text.as_bytes()).unwrap());
        assert_eq!(found.1, hex(&Sha256::digest(text.as_bytes())));
    }

    #[test]
    fn every_encoding_is_told_on_the_way() {
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
            let found = in_pieces(&bytes, 64).unwrap().0;
            assert_eq!(found.len(), 18_002);
            assert_eq!(found[9000].1, ["2", "é", "7"]);
            assert_eq!(found[9001].1, ["3", "à", "8"]);
        }
    }

    #[test]
    fn what_is_wrong_with_a_file_is_the_same_in_pieces() {
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
            let (pieces, whole) = (in_pieces(&text, 64).unwrap_err(), whole(&text).unwrap_err());
            assert_eq!(
                (pieces.code, pieces.place),
                (whole.code, whole.place),
                "{}",
                whole.message
            );
        }
    }

    #[test]
    fn rows_under_a_wrong_header_are_counted() {
        let text = format!("order_id,tset_score\n{}\n,\n", "1,7\n".repeat(9000));
        let mut file = File::default();
        let (beginning, rest) = text.as_bytes().split_at(64);
        read_pieces(
            (beginning, rest),
            64,
            &source(),
            &options(),
            &MapRows(cells),
            &mut file,
        )
        .unwrap();
        assert_eq!(file.problems[0].code, Code::ColumnUnknown);
        assert_eq!(file.sheets[0].unread, 9000);
    }

    #[test]
    fn a_record_that_goes_on_for_ever_is_refused_where_it_begins() {
        let header = "order_id,test_id,score\n1,a,7\n\n";
        let endless = |start: &str, byte: u8| {
            let beginning = [start.as_bytes(), &[byte; 64]].concat();
            let mut file = File::default();
            let rest = std::io::repeat(byte);
            let (source, options) = (source(), options());
            let ended = read_pieces(
                (&beginning, rest),
                64,
                &source,
                &options,
                &MapRows(cells),
                &mut file,
            );
            let problem = ended.unwrap_err();
            (problem.code, problem.place.row)
        };
        assert_eq!(endless("", b'x'), (Code::InputTooLarge, Some(1)));
        assert_eq!(endless(header, b'x'), (Code::InputTooLarge, Some(4)));
        assert_eq!(
            endless(&format!("{header}2,\"b"), b'\n'),
            (Code::InputUnreadable, Some(4))
        );
    }

    proptest! {
        #[test]
        fn any_text_in_pieces_is_the_same_text(rows in "([ab\"é]{0,3},[ab\"\n]{0,3}(\n|\r\n|\r)){0,40}", least in 24usize..80) {
            let text = format!("order_id,score\n{rows}");
            match (in_pieces(text.as_bytes(), least), whole(text.as_bytes())) {
                (Ok((found, _)), Ok(whole)) => prop_assert_eq!(found, whole),
                (Err(found), Err(whole)) => prop_assert_eq!(found, whole),
                (found, whole) => prop_assert!(false, "{found:?} {whole:?}"),
            }
        }
    }
}
