//! What bytes are that nothing names: text of which encoding, or none at all.

use std::borrow::Cow;

use super::{Decoded, utf_8, utf_32, windows_1252};
use crate::input::csv::encoding::error::{Fault, SAVE_AS_UTF_8};
use crate::input::csv::lines::Lines;

/// Takes bytes without mark: as UTF-8 if they are, else as Windows-1252.
pub(crate) fn guessed(bytes: &[u8]) -> Result<Decoded<'_>, Fault> {
    if let Some(fault) = bytes.contains(&0).then(|| zero_fault(bytes)) {
        return Err(fault);
    }
    let broken = match utf_8(bytes) {
        Ok(text) => {
            return Ok(Decoded {
                text: Cow::Borrowed(text),
                note: None,
            });
        }
        Err(fault) => fault,
    };
    if is_broken_utf_8(bytes) {
        return Err(broken);
    }
    Ok(Decoded {
        text: windows_1252(bytes)?,
        note: Some("not UTF-8: read as Windows-1252; --encoding names another".into()),
    })
}

/// Tells whether bytes that are not UTF-8 were meant as such: most characters beyond ASCII are whole.
///
/// In Windows-1252 two letters in a row seldom look like one of UTF-8; so a file with more whole characters than
/// broken ones was damaged, and one that is whole up to its last character was cut short: both would be gibberish.
fn is_broken_utf_8(bytes: &[u8]) -> bool {
    let (mut whole, mut broken) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        whole += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    let is_cut = std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none());
    whole > broken || (whole > 0 && is_cut)
}

/// Bytes at the beginning of a file that tell what it is.
const SAMPLE: usize = 4096;

/// Says what bytes with zeros among them are: text of wide characters, or none at all.
fn zero_fault(bytes: &[u8]) -> Fault {
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
            return Fault::whole(
                "the file looks like UTF-16 without a byte order mark",
                format!("save the file as CSV UTF-8, or pass --encoding {name}"),
            );
        }
    }
    let at = bytes.iter().position(|byte| *byte == 0).unwrap_or_default();
    no_text(&bytes[..at])
}

/// Says that a zero follows these bytes.
pub(crate) fn no_text(before: &[u8]) -> Fault {
    let message = "there is a byte `0x00` here: this is no text, or a damaged one";
    Fault::on_line(Lines::number_after(before), message)
}

/// Refuses what decodes and is no text all the same: zeros, or many control characters.
pub(crate) fn check_is_text(text: &str) -> Result<(), Fault> {
    if let Some(at) = text.find('\0') {
        return Err(no_text(&text.as_bytes()[..at]));
    }
    let is_odd = |byte: &&u8| **byte < b' ' && !b"\t\n\r\x0B\x0C".contains(*byte);
    let sample = &text.as_bytes()[..text.len().min(SAMPLE)];
    let odd = sample.iter().filter(is_odd).count();
    if odd * 20 > sample.len() {
        let message = format!(
            "{odd} of the first {} bytes are control characters: this is no text",
            sample.len()
        );
        return Err(Fault::whole(message, SAVE_AS_UTF_8));
    }
    Ok(())
}
