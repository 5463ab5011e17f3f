//! The rows of a part of a sheet, packed: what they say, in little more memory than its text.
//!
//! Rows of the same order that follow each other are a run. Of each row only that is kept which its body may need; a
//! text that the row before has in the same column is not kept again. Nothing is lost: what is read back is what was
//! put in.

use std::borrow::Cow;
use std::ops::Range;

/// The rows of a part of a sheet.
#[derive(Debug, Default)]
pub(super) struct Packed {
    codes: Vec<u8>,
    texts: String,
}

/// Rows of the same order that follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) company_id: Range<u32>,
    pub(super) order_id: Range<u32>,
    /// How many rows it has.
    pub(super) rows: u32,
    codes: Range<u32>,
    texts: u32,
}

/// What is kept of a row beside its texts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct RowFacts {
    /// The row's number as the user sees it.
    pub(super) row: u32,
    /// How many errors it has.
    pub(super) errors: u32,
    /// Whether a placeholder stands in it.
    pub(super) has_placeholder: bool,
    /// The attempt at its own test, if it has one.
    pub(super) attempt: Option<u32>,
}

/// A test that stands in columns of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WideRow<T> {
    /// Which of the sheet's wide tests it is.
    pub(super) test: usize,
    pub(super) attempt: u32,
    /// Its assessment, where that is not the row's.
    pub(super) assessment_id: Option<T>,
    /// Its fields, each by its place: 0 is the score, then the others as the table names them.
    pub(super) fields: Vec<(usize, T)>,
}

/// What a row says in a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said<'t> {
    /// Nothing.
    Nothing,
    /// What the row before says there, which [`Packer::is_as_before`] told.
    AsBefore(&'t str),
    /// The text of its cell to the letter, of which nothing was to be said.
    Plain(&'t str),
    /// A text that was made of its cell, or of which something was said.
    Made(&'t str),
}

/// Packs rows, one after the other.
#[derive(Debug, Default)]
pub(super) struct Packer {
    packed: Packed,
    runs: Vec<Run>,
    /// By slot: what the row before has there.
    before: Vec<Before>,
    row_before: u32,
    /// A bit for each slot: whether a row says something there, and whether that is what the row before says.
    present: Vec<u8>,
    same: Vec<u8>,
}

/// What the row before has in a slot.
#[derive(Debug, Clone, Default)]
struct Before {
    /// Where the text stands.
    text: Range<u32>,
    /// Whether it is the text of a cell to the letter, of which nothing was to be said.
    is_plain: bool,
}

impl Packer {
    /// Begins to pack rows of so many slots.
    pub(super) fn of_slots(slots: usize) -> Self {
        Self {
            before: vec![Before::default(); slots],
            present: vec![0; slots.div_ceil(8)],
            same: vec![0; slots.div_ceil(8)],
            ..Self::default()
        }
    }

    /// Tells whether the row before says so in a slot, and nothing was to be said of that: the same rules would come to
    /// the same result.
    pub(super) fn is_as_before(&self, slot: usize, text: &str) -> bool {
        let before = &self.before[slot];
        before.is_plain && self.packed.text(&before.text) == text
    }

    /// Tells whether the row before says something in a slot of which nothing was to be said.
    pub(super) fn is_plain_before(&self, slot: usize) -> bool {
        self.before[slot].is_plain
    }

    /// Adds a row of an order: what is told of it, then what it says in each slot, then its wide tests.
    pub(super) fn add<'t>(
        &mut self,
        ids: (&str, &str),
        facts: RowFacts,
        said: impl Iterator<Item = Said<'t>>,
        wide: &[WideRow<Cow<'_, str>>],
    ) {
        let goes_on = self.goes_on(ids);
        if !goes_on {
            self.begin_run(ids);
        }
        self.number(facts.row - self.row_before);
        self.row_before = facts.row;
        let flags = u32::from(facts.has_placeholder)
            | u32::from(facts.attempt.is_some()) << 1
            | u32::from(!wide.is_empty()) << 2;
        self.number(flags | facts.errors.min(u32::MAX >> 3) << 3);
        if let Some(attempt) = facts.attempt {
            self.number(attempt);
        }
        self.present.fill(0);
        self.same.fill(0);
        let masks = self.packed.codes.len();
        self.packed.codes.resize(masks + 2 * self.present.len(), 0);
        for (slot, said) in said.enumerate() {
            self.said(slot, said, goes_on);
        }
        let width = self.present.len();
        self.packed.codes[masks..masks + width].copy_from_slice(&self.present);
        self.packed.codes[masks + width..masks + 2 * width].copy_from_slice(&self.same);
        if !wide.is_empty() {
            self.number(index(wide.len()));
        }
        for test in wide {
            self.wide(test);
        }
        if let Some(run) = self.runs.last_mut() {
            run.rows += 1;
            run.codes.end = index(self.packed.codes.len());
        }
    }

    /// Ends the part; returns its rows, and the runs that they make.
    pub(super) fn end(mut self) -> (Packed, Vec<Run>) {
        self.packed.codes.shrink_to_fit();
        self.packed.texts.shrink_to_fit();
        self.runs.shrink_to_fit();
        (self.packed, self.runs)
    }

    /// Tells whether the row before is of that order.
    fn goes_on(&self, (company_id, order_id): (&str, &str)) -> bool {
        self.runs.last().is_some_and(|run| {
            self.packed.text(&run.order_id) == order_id
                && self.packed.text(&run.company_id) == company_id
        })
    }

    fn begin_run(&mut self, (company_id, order_id): (&str, &str)) {
        let company_id = self.put(company_id);
        let order_id = self.put(order_id);
        let (codes, texts) = (self.packed.codes.len(), self.packed.texts.len());
        self.runs.push(Run {
            company_id,
            order_id,
            rows: 0,
            codes: index(codes)..index(codes),
            texts: index(texts),
        });
        self.row_before = 0;
    }

    /// Adds what a row says in a slot; a row that goes on with an order need not repeat what stood before.
    fn said(&mut self, slot: usize, said: Said<'_>, goes_on: bool) {
        let (text, is_plain) = match said {
            Said::Nothing => {
                self.before[slot] = Before::default();
                return;
            }
            Said::AsBefore(text) | Said::Plain(text) => (text, true),
            Said::Made(text) => (text, false),
        };
        let bit = 1 << (slot % 8);
        self.present[slot / 8] |= bit;
        let is_as_before = match said {
            Said::AsBefore(_) => true,
            Said::Made(_) => self.packed.text(&self.before[slot].text) == text,
            _ => false,
        };
        if is_as_before && goes_on {
            self.same[slot / 8] |= bit;
        } else {
            self.number(index(text.len()));
            self.before[slot].text = self.put(text);
        }
        self.before[slot].is_plain = is_plain;
    }

    fn wide(&mut self, test: &WideRow<Cow<'_, str>>) {
        self.number(index(test.test));
        self.number(test.attempt);
        match &test.assessment_id {
            None => self.number(0),
            Some(id) => {
                self.number(index(id.len()) + 1);
                self.put(id);
            }
        }
        self.number(index(test.fields.len()));
        for (place, text) in &test.fields {
            self.number(index(*place));
            self.number(index(text.len()));
            self.put(text);
        }
    }

    fn put(&mut self, text: &str) -> Range<u32> {
        let start = index(self.packed.texts.len());
        self.packed.texts.push_str(text);
        start..index(self.packed.texts.len())
    }

    /// Writes a number, a byte for each seven bits.
    fn number(&mut self, mut number: u32) {
        while number >= 0x80 {
            self.packed.codes.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.packed.codes.push(number.to_le_bytes()[0]);
    }
}

/// A part of a sheet stays far below what 32 bits can count: it is made of a few megabytes of text.
fn index(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl Packed {
    /// Returns a text by its place.
    pub(super) fn text(&self, range: &Range<u32>) -> &str {
        &self.texts[range.start as usize..range.end as usize]
    }
}

/// A row as it was put in, while the rows of a run are read back one after the other.
#[derive(Debug, Default)]
pub(super) struct Unpacked<'a> {
    pub(super) facts: RowFacts,
    /// Its texts by their slots.
    pub(super) texts: Vec<Option<&'a str>>,
    pub(super) wide: Vec<WideRow<&'a str>>,
}

impl Unpacked<'_> {
    /// Makes room for rows of so many slots.
    pub(super) fn of_slots(slots: usize) -> Self {
        Self {
            texts: vec![None; slots],
            ..Self::default()
        }
    }
}

/// Reads the rows of a run back.
pub(super) struct Unpacking<'a> {
    codes: &'a [u8],
    texts: &'a str,
    left: u32,
    row_before: u32,
}

impl<'a> Unpacking<'a> {
    pub(super) fn of(packed: &'a Packed, run: &Run) -> Self {
        Self {
            codes: &packed.codes[run.codes.start as usize..run.codes.end as usize],
            texts: &packed.texts[run.texts as usize..],
            left: run.rows,
            row_before: 0,
        }
    }

    /// Reads the next row into `row`, which must hold the one before of the same run; tells whether there was one.
    pub(super) fn next(&mut self, row: &mut Unpacked<'a>) -> bool {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SLOTS: usize = 3;

    impl<T> WideRow<T> {
        fn with<'a, U>(&'a self, turn: impl Fn(&'a T) -> U) -> WideRow<U> {
            WideRow {
                test: self.test,
                attempt: self.attempt,
                assessment_id: self.assessment_id.as_ref().map(&turn),
                fields: self
                    .fields
                    .iter()
                    .map(|(place, text)| (*place, turn(text)))
                    .collect(),
            }
        }
    }

    type Told = (
        (String, String),
        RowFacts,
        Vec<Option<String>>,
        Vec<WideRow<String>>,
    );

    fn facts() -> impl Strategy<Value = RowFacts> {
        let attempt = proptest::option::of(prop_oneof![0u32..3, any::<u32>()]);
        (0u32..200, 0u32..300, any::<bool>(), attempt).prop_map(
            |(row, errors, has_placeholder, attempt)| RowFacts {
                row,
                errors,
                has_placeholder,
                attempt,
            },
        )
    }

    fn wide() -> impl Strategy<Value = WideRow<String>> {
        let fields = proptest::collection::vec((0usize..200, "[aé]{0,3}"), 0..3);
        (
            0usize..300,
            any::<u32>(),
            proptest::option::of("[aé]{0,2}"),
            fields,
        )
            .prop_map(|(test, attempt, assessment_id, fields)| WideRow {
                test,
                attempt,
                assessment_id,
                fields,
            })
    }

    fn row() -> impl Strategy<Value = Told> {
        let texts = proptest::collection::vec(proptest::option::of("[aé]{0,2}"), SLOTS);
        let wide = proptest::collection::vec(wide(), 0..3);
        (("[ab]", "[cd]"), facts(), texts, wide)
    }

    proptest! {
        #[test]
        fn what_is_read_back_is_what_was_put_in(mut rows in proptest::collection::vec(row(), 0..12)) {
            let mut number = 0;
            let mut packer = Packer::of_slots(SLOTS);
            for ((company, order), facts, texts, wide) in &mut rows {
                number += facts.row;
                facts.row = number;
                let said: Vec<Said<'_>> = texts.iter().enumerate().map(|(slot, text)| match text {
                    None => Said::Nothing,
                    Some(text) if packer.is_as_before(slot, text) => Said::AsBefore(text),
                    Some(text) if text.is_ascii() => Said::Plain(text),
                    Some(text) => Said::Made(text),
                }).collect();
                let wide: Vec<_> = wide.iter().map(|test| test.with(|text| Cow::Borrowed(&**text))).collect();
                packer.add((company, order), *facts, said.into_iter(), &wide);
            }
            let (packed, runs) = packer.end();
            let mut found: Vec<Told> = Vec::new();
            let mut unpacked = Unpacked::of_slots(SLOTS);
            for run in &runs {
                let mut rows = Unpacking::of(&packed, run);
                while rows.next(&mut unpacked) {
                    let ids = (packed.text(&run.company_id).to_owned(), packed.text(&run.order_id).to_owned());
                    let texts = unpacked.texts.iter().map(|text| text.map(str::to_owned)).collect();
                    let wide = unpacked.wide.iter().map(|test| test.with(|text| (*text).to_owned()));
                    found.push((ids, unpacked.facts, texts, wide.collect()));
                }
            }
            prop_assert!(runs.windows(2).all(|pair| packed.text(&pair[0].order_id) != packed.text(&pair[1].order_id)
                || packed.text(&pair[0].company_id) != packed.text(&pair[1].company_id)));
            prop_assert_eq!(found, rows);
        }
    }
}
