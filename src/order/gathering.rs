//! Rows to orders: rows with the same company and order form one update, wherever they stand.

use std::collections::HashMap;
use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use indexmap::IndexSet;
use rayon::prelude::*;

use super::group::{Order, RowAt};
use super::model::Text;
use super::record::Record;
use crate::input::SheetHead;
use crate::problem::{Code, Place, Problem, WarningPolicy, excerpt};

/// Rows while they are gathered: the order of each is known, and they are put together at the end, on all cores.
#[derive(Default)]
pub(super) struct Gathering {
    /// The company and the order of each, by first appearance.
    ids: IndexSet<(Text, Text), RandomState>,
    rows: Vec<Gathered>,
    /// The order of the row before.
    previous: Option<usize>,
    problems: Vec<Problem>,
    orderless: Vec<RowAt>,
}

/// A row of an order.
struct Gathered {
    /// The order, by its place among all.
    order: usize,
    sheet: usize,
    /// Whether the row before is of the same order.
    follows: bool,
    record: Record,
}

/// What the rows of a batch came to.
pub(super) struct Grouped {
    pub(super) orders: Vec<Order>,
    /// The findings of the rows, and of what they say together.
    pub(super) problems: Vec<Problem>,
    /// Rows that belong to no order.
    pub(super) orderless: Vec<RowAt>,
}

impl Gathering {
    /// Adds the rows of a sheet, each to the order that it belongs to.
    pub(super) fn add(&mut self, sheet: usize, records: Vec<Record>) {
        self.rows.reserve_exact(records.len());
        for mut record in records {
            let row = record.row;
            let ids = (record.company_id.take(), record.order_id.take());
            let (Some(company_id), Some(order_id)) = ids else {
                self.problems.append(&mut record.problems);
                self.orderless.push(RowAt { sheet, row });
                continue;
            };
            let order = self.place_of((company_id, order_id));
            self.rows.push(Gathered {
                order,
                sheet,
                follows: self.previous == Some(order),
                record,
            });
            self.previous = Some(order);
        }
    }

    /// Returns the place of an order; most rows are of the order of the row before.
    fn place_of(&mut self, ids: (Text, Text)) -> usize {
        let previous = self.previous;
        previous
            .filter(|previous| self.ids.get_index(*previous) == Some(&ids))
            .unwrap_or_else(|| self.ids.insert_full(ids).0)
    }

    /// Forms the orders of the rows.
    pub(super) fn finish(self, heads: &[SheetHead], warnings: WarningPolicy) -> Grouped {
        let (mut rows, ids) = (self.rows, self.ids);
        rows.sort_by_key(|row| row.order);
        let form = |rows: &mut [Gathered]| {
            let (company_id, order_id) = ids[rows[0].order].clone();
            Forming::of(Order::new(company_id, order_id), heads, warnings).formed(rows)
        };
        let formed: Vec<(Order, Vec<Problem>)> = rows
            .par_chunk_by_mut(|one, other| one.order == other.order)
            .map(form)
            .collect();
        let mut grouped = Grouped {
            orders: Vec::with_capacity(formed.len()),
            problems: self.problems,
            orderless: self.orderless,
        };
        for (order, mut problems) in formed {
            grouped.orders.push(order);
            grouped.problems.append(&mut problems);
        }
        grouped
    }
}

/// An order while its rows are put together.
struct Forming<'a> {
    order: Order,
    problems: Vec<Problem>,
    /// What the rows said: to notice one that says the same again.
    seen: HashMap<u64, RowAt, RandomState>,
    heads: &'a [SheetHead],
    warnings: WarningPolicy,
}

impl<'a> Forming<'a> {
    fn of(order: Order, heads: &'a [SheetHead], warnings: WarningPolicy) -> Self {
        Self {
            order,
            problems: Vec::new(),
            seen: HashMap::default(),
            heads,
            warnings,
        }
    }

    fn formed(mut self, rows: &mut [Gathered]) -> (Order, Vec<Problem>) {
        self.order.rows.reserve_exact(rows.len());
        if rows.len() > 1 {
            self.seen.reserve(rows.len());
        }
        for row in rows {
            self.add(row);
        }
        (self.order, self.problems)
    }

    /// Adds a row, and takes what it holds.
    fn add(&mut self, row: &mut Gathered) {
        let (heads, record) = (self.heads, &mut row.record);
        let at = RowAt {
            sheet: row.sheet,
            row: record.row,
        };
        let is_denied = self.warnings == WarningPolicy::Deny
            && (heads[row.sheet].is_denied || !record.placeholders.is_empty());
        let errors = record
            .problems
            .iter()
            .filter(|problem| problem.is_error())
            .count();
        self.problems.append(&mut record.problems);
        let mut found = Vec::new();
        let place = |row: RowAt| Place::row(&heads[row.sheet].source, row.row);
        if self.order.is_scattered_by(at, row.follows) {
            found.push(scattered(place(at), &self.order));
        }
        // A row with an error may say something else than what could be read of it.
        let earlier = (errors == 0)
            .then(|| self.seen.insert(fingerprint(record), at))
            .flatten();
        if let Some(earlier) = earlier {
            found.push(repeated(place(at), &place(earlier)));
        }
        self.order.rows.push(at);
        self.order.errors += errors + usize::from(is_denied);
        self.order.take(record, at, heads, &mut found);
        self.tell(found);
    }

    fn tell(&mut self, found: Vec<Problem>) {
        for problem in found {
            let problem = self.warnings.weigh(problem);
            self.order.errors += usize::from(problem.is_error());
            self.problems.push(problem);
        }
    }
}

/// What tells whether two rows say the same.
fn fingerprint(record: &Record) -> u64 {
    let said = (&record.assessment_id, &record.entries, &record.tests);
    foldhash::quality::FixedState::default().hash_one(said)
}

fn repeated(place: Place, earlier: &Place) -> Problem {
    let message = format!(
        "the row says the same as row {} of {}",
        earlier.row.unwrap_or_default(),
        earlier.source
    );
    Problem::new(
        Code::RowDuplicate,
        place,
        message,
        "nothing to do: it is sent once; delete one of the rows",
    )
}

fn scattered(place: Place, order: &Order) -> Problem {
    let message = format!(
        "order {} goes on here, after rows of other orders",
        excerpt(&order.order_id)
    );
    let help =
        "nothing to do: the rows are sent together; if that is no intent, check the order ids";
    Problem::new(Code::RowsScattered, place, message, help)
}
