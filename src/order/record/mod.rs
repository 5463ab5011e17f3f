//! One row under the rules: its fields, and what is wrong with it on its own.

mod missing;
mod wide;

use std::sync::Arc;

use self::missing::{
    MISSING_ATTEMPT, MISSING_COMPANY_ID, MISSING_ORDER_ID, MISSING_TEST_ID, Missing,
};
use super::model::Text;
use super::value::{self, Finding, Rules};
use crate::columns::{Column, Field, REPORT_COLUMNS, Scope};
use crate::input::timestamp::DateOrder;
use crate::input::{Cell, Row, SheetHead, swallowed_rows};
use crate::problem::{Code, Place, Problem};

/// A field of a row, with the column of its cell.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Entry {
    /// What it is.
    pub field: Field,
    /// The column of the cell, from 0.
    pub column: u32,
    /// The text for the body.
    pub text: Text,
}

/// One attempt at one test, as a row tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TestEntry {
    /// The assessment that it belongs to, if one is named.
    pub assessment_id: Option<Text>,
    /// The test.
    pub test_id: Text,
    /// The attempt.
    pub attempt: u32,
    /// Its fields.
    pub entries: Vec<Entry>,
}

/// A row, read by the rules of its columns.
#[derive(Debug)]
pub struct Record {
    /// The row's number as the user sees it.
    pub row: u32,
    /// The company; `None` where it is missing or unreadable.
    pub company_id: Option<Text>,
    /// The order; `None` where it is missing or unreadable.
    pub order_id: Option<Text>,
    /// The assessment that the row speaks of, if it names one.
    pub assessment_id: Option<Text>,
    /// The fields of the order and the assessment that hold something, from left to right.
    pub entries: Vec<Entry>,
    /// The tests of the row: the one that it is about, or those that stand in columns of their own.
    pub tests: Vec<TestEntry>,
    /// The findings of the row.
    pub problems: Vec<Problem>,
    /// The columns of its placeholders.
    pub placeholders: Vec<u32>,
    /// What its dates between slashes prove about their columns.
    pub date_orders: Vec<(u32, DateOrder)>,
}

/// Reads a row of data by the rules of its columns.
#[must_use]
pub fn read(head: &SheetHead, row: &Row<'_>, rules: &Rules) -> Record {
    let mut reading = Reading::of(head, row, rules);
    for (column, field) in &head.header.fields {
        let cell = row.cells.get(*column as usize).unwrap_or(&Cell::Blank);
        reading.take(*column, *field, cell);
    }
    if let Some(column) = row.surplus {
        let beyond = row.beyond.iter().find(|(other, _)| *other == column);
        reading.surplus(column, beyond.map(|(_, cell)| cell));
    }
    if let Some(column) = row.swallowed {
        reading.tell(swallowed_rows(reading.cell(column)), Some(column));
    }
    let order_id = reading.required(Column::OrderId, &MISSING_ORDER_ID);
    let company_id = match (&rules.company_id, head.header.column_of(Column::CompanyId)) {
        (Some(company_id), None) => Some(company_id.clone()),
        _ => reading.required(Column::CompanyId, &MISSING_COMPANY_ID),
    };
    reading.check_reports();
    let assessment_id = reading.taken(Column::AssessmentId);
    let own_test = reading.own_test(assessment_id.as_ref());
    let mut tests = Vec::with_capacity(usize::from(own_test.is_some()) + head.header.wide.len());
    tests.extend(own_test);
    for test in &head.header.wide {
        tests.extend(reading.wide_test(test, assessment_id.as_ref(), row));
    }
    if reading.is_unreadable(Column::AssessmentId) {
        // Of which assessment they are is not known, and that was said.
        tests.retain(|test| test.assessment_id.is_some());
        reading.record.entries.retain(is_of_order);
    }
    // A batch holds every record, so none keeps room that it does not need.
    reading.record.entries.shrink_to_fit();
    Record {
        company_id,
        order_id,
        assessment_id,
        tests,
        ..reading.record
    }
}

fn is_of_order(entry: &Entry) -> bool {
    entry.field.column.spec().scope == Scope::Order
}

/// A cell whose value is wrong: the field is not missing, and that was said.
struct Unreadable;

/// A row while it is read.
struct Reading<'a> {
    head: &'a SheetHead,
    rules: &'a Rules,
    record: Record,
    /// Columns whose cell could not be read: they are not missing, they are wrong.
    unreadable: Vec<Field>,
    /// Cells that were read, and as what.
    told: Vec<(u32, Column)>,
}

impl<'a> Reading<'a> {
    fn of(head: &'a SheetHead, row: &Row<'_>, rules: &'a Rules) -> Self {
        let record = Record {
            row: row.number,
            company_id: None,
            order_id: None,
            assessment_id: None,
            tests: Vec::new(),
            entries: Vec::with_capacity(head.header.fields.len()),
            problems: Vec::new(),
            placeholders: Vec::new(),
            date_orders: Vec::new(),
        };
        Self {
            head,
            rules,
            record,
            unreadable: Vec::new(),
            told: Vec::new(),
        }
    }

    fn take(&mut self, column: u32, field: Field, cell: &Cell<'_>) {
        match self.value(column, field, cell) {
            Ok(Some(text)) => self.record.entries.push(Entry {
                field,
                column,
                text,
            }),
            Ok(None) => {}
            Err(Unreadable) => self.unreadable.push(field),
        }
    }

    /// Reads a cell as one of a column, and tells what is wrong with it.
    fn value(
        &mut self,
        index: u32,
        field: impl Into<Field>,
        cell: &Cell<'_>,
    ) -> Result<Option<Text>, Unreadable> {
        let field = field.into();
        let value = value::read(field.column, cell, self.rules);
        let is_unreadable = value.text.is_none() && value.finding.is_some();
        if self.is_told(index, field.column) {
            return if is_unreadable {
                Err(Unreadable)
            } else {
                Ok(value.text)
            };
        }
        if value.placeholder {
            self.record.placeholders.push(index);
        }
        if let Some(order) = value.date_order {
            self.record.date_orders.push((index, order));
        }
        if let Some(Finding {
            code,
            message,
            help,
        }) = value.finding
        {
            let problem =
                Problem::new(code, self.cell(index), message, help).with_value(cell.shown());
            self.tell(
                Problem {
                    field: Some(field),
                    ..problem
                },
                Some(index),
            );
        }
        if is_unreadable {
            Err(Unreadable)
        } else {
            Ok(value.text)
        }
    }

    /// Tells whether what is to say of a cell was said: several wide tests may share a column.
    fn is_told(&mut self, index: u32, column: Column) -> bool {
        let may_share = !self.head.header.wide.is_empty();
        let is_told = self.told.contains(&(index, column));
        if may_share && !is_told {
            self.told.push((index, column));
        }
        is_told
    }

    /// Takes a field out of the entries.
    fn taken(&mut self, column: Column) -> Option<Text> {
        let index = self
            .record
            .entries
            .iter()
            .position(|entry| entry.field.column == column)?;
        Some(self.record.entries.remove(index).text)
    }

    /// Takes a field that every row must have, and says so where it is missing.
    fn required(&mut self, column: Column, missing: &Missing) -> Option<Text> {
        let text = self.taken(column);
        if text.is_none() && !self.is_unreadable(column) {
            self.missing(column, missing);
        }
        text
    }

    /// Takes the test that the row is about: a row with any field of a test must name it and its attempt.
    fn own_test(&mut self, assessment_id: Option<&Text>) -> Option<TestEntry> {
        let of_test = |field: Field| field.column.spec().scope == Scope::Test;
        let speaks_of_test = self.record.entries.iter().any(|entry| of_test(entry.field))
            || self.unreadable.iter().any(|field| of_test(*field));
        if !speaks_of_test {
            return None;
        }
        let attempt = self
            .taken(Column::Attempt)
            .and_then(|text| text.parse().ok());
        let test_id = self.required(Column::TestId, &MISSING_TEST_ID);
        let entries = self.record.entries.iter();
        let mut own = Vec::with_capacity(entries.filter(|it| of_test(it.field)).count());
        own.extend(self.record.entries.extract_if(.., |it| of_test(it.field)));
        let attempt = attempt.or(self.rules.default_attempt);
        if attempt.is_none() && !self.is_unreadable(Column::Attempt) {
            self.missing(Column::Attempt, &MISSING_ATTEMPT);
        }
        let test_id = test_id?;
        let attempt = attempt.filter(|_| !self.is_unreadable(Column::Attempt))?;
        Some(TestEntry {
            assessment_id: assessment_id.cloned(),
            test_id,
            attempt,
            entries: own,
        })
    }

    /// Checks that every report has a link, and says where one has no name.
    fn check_reports(&mut self) {
        for (_, name, url) in REPORT_COLUMNS {
            for number in self.report_numbers(name, url) {
                let field = |column| Field { column, number };
                let (has_name, has_url) = (self.holds(field(name)), self.holds(field(url)));
                if has_name && !has_url {
                    let message = format!(
                        "there is a report name and no link in {}",
                        field(url).name()
                    );
                    let help = "enter the report's link, or clear its name";
                    self.tell_beside(
                        Code::ReportUrlMissing,
                        field(url),
                        field(name),
                        message,
                        help,
                    );
                } else if has_url && !has_name {
                    let message = format!(
                        "there is a report link and no name in {}",
                        field(name).name()
                    );
                    let help =
                        "enter what the link should be called; without a name it is sent as it is";
                    self.tell_beside(
                        Code::ReportNameMissing,
                        field(name),
                        field(url),
                        message,
                        help,
                    );
                }
            }
        }
    }

    /// Returns the numbers of the row's reports of one scope.
    fn report_numbers(&self, name: Column, url: Column) -> Vec<u16> {
        let entries = self.record.entries.iter().map(|entry| entry.field);
        let of_scope = entries.filter(|field| field.column == name || field.column == url);
        let mut numbers: Vec<u16> = of_scope.map(|field| field.number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// Tells whether a field holds something, be it wrong.
    fn holds(&self, field: Field) -> bool {
        self.record.entries.iter().any(|entry| entry.field == field)
            || self.unreadable.contains(&field)
    }

    fn is_unreadable(&self, column: Column) -> bool {
        self.unreadable.iter().any(|field| field.column == column)
    }

    /// Says that a cell holds something to the right of the last header.
    fn surplus(&mut self, column: u32, cell: Option<&Cell<'_>>) {
        let headers = self.head.header.texts.iter().flatten().count();
        let message = format!("the row has more cells than the header, which has {headers}");
        let help = "put text with a comma in it between quotes, or give the surplus cell a header";
        let value = cell.map(|cell| cell.shown().into_owned());
        let problem = Problem::new(Code::RowMalformed, self.cell(column), message, help);
        self.tell(problem.with_value(value.unwrap_or_default()), Some(column));
    }

    /// Says that a column's cell is missing: at the cell, or at the row where there is no such column.
    fn missing(&mut self, column: Column, missing: &Missing) {
        let index = self.head.header.column_of(column);
        // A placeholder there is told as what it means.
        self.record
            .placeholders
            .retain(|other| Some(*other) != index);
        let place = index.map_or_else(|| self.whole_row(), |index| self.cell(index));
        let problem = Problem::new(missing.code, place, missing.message, missing.help);
        let problem = Problem {
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
        help: &str,
    ) {
        let column = self
            .head
            .header
            .column_of(field)
            .or_else(|| self.head.header.column_of(beside));
        let place = column.map_or_else(|| self.whole_row(), |column| self.cell(column));
        self.tell(Problem::new(code, place, message, help), column);
    }

    fn tell(&mut self, problem: Problem, column: Option<u32>) {
        let header = column
            .and_then(|column| self.head.header.text(column))
            .map(Arc::clone);
        let fields = &self.head.header.fields;
        let field = column
            .and_then(|column| fields.iter().find(|(index, _)| *index == column))
            .map(|(_, field)| *field);
        let field = problem.field.or(field);
        self.record
            .problems
            .push(self.rules.warnings.weigh(problem.in_column(header, field)));
    }

    fn whole_row(&self) -> Place {
        Place::row(&self.head.source, self.record.row)
    }

    fn cell(&self, column: u32) -> Place {
        Place::cell(&self.head.source, self.record.row, column)
    }
}
