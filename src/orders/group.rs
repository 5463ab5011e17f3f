//! One order: what its rows say, put together.

use super::keyed::Keyed;
use crate::diagnostics::diagnostic::{Code, Diagnostic, Place, cell_name, excerpt};
use crate::input::SheetHead;
use crate::orders::column_map::{MOST_SINGLES, Slots, is_report_name, place};
use crate::orders::row_store::{RowFacts, Unpacked};
use crate::paylocity::model::Text;
use crate::schema::columns::{Column, Field, Scope};

/// A cell of the batch: sheet by its place in the batch, row from 1, column from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct At {
    /// The sheet, by its place in the batch.
    pub(crate) sheet: u32,
    /// The row's number as the user sees it.
    pub(crate) row: u32,
    /// The column, from 0.
    pub(crate) column: u32,
}

/// A row of the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowAt {
    /// The sheet, by its place in the batch.
    pub sheet: u32,
    /// The row's number as the user sees it.
    pub row: u32,
}

/// One order, and which rows speak of it.
#[derive(Debug)]
pub struct Order {
    /// The company.
    pub company_id: Text,
    /// The order.
    pub order_id: Text,
    /// Its rows, in their order.
    pub rows: Vec<RowAt>,
    /// How many errors its rows have; with one or more it is held back whole.
    pub errors: usize,
    /// The first of its runs, and how many they are.
    pub runs: (u32, u32),
}

impl Order {
    /// Makes an order of which only its rows are told, and how many errors they have.
    pub(crate) fn of_rows(
        company_id: Text,
        order_id: Text,
        rows: Vec<RowAt>,
        errors: usize,
    ) -> Self {
        Self {
            company_id,
            order_id,
            rows,
            errors,
            runs: (0, 0),
        }
    }
}

/// The fields of an order, an assessment or a test: each value with the cell where it first stood.
#[derive(Debug, Default)]
pub(crate) struct Fields<'a>([Option<(&'a str, At)>; MOST_SINGLES]);

impl<'a> Fields<'a> {
    /// Returns the text of a field.
    pub(crate) fn text(&self, column: Column) -> Option<&'a str> {
        self.entry(column).map(|(text, _)| text)
    }

    /// Returns the text of a field and the cell where it first stood.
    pub(crate) fn entry(&self, column: Column) -> Option<(&'a str, At)> {
        self.0[place(column)]
    }

    /// Tells whether no field holds anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    /// Adds a value; returns the earlier one where it differs.
    fn add(&mut self, column: Column, text: &'a str, at: At) -> Option<(&'a str, At)> {
        let slot = &mut self.0[place(column)];
        match slot {
            None => {
                *slot = Some((text, at));
                None
            }
            Some(earlier) => (earlier.0 != text).then_some(*earlier),
        }
    }
}

/// A link to a report, with its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Link<'a> {
    pub(crate) name: Option<&'a str>,
    pub(crate) url: Option<&'a str>,
}

/// The fields of one group and its reports, each once, in their order.
#[derive(Debug, Default)]
pub(crate) struct Group<'a> {
    /// Its single values.
    pub(crate) fields: Fields<'a>,
    /// Its reports.
    pub(crate) reports: Links<'a>,
}

/// Links, each once: hardly ever more than one.
#[derive(Debug, Default)]
pub(crate) struct Links<'a> {
    first: Option<Link<'a>>,
    others: Vec<Link<'a>>,
}

impl<'a> Links<'a> {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Link<'a>> {
        self.first.iter().chain(&self.others)
    }

    fn add(&mut self, link: Link<'a>) {
        match self.first {
            None => self.first = Some(link),
            Some(first) if first == link || self.others.contains(&link) => {}
            Some(_) => self.others.push(link),
        }
    }
}

impl<'a> Group<'a> {
    /// Tells whether it says nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.reports.first.is_none()
    }

    fn link(&mut self, link: Link<'a>) {
        if link.name.is_some() || link.url.is_some() {
            self.reports.add(link);
        }
    }
}

/// What the rows of an order say together.
#[derive(Debug, Default)]
pub(crate) struct Content<'a> {
    /// What is said of the order as a whole.
    pub(crate) own: Group<'a>,
    /// Its assessments by id.
    pub(crate) assessments: Keyed<Option<&'a str>, Assessment<'a>>,
    /// The first row whose results name no assessment.
    pub(crate) nameless: Option<RowAt>,
}

/// One assessment of an order.
#[derive(Debug, Default)]
pub(crate) struct Assessment<'a> {
    /// What is said of the assessment as a whole.
    pub(crate) own: Group<'a>,
    /// Its tests by id and attempt.
    pub(crate) tests: Keyed<(&'a str, u32), Group<'a>>,
}

/// The cells of a row.
#[derive(Clone, Copy)]
pub(crate) struct Cells<'a> {
    pub(crate) at: RowAt,
    pub(crate) heads: &'a [SheetHead],
    pub(crate) slots: &'a Slots,
}

impl<'a> Content<'a> {
    /// Takes what a row says: of the order, of its assessment, and of its tests.
    pub(crate) fn take(
        &mut self,
        row: &Unpacked<'a>,
        cells: Cells<'a>,
        found: &mut Vec<Diagnostic>,
    ) {
        let slots = cells.slots;
        let assessment_id = slots.assessment_id.and_then(|slot| row.texts[slot]);
        self.own.take(Scope::Order, &row.texts, cells, found);
        let speaks_of_assessment = says_anything(slots, Scope::Assessment, &row.texts);
        let mut is_nameless = speaks_of_assessment && assessment_id.is_none();
        if speaks_of_assessment || assessment_id.is_some() {
            let assessment = self.assessments.entry(assessment_id);
            assessment
                .own
                .take(Scope::Assessment, &row.texts, cells, found);
        }
        if let RowFacts {
            attempt: Some(attempt),
            ..
        } = row.facts
        {
            is_nameless |= assessment_id.is_none();
            let assessment = self.assessments.entry(assessment_id);
            let test_id = slots.test_id.and_then(|slot| row.texts[slot]);
            let key = (test_id.unwrap_or_default(), attempt);
            let test = assessment.tests.entry(key);
            test.take(Scope::Test, &row.texts, cells, found);
        }
        let tests = &cells.heads[cells.at.sheet as usize].header.wide;
        for wide in &row.wide {
            let assessment_id = wide.assessment_id.or(assessment_id);
            is_nameless |= assessment_id.is_none();
            let test = &tests[wide.test];
            let assessment = self.assessments.entry(assessment_id);
            let key = (test.test_id.as_str(), wide.attempt);
            let group = assessment.tests.entry(key);
            for (place, text) in &wide.fields {
                let (column, index) = test.field(*place);
                group.take_field(column.into(), index, text, cells, found);
            }
        }
        if is_nameless {
            self.nameless.get_or_insert(cells.at);
        }
    }
}

/// Tells whether a row says anything of a scope, ids aside.
fn says_anything(slots: &Slots, scope: Scope, texts: &[Option<&str>]) -> bool {
    let scope = scope as usize;
    let holds = |slot: Option<usize>| slot.is_some_and(|slot| texts[slot].is_some());
    let reports = slots.reports[scope].iter();
    slots.singles[scope].iter().any(|slot| holds(Some(*slot)))
        || reports
            .into_iter()
            .any(|it| holds(it.name) || holds(it.url))
}

impl<'a> Group<'a> {
    /// Takes the values and reports of a row; a value that differs from an earlier one is a conflict.
    fn take(
        &mut self,
        scope: Scope,
        texts: &[Option<&'a str>],
        cells: Cells<'_>,
        found: &mut Vec<Diagnostic>,
    ) {
        let slots = cells.slots;
        for slot in &slots.singles[scope as usize] {
            if let Some(text) = texts[*slot] {
                let slot = &slots.all[*slot];
                self.take_single(slot.field, slot.column, text, cells, found);
            }
        }
        for report in &slots.reports[scope as usize] {
            self.link(Link {
                name: report.name.and_then(|slot| texts[slot]),
                url: report.url.and_then(|slot| texts[slot]),
            });
        }
    }

    /// Takes one field.
    fn take_field(
        &mut self,
        field: Field,
        index: u32,
        text: &'a str,
        cells: Cells<'_>,
        found: &mut Vec<Diagnostic>,
    ) {
        if !field.column.repeats() {
            self.take_single(field, index, text, cells, found);
            return;
        }
        let is_name = is_report_name(field.column);
        self.link(Link {
            name: Some(text).filter(|_| is_name),
            url: Some(text).filter(|_| !is_name),
        });
    }

    fn take_single(
        &mut self,
        field: Field,
        index: u32,
        text: &'a str,
        cells: Cells<'_>,
        found: &mut Vec<Diagnostic>,
    ) {
        let RowAt { sheet, row } = cells.at;
        let at = At {
            sheet,
            row,
            column: index,
        };
        if let Some(earlier) = self.fields.add(field.column, text, at) {
            found.push(conflict((field, text), at, earlier, cells.heads));
        }
    }
}

/// The finding that two rows of a group say different things; it stands at the later cell and names the earlier.
fn conflict(
    (field, text): (Field, &str),
    at: At,
    (earlier, earlier_at): (&str, At),
    heads: &[SheetHead],
) -> Diagnostic {
    let (code, whole) = match field.column.spec().scope {
        Scope::Order => (Code::FieldConflict, "the order"),
        Scope::Assessment => (Code::FieldConflict, "the assessment"),
        Scope::Test => (Code::TestConflict, "the same attempt at the test"),
    };
    let head = &heads[at.sheet as usize];
    let cell = cell_name(earlier_at.row, earlier_at.column);
    let elsewhere = if at.sheet == earlier_at.sheet {
        String::new()
    } else {
        format!(" of {}", heads[earlier_at.sheet as usize].source)
    };
    let message = format!(
        "{} is `{}` here and `{}` in {cell}{elsewhere}, for {whole}",
        field.column.name(),
        excerpt(text),
        excerpt(earlier),
    );
    let help = match code {
        Code::TestConflict => {
            "keep the right value in both cells, or give a further attempt its own number"
        }
        _ => "keep the right value in both cells, or leave one of them blank",
    };
    Diagnostic::new(
        code,
        Place::cell(&head.source, at.row, at.column),
        message,
        help,
    )
    .in_column(head.header.text(at.column).cloned(), Some(field))
    .with_value(text)
}
