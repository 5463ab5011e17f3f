//! Decompresses gzip and zstd files as they are read, with limits against decompression bombs.
//!
//! `GzDecoder` and ruzstd's `FrameDecoder` stop silently after the first member or frame; here every one is read.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;

use flate2::bufread::GzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::bytes::DiagnosticError;
use super::limits::{MOST_BYTES, MOST_EXPANSION};
use crate::diagnostics::diagnostic::{Code, Diagnostic, Place, Source};

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    /// One gzip member or several.
    Gzip,
    /// One zstd frame or several.
    Zstd,
}

/// The size that may be decompressed at any ratio: small tables of equal rows compress as well as bombs.
const ALWAYS_ALLOWED: u64 = 32 << 20;
/// The maximum window of a zstd frame, which is kept in memory: that of `zstd -20`.
const MAX_WINDOW: u64 = 32 << 20;

/// Why a file cannot be decompressed.
#[derive(Debug)]
enum ArchiveError {
    Damaged(String),
    TooLarge,
    /// The compressed bytes cannot be read.
    Io(io::Error),
}

impl ArchiveError {
    fn error(self, source: &Arc<Source>) -> io::Error {
        let (code, message, help) = match self {
            Self::Damaged(words) => (
                Code::InputUnreadable,
                format!("the archive is damaged or cut short: {words}"),
                "fetch or export the file again",
            ),
            Self::TooLarge => (
                Code::InputTooLarge,
                "the archive decompresses to more than the limit".to_owned(),
                "decompress it, look at it, and split it into several files",
            ),
            Self::Io(error) => return error,
        };
        DiagnosticError::wrap(Diagnostic::new(code, Place::whole(source), message, help))
    }

    /// Describes an error in our words: those of the library are for its developers.
    fn from_frame(error: FrameDecoderError) -> Self {
        use FrameDecoderError as Error;
        match error {
            Error::WindowSizeTooBig { .. } => Self::TooLarge,
            Error::DictNotProvided { .. } => Self::Damaged("it needs a dictionary".to_owned()),
            Error::FailedToReadChecksum(error) => error.into(),
            Error::ReadFrameHeaderError(_) | Error::FrameHeaderError(_) => {
                Self::Damaged("one of its frames has no header".to_owned())
            }
            _ => Self::Damaged("one of its frames cannot be decompressed".to_owned()),
        }
    }
}

impl From<io::Error> for ArchiveError {
    fn from(error: io::Error) -> Self {
        if DiagnosticError::is(&error) {
            return Self::Io(error);
        }
        match error.kind() {
            io::ErrorKind::OutOfMemory => Self::TooLarge,
            io::ErrorKind::UnexpectedEof => Self::Damaged("it ends too early".to_owned()),
            _ => Self::Damaged(error.to_string()),
        }
    }
}

/// A reader of decompressed bytes.
pub(crate) struct Decompressor<'a, R> {
    format: Format<R>,
    source: &'a Arc<Source>,
    given: u64,
}

enum Format<R> {
    Gzip(Gzip<R>),
    Zstd(Box<Zstd<R>>),
}

impl<'a, R: Read> Decompressor<'a, R> {
    /// Decompresses what `packed` returns.
    pub(crate) fn new(packed: R, packing: Compression, source: &'a Arc<Source>) -> Self {
        let packed = CompressedBytes::new(packed);
        Self {
            format: match packing {
                Compression::Gzip => Format::Gzip(Gzip::Between(packed)),
                Compression::Zstd => Format::Zstd(Box::new(Zstd::new(packed))),
            },
            source,
            given: 0,
        }
    }
}

impl<R: Read> Decompressor<'_, R> {
    fn next(&mut self, buffer: &mut [u8]) -> Result<usize, ArchiveError> {
        let (read, taken) = match &mut self.format {
            Format::Gzip(gzip) => (gzip.read(buffer)?, gzip.taken()),
            Format::Zstd(zstd) => (zstd.read(buffer)?, zstd.packed.taken()),
        };
        self.given += read as u64;
        let is_bomb = self.given > ALWAYS_ALLOWED && self.given / MOST_EXPANSION > taken;
        if is_bomb || self.given > MOST_BYTES {
            return Err(ArchiveError::TooLarge);
        }
        Ok(read)
    }
}

impl<R: Read> Read for Decompressor<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.next(buffer).map_err(|fault| fault.error(self.source))
    }
}

/// Compressed bytes, counted as they are read.
struct CompressedBytes<R> {
    from: BufReader<CountingReader<R>>,
}

struct CountingReader<R>(R, u64);

impl<R: Read> Read for CountingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(buffer)?;
        self.1 += read as u64;
        Ok(read)
    }
}

impl<R: Read> CompressedBytes<R> {
    /// The buffer size: small compared to any file whose compression ratio matters.
    const PIECE: usize = 64 << 10;

    fn new(from: R) -> Self {
        Self {
            from: BufReader::with_capacity(Self::PIECE, CountingReader(from, 0)),
        }
    }

    fn taken(&self) -> u64 {
        self.from.get_ref().1
    }

    fn is_at_end(&mut self) -> io::Result<bool> {
        Ok(self.from.fill_buf()?.is_empty())
    }
}

impl<R: Read> Read for CompressedBytes<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.from.read(buffer)
    }
}

impl<R: Read> BufRead for CompressedBytes<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.from.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.from.consume(count);
    }
}

/// The members of a gzip archive.
enum Gzip<R> {
    Within(Box<GzDecoder<CompressedBytes<R>>>),
    Between(CompressedBytes<R>),
    AtEnd(u64),
}

impl<R: Read> Gzip<R> {
    fn taken(&self) -> u64 {
        match self {
            Self::Within(member) => member.get_ref().taken(),
            Self::Between(packed) => packed.taken(),
            Self::AtEnd(taken) => *taken,
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ArchiveError> {
        loop {
            match std::mem::replace(self, Self::AtEnd(self.taken())) {
                Self::AtEnd(_) => return Ok(0),
                Self::Between(mut packed) => {
                    if !skip_zeros(&mut packed)? {
                        *self = Self::Within(Box::new(GzDecoder::new(packed)));
                    }
                }
                Self::Within(mut member) => {
                    let read = member.read(buffer)?;
                    if read > 0 || buffer.is_empty() {
                        *self = Self::Within(member);
                        return Ok(read);
                    }
                    *self = Self::Between(member.into_inner());
                }
            }
        }
    }
}

/// Skips zeros, with which tapes and block devices fill the last block; returns whether the file ends there.
fn skip_zeros(packed: &mut impl BufRead) -> Result<bool, ArchiveError> {
    let mut has_zeros = false;
    loop {
        let piece = packed.fill_buf()?;
        let zeros = piece.iter().take_while(|byte| **byte == 0).count();
        let (is_empty, is_other) = (piece.is_empty(), zeros < piece.len());
        has_zeros |= zeros > 0;
        packed.consume(zeros);
        if is_other && has_zeros {
            return Err(ArchiveError::Damaged("other data follows it".to_owned()));
        }
        if is_empty || is_other {
            return Ok(is_empty);
        }
    }
}

/// The frames of a zstd archive.
struct Zstd<R> {
    packed: CompressedBytes<R>,
    decoder: FrameDecoder,
    /// How many bytes the frame has returned; `None` between frames.
    given: Option<u64>,
}

impl<R: Read> Zstd<R> {
    fn new(packed: CompressedBytes<R>) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(MAX_WINDOW);
        Self {
            packed,
            decoder,
            given: None,
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ArchiveError> {
        loop {
            let Some(given) = self.given else {
                if self.packed.is_at_end()? {
                    return Ok(0);
                }
                self.begin()?;
                continue;
            };
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                let decoded = self.decoder.decode_blocks(&mut self.packed, one);
                decoded.map_err(ArchiveError::from_frame)?;
            }
            let read = self.decoder.read(buffer)?;
            self.given = Some(given + read as u64);
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            self.end(given)?;
        }
    }

    /// Starts the next frame, or skips one without data.
    fn begin(&mut self) -> Result<(), ArchiveError> {
        match self.decoder.init(&mut self.packed) {
            Ok(()) => self.given = Some(0),
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length,
                ..
            })) => {
                let length = u64::from(length);
                let passed = io::copy(&mut self.packed.by_ref().take(length), &mut io::sink())?;
                if passed < length {
                    return Err(ArchiveError::Damaged("it ends too early".to_owned()));
                }
            }
            Err(error) => return Err(ArchiveError::from_frame(error)),
        }
        Ok(())
    }

    /// Finishes a frame: checks its length and checksum.
    fn end(&mut self, given: u64) -> Result<(), ArchiveError> {
        let length = self.decoder.content_size();
        if length != 0 && length != given {
            return Err(ArchiveError::Damaged(
                "its length does not match its header".to_owned(),
            ));
        }
        let written = self.decoder.get_checksum_from_data();
        if written.is_some() && written != self.decoder.get_calculated_checksum() {
            return Err(ArchiveError::Damaged(
                "its checksum does not match".to_owned(),
            ));
        }
        self.given = None;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::write::GzEncoder;
    use proptest::prelude::*;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    fn gz(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn zst(text: &[u8]) -> Vec<u8> {
        compress_to_vec(text, CompressionLevel::Fastest)
    }

    fn unpacked(bytes: &[u8], packing: Compression) -> Result<Vec<u8>, Diagnostic> {
        let source = Arc::new(Source {
            path: "a".into(),
            sheet: None,
        });
        let mut text = Vec::new();
        let read = Decompressor::new(bytes, packing, &source).read_to_end(&mut text);
        read.map_err(|error| DiagnosticError::into_diagnostic(error, &source))?;
        Ok(text)
    }

    fn gzip(bytes: &[u8]) -> Result<Vec<u8>, Diagnostic> {
        unpacked(bytes, Compression::Gzip)
    }

    fn zstd(bytes: &[u8]) -> Result<Vec<u8>, Diagnostic> {
        unpacked(bytes, Compression::Zstd)
    }

    const SKIPPED: &[u8] = b"\x50\x2A\x4D\x18\x03\0\0\0abc";

    #[test]
    fn every_member_and_frame_is_read() {
        assert_eq!(
            gzip(&[gz(b"one "), gz(b""), gz(b"two")].concat()).unwrap(),
            b"one two"
        );
        assert_eq!(gzip(&[gz(b"one"), vec![0; 500]].concat()).unwrap(), b"one");
        let frames = [SKIPPED, &zst(b"one "), SKIPPED, &zst(b"two"), SKIPPED].concat();
        assert_eq!(zstd(&frames).unwrap(), b"one two");
    }

    #[test]
    fn a_truncated_archive_is_refused() {
        let text: Vec<u8> = (0..5000u32)
            .flat_map(|n| n.to_string().into_bytes())
            .collect();
        let (gz, zst) = (gz(&text), zst(&text));
        for cut in [1, 4, 8, 9, 100, gz.len() - 12] {
            assert!(gzip(&gz[..gz.len() - cut]).is_err(), "{cut}");
        }
        for cut in [1, 4, 8, 9, 100] {
            assert!(zstd(&zst[..zst.len() - cut]).is_err(), "{cut}");
        }
        assert!(gzip(&[&gz[..], b"more"].concat()).is_err());
        assert!(zstd(&[&zst[..], b"more"].concat()).is_err());
        assert!(zstd(&[&zst[..], &SKIPPED[..9]].concat()).is_err());
    }

    #[test]
    fn a_corrupted_archive_is_refused() {
        let text: Vec<u8> = (0..5000u32)
            .flat_map(|n| n.to_string().into_bytes())
            .collect();
        for (packed, unpack) in [(gz(&text), gzip as fn(&[u8]) -> _), (zst(&text), zstd)] {
            let mut packed = packed;
            let middle = packed.len() / 2;
            packed[middle] ^= 0x10;
            assert!(unpack(&packed).is_err());
        }
    }

    #[test]
    fn a_bomb_is_refused() {
        let zeros = vec![0; usize::try_from(ALWAYS_ALLOWED).unwrap() + (2 << 20)];
        for found in [gzip(&gz(&zeros)), zstd(&zst(&zeros))] {
            assert_eq!(found.unwrap_err().code, Code::InputTooLarge);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>, at: usize, byte: u8) {
            let _ = gzip(&[b"\x1F\x8B\x08\0\0\0\0\0\0\0", &bytes[..]].concat());
            let _ = zstd(&[b"\x28\xB5\x2F\xFD", &bytes[..]].concat());
            for (packed, unpack) in [(gz(&bytes), gzip as fn(&[u8]) -> _), (zst(&bytes), zstd)] {
                let mut packed: Vec<u8> = packed;
                let at = at % packed.len();
                packed[at] = byte;
                let _ = unpack(&packed);
            }
        }
    }
}
