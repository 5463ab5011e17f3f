//! Rejected rows: the rows of orders that were not delivered, written to be corrected and imported again.
//!
//! This module is pure except for the two formats ([`csv`](super::csv), [`xlsx`](super::xlsx)). The pipeline reads the
//! rows from the inputs again, because cells are not kept during a run.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::delivery::{Delivery, Outcome};
use crate::diagnostics::diagnostic::{Diagnostic, Source};
use crate::input::workbook::sheet_style::Layout;
use crate::input::{Cell, OutputDialect, Row, SheetHead};
use crate::orders::{Batch, Order, RowAt};
use crate::text::formula;

/// The column that names the run that rejected a row.
pub(crate) const RUN_COLUMN: &str = "scoreload_run";

/// Written where a value is unknown; it stays an error until somebody fills it in.
pub(crate) const UNKNOWN_VALUE: &str = "#VALUE!";

/// Why a row was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The row itself has an error.
    Error,
    /// Another row of its order has an error.
    Sibling,
    /// The row has no error; its order was not delivered.
    Undelivered,
}

/// The remark on a rejected row.
#[derive(Debug)]
pub(crate) struct Remark<'a> {
    /// Why it was rejected.
    pub(crate) cause: Cause,
    /// Its own errors.
    pub(crate) problems: Vec<&'a Diagnostic>,
    /// The whole remark, in one line.
    pub(crate) words: String,
}

/// The remarks on the rows of a sheet, by row.
pub(crate) type Remarks<'a> = BTreeMap<u32, Remark<'a>>;

/// A row as in its file.
#[derive(Debug)]
pub(crate) struct RejectedRow {
    /// Its row number as the user sees it.
    pub(crate) number: u32,
    /// One cell per header column.
    pub(crate) cells: Vec<Cell<'static>>,
    /// Cells without a header.
    pub(crate) beyond: Vec<(u32, Cell<'static>)>,
    /// Whether those cells make the row malformed.
    pub(crate) is_malformed: bool,
}

impl RejectedRow {
    /// Copies a row so that it outlives the reading of its file.
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

/// A sheet with its rejected rows.
#[derive(Debug)]
pub(crate) struct RejectedSheet<'a> {
    /// Its header, and the rows above it.
    pub(crate) head: SheetHead,
    /// The rows, in order.
    pub(crate) rows: Vec<RejectedRow>,
    /// The remarks on them.
    pub(crate) remarks: &'a Remarks<'a>,
    /// The appearance of the sheet, if known.
    pub(crate) layout: Option<Layout>,
}

/// All rejected rows.
#[derive(Debug)]
pub(crate) struct Rejected<'a> {
    /// The run that rejected them.
    pub(crate) run: &'a str,
    /// The company id of sheets without a company column, if one was given.
    pub(crate) company_id: Option<&'a str>,
    /// The dialect of a CSV file of these rows.
    pub(crate) written: OutputDialect,
    /// The sheets, in input order.
    pub(crate) sheets: Vec<RejectedSheet<'a>>,
}

/// Returns the codes of diagnostics, each once, separated by blanks.
pub(crate) fn codes(problems: &[&Diagnostic]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for problem in problems {
        if !names.contains(&problem.code.name()) {
            names.push(problem.code.name());
        }
    }
    names.join(" ")
}

/// Returns a remark for each row that was not delivered. `deliveries` are in the order of the batch's orders.
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
        let reason = errors.not_delivered_because(order);
        for row in &order.rows {
            add(*row, errors.remark(*row, || reason.words(*row, delivery)));
        }
    }
    for row in &batch.orderless {
        let lost = || (Cause::Error, "the row belongs to no order".to_owned());
        add(*row, errors.remark(*row, lost));
    }
    all
}

/// Returns whether an order needs no further delivery.
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

    /// Creates the remark on a row: its own errors, or else the given cause.
    fn remark(&self, row: RowAt, otherwise: impl FnOnce() -> (Cause, String)) -> Remark<'a> {
        let problems = self.at(row).to_vec();
        if problems.is_empty() {
            let (cause, words) = otherwise();
            return Remark {
                cause,
                problems,
                words: escape_formula(&words),
            };
        }
        let messages: Vec<String> = problems
            .iter()
            .map(|problem| format!("{}; {}", problem.message, problem.help))
            .collect();
        Remark {
            cause: Cause::Error,
            words: escape_formula(&messages.join(" | ")),
            problems,
        }
    }

    /// Determines why an order was not delivered, for its rows without errors of their own.
    fn not_delivered_because(&self, order: &'a Order) -> NotDelivered<'_> {
        let faulty = order
            .rows
            .iter()
            .map(|row| (*row, self.at(*row)))
            .filter(|(_, problems)| !problems.is_empty());
        NotDelivered {
            batch: self.batch,
            faulty: faulty.collect(),
        }
    }
}

/// Why an order was not delivered, for its rows without errors of their own.
struct NotDelivered<'a> {
    batch: &'a Batch,
    faulty: Vec<(RowAt, &'a [&'a Diagnostic])>,
}

impl NotDelivered<'_> {
    fn words(&self, row: RowAt, delivery: &Delivery) -> (Cause, String) {
        if delivery.outcome == Outcome::Invalid {
            return (Cause::Sibling, self.held_back(row));
        }
        let status = delivery
            .http_status
            .map_or_else(String::new, |status| format!(" with HTTP status {status}"));
        let words = match (&delivery.message, delivery.outcome) {
            (Some(words), _) => words,
            (None, Outcome::NotSent) => "the row is valid; import it again",
            (None, _) => "the server gave no reason",
        };
        let words = format!("{}{status}: {words}", delivery.outcome.words());
        (Cause::Undelivered, words)
    }

    /// Names the rows that hold the order back.
    fn held_back(&self, row: RowAt) -> String {
        /// Further rows are only counted.
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

/// Makes one of our texts a single line that no spreadsheet takes for a formula.
fn escape_formula(text: &str) -> String {
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
