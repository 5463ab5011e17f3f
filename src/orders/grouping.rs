//! Rows to orders: rows with the same company and order form one update, wherever they stand.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;
use indexmap::IndexSet;
use rayon::prelude::*;

use super::group::{Cells, Content, Order, RowAt};
use crate::diagnostics::diagnostic::{Code, Diagnostic, Place, WarningPolicy, excerpt};
use crate::input::SheetHead;
use crate::orders::column_map::Slots;
use crate::orders::row_store::{Packed, Run, Unpacked, Unpacking};
use crate::orders::validate;
use crate::paylocity::model::Text;

/// Everything that the rows of a batch say, packed.
#[derive(Debug, Default)]
pub struct Rows {
    parts: Vec<PartRows>,
    /// By sheet: what its columns are for.
    slots: Vec<Slots>,
    /// The runs, those of an order beside each other, in their order.
    runs: Vec<RunAt>,
}

/// The rows of a part of a sheet.
#[derive(Debug)]
struct PartRows {
    sheet: u32,
    packed: Packed,
    runs: Vec<Run>,
}

/// A run among all.
#[derive(Debug, Clone, Copy)]
struct RunAt {
    part: u32,
    run: u32,
    /// The order, by its place among all.
    order: u32,
    /// Whether the row before is of the same order.
    follows: bool,
}

impl Rows {
    /// Adds a sheet that further parts are of.
    pub(crate) fn begin_sheet(&mut self, head: &SheetHead) {
        self.slots.push(Slots::of(&head.header));
    }

    /// Adds a part of the sheet that was begun last.
    pub(crate) fn add(&mut self, (packed, runs): (Packed, Vec<Run>)) {
        let sheet = number(self.slots.len() - 1);
        self.parts.push(PartRows {
            sheet,
            packed,
            runs,
        });
    }

    /// Forms the orders of the rows, in the order of first appearance; returns them with what is wrong with each.
    pub(crate) fn form(
        &mut self,
        heads: &[SheetHead],
        warnings: WarningPolicy,
    ) -> (Vec<Order>, Vec<Vec<Diagnostic>>) {
        self.runs = runs(&self.parts);
        let rows = &*self;
        let bounds: Vec<usize> = rows
            .runs
            .chunk_by(|one, other| one.order == other.order)
            .map(<[RunAt]>::len)
            .scan(0, |start, length| {
                *start += length;
                Some(*start - length)
            })
            .collect();
        let form = |index: usize| {
            let start = bounds[index];
            let end = bounds.get(index + 1).copied().unwrap_or(rows.runs.len());
            Forming::of(rows, heads, warnings).formed(start, end)
        };
        (0..bounds.len())
            .into_par_iter()
            .with_min_len(256)
            .map(form)
            .unzip()
    }

    /// Puts together what the rows of an order say; what is wrong with them was told before.
    pub(crate) fn content<'a>(&'a self, order: &Order, heads: &'a [SheetHead]) -> Content<'a> {
        let mut content = Content::default();
        let (start, length) = order.runs;
        let runs = &self.runs[start as usize..(start + length) as usize];
        self.each(runs, |row, _, at| {
            let cells = self.cells(at, heads);
            content.take(row, cells, &mut Vec::new());
        });
        content
    }

    fn cells<'a>(&'a self, at: RowAt, heads: &'a [SheetHead]) -> Cells<'a> {
        Cells {
            at,
            heads,
            slots: &self.slots[at.sheet as usize],
        }
    }

    /// Hands on each row of some runs: what it says, whether it follows another of its order, and where it stands.
    fn each<'a>(&'a self, runs: &[RunAt], mut take: impl FnMut(&Unpacked<'a>, bool, RowAt)) {
        let mut row = Unpacked::default();
        let mut sheet = None;
        for at in runs {
            let part = &self.parts[at.part as usize];
            if sheet.replace(part.sheet) != Some(part.sheet) {
                row = Unpacked::of_slots(self.slots[part.sheet as usize].all.len());
            }
            let mut rows = Unpacking::of(&part.packed, &part.runs[at.run as usize]);
            let mut follows = at.follows;
            while rows.next(&mut row) {
                let at = RowAt {
                    sheet: part.sheet,
                    row: row.facts.row,
                };
                take(&row, follows, at);
                follows = true;
            }
        }
    }
}

/// A count of what is held in memory stays below what 32 bits can count: no row has fewer bytes than one.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Finds the runs of each order, by first appearance.
fn runs(parts: &[PartRows]) -> Vec<RunAt> {
    let count = parts.iter().map(|part| part.runs.len()).sum();
    let mut ids: IndexSet<(&str, &str), RandomState> = IndexSet::default();
    let mut runs = Vec::with_capacity(count);
    let mut previous = None;
    for (part, rows) in parts.iter().enumerate() {
        for (index, run) in rows.runs.iter().enumerate() {
            let id = (
                rows.packed.text(&run.company_id),
                rows.packed.text(&run.order_id),
            );
            let order = ids.insert_full(id).0;
            runs.push(RunAt {
                part: number(part),
                run: number(index),
                order: number(order),
                follows: previous == Some(order),
            });
            previous = Some(order);
        }
    }
    runs.sort_by_key(|run| run.order);
    runs
}

/// An order while its rows are put together.
struct Forming<'a> {
    rows: &'a Rows,
    heads: &'a [SheetHead],
    warnings: WarningPolicy,
    content: Content<'a>,
    at: Vec<RowAt>,
    errors: usize,
    is_scattered: bool,
    problems: Vec<Diagnostic>,
    /// What the rows said: to notice one that says the same again.
    seen: HashMap<u64, RowAt, RandomState>,
}

impl<'a> Forming<'a> {
    fn of(rows: &'a Rows, heads: &'a [SheetHead], warnings: WarningPolicy) -> Self {
        Self {
            rows,
            heads,
            warnings,
            content: Content::default(),
            at: Vec::new(),
            errors: 0,
            is_scattered: false,
            problems: Vec::new(),
            seen: HashMap::default(),
        }
    }

    fn formed(mut self, start: usize, end: usize) -> (Order, Vec<Diagnostic>) {
        let rows = self.rows;
        let runs = &rows.runs[start..end];
        let run = |at: &RunAt| {
            let part = &rows.parts[at.part as usize];
            (part, &part.runs[at.run as usize])
        };
        let count: usize = runs.iter().map(|at| run(at).1.rows as usize).sum();
        self.at.reserve_exact(count);
        let (part, first) = run(&runs[0]);
        let company_id = Text::from(part.packed.text(&first.company_id));
        let order_id = Text::from(part.packed.text(&first.order_id));
        if count > 1 {
            self.seen.reserve(count);
        }
        rows.each(runs, |row, follows, at| {
            self.add(row, follows, at, &order_id);
        });
        let mut order = Order {
            company_id,
            order_id,
            rows: self.at,
            errors: self.errors,
            runs: (number(start), number(end - start)),
        };
        let found = validate::order(&order, &self.content, self.heads);
        for problem in found {
            let problem = self.warnings.weigh(problem);
            order.errors += usize::from(problem.is_error());
            self.problems.push(problem);
        }
        (order, self.problems)
    }

    /// Adds a row, and takes what it says.
    fn add(&mut self, row: &Unpacked<'a>, follows: bool, at: RowAt, order_id: &str) {
        let heads = self.heads;
        let facts = row.facts;
        let is_denied = self.warnings == WarningPolicy::Deny
            && (heads[at.sheet as usize].is_denied || facts.has_placeholder);
        self.errors += facts.errors as usize + usize::from(is_denied);
        let mut found = Vec::new();
        let place = |at: RowAt| Place::row(&heads[at.sheet as usize].source, at.row);
        if self.is_scattered_by(at, follows) {
            found.push(scattered(place(at), order_id));
        }
        // A row with an error may say something else than what could be read of it.
        if facts.errors == 0
            && let Some(earlier) = self.seen.insert(self.fingerprint(row, at), at)
        {
            found.push(repeated(place(at), &place(earlier)));
        }
        self.at.push(at);
        self.content
            .take(row, self.rows.cells(at, heads), &mut found);
        for problem in found {
            let problem = self.warnings.weigh(problem);
            self.errors += usize::from(problem.is_error());
            self.problems.push(problem);
        }
    }

    /// Tells whether this row is the first of its order to stand apart from the others of its sheet.
    fn is_scattered_by(&mut self, at: RowAt, follows: bool) -> bool {
        let apart = !follows && self.at.last().is_some_and(|last| last.sheet == at.sheet);
        let first = apart && !self.is_scattered;
        self.is_scattered |= apart;
        first
    }

    /// Returns what tells whether two rows say the same.
    fn fingerprint(&self, row: &Unpacked<'_>, at: RowAt) -> u64 {
        let mut hasher = foldhash::quality::FixedState::default().build_hasher();
        let slots = &self.rows.slots[at.sheet as usize].all;
        for (slot, text) in slots.iter().zip(&row.texts) {
            if let Some(text) = text {
                hasher.write_u32(slot.column << 16 | u32::from(slot.field.number));
                hasher.write_u8(slot.field.column as u8);
                hasher.write(text.as_bytes());
            }
        }
        hasher.write_u64(row.facts.attempt.map_or(u64::MAX, u64::from));
        for test in &row.wide {
            hasher.write_usize(test.test);
            hasher.write_u32(test.attempt);
            hasher.write(test.assessment_id.unwrap_or_default().as_bytes());
            for (place, text) in &test.fields {
                hasher.write_usize(*place);
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
    Diagnostic::new(
        Code::RowDuplicate,
        place,
        message,
        "nothing to do: it is sent once; delete one of the rows",
    )
}

fn scattered(place: Place, order_id: &str) -> Diagnostic {
    let message = format!(
        "order {} goes on here, after rows of other orders",
        excerpt(order_id)
    );
    let help =
        "nothing to do: the rows are sent together; if that is no intent, check the order ids";
    Diagnostic::new(Code::RowsScattered, place, message, help)
}
