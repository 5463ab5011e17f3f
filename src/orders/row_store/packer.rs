//! Rows put in, one after the other.

use std::borrow::Cow;
use std::ops::Range;

use super::{Packed, RowFacts, Run, WideRow};

/// What a row says in a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said<'t> {
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
pub(crate) struct Packer {
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
    pub(crate) fn of_slots(slots: usize) -> Self {
        Self {
            before: vec![Before::default(); slots],
            present: vec![0; slots.div_ceil(8)],
            same: vec![0; slots.div_ceil(8)],
            ..Self::default()
        }
    }

    /// Tells whether the row before says so in a slot, and nothing was to be said of that: the same rules would come to
    /// the same result.
    pub(crate) fn is_as_before(&self, slot: usize, text: &str) -> bool {
        let before = &self.before[slot];
        before.is_plain && self.packed.text(&before.text) == text
    }

    /// Tells whether the row before says something in a slot of which nothing was to be said.
    pub(crate) fn is_plain_before(&self, slot: usize) -> bool {
        self.before[slot].is_plain
    }

    /// Adds a row of an order: what is told of it, then what it says in each slot, then its wide tests.
    pub(crate) fn add<'t>(
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
    pub(crate) fn end(mut self) -> (Packed, Vec<Run>) {
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
