//! What a file holds, by what that is: rows of text, a workbook, or either of them packed.

use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::archive::Unpacked;
use super::bytes::{Bytes, Refusal, fill};
use super::file::File;
use super::fingerprint::{HashingReader, hex};
use super::format::{Format, refusal};
use super::limits::MOST_WORKBOOK_BYTES;
use super::options::Options;
use super::row_sink::RowSink;
use crate::diagnostics::diagnostic::{Code, Diagnostic, Place, Source};
use crate::input::csv::{records, stream};
use crate::input::workbook;

/// What is read of a file before it is looked at; a shorter one is at hand whole.
const BEGINNING: usize = 4 << 20;

/// Reads a file, and returns its fingerprint.
///
/// # Errors
/// Why it is refused whole.
pub(crate) fn read<S: RowSink>(
    path: &Path,
    source: &Arc<Source>,
    options: &Options<'_>,
    sink: &S,
    file: &mut File<S::Chunk>,
) -> Result<Arc<str>, Diagnostic> {
    let mut bytes = Bytes::open(path, source)?;
    let mut reading = Reading {
        source,
        options,
        sink,
        file,
    };
    let beginning = reading.beginning(&mut bytes)?;
    if Format::of_beginning(&beginning) == Format::Workbook {
        if bytes.size().is_some_and(|size| size > MOST_WORKBOOK_BYTES) {
            return Err(too_large(source));
        }
        let whole = reading.whole(beginning, &mut bytes)?;
        let fingerprint = || {
            let wanted = options.fingerprints;
            wanted.then(|| hex(&Sha256::digest(&whole)))
        };
        let (sha256, read) = rayon::join(fingerprint, || reading.workbook(&whole));
        read?;
        return Ok(sha256.unwrap_or_default().into());
    }
    let mut rest = HashingReader::new(&beginning, bytes, options.fingerprints);
    reading.content(beginning, &mut rest, Layer::Outer)?;
    Ok(rest.finish().into())
}

/// Reads bytes as a file that is at hand whole.
#[cfg(any(test, fuzzing))]
pub(crate) fn read_bytes<S: RowSink>(
    bytes: &[u8],
    source: &Arc<Source>,
    options: &Options<'_>,
    sink: &S,
    file: &mut File<S::Chunk>,
) -> Result<(), Diagnostic> {
    let mut reading = Reading {
        source,
        options,
        sink,
        file,
    };
    reading.content(bytes.to_vec(), &mut std::io::empty(), Layer::Outer)
}

/// Whether bytes are those of the file itself, or what is packed in it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layer {
    Outer,
    Unpacked,
}

struct Reading<'a, S: RowSink> {
    source: &'a Arc<Source>,
    options: &'a Options<'a>,
    sink: &'a S,
    file: &'a mut File<S::Chunk>,
}

impl<S: RowSink> Reading<'_, S> {
    /// Reads what begins so, by what that is.
    fn content(
        &mut self,
        beginning: Vec<u8>,
        rest: &mut (dyn Read + Send),
        layer: Layer,
    ) -> Result<(), Diagnostic> {
        let (source, options, sink) = (self.source, self.options, self.sink);
        match Format::of_beginning(&beginning) {
            Format::Csv if beginning.len() < BEGINNING => {
                records::read(&beginning, source, options, sink, self.file)
            }
            Format::Csv => stream::read(&beginning, rest, source, options, sink, self.file),
            Format::Workbook => {
                let whole = self.whole(beginning, rest)?;
                self.workbook(&whole)
            }
            Format::Packed(packing) if layer == Layer::Outer => {
                let packed = Cursor::new(beginning).chain(rest);
                let mut unpacked = Unpacked::of(packed, packing, source);
                let beginning = self.beginning(&mut unpacked)?;
                self.content(beginning, &mut unpacked, Layer::Unpacked)
            }
            Format::Packed(_) => Err(refusal(source, "an archive in an archive")),
            Format::Other(what) => Err(refusal(source, what)),
        }
    }

    /// Reads the beginning of what comes.
    fn beginning(&self, from: &mut impl Read) -> Result<Vec<u8>, Diagnostic> {
        let mut beginning = Vec::new();
        fill(&mut beginning, BEGINNING, from).map_err(|error| Refusal::of(error, self.source))?;
        Ok(beginning)
    }

    /// Reads a workbook to its end: its table of contents stands there.
    fn whole(
        &self,
        mut bytes: Vec<u8>,
        rest: &mut (impl Read + ?Sized),
    ) -> Result<Vec<u8>, Diagnostic> {
        let most = MOST_WORKBOOK_BYTES + 1 - bytes.len() as u64;
        let read = rest.take(most).read_to_end(&mut bytes);
        read.map_err(|error| Refusal::of(error, self.source))?;
        if bytes.len() as u64 > MOST_WORKBOOK_BYTES {
            return Err(too_large(self.source));
        }
        Ok(bytes)
    }

    /// Reads what is a workbook, or looked like one.
    fn workbook(&mut self, bytes: &[u8]) -> Result<(), Diagnostic> {
        match Format::of(bytes) {
            Format::Other(what) => Err(refusal(self.source, what)),
            _ => workbook::read(bytes, self.source, self.options, self.sink, self.file),
        }
    }
}

fn too_large(source: &Arc<Source>) -> Diagnostic {
    let message = format!(
        "the workbook is larger than the {} MB that are read",
        MOST_WORKBOOK_BYTES >> 20
    );
    let help = "split it into several files, or save the sheet as CSV";
    Diagnostic::new(Code::InputTooLarge, Place::whole(source), message, help)
}
