//! Reads bytes as a file, for fuzzing.

use std::sync::Arc;

use super::content::{Layer, read_content};
use super::csv;
use super::file::File;
use super::format::Format;
use super::options::Options;
use super::read_context::ReadContext;
use super::row_sink::RowSink;
use super::workbook;
use crate::diagnostics::diagnostic::Source;

/// How the bytes of a file are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Like any file, except that workbooks are read in this process.
    Whole,
    /// As CSV, of which half was read before, in chunks of at least this size.
    InChunks(usize),
}

/// Reads bytes as a file; `None` if they are not CSV and only CSV can be read in that way.
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
    let mut context = ReadContext {
        source: &source,
        options,
        sink,
        file: &mut file,
    };
    let format = Format::of_beginning(bytes);
    let read = match way {
        Way::Whole if format == Format::Workbook => {
            workbook::read_in_process(bytes, &source, options, sink, &mut file)
        }
        Way::Whole => {
            let rest = &mut std::io::empty();
            read_content(&mut context, bytes.to_vec(), rest, Layer::File)
        }
        Way::InChunks(_) if format != Format::Csv => return None,
        Way::InChunks(chunk_bytes) => {
            let (beginning, rest) = bytes.split_at(bytes.len() / 2);
            csv::read::read(&mut context, beginning, rest, chunk_bytes)
        }
    };
    if let Err(diagnostic) = read {
        file = File {
            notes: file.notes,
            ..File::unusable(diagnostic)
        };
    }
    Some(file)
}

/// Reports panics of this crate, which would be taken for those of a library.
#[cfg(fuzzing)]
pub(crate) fn tell_own_panics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        // The hook that hides them is installed before this one.
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
            let message = format!("{panicked}\n");
            let _ = std::io::Write::write_all(&mut std::io::stderr(), message.as_bytes());
            std::process::abort();
        }));
    });
}
