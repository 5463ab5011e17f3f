//! The bytes of a file, whole, or why there are none.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use crate::problem::{Code, Place, Problem, Source};

/// The largest file that is read, packed or not: it is held in memory, and no export comes near.
pub(super) const MOST_BYTES: u64 = 2 << 30;

/// Reads a file to its end; `-` is standard input.
///
/// # Errors
/// When it is missing, unreadable or too large.
pub(super) fn of(path: &Path, source: &Arc<Source>) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        let input = std::io::stdin().lock();
        input.take(MOST_BYTES + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes))
    };
    match read {
        Ok(_) if bytes.len() as u64 > MOST_BYTES => Err(too_large(source)),
        Ok(_) => Ok(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::OutOfMemory => Err(too_large(source)),
        Err(error) => Err(unreadable(source, &error)),
    }
}

fn too_large(source: &Arc<Source>) -> Problem {
    let message = format!(
        "the file is larger than the {} MB that are read",
        MOST_BYTES >> 20
    );
    let help = "split it into several files, which may be imported together";
    Problem::new(Code::InputTooLarge, Place::whole(source), message, help)
}

fn unreadable(source: &Arc<Source>, error: &std::io::Error) -> Problem {
    let (message, help) = match error.kind() {
        std::io::ErrorKind::NotFound => ("there is no such file".to_owned(), "check the path"),
        _ => (
            format!("the file cannot be read: {error}"),
            "check that the file is whole and that you may read it",
        ),
    };
    Problem::new(Code::InputUnreadable, Place::whole(source), message, help)
}
