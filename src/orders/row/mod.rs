//! Rows under the rules: the fields of each, and what is wrong with it on its own.

mod chunk;
mod missing;
mod wide;

use std::borrow::Cow;
use std::sync::Arc;

use self::missing::{MISSING_ATTEMPT, MISSING_TEST_ID, Missing};
use super::value::{self, Finding, Rules};
use crate::diagnostics::diagnostic::{Code, Diagnostic, Place};
use crate::input::values::timestamp::DateOrder;
use crate::input::{Cell, Row, SheetHead, swallowed_rows};
use crate::orders::column_map::{Slot, Slots};
pub(crate) use crate::orders::row::chunk::{ByRules, Found, Part};
use crate::orders::row_store::{Packer, RowFacts, Said, WideRow};
use crate::schema::columns::{Column, Field};

/// Returns the cell of a slot.
fn cell<'r>(row: &'r Row<'_>, slot: &Slot) -> &'r Cell<'r> {
    row.cells.get(slot.column as usize).unwrap_or(&Cell::Blank)
}

/// What a row holds in a slot.
#[derive(Debug)]
enum Held {
    /// Nothing, or nothing that could be read.
    Nothing,
    /// The text of its cell, as in the row before.
    AsBefore,
    /// The text of its cell, of which there is nothing to say.
    Plain,
    /// A text that was made of its cell, or of which something was said.
    Made(String),
}

impl Held {
    fn text<'r>(&'r self, cell: &'r Cell<'_>) -> Option<&'r str> {
        match (self, cell) {
            (Self::Made(text), _) => Some(text),
            (Self::AsBefore | Self::Plain, Cell::Text(text)) => Some(text),
            _ => None,
        }
    }

    fn said<'r>(&'r self, cell: &'r Cell<'_>) -> Said<'r> {
        match (self, self.text(cell)) {
            (_, None) => Said::Nothing,
            (Self::AsBefore, Some(text)) => Said::AsBefore(text),
            (Self::Made(_), Some(text)) => Said::Made(text),
            (_, Some(text)) => Said::Plain(text),
        }
    }
}

/// A cell whose value is wrong: the field is not missing, and that was said.
struct Unreadable;

/// A row while it is read.
struct Reading<'r, 'f> {
    head: &'r SheetHead,
    rules: &'r Rules,
    slots: &'r Slots,
    row: &'r Row<'r>,
    /// By slot: what it holds.
    held: &'f mut Vec<Held>,
    found: &'f mut Found,
    notes: &'f mut Notes,
    errors: u32,
}

/// What is noted of a row while it is read; most rows need none of it.
#[derive(Debug, Default)]
struct Notes {
    /// The columns of its placeholders.
    placeholders: Vec<u32>,
    /// Slots whose cell could not be read: they are not missing, they are wrong.
    unreadable: Vec<usize>,
    /// Cells that were read, and as what.
    told: Vec<(u32, Column)>,
}

impl Notes {
    fn clear(&mut self) {
        self.placeholders.clear();
        self.unreadable.clear();
        self.told.clear();
    }
}

impl<'r> Reading<'r, '_> {
    /// Reads all cells. Most say what the row before says, and need no second look.
    fn take_all(&mut self, before: &Packer, packed: u32) {
        let slots = self.slots;
        let same = match self.row.same {
            Some((row, cells)) if row == packed => cells,
            _ => 0,
        };
        for (index, slot) in slots.all.iter().enumerate() {
            let is_same = (slot.column as usize) < same;
            let held = match (cell(self.row, slot), &self.held[index]) {
                (Cell::Blank, _) => Held::Nothing,
                (_, Held::AsBefore | Held::Plain) if is_same => {
                    if before.is_plain_before(index) {
                        Held::AsBefore
                    } else {
                        Held::Plain
                    }
                }
                (Cell::Text(text), _) if before.is_as_before(index, text) => Held::AsBefore,
                (cell, _) => self.read(index, slot, cell),
            };
            self.held[index] = held;
        }
        let row = self.row;
        if let Some(column) = row.surplus {
            let beyond = row.beyond.iter().find(|(other, _)| *other == column);
            self.surplus(column, beyond.map(|(_, cell)| cell));
        }
        if let Some(column) = row.swallowed {
            self.tell(swallowed_rows(self.cell(column)), Some(column));
        }
    }

    /// Reads the cell of a slot.
    fn read(&mut self, index: usize, slot: &Slot, cell: &'r Cell<'r>) -> Held {
        let before = (self.found.problems.len(), self.found.date_orders.len());
        let text = self.value(slot.column, slot.field, cell);
        let is_plain = before == (self.found.problems.len(), self.found.date_orders.len())
            && matches!(cell, Cell::Text(_));
        match text {
            Ok(Some(Cow::Borrowed(_))) if is_plain => Held::Plain,
            Ok(Some(text)) => Held::Made(text.into_owned()),
            Ok(None) => Held::Nothing,
            Err(Unreadable) => {
                self.notes.unreadable.push(index);
                Held::Nothing
            }
        }
    }

    /// Ends the reading: returns what is told of the row.
    fn end(&mut self, attempt: Option<u32>) -> RowFacts {
        let placeholders = &self.notes.placeholders;
        self.found.placeholders += placeholders.len();
        if let Some(column) = placeholders.first() {
            let first = (self.row.number, *column);
            self.found.first_placeholder.get_or_insert(first);
        }
        RowFacts {
            row: self.row.number,
            errors: self.errors,
            has_placeholder: !placeholders.is_empty(),
            attempt,
        }
    }

    /// Reads a cell as one of a column, and tells what is wrong with it.
    fn value(
        &mut self,
        index: u32,
        field: Field,
        cell: &'r Cell<'_>,
    ) -> Result<Option<Cow<'r, str>>, Unreadable> {
        let value = value::read(field.column, cell, self.rules);
        let is_unreadable = value.text.is_none() && value.finding.is_some();
        if !self.is_told(index, field.column) {
            if value.placeholder {
                self.notes.placeholders.push(index);
            }
            if let Some(order) = value.date_order {
                self.proves(index, order);
            }
            if let Some(finding) = value.finding {
                self.tell_value(*finding, index, field, cell);
            }
        }
        if is_unreadable {
            Err(Unreadable)
        } else {
            Ok(value.text)
        }
    }

    fn tell_value(&mut self, finding: Finding, index: u32, field: Field, cell: &Cell<'_>) {
        let Finding {
            code,
            message,
            help,
        } = finding;
        let problem =
            Diagnostic::new(code, self.cell(index), message, help).with_value(cell.shown());
        self.tell(
            Diagnostic {
                field: Some(field),
                ..problem
            },
            Some(index),
        );
    }

    /// Notes what a date between slashes proves about its column.
    fn proves(&mut self, column: u32, order: DateOrder) {
        let proofs = &mut self.found.date_orders;
        let is_known = |proof: &(u32, DateOrder, u32)| (proof.0, proof.1) == (column, order);
        if !proofs.iter().any(is_known) {
            proofs.push((column, order, self.row.number));
        }
    }

    /// Tells whether what is to say of a cell was said: several wide tests may share a column.
    fn is_told(&mut self, index: u32, column: Column) -> bool {
        if self.head.header.wide.is_empty() {
            return false;
        }
        let is_told = self.notes.told.contains(&(index, column));
        if !is_told {
            self.notes.told.push((index, column));
        }
        is_told
    }

    /// Returns what a slot holds.
    fn text(&self, slot: Option<usize>) -> Option<&str> {
        let slot = slot?;
        self.held[slot].text(cell(self.row, &self.slots.all[slot]))
    }

    /// Tells whether a slot holds something, be it wrong.
    fn holds(&self, slot: Option<usize>) -> bool {
        slot.is_some_and(|slot| !matches!(self.held[slot], Held::Nothing))
            || self.is_unreadable(slot)
    }

    fn is_unreadable(&self, slot: Option<usize>) -> bool {
        slot.is_some_and(|slot| self.notes.unreadable.contains(&slot))
    }

    /// Says where a field is missing that the row must have.
    fn require(&mut self, column: Column, slot: Option<usize>, missing: &Missing) {
        if !self.holds(slot) {
            self.missing(column, missing);
        }
    }

    /// Returns the attempt of the test that the row is about: a row with any field of a test must name it and its
    /// attempt.
    fn own_test(&mut self) -> Option<u32> {
        let slots = self.slots;
        if !slots.of_test.iter().any(|slot| self.holds(Some(*slot))) {
            return None;
        }
        self.require(Column::TestId, slots.test_id, &MISSING_TEST_ID);
        let attempt = self.text(slots.attempt).and_then(|text| text.parse().ok());
        let attempt = attempt.or(self.rules.default_attempt);
        let is_certain = !self.is_unreadable(slots.attempt);
        if attempt.is_none() && is_certain {
            self.missing(Column::Attempt, &MISSING_ATTEMPT);
        }
        attempt.filter(|_| is_certain && self.text(slots.test_id).is_some())
    }

    /// Reads the tests that stand in columns of their own.
    fn wide_tests(&mut self) -> Vec<WideRow<Cow<'r, str>>> {
        let head = self.head;
        let tests = head.header.wide.iter().enumerate();
        tests
            .filter_map(|(index, test)| self.wide_test(index, test))
            .collect()
    }

    /// Checks that every report has a link, and says where one has no name.
    fn check_reports(&mut self) {
        let slots = self.slots;
        for report in slots.reports.iter().flatten() {
            let (name, url) = (report.name_field, report.url_field);
            match (self.holds(report.name), self.holds(report.url)) {
                (true, false) => {
                    let message = format!("there is a report name and no link in {}", url.name());
                    let help = "enter the report's link, or clear its name";
                    self.tell_beside(Code::ReportUrlMissing, url, name, message, help);
                }
                (false, true) => {
                    let message = format!("there is a report link and no name in {}", name.name());
                    let help =
                        "enter what the link should be called; without a name it is sent as it is";
                    self.tell_beside(Code::ReportNameMissing, name, url, message, help);
                }
                _ => {}
            }
        }
    }

    /// Says that a cell holds something to the right of the last header.
    fn surplus(&mut self, column: u32, cell: Option<&Cell<'_>>) {
        let headers = self.head.header.texts.iter().flatten().count();
        let message = format!("the row has more cells than the header, which has {headers}");
        let help = "put text with a comma in it between quotes, or give the surplus cell a header";
        let value = cell.map(|cell| cell.shown().into_owned());
        let problem = Diagnostic::new(Code::RowMalformed, self.cell(column), message, help);
        self.tell(problem.with_value(value.unwrap_or_default()), Some(column));
    }

    /// Says that a column's cell is missing: at the cell, or at the row where there is no such column.
    fn missing(&mut self, column: Column, missing: &Missing) {
        let index = self.head.header.column_of(column);
        // A placeholder there is told as what it means.
        self.notes
            .placeholders
            .retain(|other| Some(*other) != index);
        let place = index.map_or_else(|| self.whole_row(), |index| self.cell(index));
        let problem = Diagnostic::new(missing.code, place, missing.message, missing.help);
        let problem = Diagnostic {
            field: Some(column.into()),
            ..problem
        };
        self.tell(problem, index);
    }

    /// Says something of a field, or of the one beside it where the sheet has no such column.
    fn tell_beside(
        &mut self,
        code: Code,
        field: Field,
        beside: Field,
        message: String,
        help: &'static str,
    ) {
        let column = self
            .head
            .header
            .column_of(field)
            .or_else(|| self.head.header.column_of(beside));
        let place = column.map_or_else(|| self.whole_row(), |column| self.cell(column));
        self.tell(Diagnostic::new(code, place, message, help), column);
    }

    fn tell(&mut self, problem: Diagnostic, column: Option<u32>) {
        let header = column
            .and_then(|column| self.head.header.text(column))
            .map(Arc::clone);
        let fields = &self.head.header.fields;
        let field = column
            .and_then(|column| fields.iter().find(|(index, _)| *index == column))
            .map(|(_, field)| *field);
        let field = problem.field.or(field);
        let problem = self.rules.warnings.weigh(problem.in_column(header, field));
        self.errors += u32::from(problem.is_error());
        self.found.problems.push(problem);
    }

    fn whole_row(&self) -> Place {
        Place::row(&self.head.source, self.row.number)
    }

    fn cell(&self, column: u32) -> Place {
        Place::cell(&self.head.source, self.row.number, column)
    }
}
