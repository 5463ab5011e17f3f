//! Rows that did not get through, handed back to be fixed: which rows, and what is said of each.
//!
//! Pure, but for the two forms in which they are written ([`csv`], [`xlsx`]). Reading the rows a second time is for the
//! run, as their cells are not kept while it lasts.

pub(crate) mod csv;
pub(crate) mod table;
pub(crate) mod xlsx;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::delivery::{Delivery, Outcome};
use crate::diagnostics::diagnostic::{Diagnostic, Source};
use crate::input::workbook::sheet_style::Layout;
use crate::input::{Cell, Row, SheetHead, Written};
use crate::orders::{Batch, Order, RowAt};
use crate::text::formula;

/// The column that names the run that rejected a row.
pub(crate) const RUN_COLUMN: &str = "scoreload_run";

/// What stands where a value is not known, so that it is an error until somebody enters it.
const UNMENDED: &str = "#VALUE!";

/// Why a row is handed back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The row itself has an error.
    Error,
    /// Another row of its order has one.
    Sibling,
    /// Nothing is wrong with it that could be seen here: its order was not delivered.
    Undelivered,
}

/// What is said of a row that is handed back.
#[derive(Debug)]
pub(crate) struct Remark<'a> {
    /// Why it is handed back.
    pub(crate) cause: Cause,
    /// Its own errors.
    pub(crate) problems: Vec<&'a Diagnostic>,
    /// All of it in words: one line.
    pub(crate) words: String,
}

/// What is said of the rows of a sheet, by row.
pub(crate) type Remarks<'a> = BTreeMap<u32, Remark<'a>>;

/// A row as it stands in its file.
#[derive(Debug)]
pub(crate) struct Kept {
    /// Its number as the user sees it.
    pub(crate) number: u32,
    /// One cell for each column of the header.
    pub(crate) cells: Vec<Cell<'static>>,
    /// The cells that no header stands over.
    pub(crate) beyond: Vec<(u32, Cell<'static>)>,
    /// Whether those make the row malformed.
    pub(crate) is_malformed: bool,
}

impl Kept {
    /// Keeps a row beyond the reading of its file.
    pub(crate) fn of(row: &Row<'_>) -> Self {
        let beyond = row.beyond.iter();
        Self {
            number: row.number,
            cells: row
                .cells
                .iter()
                .map(|cell| cell.clone().into_owned())
                .collect(),
            beyond: beyond
                .map(|(column, cell)| (*column, cell.clone().into_owned()))
                .collect(),
            is_malformed: row.surplus.is_some(),
        }
    }
}

/// A sheet with the rows of it that are handed back.
#[derive(Debug)]
pub(crate) struct RejectedSheet<'a> {
    /// Its columns, and what stands above them.
    pub(crate) head: SheetHead,
    /// The rows, in their order.
    pub(crate) rows: Vec<Kept>,
    /// What is said of them.
    pub(crate) remarks: &'a Remarks<'a>,
    /// How the sheet looks, where that is known.
    pub(crate) layout: Option<Layout>,
}

/// Everything that is handed back.
#[derive(Debug)]
pub(crate) struct Rejected<'a> {
    /// The run that rejected it.
    pub(crate) run: &'a str,
    /// The company of rows whose sheet has no column for it, where one was given.
    pub(crate) company_id: Option<&'a str>,
    /// How a CSV of them is to be written.
    pub(crate) written: Written,
    /// The sheets, in the order of the inputs.
    pub(crate) sheets: Vec<RejectedSheet<'a>>,
}

/// Returns the codes of findings, each once, with a blank between.
pub(crate) fn codes(problems: &[&Diagnostic]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for problem in problems {
        if !names.contains(&problem.code.name()) {
            names.push(problem.code.name());
        }
    }
    names.join(" ")
}

/// Finds the rows that did not get through, and what is to be said of each; `deliveries` are those of the orders.
pub(crate) fn remarks<'a>(
    batch: &'a Batch,
    deliveries: &[Delivery],
) -> HashMap<Arc<Source>, Remarks<'a>> {
    let errors = Errors::of(batch);
    let mut all: HashMap<Arc<Source>, Remarks<'a>> = HashMap::new();
    let mut add = |row: RowAt, remark| {
        let source = Arc::clone(batch.source(row.sheet));
        all.entry(source).or_default().insert(row.row, remark);
    };
    for (order, delivery) in batch.orders.iter().zip(deliveries) {
        if is_through(delivery.outcome) {
            continue;
        }
        let lack = errors.told(order);
        for row in &order.rows {
            add(*row, errors.remark(*row, || lack.words(*row, delivery)));
        }
    }
    for row in &batch.orderless {
        let lost = || (Cause::Error, "the row belongs to no order".to_owned());
        add(*row, errors.remark(*row, lost));
    }
    all
}

/// Tells whether an order got through.
pub(crate) const fn is_through(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Valid | Outcome::Accepted | Outcome::Unchanged => true,
        Outcome::Invalid
        | Outcome::Rejected
        | Outcome::Failed
        | Outcome::Unknown
        | Outcome::NotSent => false,
    }
}

/// The errors of a batch, by row.
struct Errors<'a> {
    batch: &'a Batch,
    by_row: HashMap<(&'a Source, u32), Vec<&'a Diagnostic>>,
}

impl<'a> Errors<'a> {
    fn of(batch: &'a Batch) -> Self {
        let mut by_row: HashMap<_, Vec<_>> = HashMap::new();
        for problem in batch.problems.iter().filter(|problem| problem.is_error()) {
            if let Some(row) = problem.place.row {
                let source: &Source = &problem.place.source;
                by_row.entry((source, row)).or_default().push(problem);
            }
        }
        Self { batch, by_row }
    }

    fn at(&self, row: RowAt) -> &[&'a Diagnostic] {
        let source: &Source = self.batch.source(row.sheet);
        self.by_row
            .get(&(source, row.row))
            .map_or(&[], Vec::as_slice)
    }

    /// Says what is wrong with the row, or what is wrong besides.
    fn remark(&self, row: RowAt, otherwise: impl FnOnce() -> (Cause, String)) -> Remark<'a> {
        let problems = self.at(row).to_vec();
        if problems.is_empty() {
            let (cause, words) = otherwise();
            return Remark {
                cause,
                problems,
                words: harmless(&words),
            };
        }
        let told: Vec<String> = problems
            .iter()
            .map(|problem| format!("{}; {}", problem.message, problem.help))
            .collect();
        Remark {
            cause: Cause::Error,
            words: harmless(&told.join(" | ")),
            problems,
        }
    }

    /// Gathers what the rows of an order lack that have no error of their own.
    fn told(&self, order: &'a Order) -> Lack<'_> {
        let faulty = order
            .rows
            .iter()
            .map(|row| (*row, self.at(*row)))
            .filter(|(_, problems)| !problems.is_empty());
        Lack {
            batch: self.batch,
            faulty: faulty.collect(),
        }
    }
}

/// Why the rows of an order did not get through though nothing is wrong with them.
struct Lack<'a> {
    batch: &'a Batch,
    faulty: Vec<(RowAt, &'a [&'a Diagnostic])>,
}

impl Lack<'_> {
    fn words(&self, row: RowAt, delivery: &Delivery) -> (Cause, String) {
        if delivery.outcome == Outcome::Invalid {
            return (Cause::Sibling, self.held_back(row));
        }
        let status = delivery
            .http_status
            .map_or_else(String::new, |status| format!(" with HTTP status {status}"));
        let words = match (&delivery.message, delivery.outcome) {
            (Some(words), _) => words,
            (None, Outcome::NotSent) => "nothing is wrong with the row; import it again",
            (None, _) => "the server gave no reason",
        };
        let words = format!("{}{status}: {words}", delivery.outcome.words());
        (Cause::Undelivered, words)
    }

    /// Names the rows that hold the order back.
    fn held_back(&self, row: RowAt) -> String {
        /// So many rows are named, then counted.
        const NAMED: usize = 3;
        let here = self.batch.source(row.sheet);
        let named = self.faulty.iter().take(NAMED).map(|(other, problems)| {
            let there = self.batch.source(other.sheet);
            let codes = codes(problems).replace(' ', ", ");
            if here == there {
                format!("row {} has an error ({codes})", other.row)
            } else {
                format!("row {} of {there} has an error ({codes})", other.row)
            }
        });
        let named: Vec<String> = named.collect();
        match (named.is_empty(), self.faulty.len().saturating_sub(NAMED)) {
            (true, _) => "held back: its order has an error".to_owned(),
            (false, 0) => format!("held back: {}", named.join("; ")),
            (false, more) => format!("held back: {}; and {more} more", named.join("; ")),
        }
    }
}

/// Makes a text of ours one line that no spreadsheet takes for a formula.
fn harmless(text: &str) -> String {
    let line: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if formula::begins(&line) {
        format!("error: {line}")
    } else {
        line
    }
}

#[cfg(test)]
mod tests;
