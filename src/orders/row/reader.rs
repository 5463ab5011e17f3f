//! Checking one row.

use std::borrow::Cow;
use std::sync::Arc;

use super::cell::{CheckedCell, cell};
use super::findings::{DateOrderProof, Findings};
use super::missing::{MISSING_ATTEMPT, MISSING_TEST_ID, MissingField};
use crate::diagnostics::diagnostic::{Code, Diagnostic, Place};
use crate::input::{Cell, Row, SheetHead, swallowed_rows};
use crate::orders::column_map::{ColumnMap, MappedColumn};
use crate::orders::row_store::{RowFacts, RowStoreBuilder};
use crate::orders::value::{self, Finding, Rules};
use crate::schema::columns::{Column, Field, Scope};

/// An invalid cell: the field is not missing, and the cell has a diagnostic.
pub(crate) struct InvalidCell;

/// Checks one row.
pub(crate) struct RowReader<'r, 'f> {
    pub(crate) head: &'r SheetHead,
    pub(crate) rules: &'r Rules,
    pub(crate) columns: &'r ColumnMap,
    pub(crate) row: &'r Row<'r>,
    /// The checked cells, by mapped column; at first those of the row before.
    pub(crate) cells: &'f mut Vec<CheckedCell>,
    pub(crate) findings: &'f mut Findings,
    pub(crate) notes: &'f mut RowNotes,
    /// The number of errors found yet.
    pub(crate) errors: u32,
}

/// Notes on the row that is being checked; reused, as most rows need none.
#[derive(Debug, Default)]
pub(crate) struct RowNotes {
    /// The columns with placeholders.
    placeholders: Vec<u32>,
    /// The mapped columns with an invalid cell.
    invalid: Vec<usize>,
    /// The cells of a wide sheet whose diagnostics were reported, with the column that they were checked as.
    reported: Vec<(u32, Column)>,
}

impl RowNotes {
    /// Removes the notes of the row before.
    pub(crate) fn clear(&mut self) {
        self.placeholders.clear();
        self.invalid.clear();
        self.reported.clear();
    }
}

impl<'r> RowReader<'r, '_> {
    /// Checks all cells; one that equals the cell above has the same result. `stored` is the number of the row that was
    /// added to `above` last.
    pub(crate) fn check_cells(&mut self, above: &RowStoreBuilder, stored: u32) {
        let same = match self.row.same {
            Some((row, cells)) if row == stored => cells,
            _ => 0,
        };
        for (index, column) in self.columns.columns.iter().copied().enumerate() {
            let is_same = (column.index as usize) < same;
            let checked = match (cell(self.row, column), &self.cells[index]) {
                (Cell::Blank, _) => CheckedCell::Empty,
                (_, CheckedCell::SameAsAbove | CheckedCell::Verbatim) if is_same => {
                    if above.is_verbatim_above(index) {
                        CheckedCell::SameAsAbove
                    } else {
                        CheckedCell::Verbatim
                    }
                }
                (Cell::Text(text), _) if above.is_same_as_above(index, text) => {
                    CheckedCell::SameAsAbove
                }
                (cell, _) => self.check(index, column, cell),
            };
            self.cells[index] = checked;
        }
        let row = self.row;
        if let Some(column) = row.surplus {
            let beyond = row.beyond.iter().find(|(other, _)| *other == column);
            self.report_surplus(column, beyond.map(|(_, cell)| cell));
        }
        if let Some(column) = row.swallowed {
            self.report(swallowed_rows(self.cell(column)), Some(column));
        }
    }

    fn check(&mut self, index: usize, column: MappedColumn, cell: &'r Cell<'r>) -> CheckedCell {
        let count = |findings: &Findings| (findings.problems.len(), findings.date_orders.len());
        let before = count(self.findings);
        let text = self.value(column.index, column.field, cell);
        let is_verbatim = before == count(self.findings) && matches!(cell, Cell::Text(_));
        match text {
            Ok(Some(Cow::Borrowed(_))) if is_verbatim => CheckedCell::Verbatim,
            Ok(Some(text)) => CheckedCell::Derived(text.into_owned()),
            Ok(None) => CheckedCell::Empty,
            Err(InvalidCell) => {
                self.notes.invalid.push(index);
                CheckedCell::Empty
            }
        }
    }

    /// Counts the placeholders, and returns the facts of the row; `attempt` is that of the row's own test.
    pub(crate) fn finish(&mut self, attempt: Option<u32>) -> RowFacts {
        let placeholders = &self.notes.placeholders;
        self.findings.placeholders += placeholders.len();
        if let Some(column) = placeholders.first() {
            let first = (self.row.number, *column);
            self.findings.first_placeholder.get_or_insert(first);
        }
        RowFacts {
            row: self.row.number,
            errors: self.errors,
            has_placeholder: !placeholders.is_empty(),
            attempt,
        }
    }

    /// Returns the text of a cell under the rules of a field, and reports its diagnostic.
    pub(crate) fn value(
        &mut self,
        index: u32,
        field: Field,
        cell: &'r Cell<'_>,
    ) -> Result<Option<Cow<'r, str>>, InvalidCell> {
        let value = value::read(field.column, cell, self.rules);
        let is_invalid = value.text.is_none() && value.finding.is_some();
        if self.is_first_report(index, field.column) {
            if value.placeholder {
                self.notes.placeholders.push(index);
            }
            if let Some(order) = value.date_order {
                self.findings.prove(DateOrderProof {
                    column: index,
                    order,
                    row: self.row.number,
                });
            }
            if let Some(finding) = value.finding {
                self.report_finding(*finding, index, field, cell);
            }
        }
        if is_invalid {
            Err(InvalidCell)
        } else {
            Ok(value.text)
        }
    }

    fn report_finding(&mut self, finding: Finding, index: u32, field: Field, cell: &Cell<'_>) {
        let Finding {
            code,
            message,
            help,
        } = finding;
        let problem =
            Diagnostic::new(code, self.cell(index), message, help).with_value(cell.shown());
        self.report(
            Diagnostic {
                field: Some(field),
                ..problem
            },
            Some(index),
        );
    }

    /// Whether a cell is checked for the first time: several wide tests may share a column.
    fn is_first_report(&mut self, index: u32, column: Column) -> bool {
        if self.head.header.wide.is_empty() {
            return true;
        }
        let is_first = !self.notes.reported.contains(&(index, column));
        if is_first {
            self.notes.reported.push((index, column));
        }
        is_first
    }

    /// Returns the text of a mapped column.
    fn text(&self, column: Option<usize>) -> Option<&str> {
        let column = column?;
        let mapped = self.columns.columns[column];
        self.cells[column].text(cell(self.row, mapped))
    }

    /// Whether a mapped column has a value, valid or not.
    fn has_value(&self, column: Option<usize>) -> bool {
        column.is_some_and(|column| !matches!(self.cells[column], CheckedCell::Empty))
            || self.is_invalid(column)
    }

    /// Whether a mapped column has an invalid value.
    pub(crate) fn is_invalid(&self, column: Option<usize>) -> bool {
        column.is_some_and(|column| self.notes.invalid.contains(&column))
    }

    /// Reports a required field that the row lacks; `mapped` is its mapped column.
    pub(crate) fn require(
        &mut self,
        column: Column,
        mapped: Option<usize>,
        missing: &MissingField,
    ) {
        if !self.has_value(mapped) {
            self.report_missing(column, missing);
        }
    }

    /// Returns the attempt at the row's own test; a row with any field of a test must have its id and attempt.
    pub(crate) fn own_attempt(&mut self) -> Option<u32> {
        let columns = self.columns;
        if !self.has_test_field() {
            return None;
        }
        self.require(Column::TestId, columns.test_id, &MISSING_TEST_ID);
        let attempt = self.text(columns.attempt);
        let attempt = attempt.and_then(|text| text.parse().ok());
        let attempt = attempt.or(self.rules.default_attempt);
        let is_valid = !self.is_invalid(columns.attempt);
        if attempt.is_none() && is_valid {
            self.report_missing(Column::Attempt, &MISSING_ATTEMPT);
        }
        attempt.filter(|_| is_valid && self.text(columns.test_id).is_some())
    }

    fn has_test_field(&self) -> bool {
        let mut columns = self.columns.columns.iter().enumerate();
        columns.any(|(column, mapped)| {
            self.has_value(Some(column)) && mapped.field.column.scope() == Scope::Test
        })
    }

    /// Reports each report without a link (an error) or without a name (a warning).
    pub(crate) fn check_reports(&mut self) {
        let columns = self.columns;
        for report in columns.reports() {
            let (name, url) = (report.name_field, report.url_field);
            match (self.has_value(report.name), self.has_value(report.url)) {
                (true, false) => {
                    let message = format!("there is a report name and no link in {}", url.name());
                    let help = "enter the report's link, or clear its name";
                    self.report_at_either(Code::ReportUrlMissing, url, name, message, help);
                }
                (false, true) => {
                    let message = format!("there is a report link and no name in {}", name.name());
                    let help = "enter a name for the link; without one it is sent as it is";
                    self.report_at_either(Code::ReportNameMissing, name, url, message, help);
                }
                _ => {}
            }
        }
    }

    /// Reports a cell to the right of the last header.
    fn report_surplus(&mut self, column: u32, cell: Option<&Cell<'_>>) {
        let headers = self.head.header.texts.iter().flatten().count();
        let message = format!("the row has more cells than the header, which has {headers}");
        let help = "put text with a comma in it between quotes, or give the surplus cell a header";
        let value = cell.map(|cell| cell.shown().into_owned());
        let problem = Diagnostic::new(Code::RowMalformed, self.cell(column), message, help);
        self.report(problem.with_value(value.unwrap_or_default()), Some(column));
    }

    /// Reports a missing field: at its cell, or at the row if the sheet lacks the column.
    pub(crate) fn report_missing(&mut self, column: Column, missing: &MissingField) {
        let index = self.head.header.column_of(column);
        // A placeholder in the cell is reported as the missing field alone.
        self.notes
            .placeholders
            .retain(|other| Some(*other) != index);
        let place = index.map_or_else(|| self.whole_row(), |index| self.cell(index));
        let problem = Diagnostic::new(missing.code, place, missing.message, missing.help);
        let problem = Diagnostic {
            field: Some(column.into()),
            ..problem
        };
        self.report(problem, index);
    }

    /// Reports a diagnostic at the cell of a field, or at that of `alternative` if the sheet lacks the field.
    fn report_at_either(
        &mut self,
        code: Code,
        field: Field,
        alternative: Field,
        message: String,
        help: &'static str,
    ) {
        let column = self
            .head
            .header
            .column_of(field)
            .or_else(|| self.head.header.column_of(alternative));
        let place = column.map_or_else(|| self.whole_row(), |column| self.cell(column));
        self.report(Diagnostic::new(code, place, message, help), column);
    }

    /// Adds a diagnostic of a cell or of the whole row.
    pub(crate) fn report(&mut self, problem: Diagnostic, column: Option<u32>) {
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
        self.findings.problems.push(problem);
    }

    fn whole_row(&self) -> Place {
        Place::row(&self.head.source, self.row.number)
    }

    /// Returns the place of a cell of the row.
    pub(crate) fn cell(&self, column: u32) -> Place {
        Place::cell(&self.head.source, self.row.number, column)
    }
}
