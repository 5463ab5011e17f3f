//! How the columns of a sheet are understood, with samples of what they hold. Proposals for columns that are tests
//! of their own are in [`wide`]; how all that is shown is for [`crate::ui`].

pub mod wide;

use std::sync::Arc;

use crate::columns::{Field, Names};
use crate::input::sample::{SampleRow, is_guess};
use crate::input::{Cell, File, Sheet, SheetHead, header};
use crate::problem::{Problem, Source};

/// The columns of one sheet.
#[derive(Debug)]
pub struct SheetLayout {
    /// The file and sheet.
    pub source: Arc<Source>,
    /// The row that holds the header, as the user sees it.
    pub header_row: u32,
    /// Whether there is no column for the order id, so that the header row is a guess.
    pub is_guess: bool,
    /// Its columns, from left to right; those without header and content are left out.
    pub columns: Vec<ColumnLayout>,
}

/// One column of a sheet.
#[derive(Debug)]
pub struct ColumnLayout {
    /// Where it stands, from 0.
    pub index: u32,
    /// Its header, as the file has it.
    pub header: Option<Arc<str>>,
    /// What that is understood as.
    pub meaning: Meaning,
    /// What the sampled rows hold in it, without blanks.
    pub values: Vec<String>,
}

/// What a column is understood as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// A field.
    Known(Field),
    /// Nothing, but it is close to a field: the sheet is held back until that is clear.
    Unclear(Field),
    /// A field that an earlier column means already.
    Again(Field),
    /// A column that Scoreload itself adds to files.
    Own,
    /// Nothing.
    Ignored,
}

/// Returns the columns of each sheet of an input that was sampled.
#[must_use]
pub fn of_file(file: &File<SampleRow>, names: &Names) -> Vec<SheetLayout> {
    let sheets = file.sheets.iter();
    sheets
        .filter_map(|sheet| Some(of_sheet(sheet, sheet.head.as_ref()?, &file.problems, names)))
        .collect()
}

fn of_sheet(
    sheet: &Sheet<SampleRow>,
    head: &SheetHead,
    problems: &[Problem],
    names: &Names,
) -> SheetLayout {
    let texts = (0u32..).zip(&head.header.texts);
    let columns = texts.filter_map(|(index, text)| {
        let values = values(&sheet.rows, index);
        (text.is_some() || !values.is_empty()).then(|| ColumnLayout {
            index,
            header: text.clone(),
            meaning: meaning(head, index, names),
            values,
        })
    });
    SheetLayout {
        source: Arc::clone(&sheet.source),
        header_row: head.header.row,
        is_guess: problems
            .iter()
            .any(|problem| is_guess(problem) && problem.place.source == sheet.source),
        columns: columns.collect(),
    }
}

fn values(rows: &[SampleRow], index: u32) -> Vec<String> {
    rows.iter()
        .filter_map(|row| row.get(index as usize))
        .filter(|cell| !cell.is_blank())
        .map(|cell: &Cell<'_>| cell.shown().into_owned())
        .collect()
}

fn meaning(head: &SheetHead, index: u32, names: &Names) -> Meaning {
    let known = head
        .header
        .fields
        .iter()
        .find(|(column, _)| *column == index);
    if let Some((_, field)) = known {
        return Meaning::Known(*field);
    }
    let Some(text) = head.header.text(index) else {
        return Meaning::Ignored;
    };
    match (names.find(text), names.nearest(text)) {
        (Some(field), _) => Meaning::Again(field),
        (None, _) if header::is_ours(text) => Meaning::Own,
        (None, Some(field)) => Meaning::Unclear(field),
        (None, None) => Meaning::Ignored,
    }
}

impl ColumnLayout {
    /// Returns up to `count` different values, in the order of their first appearance.
    #[must_use]
    pub fn samples(&self, count: usize) -> Vec<&str> {
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
    /// Returns the column, from 0, that means a field.
    #[must_use]
    pub fn column_of(&self, field: Field) -> Option<u32> {
        self.columns
            .iter()
            .find(|column| column.meaning == Meaning::Known(field))
            .map(|column| column.index)
    }
}

/// Makes the columns of a sheet from headers and rows, for tests.
#[cfg(test)]
pub(crate) fn sketch(headers: &[&str], rows: &[&[&str]]) -> SheetLayout {
    let source = Arc::new(Source {
        path: "a.csv".into(),
        sheet: None,
    });
    let names = Names::default();
    let cells: Vec<_> = (0..)
        .zip(headers.iter().map(|text| Cell::text(text)))
        .collect();
    let (header, _) = header::Header::read(&source, 1, &cells, &names);
    let row = |row: &&[&str]| {
        row.iter()
            .map(|text| Cell::text(text).into_owned())
            .collect()
    };
    let sheet = Sheet {
        source: Arc::clone(&source),
        sha256: "".into(),
        head: None,
        rows: rows.iter().map(row).collect(),
        skipped: 0,
    };
    of_sheet(&sheet, &SheetHead { source, header }, &[], &names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::Column;

    #[test]
    fn each_header_has_one_meaning() {
        let headers = [
            "Order No",
            "Tset Score",
            "score",
            "Test Score",
            "Candidate",
            "scoreload_row",
            "",
        ];
        let sheet = sketch(&headers, &[&["1", "2", "3", "4", "5", "6", "7"]]);
        let meanings: Vec<Meaning> = sheet.columns.iter().map(|column| column.meaning).collect();
        let score = Column::TestScore.into();
        assert_eq!(
            meanings,
            [
                Meaning::Known(Column::OrderId.into()),
                Meaning::Unclear(score),
                Meaning::Known(score),
                Meaning::Again(score),
                Meaning::Ignored,
                Meaning::Own,
                Meaning::Ignored,
            ]
        );
    }

    #[test]
    fn samples_are_the_first_different_values() {
        let rows: [&[&str]; 6] = [&["1"], &[""], &["1"], &["2"], &["3"], &["4"]];
        let sheet = sketch(&["order_id"], &rows);
        assert_eq!(sheet.columns[0].samples(3), ["1", "2", "3"]);
    }

    #[test]
    fn a_column_without_header_is_shown_if_it_holds_something() {
        let sheet = sketch(&["order_id", "", "", "x"], &[&["1", "", "note", ""]]);
        let places: Vec<u32> = sheet.columns.iter().map(|column| column.index).collect();
        assert_eq!(places, [0, 2, 3]);
    }
}
