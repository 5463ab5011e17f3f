//! Compressed files: unpacked whole in memory, or refused whole. Bounded, so that a small file cannot fill the machine.

use std::io::{self, Read};
use std::sync::Arc;

use flate2::bufread::GzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

use super::bytes::MOST_BYTES;
use crate::problem::{Code, Place, Problem, Source};

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    /// One gzip member or several.
    Gzip,
    /// One zstd frame or several.
    Zstd,
}

/// How much text a byte may stand for: rows of scores give 5 to 50, however much alike; a bomb of gzip gives 1000.
const MOST_EXPANSION: usize = 200;
/// What may be unpacked whatever the expansion: a small table of equal rows is no bomb.
const HARMLESS: usize = 32 << 20;
/// What is unpacked between two looks at the bounds.
const PIECE: u64 = 1 << 20;

/// Why a file cannot be unpacked.
#[derive(Debug)]
enum Fault {
    Damaged(String),
    TooLarge,
}

/// Unpacks a file.
///
/// # Errors
/// When it is damaged, cut short, or too large unpacked.
pub(super) fn unpacked(
    bytes: &[u8],
    packing: Packing,
    source: &Arc<Source>,
) -> Result<Vec<u8>, Problem> {
    let unpacked = match packing {
        Packing::Gzip => gzip(bytes),
        Packing::Zstd => zstd(bytes),
    };
    unpacked.map_err(|fault| fault.problem(source))
}

impl Fault {
    fn problem(self, source: &Arc<Source>) -> Problem {
        let (code, message, help) = match self {
            Self::Damaged(words) => (
                Code::InputUnreadable,
                format!("the archive is damaged or cut short: {words}"),
                "fetch or export the file again",
            ),
            Self::TooLarge => (
                Code::InputTooLarge,
                "the archive unpacks to more than is read".to_owned(),
                "unpack it, look at it, and split it into several files",
            ),
        };
        Problem::new(code, Place::whole(source), message, help)
    }
}

impl Fault {
    /// The words of the library are for its authors.
    fn of_frame(error: &FrameDecoderError) -> Self {
        match error {
            FrameDecoderError::WindowSizeTooBig { .. } => Self::TooLarge,
            FrameDecoderError::DictNotProvided { .. } => {
                Self::Damaged("it needs a dictionary".to_owned())
            }
            _ => Self::Damaged("a part of it has no header".to_owned()),
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::OutOfMemory => Self::TooLarge,
            io::ErrorKind::UnexpectedEof => Self::Damaged("it ends too early".to_owned()),
            // Only zstd says so, and wraps what it means.
            io::ErrorKind::Other => Self::Damaged("a part of it cannot be unpacked".to_owned()),
            _ => Self::Damaged(error.to_string()),
        }
    }
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut text = Vec::new();
    let mut rest = bytes;
    // Tapes and block devices fill the last block with zeros.
    while rest.iter().any(|byte| *byte != 0) {
        let mut member = GzDecoder::new(rest);
        drain(&mut member, &mut text, |member| {
            bytes.len() - member.get_ref().len()
        })?;
        rest = member.into_inner();
    }
    Ok(text)
}

fn zstd(bytes: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut text = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        rest = match StreamingDecoder::new(rest) {
            Ok(frame) => after_frame(frame, bytes.len(), &mut text)?,
            Err(error) => after_skipped(rest, &error)?,
        };
    }
    Ok(text)
}

/// Unpacks a frame, checks it by what it says of itself, and returns what follows it.
fn after_frame<'a>(
    mut frame: StreamingDecoder<&'a [u8], FrameDecoder>,
    packed: usize,
    text: &mut Vec<u8>,
) -> Result<&'a [u8], Fault> {
    let before = text.len();
    drain(&mut frame, text, |frame| packed - frame.get_ref().len())?;
    let length = frame.decoder.content_size();
    if length != 0 && length != (text.len() - before) as u64 {
        return Err(Fault::Damaged("its length does not fit".to_owned()));
    }
    let written = frame.decoder.get_checksum_from_data();
    if written.is_some() && written != frame.decoder.get_calculated_checksum() {
        return Err(Fault::Damaged("its checksum does not fit".to_owned()));
    }
    Ok(frame.into_inner())
}

/// Returns what follows a frame that holds no data, after its header of eight bytes.
fn after_skipped<'a>(rest: &'a [u8], error: &FrameDecoderError) -> Result<&'a [u8], Fault> {
    let FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. }) =
        error
    else {
        return Err(Fault::of_frame(error));
    };
    let after = rest
        .get(8..)
        .and_then(|rest| rest.get(usize::try_from(*length).ok()?..));
    after.ok_or_else(|| Fault::Damaged("it ends too early".to_owned()))
}

/// Reads to the end, within the bounds; `taken` is how many packed bytes were used so far.
fn drain<R: Read>(
    reader: &mut R,
    text: &mut Vec<u8>,
    taken: impl Fn(&R) -> usize,
) -> Result<(), Fault> {
    loop {
        let read = reader.by_ref().take(PIECE).read_to_end(text)?;
        if read == 0 {
            return Ok(());
        }
        let is_bomb = text.len() > HARMLESS && text.len() / MOST_EXPANSION > taken(reader);
        if is_bomb || text.len() as u64 > MOST_BYTES {
            return Err(Fault::TooLarge);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};
    use proptest::prelude::*;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    fn gz(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn zst(text: &[u8]) -> Vec<u8> {
        compress_to_vec(text, CompressionLevel::Fastest)
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
    fn what_is_cut_short_is_refused_whole() {
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
    fn what_is_changed_is_refused() {
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
        let zeros = vec![0; HARMLESS + 2 * usize::try_from(PIECE).unwrap()];
        assert!(matches!(gzip(&gz(&zeros)), Err(Fault::TooLarge)));
        assert!(matches!(zstd(&zst(&zeros)), Err(Fault::TooLarge)));
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
