//! Tests that stand in columns of their own: a row of a wide sheet makes one of each score that it holds.

use std::borrow::Cow;

use super::missing::{MISSING_ATTEMPT, Missing};
use super::{Reading, Unreadable};
use crate::diagnostics::diagnostic::Diagnostic;
use crate::input::Cell;
use crate::input::wide::{Place, WideTest};
use crate::orders::row_store::WideRow;
use crate::schema::columns::Column;

/// The number of the first attempt (API.md, "The body of an update").
const FIRST_ATTEMPT: u32 = 1;

impl<'r> Reading<'r, '_> {
    /// Reads a test of a wide sheet; a blank score or a placeholder makes none.
    pub(crate) fn wide_test(
        &mut self,
        index: usize,
        test: &'r WideTest,
    ) -> Option<WideRow<Cow<'r, str>>> {
        let row = self.row;
        let cell = |column: u32| row.cells.get(column as usize).unwrap_or(&Cell::Blank);
        let score = self.value(test.score, Column::TestScore.into(), cell(test.score));
        let mut fields = match score {
            Ok(None) => return None,
            Ok(Some(text)) => vec![(0, text)],
            Err(Unreadable) => Vec::new(),
        };
        let (mut assessment_id, mut attempt) = (None, None);
        let mut is_certain = true;
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
                (Err(Unreadable), field) => {
                    is_certain &= !matches!(field, Column::Attempt | Column::AssessmentId);
                }
            }
        }
        let attempt = attempt.or_else(|| self.wide_attempt(test, is_certain));
        Some(WideRow {
            test: index,
            attempt: attempt.filter(|_| is_certain)?,
            assessment_id,
            fields,
        })
    }

    /// Returns the attempt of a wide test that has none in its row: the first, unless a column should tell it.
    fn wide_attempt(&mut self, test: &WideTest, is_certain: bool) -> Option<u32> {
        let column = test.others.iter().find_map(|(field, place)| match place {
            Place::Column(column) if *field == Column::Attempt => Some(*column),
            _ => None,
        });
        match (column, self.rules.default_attempt) {
            (None, _) => Some(FIRST_ATTEMPT),
            (Some(_), Some(attempt)) => Some(attempt),
            (Some(column), None) => {
                if is_certain {
                    let Missing {
                        code,
                        message,
                        help,
                    } = MISSING_ATTEMPT;
                    let problem = Diagnostic::new(code, self.cell(column), message, help);
                    self.tell(
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
