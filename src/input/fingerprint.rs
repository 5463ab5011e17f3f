//! SHA-256 fingerprints of input files.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

/// A reader that computes the SHA-256 of the bytes that pass through it, if wanted.
pub(crate) struct HashingReader<R> {
    inner: R,
    hasher: Option<Sha256>,
}

impl<R: Read> HashingReader<R> {
    /// Wraps the rest of a file whose beginning was already read.
    pub(crate) fn new(beginning: &[u8], rest: R, is_wanted: bool) -> Self {
        let hasher = is_wanted.then(|| Sha256::new().chain_update(beginning));
        Self {
            inner: rest,
            hasher,
        }
    }

    /// Returns the fingerprint in hexadecimal; empty if it was not wanted.
    pub(crate) fn finish(self) -> String {
        let digest = self.hasher.map(Sha256::finalize);
        digest.map_or_else(String::new, |digest| hex(&digest))
    }
}

impl<R: Read> Read for HashingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&buffer[..read]);
        }
        Ok(read)
    }
}

/// Returns the fingerprint of a file in hexadecimal.
pub(crate) fn fingerprint(path: &Path) -> io::Result<String> {
    let mut file = HashingReader::new(&[], File::open(path)?, true);
    io::copy(&mut file, &mut io::sink())?;
    Ok(file.finish())
}

/// Returns bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_fingerprint_covers_all_bytes() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let bytes = b"0123456789".repeat(50_000);
        file.write_all(&bytes).unwrap();
        let whole = hex(&Sha256::digest(&bytes));
        assert_eq!(fingerprint(file.path()).unwrap(), whole);
        assert_eq!(HashingReader::new(&bytes, &b""[..], true).finish(), whole);
        assert_eq!(HashingReader::new(&bytes, &b""[..], false).finish(), "");
    }
}
