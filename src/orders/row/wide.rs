//! The tests of a wide sheet: a row has one test for each score column that is not blank.

use std::borrow::Cow;

use super::missing::{MISSING_ATTEMPT, MissingField};
use super::reader::{InvalidCell, RowReader};
use crate::diagnostics::diagnostic::Diagnostic;
use crate::input::Cell;
use crate::input::wide::{Place, WideTest};
use crate::orders::row_store::WideRow;
use crate::schema::columns::Column;

/// The number of the first attempt.
const FIRST_ATTEMPT: u32 = 1;

impl<'r> RowReader<'r, '_> {
    /// Returns the wide tests of the row.
    pub(crate) fn wide_tests(&mut self) -> Vec<WideRow<Cow<'r, str>>> {
        let head = self.head;
        let tests = head.header.wide.iter().enumerate();
        tests
            .filter_map(|(index, test)| self.wide_test(index, test))
            .collect()
    }

    /// Returns a wide test of the row; a blank score or a placeholder makes none.
    fn wide_test(&mut self, index: usize, test: &'r WideTest) -> Option<WideRow<Cow<'r, str>>> {
        let row = self.row;
        let cell = |column: u32| row.cells.get(column as usize).unwrap_or(&Cell::Blank);
        let score = self.value(test.score, Column::TestScore.into(), cell(test.score));
        let mut fields = match score {
            Ok(None) => return None,
            Ok(Some(text)) => vec![(0, text)],
            Err(InvalidCell) => Vec::new(),
        };
        let (mut assessment_id, mut attempt) = (None, None);
        let mut is_valid = true;
        for (at, (field, place)) in test.others.iter().enumerate() {
            let read = match place {
                Place::Constant(text) => Ok(Some(Cow::Borrowed(text.as_str()))),
                Place::Column(column) => self.value(*column, (*field).into(), cell(*column)),
            };
            match (read, field) {
                (Ok(None), _) => {}
                (Ok(Some(text)), Column::AssessmentId) => assessment_id = Some(text),
                (Ok(Some(text)), Column::Attempt) => attempt = text.parse().ok(),
                (Ok(Some(text)), _) => fields.push((at + 1, text)),
                (Err(InvalidCell), field) => {
                    is_valid &= !matches!(field, Column::Attempt | Column::AssessmentId);
                }
            }
        }
        let attempt = attempt.or_else(|| self.wide_attempt(test, is_valid));
        Some(WideRow {
            test: index,
            attempt: attempt.filter(|_| is_valid)?,
            assessment_id,
            fields,
        })
    }

    /// Returns the attempt of a wide test without one in the row: the first, unless the table names a column for it.
    fn wide_attempt(&mut self, test: &WideTest, is_valid: bool) -> Option<u32> {
        let column = test.others.iter().find_map(|(field, place)| match place {
            Place::Column(column) if *field == Column::Attempt => Some(*column),
            _ => None,
        });
        match (column, self.rules.default_attempt) {
            (None, _) => Some(FIRST_ATTEMPT),
            (Some(_), Some(attempt)) => Some(attempt),
            (Some(column), None) => {
                if is_valid {
                    let MissingField {
                        code,
                        message,
                        help,
                    } = MISSING_ATTEMPT;
                    let problem = Diagnostic::new(code, self.cell(column), message, help);
                    self.report(
                        Diagnostic {
                            field: Some(Column::Attempt.into()),
                            ..problem
                        },
                        Some(column),
                    );
                }
                None
            }
        }
    }
}
