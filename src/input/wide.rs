//! Wide sheets, with a row per person and a column per test, and the configured tables that describe them.

use std::sync::Arc;

use crate::schema::columns::{Column, Scope};
use crate::schema::header_names::{is_near, simplified};

/// A test of wide sheets: its id and the sources of its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WideTable {
    /// The id of the test, the same for every row.
    pub(crate) test_id: String,
    /// The header of the column that holds its score.
    pub(crate) score: String,
    /// The remaining fields.
    pub(crate) others: Vec<(Column, Source)>,
}

/// The source of a field of a wide test, by header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// The column with this header.
    Header(String),
    /// The same value for every row.
    Constant(String),
}

/// A wide test whose columns were found in a sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WideTest {
    /// The id of the test.
    pub(crate) test_id: String,
    /// The column of its score, from 0.
    pub(crate) score: u32,
    /// The remaining fields.
    pub(crate) others: Vec<(Column, Place)>,
}

/// The source of a field of a wide test in a sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// The column, from 0.
    Column(u32),
    /// The same value for every row.
    Constant(String),
}

/// A header of a wide table that the sheet lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Absent {
    /// The test of the table.
    pub(crate) test_id: String,
    /// The header.
    pub(crate) header: String,
}

/// Returns the tests whose score column is in a sheet, and the other headers that they lack.
///
/// A table whose score column is missing is for another sheet.
pub(crate) fn find(
    tables: &[WideTable],
    texts: &[Option<Arc<str>>],
) -> (Vec<WideTest>, Vec<Absent>) {
    let names: Vec<Option<String>> = texts
        .iter()
        .map(|text| text.as_deref().map(simplified))
        .collect();
    let column = |header: &str| {
        let name = simplified(header);
        let index = names
            .iter()
            .position(|other| other.as_ref() == Some(&name))?;
        u32::try_from(index).ok()
    };
    let (mut tests, mut absent) = (Vec::new(), Vec::new());
    for table in tables {
        let Some(score) = column(&table.score) else {
            continue;
        };
        let mut others = Vec::new();
        for (field, source) in &table.others {
            match source {
                Source::Constant(text) => others.push((*field, Place::Constant(text.clone()))),
                Source::Header(header) => match column(header) {
                    Some(column) => others.push((*field, Place::Column(column))),
                    None => absent.push(Absent {
                        test_id: table.test_id.clone(),
                        header: header.clone(),
                    }),
                },
            }
        }
        tests.push(WideTest {
            test_id: table.test_id.clone(),
            score,
            others,
        });
    }
    (tests, absent)
}

/// Returns the header of the tables that an unknown header was most likely meant to be.
pub(crate) fn nearest<'a>(tables: &'a [WideTable], header: &str) -> Option<&'a str> {
    let name = simplified(header);
    let headers = tables.iter().flat_map(|table| {
        let others = table.others.iter().filter_map(|(_, source)| match source {
            Source::Header(header) => Some(header.as_str()),
            Source::Constant(_) => None,
        });
        std::iter::once(table.score.as_str()).chain(others)
    });
    headers
        .filter(|header| is_near(&simplified(header), &name))
        .min()
}

impl WideTest {
    /// Returns a field by its index, 0 being the score, and the column of its cell. A constant has the column of the
    /// score.
    pub(crate) fn field(&self, place: usize) -> (Column, u32) {
        match place.checked_sub(1).map(|at| &self.others[at]) {
            None => (Column::TestScore, self.score),
            Some((field, Place::Constant(_))) => (*field, self.score),
            Some((field, Place::Column(column))) => (*field, *column),
        }
    }

    /// Whether a field is read from this column.
    pub(crate) fn reads(&self, column: u32) -> bool {
        self.score == column
            || self
                .others
                .iter()
                .any(|(_, place)| *place == Place::Column(column))
    }

    /// Whether a column that is read by this test keeps its own meaning. A column of test scope does not, because the
    /// row itself describes no test.
    pub(crate) fn leaves(&self, column: u32, meaning: Column) -> bool {
        !self.reads(column) || meaning.scope() != Scope::Test
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(test_id: &str, score: &str, others: &[(Column, Source)]) -> WideTable {
        WideTable {
            test_id: test_id.into(),
            score: score.into(),
            others: others.to_vec(),
        }
    }

    fn texts(headers: &[&str]) -> Vec<Option<Arc<str>>> {
        headers
            .iter()
            .map(|header| (!header.is_empty()).then(|| Arc::from(*header)))
            .collect()
    }

    #[test]
    fn tests_are_found_by_their_score_header() {
        let date = Source::Header("Taken On".into());
        let tables = [
            table(
                "NUM",
                "Numerical (%)",
                &[
                    (Column::TestStatusUpdatedAt, date),
                    (Column::Attempt, Source::Constant("1".into())),
                ],
            ),
            table(
                "VERB",
                "Verbal",
                &[(Column::TestStatus, Source::Header("Verbal status".into()))],
            ),
            table("MECH", "Mechanical", &[]),
        ];
        let (tests, absent) = find(
            &tables,
            &texts(&["Order", "", "numerical(%)", "VERBAL", "taken_on"]),
        );
        let found: Vec<_> = tests
            .iter()
            .map(|test| (test.test_id.as_str(), test.score))
            .collect();
        assert_eq!(found, [("NUM", 2), ("VERB", 3)]);
        assert_eq!(
            tests[0].others[0],
            (Column::TestStatusUpdatedAt, Place::Column(4))
        );
        assert_eq!(
            absent,
            [Absent {
                test_id: "VERB".into(),
                header: "Verbal status".into()
            }]
        );
    }

    #[test]
    fn a_misspelled_header_of_a_table_is_recognised() {
        let tables = [table("NUM", "Numerical (%)", &[])];
        assert_eq!(nearest(&tables, "Numercial (%)"), Some("Numerical (%)"));
        assert_eq!(nearest(&tables, "Verbal (%)"), None);
    }
}
