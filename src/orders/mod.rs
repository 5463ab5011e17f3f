//! Rows to orders: each row read by the rules, rows gathered into orders, orders checked as a whole.

mod bad_header;
mod build;
mod column_map;
mod group;
mod grouping;
mod keyed;
mod report_link;
mod row;
mod row_store;
mod validate;
pub mod value;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use foldhash::fast::RandomState;

pub use self::group::{Order, RowAt};
pub use self::value::Rules;
use crate::diagnostics::diagnostic::{Code, Diagnostic, Place, Source, cell_name};
use crate::input::values::timestamp::DateOrder;
use crate::input::{self, File, Sheet, SheetHead};
pub(crate) use crate::orders::grouping::Rows;
use crate::orders::row::{ByRules, Found, Part};
use crate::paylocity::model::OrderUpdate;

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
    /// Every finding, in the order of its place; reports share them, as there may be millions.
    pub problems: Arc<Vec<Diagnostic>>,
    /// What the rows of the orders say.
    pub rows: Rows,
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
    pub(crate) fn source(&self, sheet: u32) -> &Arc<Source> {
        &self.heads[sheet as usize].source
    }

    /// Returns the body of an order's update: everything that its rows say.
    pub fn body(&self, order: &Order) -> OrderUpdate {
        build::of(&self.rows.content(order, &self.heads))
    }

    /// Tells whether there was nothing that could be used: no sheet with a good header.
    pub(crate) fn is_unusable(&self) -> bool {
        !self.sheets.iter().any(|sheet| sheet.usable)
    }

    /// Counts the findings that are errors.
    pub(crate) fn errors(&self) -> usize {
        self.problems
            .iter()
            .filter(|problem| problem.is_error())
            .count()
    }
}

/// Reads inputs, on all cores, and gathers their rows into orders.
pub fn gather(paths: &[PathBuf], options: &input::Options<'_>, rules: &Rules) -> Batch {
    gathered(input::read_all(paths, options, &ByRules(rules)), rules)
}

/// Gathers the rows of one input, whose bytes are at hand, read in one of the ways that must come to the same.
#[cfg(any(test, fuzzing))]
pub(crate) fn gather_bytes(
    bytes: &[u8],
    way: input::fuzzing::Way,
    options: &input::Options<'_>,
    rules: &Rules,
) -> Option<Batch> {
    let file = input::fuzzing::read(bytes, way, options, &ByRules(rules))?;
    Some(gathered(vec![file], rules))
}

fn gathered(files: Vec<File<Part>>, rules: &Rules) -> Batch {
    let mut batch = Batch::default();
    let mut ranks = Ranks::default();
    for mut file in files {
        batch.passed_over.append(&mut file.passed_over);
        batch.notes.append(&mut file.notes);
        for problem in &file.problems {
            rank(&mut ranks, &problem.place.source);
        }
        batch.found(file.problems);
        for sheet in file.sheets {
            rank(&mut ranks, &sheet.source);
            batch.add(sheet, rules);
        }
    }
    batch.group(rules);
    Arc::make_mut(&mut batch.problems).sort_by_cached_key(|problem| place_key(&ranks, problem));
    batch
}

/// The place of each sheet among all.
type Ranks = HashMap<Arc<Source>, usize, RandomState>;

/// Gives a sheet its rank among the others, by first mention.
fn rank(ranks: &mut Ranks, source: &Arc<Source>) {
    let next = ranks.len();
    ranks.entry(Arc::clone(source)).or_insert(next);
}

fn place_key(ranks: &Ranks, problem: &Diagnostic) -> (usize, Option<u32>, Option<u32>, Code) {
    let place = &problem.place;
    let rank = ranks.get(&place.source).copied().unwrap_or(usize::MAX);
    (rank, place.row, place.column, problem.code)
}

impl Batch {
    /// Adds a sheet: its rows, and what was found in them.
    fn add(&mut self, sheet: Sheet<Part>, rules: &Rules) {
        self.sheets.push(SheetSummary {
            source: sheet.source,
            sha256: sheet.sha256,
            usable: sheet.head.is_some(),
            rows: sheet.rows + sheet.unread,
            unread: sheet.unread,
            skipped: sheet.skipped,
        });
        if let Some(doubtful) = sheet.doubtful {
            self.found(bad_header::checked(*doubtful, rules));
        }
        let Some(head) = sheet.head else { return };
        self.add_rows(head, sheet.chunks, rules);
    }

    /// Adds the rows of a sheet that is used.
    fn add_rows(&mut self, head: SheetHead, parts: Vec<Part>, rules: &Rules) {
        // As many sheets as 32 bits count are not held in memory.
        let index = u32::try_from(self.heads.len()).unwrap_or(u32::MAX);
        let mut found = Vec::with_capacity(parts.len());
        self.rows.begin_sheet(&head);
        for mut part in parts {
            let orderless = std::mem::take(&mut part.orderless);
            self.orderless
                .extend(orderless.into_iter().map(|row| RowAt { sheet: index, row }));
            found.push(std::mem::take(&mut part.found));
            self.rows.add(part.end());
        }
        let placeholders = placeholders(&head, &found);
        self.found(placeholders.map(|problem| rules.warnings.weigh(problem)));
        explain_ambiguous_dates(&mut found);
        let problems = found.into_iter().flat_map(|found| found.problems);
        self.found(problems);
        self.heads.push(head);
    }

    fn group(&mut self, rules: &Rules) {
        let (orders, problems) = self.rows.form(&self.heads, rules.warnings);
        self.orders = orders;
        self.found(problems.into_iter().flatten());
    }

    fn found(&mut self, problems: impl IntoIterator<Item = Diagnostic>) {
        // Nobody shares them yet.
        Arc::make_mut(&mut self.problems).extend(problems);
    }
}

/// One warning for all the placeholders of a sheet.
fn placeholders(head: &SheetHead, found: &[Found]) -> Option<Diagnostic> {
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

/// Adds to each ambiguous date what the other cells of its column prove.
fn explain_ambiguous_dates(found: &mut [Found]) {
    let mut proofs: BTreeMap<u32, Vec<(DateOrder, u32)>> = BTreeMap::new();
    for (column, order, row) in found.iter().flat_map(|found| &found.date_orders) {
        let proof = proofs.entry(*column).or_default();
        if !proof.iter().any(|(other, _)| other == order) {
            proof.push((*order, *row));
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
