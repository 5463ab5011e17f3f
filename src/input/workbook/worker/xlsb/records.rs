//! The records of an .xlsb part: a kind, a length, and bytes.

use std::io::{BufReader, Cursor, Read};

use zip::ZipArchive;

use crate::input::workbook::error::WorkbookError;

/// An .xlsb opened as an archive.
pub(crate) type Archive = ZipArchive<Cursor<std::rc::Rc<[u8]>>>;

/// Iterates over the records of a part.
pub(crate) struct Records<R> {
    part: BufReader<R>,
    data: Vec<u8>,
}

impl<R: Read> Records<R> {
    pub(crate) fn of(part: R) -> Self {
        Self {
            part: BufReader::new(part),
            data: Vec::new(),
        }
    }

    /// Returns the next record, or `None` at the end of the part.
    pub(crate) fn next(&mut self) -> Result<Option<(u16, &[u8])>, WorkbookError> {
        let Some(first) = self.byte()? else {
            return Ok(None);
        };
        let mut kind = u16::from(first & 0x7F);
        if first & 0x80 != 0 {
            kind |= u16::from(self.must_be()? & 0x7F) << 7;
        }
        let mut length = 0u64;
        for place in 0..4 {
            let byte = self.must_be()?;
            length |= u64::from(byte & 0x7F) << (7 * place);
            if byte & 0x80 == 0 {
                break;
            }
        }
        self.data.clear();
        let read = self
            .part
            .by_ref()
            .take(length)
            .read_to_end(&mut self.data)?;
        if read as u64 != length {
            return Err(WorkbookError::cut_short());
        }
        Ok(Some((kind, &self.data)))
    }

    fn byte(&mut self) -> Result<Option<u8>, WorkbookError> {
        let mut byte = [0];
        let read = self.part.read(&mut byte)?;
        Ok((read > 0).then_some(byte[0]))
    }

    fn must_be(&mut self) -> Result<u8, WorkbookError> {
        self.byte()?.ok_or_else(WorkbookError::cut_short)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multi_byte_kinds_and_lengths_are_read() {
        let mut bytes = vec![0x05, 0x01, 7, 0xE7, 0x04, 0x80, 0x01];
        bytes.extend([9; 128]);
        let mut records = Records::of(&bytes[..]);
        assert_eq!(records.next(), Ok(Some((5, &[7][..]))));
        let (kind, length) = records
            .next()
            .unwrap()
            .map(|(kind, data)| (kind, data.len()))
            .unwrap();
        assert_eq!((kind, length), (0x267, 128));
        assert_eq!(records.next(), Ok(None));
        let mut cut = Records::of(&bytes[..20]);
        assert!(cut.next().is_ok());
        assert_eq!(cut.next(), Err(WorkbookError::cut_short()));
    }
}
