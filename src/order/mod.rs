//! Rows to orders: each row read by the rules, rows gathered into orders, orders checked as a whole.

pub mod body;
pub mod check;
mod gathering;
pub mod group;
mod link;
pub mod model;
pub mod record;
pub mod status;
pub mod value;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use rayon::prelude::*;

use self::gathering::Gathering;
pub use self::group::{Order, RowAt};
use self::record::Record;
pub use self::value::Rules;
use crate::input::timestamp::DateOrder;
use crate::input::{self, File, Sheet, SheetHead};
use crate::problem::{Code, Place, Problem, Source, cell_name};

/// Everything that the inputs of a run say.
#[derive(Debug, Default)]
pub struct Batch {
    /// Every sheet that was read, usable or not, in the order of the inputs.
    pub sheets: Vec<SheetSummary>,
    /// The columns of the usable ones among them.
    pub heads: Vec<SheetHead>,
    /// Sheets that were not read, with the reason.
    pub passed_over: Vec<(Arc<Source>, &'static str)>,
    /// What is no problem and must be said, in the order of the inputs.
    pub notes: Vec<input::Note>,
    /// The orders, in the order of first appearance.
    pub orders: Vec<Order>,
    /// Rows that belong to no order.
    pub orderless: Vec<RowAt>,
    /// Every finding, in the order of its place.
    pub problems: Vec<Problem>,
}

/// A sheet and how much was in it.
#[derive(Debug)]
pub struct SheetSummary {
    /// Where it is.
    pub source: Arc<Source>,
    /// The fingerprint of the whole file, in hexadecimal.
    pub sha256: Arc<str>,
    /// Whether its header could be used.
    pub usable: bool,
    /// Its rows of data.
    pub rows: usize,
    /// Those among them that were not read, because the header is wrong.
    pub unread: usize,
    /// Rows that were left out: repeated headers and footers.
    pub skipped: usize,
}

impl Batch {
    /// Returns the file and sheet of a row, by the sheet's place among the usable ones.
    #[must_use]
    pub fn source(&self, sheet: usize) -> &Arc<Source> {
        &self.heads[sheet].source
    }

    /// Tells whether there was nothing that could be used: no sheet with a good header.
    #[must_use]
    pub fn is_unusable(&self) -> bool {
        !self.sheets.iter().any(|sheet| sheet.usable)
    }

    /// Counts the findings that are errors.
    #[must_use]
    pub fn errors(&self) -> usize {
        self.problems
            .iter()
            .filter(|problem| problem.is_error())
            .count()
    }
}

/// Reads inputs, on all cores, and gathers their rows into orders.
#[must_use]
pub fn gather(paths: &[PathBuf], options: &input::Options<'_>, rules: &Rules) -> Batch {
    let turn = |head: &SheetHead, row: &input::Row<'_>| record::read(head, row, rules);
    let files: Vec<File<Record>> = input::read_all(paths, options, &turn);
    let mut batch = Batch::default();
    let mut rows = Vec::new();
    let mut ranks = HashMap::new();
    for mut file in files {
        batch.passed_over.append(&mut file.passed_over);
        batch.notes.append(&mut file.notes);
        for problem in &file.problems {
            rank(&mut ranks, &problem.place.source);
        }
        batch.problems.append(&mut file.problems);
        for sheet in file.sheets {
            rank(&mut ranks, &sheet.source);
            batch.add(sheet, &mut rows, rules);
        }
    }
    batch.group(rows, rules);
    batch
        .problems
        .sort_by_cached_key(|problem| place_key(&ranks, problem));
    batch
}

/// Gives a sheet its rank among the others, by first mention.
fn rank(ranks: &mut HashMap<Arc<Source>, usize>, source: &Arc<Source>) {
    let next = ranks.len();
    ranks.entry(Arc::clone(source)).or_insert(next);
}

fn place_key(
    ranks: &HashMap<Arc<Source>, usize>,
    problem: &Problem,
) -> (usize, Option<u32>, Option<u32>, Code) {
    let place = &problem.place;
    let rank = ranks.get(&place.source).copied().unwrap_or(usize::MAX);
    (rank, place.row, place.column, problem.code)
}

impl Batch {
    /// Adds a sheet: its rows go to `rows`, with the sheet's place among the usable ones.
    fn add(&mut self, sheet: Sheet<Record>, rows: &mut Vec<(usize, Vec<Record>)>, rules: &Rules) {
        self.sheets.push(SheetSummary {
            source: sheet.source,
            sha256: sheet.sha256,
            usable: sheet.head.is_some(),
            rows: sheet.rows.len() + sheet.unread,
            unread: sheet.unread,
            skipped: sheet.skipped,
        });
        let Some(head) = sheet.head else { return };
        let mut records = sheet.rows;
        self.problems
            .extend(placeholders(&head, &records).map(|problem| rules.warnings.weigh(problem)));
        explain_ambiguous_dates(&mut records);
        rows.push((self.heads.len(), records));
        self.heads.push(head);
    }

    fn group(&mut self, rows: Vec<(usize, Vec<Record>)>, rules: &Rules) {
        let mut gathering = Gathering::default();
        for (sheet, records) in rows {
            gathering.add(sheet, records);
        }
        let heads = &self.heads;
        let mut grouped = gathering.finish(heads, rules.warnings);
        let found: Vec<Vec<Problem>> = grouped
            .orders
            .par_iter()
            .map(|order| check::order(order, heads))
            .collect();
        for (order, found) in grouped.orders.iter_mut().zip(found) {
            for problem in found {
                let problem = rules.warnings.weigh(problem);
                order.errors += usize::from(problem.is_error());
                grouped.problems.push(problem);
            }
        }
        self.orders = grouped.orders;
        self.orderless = grouped.orderless;
        self.problems.append(&mut grouped.problems);
    }
}

/// One warning for all the placeholders of a sheet.
fn placeholders(head: &SheetHead, records: &[Record]) -> Option<Problem> {
    let count: usize = records.iter().map(|record| record.placeholders.len()).sum();
    let first = records
        .iter()
        .find(|record| !record.placeholders.is_empty())?;
    let column = *first.placeholders.first()?;
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
    let problem = Problem::new(
        Code::PlaceholderIgnored,
        Place::cell(&head.source, first.row, column),
        message,
        help,
    );
    Some(problem.in_column(head.header.text(column).cloned(), field))
}

/// Adds to each ambiguous date what the other cells of its column prove.
fn explain_ambiguous_dates(records: &mut [Record]) {
    let mut proofs: BTreeMap<u32, Vec<(DateOrder, u32)>> = BTreeMap::new();
    for record in &*records {
        for (column, order) in &record.date_orders {
            let proof = proofs.entry(*column).or_default();
            if !proof.iter().any(|(other, _)| other == order) {
                proof.push((*order, record.row));
            }
        }
    }
    let problems = records.iter_mut().flat_map(|record| &mut record.problems);
    for problem in problems.filter(|problem| problem.code == Code::TimestampAmbiguous) {
        let Some(column) = problem.place.column else {
            continue;
        };
        let proof = proofs.get(&column).map_or(&[][..], Vec::as_slice);
        problem.help = evidence(proof, column, &problem.help);
    }
}

/// Says what a column's certain dates prove, before the way out.
fn evidence(proof: &[(DateOrder, u32)], column: u32, help: &str) -> String {
    let word = |order: DateOrder| {
        if order == DateOrder::Mdy {
            ("month", "mdy")
        } else {
            ("day", "dmy")
        }
    };
    match proof {
        [] => format!("no other date of the column tells which comes first; {help}"),
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
