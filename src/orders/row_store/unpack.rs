//! The rows of a run read back, one after the other.

use super::{Packed, RowFacts, Run, WideRow};

/// A row as it was put in, while the rows of a run are read back one after the other.
#[derive(Debug, Default)]
pub(crate) struct Unpacked<'a> {
    pub(crate) facts: RowFacts,
    /// Its texts by their slots.
    pub(crate) texts: Vec<Option<&'a str>>,
    pub(crate) wide: Vec<WideRow<&'a str>>,
}

impl Unpacked<'_> {
    /// Makes room for rows of so many slots.
    pub(crate) fn of_slots(slots: usize) -> Self {
        Self {
            texts: vec![None; slots],
            ..Self::default()
        }
    }
}

/// Reads the rows of a run back.
pub(crate) struct Unpacking<'a> {
    codes: &'a [u8],
    texts: &'a str,
    left: u32,
    row_before: u32,
}

impl<'a> Unpacking<'a> {
    pub(crate) fn of(packed: &'a Packed, run: &Run) -> Self {
        Self {
            codes: &packed.codes[run.codes.start as usize..run.codes.end as usize],
            texts: &packed.texts[run.texts as usize..],
            left: run.rows,
            row_before: 0,
        }
    }

    /// Reads the next row into `row`, which must hold the one before of the same run; tells whether there was one.
    pub(crate) fn next(&mut self, row: &mut Unpacked<'a>) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        self.row_before += self.number();
        let flags = self.number();
        row.facts = RowFacts {
            row: self.row_before,
            errors: flags >> 3,
            has_placeholder: flags & 1 != 0,
            attempt: (flags & 2 != 0).then(|| self.number()),
        };
        let width = row.texts.len().div_ceil(8);
        let (present, rest) = self.codes.split_at(width);
        let (same, rest) = rest.split_at(width);
        self.codes = rest;
        for (slot, text) in row.texts.iter_mut().enumerate() {
            let (byte, bit) = (slot / 8, 1 << (slot % 8));
            if present[byte] & bit == 0 {
                *text = None;
            } else if same[byte] & bit == 0 {
                *text = Some(self.text());
            }
        }
        row.wide.clear();
        let wide = if flags & 4 == 0 { 0 } else { self.number() };
        for _ in 0..wide {
            let test = self.wide();
            row.wide.push(test);
        }
        true
    }

    fn wide(&mut self) -> WideRow<&'a str> {
        let test = self.number() as usize;
        let attempt = self.number();
        let assessment_id = self
            .number()
            .checked_sub(1)
            .map(|length| self.take(length as usize));
        let count = self.number();
        let fields = (0..count).map(|_| (self.number() as usize, self.text()));
        WideRow {
            test,
            attempt,
            assessment_id,
            fields: fields.collect(),
        }
    }

    fn text(&mut self) -> &'a str {
        let length = self.number() as usize;
        self.take(length)
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (text, rest) = self.texts.split_at(length);
        self.texts = rest;
        text
    }

    fn number(&mut self) -> u32 {
        let (mut number, mut shift) = (0, 0);
        while let Some((byte, rest)) = self.codes.split_first() {
            self.codes = rest;
            number |= u32::from(byte & 0x7F) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        number
    }
}
