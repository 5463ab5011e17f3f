//! Bytes read as a file, in each of the ways that must come to the same; for the tests of [`crate::fuzzing`] alone.

use std::sync::Arc;

use super::format::{Format, foreign_text};
use crate::diagnostics::diagnostic::{Diagnostic, Source};
use crate::input::csv::records::Records;
use crate::input::csv::{dialect, encoding, records, stream};
use crate::input::file::File;
use crate::input::options::Options;
use crate::input::process_rows::OneByOne;
use crate::input::row_sink::RowSink;
use crate::input::{content, workbook};

/// How the bytes of a file are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// As any file is, but workbooks of every kind in this process, unless they are packed.
    Whole,
    /// As a long file of CSV, of which half is at hand, in pieces of at least so many bytes.
    InPieces(usize),
    /// As CSV, each record by the library alone.
    OneByOne,
}

/// Reads bytes as a file; `None` where they are not read in this way.
pub(crate) fn read<S: RowSink>(
    bytes: &[u8],
    way: Way,
    options: &Options<'_>,
    sink: &S,
) -> Option<File<S::Chunk>> {
    let source = Arc::new(Source {
        path: "input".to_owned(),
        sheet: None,
    });
    let mut file = File::default();
    let format = Format::of_beginning(bytes);
    let read = match way {
        Way::Whole if format == Format::Workbook => {
            workbook::read_in_process(bytes, &source, options, sink, &mut file)
        }
        Way::Whole => content::read_bytes(bytes, &source, options, sink, &mut file),
        _ if format != Format::Csv => return None,
        Way::InPieces(least) => {
            let halves = bytes.split_at(bytes.len() / 2);
            stream::read_pieces(halves, least, &source, options, sink, &mut file)
        }
        Way::OneByOne => by_the_library(bytes, &source, options, sink, &mut file),
    };
    if let Err(problem) = read {
        file = File {
            notes: file.notes,
            ..File::unusable(problem)
        };
    }
    Some(file)
}

/// Reads CSV without the readers of pieces.
fn by_the_library<S: RowSink>(
    bytes: &[u8],
    source: &Arc<Source>,
    options: &Options<'_>,
    sink: &S,
    file: &mut File<S::Chunk>,
) -> Result<(), Diagnostic> {
    let decoded =
        encoding::decoded(bytes, options.encoding).map_err(|fault| fault.problem(source))?;
    if foreign_text(&decoded.text).is_some() {
        return records::read(bytes, source, options, sink, file);
    }
    let mut told = dialect::told(&decoded.text, false, options.delimiter, &options.names);
    let notes = decoded.note.into_iter().chain(told.note.take());
    file.notes
        .extend(notes.map(|note| (Arc::clone(source), note)));
    let records = OneByOne(Records::of(&told, source));
    records::read_sheet(records, source, options, sink, file)
}

/// Lets a panic of this program's own be told, although it would be taken for one of a library.
#[cfg(fuzzing)]
pub(crate) fn tell_own_panics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        // The hook that hides them stands before this one.
        workbook::catch_panic(|| Some(()));
        let hiding = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panicked| {
            let file = panicked.location().map_or("", std::panic::Location::file);
            if ["/registry/", "/rustc/", "/rustlib/"]
                .iter()
                .any(|theirs| file.contains(theirs))
            {
                return hiding(panicked);
            }
            let told = format!("{panicked}\n");
            let _ = std::io::Write::write_all(&mut std::io::stderr(), told.as_bytes());
            std::process::abort();
        }));
    });
}
