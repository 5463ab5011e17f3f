//! The rows of one chunk of a sheet: an arena of texts, and for each cell the index of its text.
//!
//! A cell whose text equals that of the cell above shares it, so a repeated order or assessment column costs four bytes
//! a row. A million rows of 17 columns fit into a few hundred megabytes this way; a `String` per cell would need
//! gigabytes.

use std::borrow::Cow;
use std::num::NonZeroU32;
use std::ops::Range;

/// The index of a text in an [`Arena`]; zero is free to mean a blank cell.
type TextId = NonZeroU32;

/// Texts one after another.
#[derive(Debug)]
struct Arena {
    texts: String,
    /// The end of each text, after a leading 0.
    ends: Vec<u32>,
}

impl Default for Arena {
    fn default() -> Self {
        Self {
            texts: String::new(),
            ends: vec![0],
        }
    }
}

impl Arena {
    fn push(&mut self, text: &str) -> TextId {
        let id = TextId::MIN.saturating_add(to_u32(self.ends.len() - 1));
        self.texts.push_str(text);
        self.ends.push(to_u32(self.texts.len()));
        id
    }

    fn get(&self, id: TextId) -> &str {
        let index = id.get() as usize;
        &self.texts[self.ends[index - 1] as usize..self.ends[index] as usize]
    }
}

/// Converts an index or length within a chunk, which has a few megabytes of text at most.
fn to_u32(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// The rows of one chunk of a sheet.
#[derive(Debug, Default)]
pub(crate) struct RowStore {
    arena: Arena,
    /// How many columns of the sheet are mapped; every row has as many cells.
    width: usize,
    /// The cells, row by row; `None` for a blank one.
    cells: Vec<Option<TextId>>,
    rows: Vec<RowEntry>,
    wide_tests: Vec<WideEntry>,
    /// The fields of the wide tests: index and text.
    wide_fields: Vec<(u32, TextId)>,
    runs: Vec<Run>,
}

#[derive(Debug)]
struct RowEntry {
    facts: RowFacts,
    wide_tests: Range<u32>,
}

#[derive(Debug)]
struct WideEntry {
    test: u32,
    attempt: u32,
    assessment_id: Option<TextId>,
    fields: Range<u32>,
}

/// Consecutive rows of the same order.
#[derive(Debug)]
pub(crate) struct Run {
    company_id: TextId,
    order_id: TextId,
    rows: Range<u32>,
}

impl Run {
    /// Returns how many rows it has.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }
}

/// The company and order of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct OrderId<'t> {
    pub(crate) company_id: &'t str,
    pub(crate) order_id: &'t str,
}

/// The facts about a row besides its texts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RowFacts {
    /// The row number that the user sees.
    pub(crate) row: u32,
    /// How many errors it has.
    pub(crate) errors: u32,
    /// Whether it has a placeholder such as `N/A`.
    pub(crate) has_placeholder: bool,
    /// The attempt at the row's own test, if it has one.
    pub(crate) attempt: Option<u32>,
}

/// A test of a wide sheet in one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WideRow<T> {
    /// The index of the test among the sheet's wide tests.
    pub(crate) test: usize,
    pub(crate) attempt: u32,
    /// Its assessment, if that differs from the row's.
    pub(crate) assessment_id: Option<T>,
    /// Its fields by index: 0 is the score, then the remaining fields of the wide table.
    pub(crate) fields: Vec<(usize, T)>,
}

/// A row of a [`RowStore`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct StoredRow<'a> {
    pub(crate) facts: RowFacts,
    store: &'a RowStore,
    cells: &'a [Option<TextId>],
    wide_tests: &'a [WideEntry],
}

impl<'a> StoredRow<'a> {
    /// Returns the text of a mapped column.
    pub(crate) fn text(&self, column: usize) -> Option<&'a str> {
        self.cells[column].map(|id| self.store.arena.get(id))
    }

    /// Returns the text of each mapped column.
    pub(crate) fn texts(&self) -> impl Iterator<Item = Option<&'a str>> {
        let store = self.store;
        self.cells
            .iter()
            .map(move |cell| cell.map(|id| store.arena.get(id)))
    }

    /// Returns the tests of a wide sheet.
    pub(crate) fn wide_tests(&self) -> impl Iterator<Item = WideRow<&'a str>> {
        let store = self.store;
        let field = |(index, id): &(u32, TextId)| (*index as usize, store.arena.get(*id));
        self.wide_tests.iter().map(move |entry| WideRow {
            test: entry.test as usize,
            attempt: entry.attempt,
            assessment_id: entry.assessment_id.map(|id| store.arena.get(id)),
            fields: store.wide_fields[range(&entry.fields)]
                .iter()
                .map(field)
                .collect(),
        })
    }
}

fn range(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}

impl RowStore {
    /// Returns the runs, in the order of their rows.
    pub(crate) fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// Returns the order of a run.
    pub(crate) fn order_id(&self, run: &Run) -> OrderId<'_> {
        OrderId {
            company_id: self.arena.get(run.company_id),
            order_id: self.arena.get(run.order_id),
        }
    }

    /// Returns the rows of a run.
    pub(crate) fn rows(&self, run: &Run) -> impl Iterator<Item = StoredRow<'_>> {
        range(&run.rows).map(|index| {
            let entry = &self.rows[index];
            StoredRow {
                facts: entry.facts,
                store: self,
                cells: &self.cells[index * self.width..(index + 1) * self.width],
                wide_tests: &self.wide_tests[range(&entry.wide_tests)],
            }
        })
    }
}

/// The text of a cell that is added to a [`RowStore`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CellText<'t> {
    Blank,
    /// The text of the cell above, which was verbatim.
    SameAsAbove,
    /// The text exactly as in the file, without a diagnostic.
    Verbatim(&'t str),
    /// A text that was computed from the cell, or that has a diagnostic.
    Derived(&'t str),
}

/// Builds a [`RowStore`] row by row.
#[derive(Debug, Default)]
pub(crate) struct RowStoreBuilder {
    store: RowStore,
    /// The cells of the row added last, by mapped column.
    above: Vec<CellAbove>,
}

#[derive(Debug, Clone, Copy, Default)]
struct CellAbove {
    text: Option<TextId>,
    is_verbatim: bool,
}

impl RowStoreBuilder {
    /// Starts a store of rows with `width` mapped columns.
    pub(crate) fn new(width: usize) -> Self {
        Self {
            store: RowStore {
                width,
                ..RowStore::default()
            },
            above: vec![CellAbove::default(); width],
        }
    }

    /// Whether the cell above has this text, verbatim: the same rules would have the same result.
    pub(crate) fn is_same_as_above(&self, column: usize, text: &str) -> bool {
        let above = self.above[column];
        above.is_verbatim && self.text_above(column) == Some(text)
    }

    /// Whether the cell above is verbatim.
    pub(crate) fn is_verbatim_above(&self, column: usize) -> bool {
        self.above[column].is_verbatim
    }

    fn text_above(&self, column: usize) -> Option<&str> {
        self.above[column].text.map(|id| self.store.arena.get(id))
    }

    /// Adds a row.
    pub(crate) fn add<'t>(
        &mut self,
        order: OrderId<'_>,
        facts: RowFacts,
        cells: impl Iterator<Item = CellText<'t>>,
        wide_tests: &[WideRow<Cow<'_, str>>],
    ) {
        for (column, cell) in cells.enumerate() {
            self.add_cell(column, cell);
        }
        let first_wide = to_u32(self.store.wide_tests.len());
        for test in wide_tests {
            self.add_wide_test(test);
        }
        self.store.rows.push(RowEntry {
            facts,
            wide_tests: first_wide..to_u32(self.store.wide_tests.len()),
        });
        self.extend_run(order);
    }

    fn add_cell(&mut self, column: usize, cell: CellText<'_>) {
        let above = match cell {
            CellText::Blank => CellAbove::default(),
            CellText::SameAsAbove => self.above[column],
            CellText::Verbatim(text) => CellAbove {
                text: Some(self.store.arena.push(text)),
                is_verbatim: true,
            },
            CellText::Derived(text) => CellAbove {
                text: if self.text_above(column) == Some(text) {
                    self.above[column].text
                } else {
                    Some(self.store.arena.push(text))
                },
                is_verbatim: false,
            },
        };
        self.above[column] = above;
        self.store.cells.push(above.text);
    }

    fn add_wide_test(&mut self, test: &WideRow<Cow<'_, str>>) {
        let store = &mut self.store;
        let first_field = to_u32(store.wide_fields.len());
        for (index, text) in &test.fields {
            let field = (to_u32(*index), store.arena.push(text));
            store.wide_fields.push(field);
        }
        let entry = WideEntry {
            test: to_u32(test.test),
            attempt: test.attempt,
            assessment_id: test.assessment_id.as_ref().map(|id| store.arena.push(id)),
            fields: first_field..to_u32(store.wide_fields.len()),
        };
        store.wide_tests.push(entry);
    }

    /// Adds the last row to the run of its order.
    fn extend_run(&mut self, order: OrderId<'_>) {
        let store = &mut self.store;
        let end = to_u32(store.rows.len());
        let last = store.runs.last();
        if last.is_none_or(|run| store.order_id(run) != order) {
            let run = Run {
                company_id: store.arena.push(order.company_id),
                order_id: store.arena.push(order.order_id),
                rows: end - 1..end,
            };
            store.runs.push(run);
        } else if let Some(run) = store.runs.last_mut() {
            run.rows.end = end;
        }
    }

    /// Returns the store.
    pub(crate) fn finish(self) -> RowStore {
        let mut store = self.store;
        store.arena.texts.shrink_to_fit();
        store.arena.ends.shrink_to_fit();
        store.cells.shrink_to_fit();
        store.rows.shrink_to_fit();
        store.wide_tests.shrink_to_fit();
        store.wide_fields.shrink_to_fit();
        store.runs.shrink_to_fit();
        store
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WIDTH: usize = 3;

    #[derive(Debug, Clone, PartialEq, Eq)]
    struct TestRow {
        company_id: String,
        order_id: String,
        facts: RowFacts,
        texts: Vec<Option<String>>,
        wide_tests: Vec<WideRow<String>>,
    }

    impl<T> WideRow<T> {
        fn map<'a, U>(&'a self, convert: impl Fn(&'a T) -> U) -> WideRow<U> {
            let fields = self.fields.iter();
            WideRow {
                test: self.test,
                attempt: self.attempt,
                assessment_id: self.assessment_id.as_ref().map(&convert),
                fields: fields
                    .map(|(index, text)| (*index, convert(text)))
                    .collect(),
            }
        }
    }

    prop_compose! {
        fn facts()(
            row in 0u32..200,
            errors in 0u32..300,
            has_placeholder: bool,
            attempt: Option<u32>,
        ) -> RowFacts {
            RowFacts { row, errors, has_placeholder, attempt }
        }
    }

    prop_compose! {
        fn wide_test()(
            test in 0usize..300,
            attempt: u32,
            assessment_id in proptest::option::of("[aé]{0,2}"),
            fields in proptest::collection::vec((0usize..200, "[aé]{0,3}"), 0..3),
        ) -> WideRow<String> {
            WideRow { test, attempt, assessment_id, fields }
        }
    }

    prop_compose! {
        fn row()(
            company_id in "[ab]",
            order_id in "[cd]",
            facts in facts(),
            texts in proptest::collection::vec(proptest::option::of("[aé]{0,2}"), WIDTH),
            wide_tests in proptest::collection::vec(wide_test(), 0..3),
        ) -> TestRow {
            TestRow { company_id, order_id, facts, texts, wide_tests }
        }
    }

    fn store(rows: &[TestRow]) -> RowStore {
        let mut builder = RowStoreBuilder::new(WIDTH);
        for row in rows {
            let texts = row.texts.iter().enumerate();
            let cells: Vec<CellText<'_>> = texts
                .map(|(column, text)| match text {
                    None => CellText::Blank,
                    Some(text) if builder.is_same_as_above(column, text) => CellText::SameAsAbove,
                    Some(text) if text.is_ascii() => CellText::Verbatim(text),
                    Some(text) => CellText::Derived(text),
                })
                .collect();
            let order = OrderId {
                company_id: &row.company_id,
                order_id: &row.order_id,
            };
            let wide_tests = row.wide_tests.iter();
            let wide_tests: Vec<_> = wide_tests
                .map(|test| test.map(|text| Cow::Borrowed(&**text)))
                .collect();
            builder.add(order, row.facts, cells.into_iter(), &wide_tests);
        }
        builder.finish()
    }

    proptest! {
        #[test]
        fn rows_are_read_as_they_were_added(rows in proptest::collection::vec(row(), 0..12)) {
            let store = store(&rows);
            let runs = store.runs().iter();
            let found: Vec<TestRow> = runs.flat_map(|run| {
                let order = store.order_id(run);
                store.rows(run).map(move |row| TestRow {
                    company_id: order.company_id.to_owned(),
                    order_id: order.order_id.to_owned(),
                    facts: row.facts,
                    texts: row.texts().map(|text| text.map(str::to_owned)).collect(),
                    wide_tests: row.wide_tests().map(|test| test.map(|text| (*text).to_owned())).collect(),
                })
            }).collect();
            prop_assert_eq!(found, rows);
        }

        #[test]
        fn consecutive_rows_of_an_order_are_one_run(rows in proptest::collection::vec(row(), 0..12)) {
            let store = store(&rows);
            let orders: Vec<_> = store.runs().iter().map(|run| store.order_id(run)).collect();
            prop_assert!(orders.windows(2).all(|pair| pair[0] != pair[1]));
        }
    }
}
