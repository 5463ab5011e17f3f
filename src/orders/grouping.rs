//! Grouping rows into orders: all rows of the same company and order are one update, wherever they are.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;
use indexmap::IndexSet;
use rayon::prelude::*;

use super::column_map::ColumnMap;
use super::content::{OrderContent, RowContext};
use super::order::{Order, RowAt};
use super::row_store::{OrderId, RowStore, Run, StoredRow};
use super::validate;
use crate::diagnostics::diagnostic::{Code, Diagnostic, Place, WarningPolicy, excerpt};
use crate::input::SheetHead;
use crate::paylocity::model::Text;

/// The rows of a batch, and which of them belong to each order.
#[derive(Debug, Default)]
pub struct Rows {
    chunks: Vec<Chunk>,
    /// The mapped columns of each sheet.
    column_maps: Vec<ColumnMap>,
    /// The runs, sorted by order.
    runs: Vec<RunRef>,
}

/// The rows of one chunk of a sheet.
#[derive(Debug)]
struct Chunk {
    sheet: u32,
    store: RowStore,
}

/// A run among those of all chunks.
#[derive(Debug, Clone, Copy)]
struct RunRef {
    chunk: u32,
    /// The index of the run in its chunk.
    run: u32,
    /// The index of the order, by first appearance.
    order: u32,
    /// Whether the run continues the order of the run before it in the input.
    continues: bool,
}

impl Rows {
    /// Adds a sheet.
    pub(crate) fn add_sheet(&mut self, head: &SheetHead) {
        self.column_maps.push(ColumnMap::new(&head.header));
    }

    /// Adds a chunk of the sheet that was added last.
    pub(crate) fn add_chunk(&mut self, store: RowStore) {
        let sheet = to_u32(self.column_maps.len() - 1);
        self.chunks.push(Chunk { sheet, store });
    }

    /// Groups the rows into orders, by first appearance; returns them with the diagnostics of each.
    pub(crate) fn group(
        &mut self,
        heads: &[SheetHead],
        warnings: WarningPolicy,
    ) -> (Vec<Order>, Vec<Vec<Diagnostic>>) {
        self.runs = sorted_runs(&self.chunks);
        let rows = &*self;
        let lengths = rows.runs.chunk_by(|one, other| one.order == other.order);
        let starts: Vec<usize> = lengths
            .scan(0, |start, runs| {
                *start += runs.len();
                Some(*start - runs.len())
            })
            .collect();
        let order = |index: usize| {
            let start = starts[index];
            let end = starts.get(index + 1).copied().unwrap_or(rows.runs.len());
            OrderBuilder::new(rows, heads, warnings).build(start, end)
        };
        (0..starts.len())
            .into_par_iter()
            .with_min_len(256)
            .map(order)
            .unzip()
    }

    /// Returns the content of an order; its conflicts are among the diagnostics of [`Rows::group`].
    pub(crate) fn content<'a>(&'a self, order: &Order, heads: &'a [SheetHead]) -> OrderContent<'a> {
        let mut content = OrderContent::default();
        let (start, length) = order.runs;
        let runs = &self.runs[start as usize..(start + length) as usize];
        for (row, at) in runs.iter().flat_map(|run| self.rows_of(run)) {
            content.merge(&row, self.context(at, heads), &mut Vec::new());
        }
        content
    }

    fn context<'a>(&'a self, at: RowAt, heads: &'a [SheetHead]) -> RowContext<'a> {
        RowContext {
            at,
            heads,
            columns: &self.column_maps[at.sheet as usize],
        }
    }

    fn run(&self, run: &RunRef) -> (&Chunk, &Run) {
        let chunk = &self.chunks[run.chunk as usize];
        (chunk, &chunk.store.runs()[run.run as usize])
    }

    fn rows_of(&self, run: &RunRef) -> impl Iterator<Item = (StoredRow<'_>, RowAt)> {
        let (chunk, run) = self.run(run);
        chunk.store.rows(run).map(|row| {
            let at = RowAt {
                sheet: chunk.sheet,
                row: row.facts.row,
            };
            (row, at)
        })
    }
}

/// Converts the index of a row or run; memory ends long before 32 bits do.
fn to_u32(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// Returns the runs of all chunks, sorted by the first appearance of their orders.
fn sorted_runs(chunks: &[Chunk]) -> Vec<RunRef> {
    let count = chunks.iter().map(|chunk| chunk.store.runs().len()).sum();
    let mut ids: IndexSet<OrderId<'_>, RandomState> = IndexSet::default();
    let mut runs = Vec::with_capacity(count);
    let mut previous = None;
    for (chunk_index, chunk) in chunks.iter().enumerate() {
        for (run_index, run) in chunk.store.runs().iter().enumerate() {
            let (order, _) = ids.insert_full(chunk.store.order_id(run));
            runs.push(RunRef {
                chunk: to_u32(chunk_index),
                run: to_u32(run_index),
                order: to_u32(order),
                continues: previous == Some(order),
            });
            previous = Some(order);
        }
    }
    runs.sort_by_key(|run| run.order);
    runs
}

/// Builds an order from its rows.
struct OrderBuilder<'a> {
    rows: &'a Rows,
    heads: &'a [SheetHead],
    warnings: WarningPolicy,
    content: OrderContent<'a>,
    row_places: Vec<RowAt>,
    errors: usize,
    is_scattered: bool,
    diagnostics: Vec<Diagnostic>,
    /// The fingerprints of the rows, to find repeated ones.
    fingerprints: HashMap<u64, RowAt, RandomState>,
}

impl<'a> OrderBuilder<'a> {
    fn new(rows: &'a Rows, heads: &'a [SheetHead], warnings: WarningPolicy) -> Self {
        Self {
            rows,
            heads,
            warnings,
            content: OrderContent::default(),
            row_places: Vec::new(),
            errors: 0,
            is_scattered: false,
            diagnostics: Vec::new(),
            fingerprints: HashMap::default(),
        }
    }

    fn build(mut self, start: usize, end: usize) -> (Order, Vec<Diagnostic>) {
        let rows = self.rows;
        let runs = &rows.runs[start..end];
        let count: usize = runs.iter().map(|run| rows.run(run).1.len()).sum();
        self.row_places.reserve_exact(count);
        if count > 1 {
            self.fingerprints.reserve(count);
        }
        let (chunk, first) = rows.run(&runs[0]);
        let id = chunk.store.order_id(first);
        for run in runs {
            let mut continues = run.continues;
            for (row, at) in rows.rows_of(run) {
                self.add(&row, continues, at, id.order_id);
                continues = true;
            }
        }
        let mut order = Order {
            company_id: Text::from(id.company_id),
            order_id: Text::from(id.order_id),
            rows: self.row_places,
            errors: self.errors,
            runs: (to_u32(start), to_u32(end - start)),
        };
        for diagnostic in validate::order(&order, &self.content, self.heads) {
            let diagnostic = self.warnings.weigh(diagnostic);
            order.errors += usize::from(diagnostic.is_error());
            self.diagnostics.push(diagnostic);
        }
        (order, self.diagnostics)
    }

    /// Adds a row; `continues` is false if rows of other orders precede it.
    fn add(&mut self, row: &StoredRow<'a>, continues: bool, at: RowAt, order_id: &str) {
        let heads = self.heads;
        let facts = row.facts;
        let is_denied = self.warnings == WarningPolicy::Deny
            && (heads[at.sheet as usize].is_denied || facts.has_placeholder);
        self.errors += facts.errors as usize + usize::from(is_denied);
        let mut found = Vec::new();
        let place = |at: RowAt| Place::row(&heads[at.sheet as usize].source, at.row);
        if self.is_scattered_by(at, continues) {
            found.push(scattered(place(at), order_id));
        }
        // The valid part of a row with an error may equal another row whose values differ.
        if facts.errors == 0
            && let Some(earlier) = self.fingerprints.insert(self.fingerprint(row, at), at)
        {
            found.push(repeated(place(at), &place(earlier)));
        }
        self.row_places.push(at);
        let context = self.rows.context(at, heads);
        self.content.merge(row, context, &mut found);
        for diagnostic in found {
            let diagnostic = self.warnings.weigh(diagnostic);
            self.errors += usize::from(diagnostic.is_error());
            self.diagnostics.push(diagnostic);
        }
    }

    /// Whether this row is the first of the order that is separated from the order's other rows on the same sheet.
    fn is_scattered_by(&mut self, at: RowAt, continues: bool) -> bool {
        let last = self.row_places.last();
        let is_separate = !continues && last.is_some_and(|last| last.sheet == at.sheet);
        let is_first = is_separate && !self.is_scattered;
        self.is_scattered |= is_separate;
        is_first
    }

    /// Returns a hash of everything that a row says.
    fn fingerprint(&self, row: &StoredRow<'_>, at: RowAt) -> u64 {
        let mut hasher = foldhash::quality::FixedState::default().build_hasher();
        let columns = &self.rows.column_maps[at.sheet as usize].columns;
        for (mapped, text) in columns.iter().zip(row.texts()) {
            if let Some(text) = text {
                hasher.write_u32(mapped.index << 16 | u32::from(mapped.field.number));
                hasher.write_u8(mapped.field.column as u8);
                hasher.write(text.as_bytes());
            }
        }
        hasher.write_u64(row.facts.attempt.map_or(u64::MAX, u64::from));
        for test in row.wide_tests() {
            hasher.write_usize(test.test);
            hasher.write_u32(test.attempt);
            hasher.write(test.assessment_id.unwrap_or_default().as_bytes());
            for (field, text) in &test.fields {
                hasher.write_usize(*field);
                hasher.write(text.as_bytes());
            }
        }
        hasher.finish()
    }
}

fn repeated(place: Place, earlier: &Place) -> Diagnostic {
    let message = format!(
        "the row says the same as row {} of {}",
        earlier.row.unwrap_or_default(),
        earlier.source
    );
    let help = "nothing to do: it is sent once; delete one of the rows";
    Diagnostic::new(Code::RowDuplicate, place, message, help)
}

fn scattered(place: Place, order_id: &str) -> Diagnostic {
    let message = format!(
        "order {} continues here, after rows of other orders",
        excerpt(order_id)
    );
    let help =
        "nothing to do: the rows are sent together; if that is not intended, check the order ids";
    Diagnostic::new(Code::RowsScattered, place, message, help)
}
