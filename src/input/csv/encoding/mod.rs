//! Text encodings: detection and decoding, with the line of the first invalid byte.

mod error;
mod guess;

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;

pub(crate) use self::error::EncodingError;
use self::error::SAVE_AS_UTF_8;
pub(crate) use self::guess::{check_is_text, guess, zero_byte};
use super::lines::Lines;

/// A text encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8
    Utf8,
    /// UTF-16, little-endian
    Utf16Le,
    /// UTF-16, big-endian
    Utf16Be,
    /// Windows-1252: Western European
    Windows1252,
}

impl Encoding {
    fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
            Self::Windows1252 => "Windows-1252",
        }
    }
}

/// Decoded text, and a remark if the encoding was guessed.
#[derive(Debug)]
pub(crate) struct Decoded<'a> {
    pub(crate) text: Cow<'a, str>,
    pub(crate) note: Option<Cow<'static, str>>,
}

/// Byte order marks, longer ones before their prefixes. `None` is UTF-32, which is refused.
const MARKS: [(&[u8], Option<Encoding>); 5] = [
    (b"\xFF\xFE\0\0", None),
    (b"\0\0\xFE\xFF", None),
    (b"\xEF\xBB\xBF", Some(Encoding::Utf8)),
    (b"\xFF\xFE", Some(Encoding::Utf16Le)),
    (b"\xFE\xFF", Some(Encoding::Utf16Be)),
];

/// The encoding of a file that is not guessed.
pub(crate) struct NamedEncoding {
    /// The length of its byte order mark.
    pub(crate) mark: usize,
    /// The encoding, if it is set or marked.
    pub(crate) encoding: Option<Encoding>,
    pub(crate) note: Option<Cow<'static, str>>,
}

/// Returns the encoding of a file by its byte order mark, or else the one that was `set` for files without a mark.
pub(crate) fn named(
    beginning: &[u8],
    set: Option<Encoding>,
) -> Result<NamedEncoding, EncodingError> {
    let mark = MARKS.iter().find(|(mark, _)| beginning.starts_with(mark));
    let Some((mark, marked)) = mark else {
        return Ok(NamedEncoding {
            mark: 0,
            encoding: set,
            note: None,
        });
    };
    let marked = marked.ok_or_else(utf_32)?;
    let words = || format!("read as {} because of its byte order mark", marked.name()).into();
    Ok(NamedEncoding {
        mark: mark.len(),
        encoding: Some(marked),
        note: set.filter(|set| *set != marked).map(|_| words()),
    })
}

/// Decodes bytes.
pub(crate) fn decode(bytes: &[u8], encoding: Encoding) -> Result<Cow<'_, str>, EncodingError> {
    match encoding {
        Encoding::Utf8 => utf_8(bytes).map(Cow::Borrowed),
        Encoding::Utf16Le => utf_16(bytes, u16::from_le_bytes).map(Cow::Owned),
        Encoding::Utf16Be => utf_16(bytes, u16::from_be_bytes).map(Cow::Owned),
        Encoding::Windows1252 => windows_1252(bytes),
    }
}

/// Returns the length of the bytes without a character that is cut at the end.
pub(crate) fn whole_units(bytes: &[u8], encoding: Encoding) -> usize {
    let (pairs, _) = bytes.as_chunks::<2>();
    let whole = |unit: fn([u8; 2]) -> u16| {
        let is_half = pairs
            .last()
            .is_some_and(|pair| (0xD800..0xDC00).contains(&unit(*pair)));
        2 * (pairs.len() - usize::from(is_half))
    };
    match encoding {
        Encoding::Utf8 => whole_utf_8(bytes),
        Encoding::Utf16Le => whole(u16::from_le_bytes),
        Encoding::Utf16Be => whole(u16::from_be_bytes),
        Encoding::Windows1252 => bytes.len(),
    }
}

fn whole_utf_8(bytes: &[u8]) -> usize {
    // A UTF-8 character has at most four bytes.
    for at in (bytes.len().saturating_sub(3)..bytes.len()).rev() {
        let length = match bytes[at] {
            0x80..=0xBF => continue,
            0xC0..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xFF => 4,
            _ => 1,
        };
        return if at + length > bytes.len() {
            at
        } else {
            bytes.len()
        };
    }
    bytes.len()
}

pub(crate) fn utf_8(bytes: &[u8]) -> Result<&str, EncodingError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let (before, rest) = bytes.split_at(error.valid_up_to());
        let byte = rest.first().copied().unwrap_or_default();
        let message = format!("byte `{byte:#04x}` is not UTF-8");
        EncodingError::on_line(Lines::number_after(before), message)
    })
}

fn utf_16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, EncodingError> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(pairs.len());
    for character in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        text.push(character.map_err(|half| {
            let message = format!(
                "`{:#06x}` is an unpaired UTF-16 surrogate",
                half.unpaired_surrogate()
            );
            EncodingError::on_line(Lines::number_after(text.as_bytes()), message)
        })?);
    }
    if rest.is_empty() {
        Ok(text)
    } else {
        let message = "the file ends in the middle of a character";
        Err(EncodingError::on_line(
            Lines::number_after(text.as_bytes()),
            message,
        ))
    }
}

/// Bytes that Windows-1252 does not assign.
const UNASSIGNED: [u8; 5] = [0x81, 0x8D, 0x8F, 0x90, 0x9D];

fn windows_1252(bytes: &[u8]) -> Result<Cow<'_, str>, EncodingError> {
    if let Some(at) = bytes.iter().position(|byte| UNASSIGNED.contains(byte)) {
        let message = format!("byte `{:#04x}` is not Windows-1252", bytes[at]);
        let line = Lines::number_after(&bytes[..at]);
        return Err(EncodingError::on_line(line, message));
    }
    let (text, _) = WINDOWS_1252.decode_without_bom_handling(bytes);
    Ok(text)
}

fn utf_32() -> EncodingError {
    EncodingError::of_file("the file is UTF-32, which is not supported", SAVE_AS_UTF_8)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::diagnostics::diagnostic::{Diagnostic, Source};
    use crate::input::csv::decoder::Decoder;

    fn decoded(bytes: &[u8], set: Option<Encoding>) -> Result<Decoded<'static>, Diagnostic> {
        let source = Arc::new(Source {
            path: "a.csv".into(),
            sheet: None,
        });
        let named = named(bytes, set).map_err(|error| error.diagnostic(&source))?;
        let mut decoder = Decoder::new(&bytes[named.mark..], named.encoding, &source);
        let mut text = Vec::new();
        decoder.read_into(&mut text, bytes.len() + 1, &Lines::default())?;
        let text = utf_8(&text).and_then(|text| check_is_text(text).map(|()| text));
        let text = text.map_err(|error| error.diagnostic(&source))?;
        Ok(Decoded {
            text: text.to_owned().into(),
            note: named.note.or(decoder.note),
        })
    }

    fn text(bytes: &[u8], set: Option<Encoding>) -> String {
        decoded(bytes, set).unwrap().text.into_owned()
    }

    fn line(bytes: &[u8], set: Option<Encoding>) -> Option<u32> {
        decoded(bytes, set).unwrap_err().place.row
    }

    fn wide(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn a_byte_order_mark_decides_the_encoding() {
        let le = [b"\xFF\xFE".to_vec(), wide("a,ü😀", u16::to_le_bytes)].concat();
        let be = [b"\xFE\xFF".to_vec(), wide("a,ü😀", u16::to_be_bytes)].concat();
        for set in [None, Some(Encoding::Utf16Le), Some(Encoding::Windows1252)] {
            assert_eq!(text(&le, set), "a,ü😀");
            assert_eq!(text(&be, set), "a,ü😀");
        }
        assert_eq!(decoded(&le, Some(Encoding::Utf16Le)).unwrap().note, None);
        let note = decoded(&le, Some(Encoding::Utf8)).unwrap().note.unwrap();
        assert_eq!(note, "read as UTF-16LE because of its byte order mark");
    }

    #[test]
    fn a_configured_encoding_is_used() {
        assert_eq!(
            text(&wide("aü", u16::to_be_bytes), Some(Encoding::Utf16Be)),
            "aü"
        );
        assert_eq!(text(b"\xC3\xBC", Some(Encoding::Windows1252)), "Ã¼");
        assert_eq!(line(b"a\r\nb\r\nM\xFCller", Some(Encoding::Utf8)), Some(3));
        assert_eq!(line(b"a\n\x81", Some(Encoding::Windows1252)), Some(2));
        assert_eq!(
            line(b"a\0\n\0\x00\xD8a\0", Some(Encoding::Utf16Le)),
            Some(2)
        );
        assert_eq!(line(b"a\0b", Some(Encoding::Utf16Le)), Some(1));
        assert_eq!(line(b"a\nb\0", Some(Encoding::Utf8)), Some(2));
    }

    #[test]
    fn invalid_utf_8_is_read_as_windows_1252() {
        let decoded = decoded(b"M\xFCller \x80\x96 Spa\xDF\x93", None).unwrap();
        assert_eq!(decoded.text, "Müller €– Spaß“");
        assert!(decoded.note.unwrap().contains("Windows-1252"));
    }

    #[test]
    fn damaged_utf_8_is_not_read_as_windows_1252() {
        assert_eq!(line(b"\xC3\xBC\n\xC3", None), Some(2));
        assert_eq!(
            line("é\nà\nü".as_bytes().split_last().unwrap().1, None),
            Some(3)
        );
        assert_eq!(line(b"a\n\xEF\xBB\xBF\xC3\xBC\n\xFC", None), Some(3));
        assert_eq!(line(b"\xEF\xBB\xBFa\n\xFC", None), Some(2));
    }

    #[test]
    fn utf_16_and_utf_32_without_a_mark_are_recognised() {
        let header = "order_id,test_id\n1,ü\n";
        let message = |bytes: &[u8]| decoded(bytes, None).unwrap_err();
        let le = message(&wide(header, u16::to_le_bytes));
        assert!(le.message.contains("UTF-16") && le.help.ends_with("utf-16le"));
        let be = message(&wide(header, u16::to_be_bytes));
        assert!(be.help.ends_with("utf-16be"));
        let utf_32: Vec<u8> = header
            .chars()
            .flat_map(|c| u32::from(c).to_le_bytes())
            .collect();
        assert!(message(&utf_32).message.contains("UTF-32"));
        let marked = message(&[b"\xFF\xFE\0\0", &utf_32[..]].concat());
        assert!(marked.message.contains("UTF-32"));
        let utf_32: Vec<u8> = header
            .chars()
            .flat_map(|c| u32::from(c).to_be_bytes())
            .collect();
        assert!(message(&utf_32).message.contains("UTF-32"));
    }

    #[test]
    fn what_is_no_text_is_refused() {
        assert_eq!(line(b"a,b\n1,\0\n", None), Some(2));
        assert_eq!(line(b"\x01\x02\x03\x04junk", None), None);
        assert!(decoded(b"", None).is_ok() && decoded(b"a\x0Bb\tc\r\n", None).is_ok());
    }

    #[test]
    fn a_character_that_is_cut_is_left_for_later() {
        let le: fn(u16) -> [u8; 2] = u16::to_le_bytes;
        let table = [
            (b"a\xC3\xBC".to_vec(), Encoding::Utf8, 3),
            (b"a\xC3".to_vec(), Encoding::Utf8, 1),
            (b"\xF0\x9F\x98".to_vec(), Encoding::Utf8, 0),
            (b"a\x80\x80\x80\x80".to_vec(), Encoding::Utf8, 5),
            (b"a\xC3".to_vec(), Encoding::Windows1252, 2),
            (wide("a😀", le), Encoding::Utf16Le, 6),
            (wide("a😀", le)[..5].to_vec(), Encoding::Utf16Le, 2),
            (
                wide("aü", u16::to_be_bytes)[..3].to_vec(),
                Encoding::Utf16Be,
                2,
            ),
            (Vec::new(), Encoding::Utf16Be, 0),
        ];
        for (bytes, encoding, whole) in table {
            assert_eq!(whole_units(&bytes, encoding), whole, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>, mark in 0usize..6, set in 0usize..5) {
            let mark = MARKS.get(mark).map_or(&b""[..], |(mark, _)| mark);
            let all = [Encoding::Utf8, Encoding::Utf16Le, Encoding::Utf16Be, Encoding::Windows1252];
            let _ = decoded(&[mark, &bytes].concat(), all.get(set).copied());
        }

        #[test]
        fn text_reads_back_from_utf_16(written in "[^\0-\x1F]{0,60}") {
            let written = written.trim_start_matches('\u{feff}');
            prop_assert_eq!(text(&wide(written, u16::to_le_bytes), Some(Encoding::Utf16Le)), written);
            prop_assert_eq!(text(&wide(written, u16::to_be_bytes), Some(Encoding::Utf16Be)), written);
        }
    }
}
