//! Reads a file according to its content: text, a workbook, or either of them compressed.

use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::archive::Decompressor;
use super::bytes::{Bytes, DiagnosticError, fill};
use super::csv::read::CHUNK_BYTES;
use super::fingerprint::{HashingReader, hex};
use super::format::{Format, refusal};
use super::limits::MOST_WORKBOOK_BYTES;
use super::read_context::ReadContext;
use super::row_sink::RowSink;
use super::{csv, workbook};
use crate::diagnostics::diagnostic::{Code, Diagnostic, Place, Source};

/// How much of a file is read to detect its format and dialect.
const BEGINNING: usize = 4 << 20;

/// Reads a file and returns its fingerprint. An error concerns the whole file.
pub(crate) fn read<S: RowSink>(
    path: &Path,
    context: &mut ReadContext<'_, S>,
) -> Result<Arc<str>, Diagnostic> {
    let (source, is_wanted) = (context.source, context.options.fingerprints);
    let mut bytes = Bytes::open(path, source)?;
    let beginning = read_beginning(&mut bytes, source)?;
    if Format::of_beginning(&beginning) == Format::Workbook {
        if bytes.size().is_some_and(|size| size > MOST_WORKBOOK_BYTES) {
            return Err(workbook_too_large(source));
        }
        let whole = read_workbook_bytes(beginning, &mut bytes, source)?;
        let fingerprint = || is_wanted.then(|| hex(&Sha256::digest(&whole)));
        let (sha256, read) = rayon::join(fingerprint, || read_workbook(context, &whole));
        read?;
        return Ok(sha256.unwrap_or_default().into());
    }
    let mut rest = HashingReader::new(&beginning, bytes, is_wanted);
    read_content(context, beginning, &mut rest, Layer::File)?;
    Ok(rest.finish().into())
}

/// Whether content is that of a file itself, or was decompressed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layer {
    File,
    Decompressed,
}

/// Reads content according to its beginning.
pub(crate) fn read_content<S: RowSink>(
    context: &mut ReadContext<'_, S>,
    beginning: Vec<u8>,
    rest: &mut (dyn Read + Send),
    layer: Layer,
) -> Result<(), Diagnostic> {
    let source = context.source;
    match Format::of_beginning(&beginning) {
        Format::Csv => csv::read::read(context, &beginning, rest, CHUNK_BYTES),
        Format::Workbook => {
            let whole = read_workbook_bytes(beginning, rest, source)?;
            read_workbook(context, &whole)
        }
        Format::Compressed(compression) if layer == Layer::File => {
            let compressed = Cursor::new(beginning).chain(rest);
            let mut content = Decompressor::new(compressed, compression, source);
            let beginning = read_beginning(&mut content, source)?;
            read_content(context, beginning, &mut content, Layer::Decompressed)
        }
        Format::Compressed(_) => Err(refusal(source, "an archive in an archive")),
        Format::Other(what) => Err(refusal(source, what)),
    }
}

fn read_beginning(from: &mut impl Read, source: &Arc<Source>) -> Result<Vec<u8>, Diagnostic> {
    let mut beginning = Vec::new();
    fill(&mut beginning, BEGINNING, from)
        .map_err(|error| DiagnosticError::into_diagnostic(error, source))?;
    Ok(beginning)
}

/// Reads a workbook to its end, where its table of contents is.
fn read_workbook_bytes(
    mut bytes: Vec<u8>,
    rest: &mut (impl Read + ?Sized),
    source: &Arc<Source>,
) -> Result<Vec<u8>, Diagnostic> {
    let most = MOST_WORKBOOK_BYTES + 1 - bytes.len() as u64;
    let read = rest.take(most).read_to_end(&mut bytes);
    read.map_err(|error| DiagnosticError::into_diagnostic(error, source))?;
    if bytes.len() as u64 > MOST_WORKBOOK_BYTES {
        return Err(workbook_too_large(source));
    }
    Ok(bytes)
}

/// Reads a workbook, or says what a file is that only begins like one.
fn read_workbook<S: RowSink>(
    context: &mut ReadContext<'_, S>,
    bytes: &[u8],
) -> Result<(), Diagnostic> {
    match Format::of(bytes) {
        Format::Other(what) => Err(refusal(context.source, what)),
        _ => workbook::read(
            bytes,
            context.source,
            context.options,
            context.sink,
            context.file,
        ),
    }
}

fn workbook_too_large(source: &Arc<Source>) -> Diagnostic {
    let message = format!(
        "the workbook is larger than the limit of {} MB",
        MOST_WORKBOOK_BYTES >> 20
    );
    let help = "split it into several files, or save the sheet as CSV";
    Diagnostic::new(Code::InputTooLarge, Place::whole(source), message, help)
}
