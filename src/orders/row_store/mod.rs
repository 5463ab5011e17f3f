//! The rows of a part of a sheet, packed: what they say, in little more memory than its text.
//!
//! Rows of the same order that follow each other are a run. Of each row only that is kept which its body may need; a
//! text that the row before has in the same column is not kept again. Nothing is lost: what is read back is what was
//! put in.

mod packer;
mod unpack;

use std::ops::Range;

pub(crate) use self::packer::{Packer, Said};
pub(crate) use crate::orders::row_store::unpack::{Unpacked, Unpacking};

/// The rows of a part of a sheet.
#[derive(Debug, Default)]
pub(crate) struct Packed {
    codes: Vec<u8>,
    texts: String,
}

impl Packed {
    /// Returns a text by its place.
    pub(crate) fn text(&self, range: &Range<u32>) -> &str {
        &self.texts[range.start as usize..range.end as usize]
    }
}

/// Rows of the same order that follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) company_id: Range<u32>,
    pub(crate) order_id: Range<u32>,
    /// How many rows it has.
    pub(crate) rows: u32,
    codes: Range<u32>,
    texts: u32,
}

/// What is kept of a row beside its texts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RowFacts {
    /// The row's number as the user sees it.
    pub(crate) row: u32,
    /// How many errors it has.
    pub(crate) errors: u32,
    /// Whether a placeholder stands in it.
    pub(crate) has_placeholder: bool,
    /// The attempt at its own test, if it has one.
    pub(crate) attempt: Option<u32>,
}

/// A test that stands in columns of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WideRow<T> {
    /// Which of the sheet's wide tests it is.
    pub(crate) test: usize,
    pub(crate) attempt: u32,
    /// Its assessment, where that is not the row's.
    pub(crate) assessment_id: Option<T>,
    /// Its fields, each by its place: 0 is the score, then the others as the table names them.
    pub(crate) fields: Vec<(usize, T)>,
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

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
