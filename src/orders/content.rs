//! The content of one order, merged from its rows.

use foldhash::fast::RandomState;
use indexmap::IndexMap;

use super::column_map::{ColumnMap, ScopeColumns};
use super::order::{CellAt, RowAt};
use super::row_store::StoredRow;
use crate::diagnostics::diagnostic::{Code, Diagnostic, Place, cell_name, excerpt};
use crate::input::SheetHead;
use crate::schema::columns::{Column, Field, Scope};

/// A value and the first cell that has it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Value<'a> {
    column: Column,
    pub(crate) text: &'a str,
    pub(crate) cell: CellAt,
}

/// The values of an order, an assessment or a test, one for each column.
#[derive(Debug, Default)]
pub(crate) struct Values<'a>(Vec<Value<'a>>);

impl<'a> Values<'a> {
    /// Returns the value of a column.
    pub(crate) fn get(&self, column: Column) -> Option<Value<'a>> {
        let mut values = self.0.iter();
        values.find(|value| value.column == column).copied()
    }

    /// Returns the text of a column.
    pub(crate) fn text(&self, column: Column) -> Option<&'a str> {
        self.get(column).map(|value| value.text)
    }

    /// Adds a value if the column has none; returns the earlier value if it differs.
    fn add(&mut self, value: Value<'a>) -> Option<Value<'a>> {
        match self.get(value.column) {
            None => {
                self.0.push(value);
                None
            }
            Some(earlier) => (earlier.text != value.text).then_some(earlier),
        }
    }
}

/// A report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Report<'a> {
    pub(crate) name: Option<&'a str>,
    pub(crate) url: Option<&'a str>,
}

/// The values and reports of an order, an assessment or a test.
#[derive(Debug, Default)]
pub(crate) struct Group<'a> {
    pub(crate) values: Values<'a>,
    /// The reports in the order of the rows, each once.
    pub(crate) reports: Vec<Report<'a>>,
}

/// The content of an order.
#[derive(Debug, Default)]
pub(crate) struct OrderContent<'a> {
    /// The order as a whole.
    pub(crate) own: Group<'a>,
    /// Its assessments by id.
    pub(crate) assessments: IndexMap<Option<&'a str>, AssessmentContent<'a>, RandomState>,
    /// The first row with results that names no assessment.
    pub(crate) without_assessment_id: Option<RowAt>,
}

/// The content of an assessment.
#[derive(Debug, Default)]
pub(crate) struct AssessmentContent<'a> {
    /// The assessment as a whole.
    pub(crate) own: Group<'a>,
    /// Its tests.
    pub(crate) tests: IndexMap<TestKey<'a>, Group<'a>, RandomState>,
}

/// The id and attempt that identify a test within its assessment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TestKey<'a> {
    pub(crate) id: &'a str,
    pub(crate) attempt: u32,
}

/// The place of a row, and the columns of its sheet.
#[derive(Clone, Copy)]
pub(crate) struct RowContext<'a> {
    pub(crate) at: RowAt,
    pub(crate) heads: &'a [SheetHead],
    pub(crate) columns: &'a ColumnMap,
}

impl<'a> OrderContent<'a> {
    /// Merges a row: its values of the order, of its assessment and of its tests.
    pub(crate) fn merge(
        &mut self,
        row: &StoredRow<'a>,
        context: RowContext<'a>,
        conflicts: &mut Vec<Diagnostic>,
    ) {
        let columns = context.columns;
        let assessment_id = columns.assessment_id.and_then(|column| row.text(column));
        self.own.merge(Scope::Order, row, context, conflicts);
        let has_values = has_values(columns.of_scope(Scope::Assessment), row);
        if has_values || assessment_id.is_some() {
            let assessment = self.assessments.entry(assessment_id).or_default();
            let own = &mut assessment.own;
            own.merge(Scope::Assessment, row, context, conflicts);
        }
        if let Some(attempt) = row.facts.attempt {
            let id = columns.test_id.and_then(|column| row.text(column));
            let key = TestKey {
                id: id.unwrap_or_default(),
                attempt,
            };
            let test = self.test(assessment_id, key);
            test.merge(Scope::Test, row, context, conflicts);
        }
        let has_results = has_values || row.facts.attempt.is_some();
        if has_results && assessment_id.is_none() {
            self.without_assessment_id.get_or_insert(context.at);
        }
        self.merge_wide_tests(row, assessment_id, context, conflicts);
    }

    fn merge_wide_tests(
        &mut self,
        row: &StoredRow<'a>,
        assessment_id: Option<&'a str>,
        context: RowContext<'a>,
        conflicts: &mut Vec<Diagnostic>,
    ) {
        let tests = &context.heads[context.at.sheet as usize].header.wide;
        for wide in row.wide_tests() {
            let assessment_id = wide.assessment_id.or(assessment_id);
            if assessment_id.is_none() {
                self.without_assessment_id.get_or_insert(context.at);
            }
            let test = &tests[wide.test];
            let key = TestKey {
                id: test.test_id.as_str(),
                attempt: wide.attempt,
            };
            let group = self.test(assessment_id, key);
            for (index, text) in wide.fields {
                let (column, cell_column) = test.field(index);
                group.merge_field(column.into(), cell_column, text, context, conflicts);
            }
        }
    }

    fn test(&mut self, assessment_id: Option<&'a str>, key: TestKey<'a>) -> &mut Group<'a> {
        let assessment = self.assessments.entry(assessment_id).or_default();
        assessment.tests.entry(key).or_default()
    }
}

/// Whether a row has a value or a report of a scope.
fn has_values(columns: &ScopeColumns, row: &StoredRow<'_>) -> bool {
    let has = |column: usize| row.text(column).is_some();
    let mut reports = columns.reports.iter();
    columns.values.iter().any(|column| has(*column))
        || reports.any(|report| report.name.is_some_and(has) || report.url.is_some_and(has))
}

impl<'a> Group<'a> {
    /// Whether it has neither values nor reports.
    pub(crate) fn is_empty(&self) -> bool {
        self.values.0.is_empty() && self.reports.is_empty()
    }

    /// Merges the values and reports of a row.
    fn merge(
        &mut self,
        scope: Scope,
        row: &StoredRow<'a>,
        context: RowContext<'a>,
        conflicts: &mut Vec<Diagnostic>,
    ) {
        let columns = context.columns.of_scope(scope);
        for column in &columns.values {
            if let Some(text) = row.text(*column) {
                let mapped = &context.columns.columns[*column];
                self.merge_value(mapped.field, mapped.index, text, context, conflicts);
            }
        }
        for report in &columns.reports {
            self.add_report(Report {
                name: report.name.and_then(|column| row.text(column)),
                url: report.url.and_then(|column| row.text(column)),
            });
        }
    }

    /// Merges one field of a wide test.
    fn merge_field(
        &mut self,
        field: Field,
        cell_column: u32,
        text: &'a str,
        context: RowContext<'_>,
        conflicts: &mut Vec<Diagnostic>,
    ) {
        if field.column.is_value() {
            self.merge_value(field, cell_column, text, context, conflicts);
        } else {
            let is_name = field.column.is_report_name();
            self.add_report(Report {
                name: is_name.then_some(text),
                url: (!is_name).then_some(text),
            });
        }
    }

    /// Merges a value; one that differs from an earlier cell is a conflict.
    fn merge_value(
        &mut self,
        field: Field,
        cell_column: u32,
        text: &'a str,
        context: RowContext<'_>,
        conflicts: &mut Vec<Diagnostic>,
    ) {
        let value = Value {
            column: field.column,
            text,
            cell: CellAt {
                row: context.at,
                column: cell_column,
            },
        };
        if let Some(earlier) = self.values.add(value) {
            conflicts.push(conflict(field, value, earlier, context.heads));
        }
    }

    fn add_report(&mut self, report: Report<'a>) {
        let is_empty = report.name.is_none() && report.url.is_none();
        if !is_empty && !self.reports.contains(&report) {
            self.reports.push(report);
        }
    }
}

/// Returns the diagnostic of two different values: at the later cell, naming the earlier one.
fn conflict(field: Field, value: Value<'_>, earlier: Value<'_>, heads: &[SheetHead]) -> Diagnostic {
    let (code, whole) = match field.column.scope() {
        Scope::Order => (Code::FieldConflict, "the order"),
        Scope::Assessment => (Code::FieldConflict, "the assessment"),
        Scope::Test => (Code::TestConflict, "the same attempt at the test"),
    };
    let CellAt { row, column } = value.cell;
    let head = &heads[row.sheet as usize];
    let earlier_cell = cell_name(earlier.cell.row.row, earlier.cell.column);
    let elsewhere = if row.sheet == earlier.cell.row.sheet {
        String::new()
    } else {
        format!(" of {}", heads[earlier.cell.row.sheet as usize].source)
    };
    let message = format!(
        "{} is `{}` here and `{}` in {earlier_cell}{elsewhere}, for {whole}",
        field.column.name(),
        excerpt(value.text),
        excerpt(earlier.text),
    );
    let help = match code {
        Code::TestConflict => {
            "keep the right value in both cells, or give a further attempt its own number"
        }
        _ => "keep the right value in both cells, or leave one of them blank",
    };
    let place = Place::cell(&head.source, row.row, column);
    Diagnostic::new(code, place, message, help)
        .in_column(head.header.text(column).cloned(), Some(field))
        .with_value(value.text)
}
