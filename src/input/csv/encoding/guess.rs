//! Guesses the encoding of bytes without a byte order mark.
//!
//! UTF-8 validates itself: text in another encoding is practically never valid UTF-8. The file is Windows-1252 if it is
//! invalid as UTF-8 and does not look like damaged UTF-8. UTF-16 and UTF-32 are recognised by their zero bytes and
//! refused with the option to pass; without a mark the byte order would be a guess as well.

use std::borrow::Cow;

use super::{Decoded, utf_8, utf_32, windows_1252};
use crate::input::csv::encoding::error::{EncodingError, SAVE_AS_UTF_8};
use crate::input::csv::lines::Lines;

/// Decodes bytes as UTF-8 if they are valid, else as Windows-1252.
pub(crate) fn guess(bytes: &[u8]) -> Result<Decoded<'_>, EncodingError> {
    if bytes.contains(&0) {
        return Err(zero_bytes(bytes));
    }
    let not_utf_8 = match utf_8(bytes) {
        Ok(text) => {
            return Ok(Decoded {
                text: Cow::Borrowed(text),
                note: None,
            });
        }
        Err(error) => error,
    };
    if is_damaged_utf_8(bytes) {
        return Err(not_utf_8);
    }
    Ok(Decoded {
        text: windows_1252(bytes)?,
        note: Some("not UTF-8, read as Windows-1252; pass --encoding if that is wrong".into()),
    })
}

/// Whether invalid UTF-8 was meant as UTF-8: most characters beyond ASCII are valid, or the last one is cut off.
///
/// Two letters of Windows-1252 rarely form a valid UTF-8 character, so text with more valid than invalid ones is
/// damaged UTF-8. Decoded as Windows-1252 it would be gibberish.
fn is_damaged_utf_8(bytes: &[u8]) -> bool {
    let (mut whole, mut broken) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        whole += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    let is_cut = std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none());
    whole > broken || (whole > 0 && is_cut)
}

/// How many bytes are examined.
const SAMPLE: usize = 4096;

/// Returns the error for bytes that contain zeros: UTF-16, UTF-32, or not text.
fn zero_bytes(bytes: &[u8]) -> EncodingError {
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    let mut zeros = [0; 4];
    for (index, _) in sample.iter().enumerate().filter(|(_, byte)| **byte == 0) {
        zeros[index % 4] += 1;
    }
    let of_each = sample.len() / 4;
    let mostly = |places: &[usize]| places.iter().all(|place| zeros[*place] * 10 > of_each * 6);
    let seldom = |places: &[usize]| places.iter().all(|place| zeros[*place] * 10 <= of_each);
    if mostly(&[1, 2, 3]) && seldom(&[0]) || mostly(&[0, 1, 2]) && seldom(&[3]) {
        return utf_32();
    }
    for (name, high, low) in [("utf-16le", [1, 3], [0, 2]), ("utf-16be", [0, 2], [1, 3])] {
        if mostly(&high) && seldom(&low) {
            return EncodingError::of_file(
                "the file looks like UTF-16 without a byte order mark",
                format!("save the file as CSV UTF-8, or pass --encoding {name}"),
            );
        }
    }
    let at = bytes.iter().position(|byte| *byte == 0).unwrap_or_default();
    zero_byte(&bytes[..at])
}

/// Returns the error for a zero byte that follows these bytes.
pub(crate) fn zero_byte(before: &[u8]) -> EncodingError {
    let message = "byte `0x00` is not allowed in text: the file is damaged, or not a text file";
    EncodingError::on_line(Lines::number_after(before), message)
}

/// Refuses decoded text with zeros or many control characters: it is binary data.
pub(crate) fn check_is_text(text: &str) -> Result<(), EncodingError> {
    if let Some(at) = text.find('\0') {
        return Err(zero_byte(&text.as_bytes()[..at]));
    }
    let is_control = |byte: &&u8| **byte < b' ' && !b"\t\n\r\x0B\x0C".contains(*byte);
    let sample = &text.as_bytes()[..text.len().min(SAMPLE)];
    let controls = sample.iter().filter(is_control).count();
    if controls * 20 > sample.len() {
        let message = format!(
            "{controls} of the first {} bytes are control characters: the file is not a text file",
            sample.len()
        );
        return Err(EncodingError::of_file(message, SAVE_AS_UTF_8));
    }
    Ok(())
}
