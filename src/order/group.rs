//! One order: its fields, assessments, tests and reports, and how it takes a row.

use std::mem;

use foldhash::fast::RandomState;
use indexmap::IndexMap;

use super::model::{ReportLink, Text};
use super::record::{Entry, Record};
use crate::columns::{Column, Kind, Scope};
use crate::input::SheetHead;
use crate::problem::{Code, Place, Problem, cell_name, excerpt};

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

    /// Adds the value of an entry, which it takes; returns the earlier one where it differs.
    fn add(&mut self, entry: &mut Entry, at: At) -> Option<(&Text, At)> {
        let column = entry.field.column;
        match self.0.iter().position(|(other, ..)| *other == column) {
            None => {
                self.0.push((column, mem::take(&mut entry.text), at));
                None
            }
            Some(index) => {
                let (_, earlier, earlier_at) = &self.0[index];
                (*earlier != entry.text).then_some((earlier, *earlier_at))
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
    pub assessments: IndexMap<Option<Text>, Assessment, RandomState>,
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
    pub tests: IndexMap<(Text, u32), Group, RandomState>,
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

    pub(super) fn new(company_id: Text, order_id: Text) -> Self {
        Self {
            company_id,
            order_id,
            rows: Vec::new(),
            own: Group::default(),
            assessments: IndexMap::default(),
            errors: 0,
            scattered: false,
            nameless: None,
        }
    }

    /// Tells whether this row is the first of its order to stand apart from the others of its sheet.
    pub(super) fn is_scattered_by(&mut self, at: RowAt, follows: bool) -> bool {
        let apart = !follows && self.rows.last().is_some_and(|last| last.sheet == at.sheet);
        let first = apart && !self.scattered;
        self.scattered |= apart;
        first
    }

    /// Takes the fields of a row: those of the order, of its assessment, and of its tests.
    pub(super) fn take(
        &mut self,
        record: &mut Record,
        at: RowAt,
        heads: &[SheetHead],
        found: &mut Vec<Problem>,
    ) {
        let mut cells = Cells { at, heads, found };
        let is_of_order = |entry: &Entry| entry.field.column.spec().scope == Scope::Order;
        record.entries.sort_by_key(|entry| !is_of_order(entry));
        let of_order = record.entries.partition_point(is_of_order);
        let (of_order, of_assessment) = record.entries.split_at_mut(of_order);
        self.own.take(of_order, &mut cells);
        let of_row = !of_assessment.is_empty() && record.assessment_id.is_none();
        if of_row || record.tests.iter().any(|test| test.assessment_id.is_none()) {
            self.nameless.get_or_insert(at);
        }
        if record.assessment_id.is_some() || !of_assessment.is_empty() {
            self.assessments
                .entry(record.assessment_id.take())
                .or_default()
                .own
                .take(of_assessment, &mut cells);
        }
        for mut test in mem::take(&mut record.tests) {
            let assessment = self.assessments.entry(test.assessment_id).or_default();
            assessment
                .tests
                .entry((test.test_id, test.attempt))
                .or_default()
                .take(&mut test.entries, &mut cells);
        }
        record.entries = Vec::new();
    }
}

/// The cells of a row, and where to tell what is wrong with them.
struct Cells<'a> {
    at: RowAt,
    heads: &'a [SheetHead],
    found: &'a mut Vec<Problem>,
}

impl Group {
    /// Takes the values and reports of a row; a value that differs from an earlier one is a conflict.
    fn take(&mut self, entries: &mut [Entry], cells: &mut Cells<'_>) {
        let repeats = |entry: &&mut Entry| entry.field.column.repeats();
        let singles = entries.iter().filter(|entry| !entry.field.column.repeats());
        if self.fields.is_empty() {
            self.fields.0.reserve_exact(singles.count());
        }
        for entry in entries.iter_mut().filter(|entry| !repeats(entry)) {
            let at = At {
                sheet: cells.at.sheet,
                row: cells.at.row,
                column: entry.column,
            };
            if let Some((earlier, earlier_at)) = self.fields.add(entry, at) {
                let conflict = conflict(entry, earlier, at, earlier_at, cells.heads);
                cells.found.push(conflict);
            }
        }
        self.take_reports(entries.iter_mut().filter(repeats).collect());
    }

    /// Takes the reports of a row: each link with its name, each once.
    fn take_reports(&mut self, mut entries: Vec<&mut Entry>) {
        entries.sort_by_key(|entry| entry.field.number);
        let reports = entries.chunk_by_mut(|one, other| one.field.number == other.field.number);
        for report in reports {
            let link = link_of(report);
            if !self.reports.contains(&link) {
                if self.reports.is_empty() {
                    self.reports.reserve_exact(1);
                }
                self.reports.push(link);
            }
        }
    }
}

/// Makes a link of the entries of one report, whose texts it takes.
fn link_of(report: &mut [&mut Entry]) -> ReportLink {
    let mut text = |kind| {
        let mut entries = report.iter_mut();
        let entry = entries.find(|entry| entry.field.column.spec().kind == kind)?;
        Some(mem::take(&mut entry.text))
    };
    ReportLink {
        name: text(Kind::Prose),
        url: text(Kind::Url),
    }
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
