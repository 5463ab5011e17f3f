//! The bytes of a file as they come, from its beginning to its end, or why they do not.
//!
//! A file is held to what it was when it was opened: one that grows or shrinks meanwhile is not yet written. What is too
//! large is told as soon as that is seen, and is not read to its end.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::limits::MOST_BYTES;
use crate::diagnostics::diagnostic::{Code, Diagnostic, Place, Source};

/// What is read at a time where nothing else is said.
pub(crate) const PIECE: usize = 1 << 20;

/// The bytes of a file; `-` is standard input.
pub(crate) struct Bytes<'a> {
    from: From,
    source: &'a Arc<Source>,
    read: u64,
    /// The size of the file when it was opened, where that can be known.
    size: Option<u64>,
}

enum From {
    File(File),
    /// Standard input, of which so many bytes were taken.
    StandardInput(usize),
}

impl<'a> Bytes<'a> {
    /// Opens a file.
    ///
    /// # Errors
    /// When it is missing, unreadable or too large.
    pub(crate) fn open(path: &Path, source: &'a Arc<Source>) -> Result<Self, Diagnostic> {
        let (from, size) = opened(path).map_err(|error| unreadable(source, &error))?;
        if size.is_some_and(|size| size > MOST_BYTES) {
            return Err(too_large(source));
        }
        Ok(Self {
            from,
            source,
            read: 0,
            size,
        })
    }

    /// Returns the size of the file, where that can be known.
    pub(crate) fn size(&self) -> Option<u64> {
        self.size
    }
}

/// Opens a file and tells its size; that of a pipe is not known, nor that of files which the system makes up.
fn opened(path: &Path) -> io::Result<(From, Option<u64>)> {
    if path == Path::new("-") {
        return Ok((From::StandardInput(0), None));
    }
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    let size = (metadata.is_file() && metadata.len() > 0).then_some(metadata.len());
    Ok((From::File(file), size))
}

impl Read for Bytes<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match &mut self.from {
            From::File(file) => file.read(buffer)?,
            From::StandardInput(at) => read_standard_input(at, buffer)?,
        };
        self.read += read as u64;
        let is_at_end = read == 0 && !buffer.is_empty();
        match self.size {
            Some(size) if self.read > size || (is_at_end && self.read < size) => {
                Err(Refusal::error(changing(self.source)))
            }
            _ if self.read > MOST_BYTES => Err(Refusal::error(too_large(self.source))),
            _ => Ok(read),
        }
    }
}

/// What was read of standard input: it comes only once, and a run may want it again.
static STANDARD_INPUT: Mutex<Vec<u8>> = Mutex::new(Vec::new());

fn read_standard_input(at: &mut usize, buffer: &mut [u8]) -> io::Result<usize> {
    let mut kept = STANDARD_INPUT
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let mut again = kept.get(*at..).unwrap_or_default();
    let read = if again.is_empty() {
        let read = io::stdin().lock().read(buffer)?;
        kept.extend_from_slice(&buffer[..read]);
        read
    } else {
        again.read(buffer)?
    };
    *at += read;
    Ok(read)
}

/// Reads what comes next behind some bytes, until there are so many; tells whether that is the end.
pub(crate) fn fill(bytes: &mut Vec<u8>, most: usize, from: &mut impl Read) -> io::Result<bool> {
    let wanted = most.saturating_sub(bytes.len());
    bytes.reserve_exact(wanted);
    let read = from.take(wanted as u64).read_to_end(bytes)?;
    Ok(read < wanted)
}

/// Reads a file to its end.
pub(crate) fn whole(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut from, _) = opened(path)?;
    match &mut from {
        From::File(file) => file.take(MOST_BYTES).read_to_end(&mut bytes)?,
        From::StandardInput(_) => 0,
    };
    Ok(bytes)
}

/// Why no more bytes come, said in full: it passes through readers that know nothing of it.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.message)]
pub(crate) struct Refusal(Diagnostic);

impl Refusal {
    /// Makes an error of a finding.
    pub(crate) fn error(problem: Diagnostic) -> io::Error {
        io::Error::other(Self(problem))
    }

    /// Tells whether an error is one.
    pub(crate) fn is(error: &io::Error) -> bool {
        error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<Self>())
            .is_some()
    }

    /// Returns the finding that an error stands for.
    pub(crate) fn of(error: io::Error, source: &Arc<Source>) -> Diagnostic {
        match error.downcast::<Self>() {
            Ok(refusal) => refusal.0,
            Err(error) if error.kind() == io::ErrorKind::OutOfMemory => too_large(source),
            Err(error) => unreadable(source, &error),
        }
    }
}

fn too_large(source: &Arc<Source>) -> Diagnostic {
    let message = format!(
        "the file is larger than the {} MB that are read",
        MOST_BYTES >> 20
    );
    let help = "split it into several files, which may be imported together";
    Diagnostic::new(Code::InputTooLarge, Place::whole(source), message, help)
}

fn changing(source: &Arc<Source>) -> Diagnostic {
    let message = "the file has changed its size while it was read";
    let help = "wait until it has been written to its end, and try again";
    Diagnostic::new(Code::InputUnreadable, Place::whole(source), message, help)
}

fn unreadable(source: &Arc<Source>, error: &io::Error) -> Diagnostic {
    let (message, help) = match error.kind() {
        io::ErrorKind::NotFound => ("there is no such file".to_owned(), "check the path"),
        _ => (
            format!("the file cannot be read: {error}"),
            "check that the file is whole and that you may read it",
        ),
    };
    Diagnostic::new(Code::InputUnreadable, Place::whole(source), message, help)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn source() -> Arc<Source> {
        Arc::new(Source {
            path: "a.csv".into(),
            sheet: None,
        })
    }

    #[test]
    fn a_file_that_grows_or_shrinks_while_it_is_read_is_refused() {
        let source = source();
        for length in [9000, 10] {
            let mut file = tempfile::NamedTempFile::new().unwrap();
            file.write_all(&[b'x'; 5000]).unwrap();
            let mut bytes = Bytes::open(file.path(), &source).unwrap();
            let mut read = Vec::new();
            assert!(!fill(&mut read, 1000, &mut bytes).unwrap());
            file.as_file().set_len(length).unwrap();
            let error = bytes.read_to_end(&mut read).unwrap_err();
            let problem = Refusal::of(error, &source);
            assert_eq!(problem.code, Code::InputUnreadable);
            assert!(
                problem.message.contains("changed its size"),
                "{}",
                problem.message
            );
        }
    }

    #[test]
    fn a_file_that_is_too_large_is_not_read() {
        let source = source();
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(MOST_BYTES + 1).unwrap();
        let problem = Bytes::open(file.path(), &source).err().unwrap();
        assert_eq!(problem.code, Code::InputTooLarge);
    }
}
