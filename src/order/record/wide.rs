//! Tests that stand in columns of their own: a row of a wide sheet makes one of each score that it holds.

use super::missing::{MISSING_ATTEMPT, Missing};
use super::{Entry, Reading, TestEntry, Unreadable};
use crate::columns::Column;
use crate::input::wide::{Place, WideTest};
use crate::input::{Cell, Row};
use crate::order::model::Text;
use crate::problem::Problem;

/// The number of the first attempt (API.md, "The body of an update").
const FIRST_ATTEMPT: u32 = 1;

impl Reading<'_> {
    /// Reads a test of a wide sheet; a blank score or a placeholder makes none.
    pub(super) fn wide_test(
        &mut self,
        test: &WideTest,
        row_assessment: Option<&Text>,
        row: &Row<'_>,
    ) -> Option<TestEntry> {
        let cell = |column: u32| row.cells.get(column as usize).unwrap_or(&Cell::Blank);
        let score = self.value(test.score, Column::TestScore, cell(test.score));
        let mut entries = match score {
            Ok(None) => return None,
            Ok(Some(text)) => vec![Entry {
                field: Column::TestScore.into(),
                column: test.score,
                text,
            }],
            Err(Unreadable) => Vec::new(),
        };
        let mut is_certain = true;
        for (field, place) in &test.others {
            let (column, read) = match place {
                Place::Constant(text) => (test.score, Ok(Some(Text::from(text.as_str())))),
                Place::Column(column) => (*column, self.value(*column, *field, cell(*column))),
            };
            match read {
                Ok(Some(text)) => entries.push(Entry {
                    field: (*field).into(),
                    column,
                    text,
                }),
                Ok(None) => {}
                Err(Unreadable) => {
                    is_certain &= !matches!(field, Column::Attempt | Column::AssessmentId);
                }
            }
        }
        let mut taken = |column| {
            let index = entries
                .iter()
                .position(|entry| entry.field.column == column)?;
            Some(entries.remove(index).text)
        };
        let assessment_id = taken(Column::AssessmentId).or_else(|| row_assessment.cloned());
        let attempt = taken(Column::Attempt).and_then(|text| text.parse().ok());
        let attempt = attempt.or_else(|| self.wide_attempt(test, is_certain));
        let test_id = Text::from(test.test_id.as_str());
        Some(TestEntry {
            assessment_id,
            test_id,
            attempt: attempt.filter(|_| is_certain)?,
            entries,
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
                    let problem = Problem::new(code, self.cell(column), message, help);
                    self.tell(
                        Problem {
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
