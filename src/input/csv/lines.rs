//! Lines, counted as an editor counts them.

use memchr::memchr2_iter;

/// Counts lines: `\n`, `\r\n` and a lone `\r` each end one.
#[derive(Debug, Default, Clone)]
pub(crate) struct Lines {
    ended: u32,
    after_return: bool,
}

impl Lines {
    /// Counts the line ends in the next bytes.
    pub(crate) fn advance(&mut self, bytes: &[u8]) {
        for at in memchr2_iter(b'\r', b'\n', bytes) {
            let before = at.checked_sub(1).map(|before| bytes[before] == b'\r');
            let is_continued = bytes[at] == b'\n' && before.unwrap_or(self.after_return);
            self.ended += u32::from(!is_continued);
        }
        if let Some(last) = bytes.last() {
            self.after_return = *last == b'\r';
        }
    }

    /// Returns the number of the line of the next byte.
    pub(crate) fn number(&self) -> u32 {
        self.ended + 1
    }

    /// Returns the number of the line of the byte after these.
    pub(crate) fn number_after(bytes: &[u8]) -> u32 {
        let mut lines = Self::default();
        lines.advance(bytes);
        lines.number()
    }
}

/// Counts the line breaks in the text of a cell.
pub(crate) fn breaks_in(text: &str) -> u32 {
    Lines::number_after(text.as_bytes()) - 1
}
