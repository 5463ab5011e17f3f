//! The content of all inputs of a run: sheets, orders and diagnostics.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::build;
use super::grouping::Rows;
use super::order::{Order, RowAt};
use super::row::{Chunk, Findings};
use super::value::Rules;
use crate::diagnostics::diagnostic::{Code, Diagnostic, Place, Source, cell_name};
use crate::input::values::timestamp::DateOrder;
use crate::input::{self, SheetHead};
use crate::paylocity::model::OrderUpdate;

/// The content of all inputs of a run.
#[derive(Debug, Default)]
pub struct Batch {
    /// Every sheet that was read, usable or not, in the order of the inputs.
    pub sheets: Vec<SheetSummary>,
    /// The headers of the usable sheets.
    pub heads: Vec<SheetHead>,
    /// Sheets that were not read, with the reason.
    pub passed_over: Vec<(Arc<Source>, &'static str)>,
    /// Notes that are not diagnostics, in the order of the inputs.
    pub notes: Vec<input::Note>,
    /// The orders, in the order of first appearance.
    pub orders: Vec<Order>,
    /// Rows that belong to no order.
    pub orderless: Vec<RowAt>,
    /// All diagnostics, sorted by place; shared with the reports, as there may be millions.
    pub problems: Arc<Vec<Diagnostic>>,
    /// The rows of the orders.
    pub rows: Rows,
}

/// A sheet and the number of its rows.
#[derive(Debug)]
pub struct SheetSummary {
    /// The file and sheet.
    pub source: Arc<Source>,
    /// The SHA-256 of the whole file, in hexadecimal.
    pub sha256: Arc<str>,
    /// Whether its header is usable.
    pub usable: bool,
    /// The number of data rows.
    pub rows: usize,
    /// The number of data rows that are not used because of an invalid header.
    pub unread: usize,
    /// The number of skipped rows: repeated headers and footers.
    pub skipped: usize,
}

impl Batch {
    /// Returns the file and sheet of a usable sheet.
    pub(crate) fn source(&self, sheet: u32) -> &Arc<Source> {
        &self.heads[sheet as usize].source
    }

    /// Returns the update of an order.
    pub fn body(&self, order: &Order) -> OrderUpdate {
        build::update(&self.rows.content(order, &self.heads))
    }

    /// Whether no sheet has a usable header.
    pub(crate) fn is_unusable(&self) -> bool {
        !self.sheets.iter().any(|sheet| sheet.usable)
    }

    /// Returns the number of errors.
    pub(crate) fn errors(&self) -> usize {
        self.problems
            .iter()
            .filter(|problem| problem.is_error())
            .count()
    }
}

impl Batch {
    /// Adds the rows of a usable sheet.
    pub(super) fn add_rows(&mut self, head: SheetHead, chunks: Vec<Chunk>, rules: &Rules) {
        // Memory ends long before the number of sheets reaches 32 bits.
        let index = u32::try_from(self.heads.len()).unwrap_or(u32::MAX);
        let mut found = Vec::with_capacity(chunks.len());
        self.rows.add_sheet(&head);
        for chunk in chunks {
            let (store, findings, orderless) = chunk.finish();
            let orderless = orderless.into_iter();
            self.orderless
                .extend(orderless.map(|row| RowAt { sheet: index, row }));
            self.rows.add_chunk(store);
            found.push(findings);
        }
        let placeholders = placeholders(&head, &found);
        self.add_diagnostics(placeholders.map(|problem| rules.warnings.weigh(problem)));
        explain_ambiguous_dates(&mut found);
        let problems = found.into_iter().flat_map(|found| found.problems);
        self.add_diagnostics(problems);
        self.heads.push(head);
    }

    /// Groups the rows into orders.
    pub(super) fn group(&mut self, rules: &Rules) {
        let (orders, problems) = self.rows.group(&self.heads, rules.warnings);
        self.orders = orders;
        self.add_diagnostics(problems.into_iter().flatten());
    }

    pub(super) fn add_diagnostics(&mut self, problems: impl IntoIterator<Item = Diagnostic>) {
        // Not shared yet, so nothing is cloned.
        Arc::make_mut(&mut self.problems).extend(problems);
    }
}

/// Returns one warning for all placeholders of a sheet.
fn placeholders(head: &SheetHead, found: &[Findings]) -> Option<Diagnostic> {
    let count: usize = found.iter().map(|found| found.placeholders).sum();
    let (row, column) = found.iter().find_map(|found| found.first_placeholder)?;
    let cells = if count == 1 {
        "1 cell holds"
    } else {
        &format!("{count} cells hold")
    };
    let message = format!("{cells} a placeholder such as N/A or - and count as blank");
    let help = "nothing to do if there is no value to send";
    let field = head
        .header
        .fields
        .iter()
        .find(|(index, _)| *index == column)
        .map(|(_, field)| *field);
    let problem = Diagnostic::new(
        Code::PlaceholderIgnored,
        Place::cell(&head.source, row, column),
        message,
        help,
    );
    Some(problem.in_column(head.header.text(column).cloned(), field))
}

/// Adds to each ambiguous date the order that further dates of its column prove.
fn explain_ambiguous_dates(found: &mut [Findings]) {
    let mut proofs: BTreeMap<u32, Vec<(DateOrder, u32)>> = BTreeMap::new();
    for proof in found.iter().flat_map(|found| &found.date_orders) {
        let proofs = proofs.entry(proof.column).or_default();
        if !proofs.iter().any(|(order, _)| *order == proof.order) {
            proofs.push((proof.order, proof.row));
        }
    }
    let problems = found.iter_mut().flat_map(|found| &mut found.problems);
    for problem in problems.filter(|problem| problem.code == Code::TimestampAmbiguous) {
        let Some(column) = problem.place.column else {
            continue;
        };
        let proof = proofs.get(&column).map_or(&[][..], Vec::as_slice);
        problem.help = evidence(proof, column, &problem.help).into();
    }
}

/// Describes the proof, followed by the remedy.
fn evidence(proof: &[(DateOrder, u32)], column: u32, help: &str) -> String {
    let word = |order: DateOrder| {
        if order == DateOrder::Mdy {
            ("month", "mdy")
        } else {
            ("day", "dmy")
        }
    };
    match proof {
        [] => format!("no other date of the column shows which comes first; {help}"),
        [(order, row)] => {
            let (first, flag) = word(*order);
            format!(
                "the column is written {first} first, as {} shows: pass --date-order {flag}",
                cell_name(*row, column)
            )
        }
        [(one, row), (other, other_row), ..] => format!(
            "the column mixes both: {} is written {} first, {} {} first; {help} after a look at it",
            cell_name(*row, column),
            word(*one).0,
            cell_name(*other_row, column),
            word(*other).0
        ),
    }
}
