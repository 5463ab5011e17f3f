//! Rows to orders: rows with the same company and order form one update, wherever they stand.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use indexmap::IndexMap;

use super::model::{ReportLink, Text};
use super::record::{Entry, Record};
use crate::columns::{Column, Kind, Scope};
use crate::input::SheetHead;
use crate::problem::{Code, Place, Problem, WarningPolicy, cell_name, excerpt};

/// A cell of the batch: sheet by its place in the batch, row from 1, column from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At {
    /// The sheet, by its place in the batch.
    pub sheet: usize,
    /// The row's number as the user sees it.
    pub row: u32,
    /// The column, from 0.
    pub column: u32,
}

/// A row of the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowAt {
    /// The sheet, by its place in the batch.
    pub sheet: usize,
    /// The row's number as the user sees it.
    pub row: u32,
}

/// The fields of an order, an assessment or a test: each value with the cell where it first stood.
#[derive(Debug, Default)]
pub struct Fields(Vec<(Column, Text, At)>);

impl Fields {
    /// Returns the text of a field.
    #[must_use]
    pub fn text(&self, column: Column) -> Option<&Text> {
        self.entry(column).map(|(text, _)| text)
    }

    /// Returns the text of a field and the cell where it first stood.
    #[must_use]
    pub fn entry(&self, column: Column) -> Option<(&Text, At)> {
        self.0
            .iter()
            .find(|(other, ..)| *other == column)
            .map(|(_, text, at)| (text, *at))
    }

    /// Tells whether no field holds anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a value; returns the earlier one where it differs.
    fn add(&mut self, column: Column, text: Text, at: At) -> Option<(&Text, At)> {
        match self.0.iter().position(|(other, ..)| *other == column) {
            None => {
                self.0.push((column, text, at));
                None
            }
            Some(index) => {
                let (_, earlier, earlier_at) = &self.0[index];
                (*earlier != text).then_some((earlier, *earlier_at))
            }
        }
    }
}

/// The fields of one group and its reports, each once, in their order.
#[derive(Debug, Default)]
pub struct Group {
    /// Its single values.
    pub fields: Fields,
    /// Its reports.
    pub reports: Vec<ReportLink>,
}

/// One order: everything that the rows say of it.
#[derive(Debug)]
pub struct Order {
    /// The company.
    pub company_id: Text,
    /// The order.
    pub order_id: Text,
    /// Its rows, in their order.
    pub rows: Vec<RowAt>,
    /// What is said of the order as a whole.
    pub own: Group,
    /// Its assessments by id, in the order of first appearance.
    pub assessments: IndexMap<Option<Text>, Assessment>,
    /// How many errors its rows have; with one or more it is held back whole.
    pub errors: usize,
    scattered: bool,
    /// The first row whose results name no assessment.
    pub(super) nameless: Option<RowAt>,
}

/// One assessment of an order.
#[derive(Debug, Default)]
pub struct Assessment {
    /// What is said of the assessment as a whole.
    pub own: Group,
    /// Its tests by id and attempt, in the order of first appearance.
    pub tests: IndexMap<(Text, u32), Group>,
}

/// Orders while their rows are gathered.
#[derive(Default)]
pub(super) struct Gathering {
    orders: IndexMap<(Text, Text), Order>,
    /// What rows said, by order: to notice a row that says the same again.
    seen: HashMap<(usize, u64), RowAt>,
    /// The order of the row before.
    previous: Option<usize>,
    warnings: WarningPolicy,
    pub(super) problems: Vec<Problem>,
    /// Rows that belong to no order.
    pub(super) orderless: Vec<RowAt>,
}

impl Gathering {
    pub(super) fn new(warnings: WarningPolicy) -> Self {
        Self {
            warnings,
            ..Self::default()
        }
    }

    pub(super) fn finish(self) -> (Vec<Order>, Vec<Problem>, Vec<RowAt>) {
        (
            self.orders.into_values().collect(),
            self.problems,
            self.orderless,
        )
    }

    /// Adds a row to the order that it belongs to.
    pub(super) fn add(&mut self, heads: &[SheetHead], sheet: usize, mut record: Record) {
        let at = RowAt {
            sheet,
            row: record.row,
        };
        let is_denied = self.warnings == WarningPolicy::Deny
            && (heads[sheet].is_denied || !record.placeholders.is_empty());
        let errors = record
            .problems
            .iter()
            .filter(|problem| problem.is_error())
            .count();
        self.problems.append(&mut record.problems);
        let (Some(company_id), Some(order_id)) = (record.company_id.take(), record.order_id.take())
        else {
            self.orderless.push(at);
            return;
        };
        let entry = self.orders.entry((company_id.clone(), order_id.clone()));
        let index = entry.index();
        let order = entry.or_insert_with(|| Order::new(company_id, order_id));
        let mut found = Vec::new();
        let place = |row: RowAt| Place::row(&heads[row.sheet].source, row.row);
        if order.is_scattered_by(at, self.previous == Some(index)) {
            found.push(scattered(place(at), order));
        }
        // A row with an error may say something else than what could be read of it.
        let earlier = (errors == 0)
            .then(|| self.seen.insert((index, fingerprint(&record)), at))
            .flatten();
        if let Some(earlier) = earlier {
            found.push(repeated(place(at), &place(earlier)));
        }
        self.previous = Some(index);
        order.rows.push(at);
        order.errors += errors + usize::from(is_denied);
        order.take(record, sheet, heads, &mut found);
        let found = found
            .into_iter()
            .map(|problem| self.warnings.weigh(problem));
        for problem in found {
            order.errors += usize::from(problem.is_error());
            self.problems.push(problem);
        }
    }
}

/// What tells whether two rows say the same.
fn fingerprint(record: &Record) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&record.assessment_id, &record.entries, &record.tests).hash(&mut hasher);
    hasher.finish()
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

impl Order {
    /// Makes an order of which only its rows are told, and how many errors they have.
    #[must_use]
    pub fn of_rows(company_id: Text, order_id: Text, rows: Vec<RowAt>, errors: usize) -> Self {
        Self {
            rows,
            errors,
            ..Self::new(company_id, order_id)
        }
    }

    fn new(company_id: Text, order_id: Text) -> Self {
        Self {
            company_id,
            order_id,
            rows: Vec::new(),
            own: Group::default(),
            assessments: IndexMap::new(),
            errors: 0,
            scattered: false,
            nameless: None,
        }
    }

    /// Tells whether this row is the first of its order to stand apart from the others of its sheet.
    fn is_scattered_by(&mut self, at: RowAt, follows: bool) -> bool {
        let apart = !follows && self.rows.last().is_some_and(|last| last.sheet == at.sheet);
        let first = apart && !self.scattered;
        self.scattered |= apart;
        first
    }

    /// Takes the fields of a row: those of the order, of its assessment, and of its tests.
    fn take(
        &mut self,
        record: Record,
        sheet: usize,
        heads: &[SheetHead],
        found: &mut Vec<Problem>,
    ) {
        let mut cells = Cells {
            sheet,
            row: record.row,
            heads,
            found,
        };
        let is_of_order = |entry: &Entry| entry.field.column.spec().scope == Scope::Order;
        let (of_order, of_assessment): (Vec<_>, Vec<_>) =
            record.entries.into_iter().partition(is_of_order);
        self.own.take(of_order, &mut cells);
        let of_row = !of_assessment.is_empty() && record.assessment_id.is_none();
        if of_row || record.tests.iter().any(|test| test.assessment_id.is_none()) {
            self.nameless.get_or_insert(RowAt {
                sheet,
                row: record.row,
            });
        }
        if record.assessment_id.is_some() || !of_assessment.is_empty() {
            self.assessments
                .entry(record.assessment_id)
                .or_default()
                .own
                .take(of_assessment, &mut cells);
        }
        for test in record.tests {
            let assessment = self.assessments.entry(test.assessment_id).or_default();
            assessment
                .tests
                .entry((test.test_id, test.attempt))
                .or_default()
                .take(test.entries, &mut cells);
        }
    }
}

/// The cells of a row, and where to tell what is wrong with them.
struct Cells<'a> {
    sheet: usize,
    row: u32,
    heads: &'a [SheetHead],
    found: &'a mut Vec<Problem>,
}

impl Group {
    /// Takes the values and reports of a row; a value that differs from an earlier one is a conflict.
    fn take(&mut self, entries: Vec<Entry>, cells: &mut Cells<'_>) {
        let (links, singles) = links_of(entries);
        for entry in singles {
            let at = At {
                sheet: cells.sheet,
                row: cells.row,
                column: entry.column,
            };
            let column = entry.field.column;
            if let Some((earlier, earlier_at)) = self.fields.add(column, entry.text.clone(), at) {
                cells
                    .found
                    .push(conflict(&entry, earlier, at, earlier_at, cells.heads));
            }
        }
        for link in links {
            if !self.reports.contains(&link) {
                self.reports.push(link);
            }
        }
    }
}

/// Parts the reports of a row from its single values: each link with its name.
fn links_of(entries: Vec<Entry>) -> (Vec<ReportLink>, Vec<Entry>) {
    let (mut reports, singles): (Vec<_>, Vec<_>) = entries
        .into_iter()
        .partition(|entry| entry.field.column.repeats());
    reports.sort_by_key(|entry| entry.field.number);
    let link = |report: &[Entry]| {
        let of_kind = |kind| {
            report
                .iter()
                .find(|entry| entry.field.column.spec().kind == kind)
        };
        let text = |kind| of_kind(kind).map(|entry| entry.text.clone());
        ReportLink {
            name: text(Kind::Prose),
            url: text(Kind::Url),
        }
    };
    let links = reports
        .chunk_by(|one, other| one.field.number == other.field.number)
        .map(link)
        .collect();
    (links, singles)
}

/// The finding that two rows of a group say different things; it stands at the later cell and names the earlier.
fn conflict(entry: &Entry, earlier: &Text, at: At, earlier_at: At, heads: &[SheetHead]) -> Problem {
    let column = entry.field.column;
    let (code, whole) = match column.spec().scope {
        Scope::Order => (Code::FieldConflict, "the order"),
        Scope::Assessment => (Code::FieldConflict, "the assessment"),
        Scope::Test => (Code::TestConflict, "the same attempt at the test"),
    };
    let (head, earlier_head) = (&heads[at.sheet], &heads[earlier_at.sheet]);
    let cell = cell_name(earlier_at.row, earlier_at.column);
    let elsewhere = if at.sheet == earlier_at.sheet {
        String::new()
    } else {
        format!(" of {}", earlier_head.source)
    };
    let message = format!(
        "{} is `{}` here and `{}` in {cell}{elsewhere}, for {whole}",
        column.name(),
        excerpt(&entry.text),
        excerpt(earlier),
    );
    let help = match code {
        Code::TestConflict => {
            "keep the right value in both cells, or give a further attempt its own number"
        }
        _ => "keep the right value in both cells, or leave one of them blank",
    };
    Problem::new(
        code,
        Place::cell(&head.source, at.row, at.column),
        message,
        help,
    )
    .in_column(head.header.text(at.column).cloned(), Some(entry.field))
    .with_value(entry.text.as_str())
}
