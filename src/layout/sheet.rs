//! The columns of a sheet and their meanings.

use std::sync::Arc;

use crate::diagnostics::diagnostic::Source;
use crate::schema::columns::{Column, Field};

/// The columns of one sheet.
#[derive(Debug)]
pub(crate) struct SheetLayout {
    /// The file and sheet.
    pub(crate) source: Arc<Source>,
    /// The row that holds the header, as the user sees it.
    pub(crate) header_row: u32,
    /// There is no order-id column, so the header row is a guess.
    pub(crate) is_guess: bool,
    /// The columns from left to right, without those that are empty.
    pub(crate) columns: Vec<ColumnLayout>,
}

/// One column of a sheet.
#[derive(Debug)]
pub(crate) struct ColumnLayout {
    /// The index, from 0.
    pub(crate) index: u32,
    /// The header, as the file has it.
    pub(crate) header: Option<Arc<str>>,
    /// What the column is read as.
    pub(crate) meaning: Meaning,
    /// The values of the sampled rows, without blanks.
    pub(crate) values: Vec<String>,
}

/// What a column is read as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// A field.
    Known(Field),
    /// A field of tests of `[[wide]]` tables.
    TestField {
        /// The field.
        column: Column,
        /// The ids of the tests; several tests can share a date.
        test_ids: Vec<String>,
    },
    /// Unknown, but similar to a field. The sheet is unusable until this is settled.
    Similar(Field),
    /// Unknown, but similar to this header of a `[[wide]]` table. The sheet is unusable, too.
    SimilarToTest(String),
    /// A field that an earlier column has already.
    Duplicate(Field),
    /// Ignored without a warning: listed in `ignore`, or written by Scoreload itself.
    IgnoredSilently,
    /// Ignored with a warning.
    Ignored,
}

impl ColumnLayout {
    /// Returns up to `count` distinct values, in order of first appearance.
    pub(crate) fn samples(&self, count: usize) -> Vec<&str> {
        let mut samples: Vec<&str> = Vec::with_capacity(count);
        for value in &self.values {
            if samples.len() < count && !samples.contains(&value.as_str()) {
                samples.push(value);
            }
        }
        samples
    }
}

impl SheetLayout {
    /// Returns the index of the column of a field.
    pub(crate) fn column_of(&self, field: Field) -> Option<u32> {
        self.columns
            .iter()
            .find(|column| column.meaning == Meaning::Known(field))
            .map(|column| column.index)
    }
}
