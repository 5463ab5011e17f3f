//! Long files of CSV, read piece by piece, so that a file takes no more memory than what is made of it.
//!
//! Only what looks as usual is read so: UTF-8 in a file of its own, with a good header near its beginning. As soon as
//! anything is not as it should be the file is given up, and read whole by others, who say what it is.

use std::borrow::Cow;
use std::fs::File as OpenFile;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

use super::bytes::MOST_BYTES;
use super::csv::{Records, turned};
use super::dialect::{self, Dialect};
use super::encoding::{self, Encoding};
use super::format::{Format, foreign_text};
use super::in_order::in_order;
use super::lines::Lines;
use super::pieces::{Piece, end_of_piece};
use super::turning::RowSource;
use super::{Extent, File, Fingerprinted, Options, RawRow, Rows, Turn, Turned, Turning, hex};
use crate::problem::{Problem, Source};

/// Shorter files are read whole.
const LEAST_BYTES: u64 = 4 << 20;
/// What is read at a time.
const PIECE_BYTES: usize = 1 << 20;

/// Reads a file piece by piece; `None` where it must be seen whole.
pub(super) fn read<T: Turn>(
    path: &Path,
    source: &Arc<Source>,
    options: &Options<'_>,
    turn: &T,
) -> Option<Fingerprinted<T::Part>> {
    let is_usual =
        options.extent == Extent::Whole && matches!(options.encoding, None | Some(Encoding::Utf8));
    if !is_usual {
        return None;
    }
    let found = path.metadata().ok()?;
    if !found.is_file() || !(LEAST_BYTES..=MOST_BYTES).contains(&found.len()) {
        return None;
    }
    let rest = OpenFile::open(path).ok()?;
    read_pieces(rest, PIECE_BYTES, source, options, turn)
}

/// Reads what a stream gives, in pieces of at least so many bytes.
fn read_pieces<T: Turn>(
    stream: impl Read + Send,
    least: usize,
    source: &Arc<Source>,
    options: &Options<'_>,
    turn: &T,
) -> Option<Fingerprinted<T::Part>> {
    let mut stream = Stream::of(stream, options.fingerprints);
    let mut beginning = Vec::new();
    while beginning.len() < least && !stream.is_at_end {
        stream.read_into(&mut beginning, least).ok()?;
    }
    let end = beginning.iter().rposition(|byte| *byte == b'\n')? + 1;
    if Format::of(&beginning) != Format::Csv {
        return None;
    }
    let decoded = encoding::decoded(&beginning[..end], Some(Encoding::Utf8)).ok()?;
    let Cow::Borrowed(text) = decoded.text else {
        return None;
    };
    let mut told = dialect::told(text, options.delimiter, &options.names);
    if foreign_text(text).is_some() || told.dialect.quote() != b'"' {
        return None;
    }
    let mut file = File::default();
    let notes = decoded.note.into_iter().chain(told.note.take());
    file.notes = notes.map(|note| (Arc::clone(source), note)).collect();
    let rows = LongRows {
        records: Records::of(&told, source),
        before: end - told.body.len(),
        beginning: &beginning,
        body: end,
        dialect: told.dialect,
        least,
        stream: &mut stream,
    };
    let Ok(Rows::Sheet(sheet)) = super::read_rows(rows, source, options, turn, &mut file.problems)
    else {
        return None;
    };
    // Without a head, rows were left unread.
    sheet.head.as_ref()?;
    file.sheets.push(sheet);
    Some((file, stream.fingerprint()))
}

/// The rows of a long file: the first ones from its beginning, the others as they are read.
struct LongRows<'a, S> {
    records: Records<'a>,
    beginning: &'a [u8],
    /// How many bytes stand before the text of the records.
    before: usize,
    /// Where that text ends, which is not the end of the file's.
    body: usize,
    dialect: Dialect,
    least: usize,
    stream: &'a mut Stream<S>,
}

impl<S> Iterator for LongRows<'_, S> {
    type Item = Result<RawRow, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        self.records.next()
    }
}

impl<S: Read + Send> RowSource for LongRows<'_, S> {
    fn turn_all<T: Turn>(self, turning: &Turning<'_, T>) -> Result<Vec<Turned<T::Part>>, Problem> {
        let (read, lines) = self.records.position();
        let source = &turning.head.source;
        let read = self.before + read;
        if read >= self.body {
            // The last record may be cut.
            return Err(unusual(source));
        }
        let dialect = self.dialect;
        let spare = Mutex::default();
        let mut pieces = LongPieces {
            carried: self.beginning[read..].to_vec(),
            stream: self.stream,
            dialect,
            lines,
            least: self.least,
            spare: &spare,
        };
        in_order(std::iter::from_fn(|| pieces.next()), |piece| {
            let piece = piece.map_err(|_| unusual(source))?;
            let turned = turned(&piece, dialect, turning);
            lock(&spare).push(piece.bytes.into_owned());
            turned
        })
    }
}

/// Stands for whatever is not as usual: who reads the file whole says what it is.
fn unusual(source: &Arc<Source>) -> Problem {
    super::format::refusal(source, "a file of another kind")
}

/// Buffers that have been read, to be filled again.
type Spare = Mutex<Vec<Vec<u8>>>;

fn lock(spare: &Spare) -> MutexGuard<'_, Vec<Vec<u8>>> {
    spare.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Cuts what a stream gives into pieces.
struct LongPieces<'a, S> {
    /// What was read and not handed on.
    carried: Vec<u8>,
    stream: &'a mut Stream<S>,
    dialect: Dialect,
    lines: Lines,
    least: usize,
    spare: &'a Spare,
}

impl<S: Read> LongPieces<'_, S> {
    fn next(&mut self) -> Option<io::Result<Piece<'static>>> {
        let mut bytes = std::mem::take(&mut self.carried);
        let mut least = self.least;
        loop {
            // A little more, so that the record ends that reaches so far.
            while bytes.len() < least + least / 8 && !self.stream.is_at_end {
                if let Err(error) = self.stream.read_into(&mut bytes, least + least / 8) {
                    return Some(Err(error));
                }
            }
            match end_of_piece(&bytes, self.dialect, least) {
                Some(end) => {
                    self.carried = lock(self.spare).pop().unwrap_or_default();
                    self.carried.clear();
                    self.carried.extend_from_slice(&bytes[end..]);
                    bytes.truncate(end);
                }
                None if self.stream.is_at_end => {}
                None => {
                    least *= 2;
                    continue;
                }
            }
            break;
        }
        let lines = self.lines.clone();
        self.lines.advance(&bytes);
        (!bytes.is_empty()).then_some(Ok(Piece {
            bytes: Cow::Owned(bytes),
            lines,
        }))
    }
}

/// A file as it is read, and its fingerprint so far, if that is wanted.
struct Stream<S> {
    reader: S,
    digest: Option<Sha256>,
    is_at_end: bool,
}

impl<S: Read> Stream<S> {
    fn of(reader: S, is_fingerprinted: bool) -> Self {
        Self {
            reader,
            digest: is_fingerprinted.then(Sha256::new),
            is_at_end: false,
        }
    }

    /// Reads what comes next, until there are so many bytes or the stream is at its end.
    fn read_into(&mut self, bytes: &mut Vec<u8>, most: usize) -> io::Result<()> {
        let before = bytes.len();
        let wanted = most.saturating_sub(before);
        bytes.reserve_exact(wanted);
        let read = (&mut self.reader).take(wanted as u64).read_to_end(bytes)?;
        self.is_at_end = read < wanted;
        if let Some(digest) = &mut self.digest {
            digest.update(&bytes[before..]);
        }
        Ok(())
    }

    fn fingerprint(self) -> Arc<str> {
        self.digest
            .map_or_else(|| Arc::from(""), |digest| hex(&digest.finalize()).into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Each, Row, SheetHead, csv};
    use super::*;
    use crate::columns::Names;
    use crate::problem::WarningPolicy;

    type Rows = Vec<(u32, Vec<String>)>;

    fn options() -> Options<'static> {
        Options {
            names: Names::default(),
            wide: Vec::new(),
            sheets: Vec::new(),
            delimiter: None,
            encoding: None,
            warnings: WarningPolicy::Allow,
            extent: Extent::Whole,
            program: None,
            fingerprints: true,
            on_rows: &|_| {},
        }
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
        sheets.flat_map(super::super::Sheet::into_rows).collect()
    }

    fn in_pieces(bytes: &[u8], least: usize) -> Option<(Rows, Arc<str>)> {
        let (file, sha256) = read_pieces(bytes, least, &source(), &options(), &Each(cells))?;
        Some((rows(file), sha256))
    }

    fn whole(bytes: &[u8]) -> Option<Rows> {
        let mut file = File::default();
        csv::read(bytes, &source(), &options(), &Each(cells), &mut file).ok()?;
        Some(rows(file))
    }

    #[test]
    fn a_file_in_pieces_is_the_same_file() {
        let rows = "1,\"a\nb\"\"c\",7\r\n2,é,8\n\n3,\"\",\"9\"\n".repeat(40);
        let text = format!("\u{feff}title\r\norder_id,test_id,score\n{rows}");
        let found = in_pieces(text.as_bytes(), 64).unwrap();
        assert_eq!(found.0.len(), 120);
        assert_eq!(found.0, whole(text.as_bytes()).unwrap());
        assert_eq!(*found.1, hex(&Sha256::digest(text.as_bytes())));
    }

    #[test]
    fn what_is_not_as_usual_is_left_to_who_reads_it_whole() {
        let header = "order_id,test_id,score\n";
        let rows = "1,a,7\n".repeat(40);
        let texts = [
            format!("{rows}{header}{rows}"),
            format!("order_id,tset_score\n{rows}"),
            format!("{header}{rows}2,\"a,7\n{rows}"),
            format!("{header}{rows}2,a\0,7\n{rows}"),
            format!("{header}{rows}test_id,order_id,score\n{rows}"),
            format!("{{\"order_id\":\n{rows}"),
        ];
        for text in texts {
            assert!(in_pieces(text.as_bytes(), 64).is_none(), "{text}");
        }
        let latin = [header.as_bytes(), rows.as_bytes(), b"2,\xE9,7\n"].concat();
        assert!(in_pieces(&latin, 64).is_none());
        assert_eq!(whole(&latin).unwrap().len(), 41);
    }

    proptest! {
        #[test]
        fn any_text_in_pieces_is_the_same_text(rows in "([ab\"é]{0,3},[ab\"\n]{0,3}(\n|\r\n|\r)){0,40}", least in 24usize..80) {
            let text = format!("order_id,score\n{rows}");
            if let Some((found, _)) = in_pieces(text.as_bytes(), least) {
                prop_assert_eq!(Some(found), whole(text.as_bytes()));
            }
        }
    }
}
