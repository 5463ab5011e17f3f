//! The bytes of a file, whole, or why there are none.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, OnceLock};

use crate::problem::{Code, Place, Problem, Source};

/// The largest file that is read, packed or not: it is held in memory, and no export comes near.
pub(super) const MOST_BYTES: u64 = 2 << 30;

/// Reads a file to its end; `-` is standard input, whose bytes are kept: it can be read only once.
///
/// # Errors
/// When it is missing, unreadable or too large.
pub(super) fn of(path: &Path, source: &Arc<Source>) -> Result<Cow<'static, [u8]>, Problem> {
    match read(path) {
        Ok(bytes) if bytes.len() as u64 > MOST_BYTES => Err(too_large(source)),
        Ok(bytes) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::OutOfMemory => Err(too_large(source)),
        Err(error) => Err(unreadable(source, &error)),
    }
}

/// Reads a file to its end, or as far as tells that it is too large.
pub(super) fn read(path: &Path) -> io::Result<Cow<'static, [u8]>> {
    if path == Path::new("-") {
        standard_input().map(Cow::Borrowed)
    } else {
        File::open(path).and_then(to_end).map(Cow::Owned)
    }
}

fn to_end(stream: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn standard_input() -> io::Result<&'static [u8]> {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    if let Some(bytes) = BYTES.get() {
        return Ok(bytes);
    }
    let bytes = to_end(io::stdin().lock())?;
    Ok(BYTES.get_or_init(|| bytes))
}

fn too_large(source: &Arc<Source>) -> Problem {
    let message = format!(
        "the file is larger than the {} MB that are read",
        MOST_BYTES >> 20
    );
    let help = "split it into several files, which may be imported together";
    Problem::new(Code::InputTooLarge, Place::whole(source), message, help)
}

fn unreadable(source: &Arc<Source>, error: &io::Error) -> Problem {
    let (message, help) = match error.kind() {
        io::ErrorKind::NotFound => ("there is no such file".to_owned(), "check the path"),
        _ => (
            format!("the file cannot be read: {error}"),
            "check that the file is whole and that you may read it",
        ),
    };
    Problem::new(Code::InputUnreadable, Place::whole(source), message, help)
}
