//! How the columns of a sheet are understood, with samples of what they hold. Proposals for columns that are tests
//! of their own are in [`wide`]; how all that is shown is for [`crate::ui`].

pub(crate) mod wide;

use std::sync::Arc;

use crate::diagnostics::diagnostic::{Diagnostic, Source};
use crate::input::sample::{SampleRow, is_guess};
use crate::input::wide::Place;
use crate::input::{self, Cell, File, Options, Sheet, SheetHead, header};
use crate::schema::columns::{Column, Field};

/// The columns of one sheet.
#[derive(Debug)]
pub(crate) struct SheetLayout {
    /// The file and sheet.
    pub(crate) source: Arc<Source>,
    /// The row that holds the header, as the user sees it.
    pub(crate) header_row: u32,
    /// Whether there is no column for the order id, so that the header row is a guess.
    pub(crate) is_guess: bool,
    /// Its columns, from left to right; those without header and content are left out.
    pub(crate) columns: Vec<ColumnLayout>,
}

/// One column of a sheet.
#[derive(Debug)]
pub(crate) struct ColumnLayout {
    /// Where it stands, from 0.
    pub(crate) index: u32,
    /// Its header, as the file has it.
    pub(crate) header: Option<Arc<str>>,
    /// What that is understood as.
    pub(crate) meaning: Meaning,
    /// What the sampled rows hold in it, without blanks.
    pub(crate) values: Vec<String>,
}

/// What a column is understood as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// A field.
    Known(Field),
    /// A field of a test that has columns of its own.
    OfTest {
        /// The field.
        column: Column,
        /// The ids of the tests; a date may belong to several.
        test_ids: Vec<String>,
    },
    /// Nothing, but it is close to a field: the sheet is held back until that is clear.
    Unclear(Field),
    /// Nothing, but it is close to this header of a `[[wide]]` table: the sheet is held back too.
    UnclearTest(String),
    /// A field that an earlier column means already.
    Again(Field),
    /// Nothing, and no warning says so: the user has named it, or Scoreload itself adds it to files.
    Silenced,
    /// Nothing.
    Ignored,
}

/// Returns the columns of each sheet of an input that was sampled.
pub(crate) fn of_file(file: &File<Vec<SampleRow>>, options: &Options<'_>) -> Vec<SheetLayout> {
    let sheets = file.sheets.iter();
    sheets
        .filter_map(|sheet| {
            Some(of_sheet(
                sheet,
                sheet.head.as_ref()?,
                &file.diagnostics,
                options,
            ))
        })
        .collect()
}

fn of_sheet(
    sheet: &Sheet<Vec<SampleRow>>,
    head: &SheetHead,
    problems: &[Diagnostic],
    options: &Options<'_>,
) -> SheetLayout {
    let texts = (0u32..).zip(&head.header.texts);
    let columns = texts.filter_map(|(index, text)| {
        let values = values(&sheet.chunks, index);
        (text.is_some() || !values.is_empty()).then(|| ColumnLayout {
            index,
            header: text.clone(),
            meaning: meaning(head, index, options),
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

fn values(parts: &[Vec<SampleRow>], index: u32) -> Vec<String> {
    parts
        .iter()
        .flatten()
        .filter_map(|row| row.get(index as usize))
        .filter(|cell| !cell.is_blank())
        .map(|cell: &Cell<'_>| cell.shown().into_owned())
        .collect()
}

fn meaning(head: &SheetHead, index: u32, options: &Options<'_>) -> Meaning {
    let fields = &head.header.fields;
    if let Some((_, field)) = fields.iter().find(|(column, _)| *column == index) {
        return Meaning::Known(*field);
    }
    if let Some(meaning) = of_test(head, index) {
        return meaning;
    }
    let Some(text) = head.header.text(index) else {
        return Meaning::Ignored;
    };
    let names = &options.names;
    if names.ignores(text) {
        return Meaning::Silenced;
    }
    match (names.find(text), names.nearest(text)) {
        (Some(field), _) => Meaning::Again(field),
        (None, Some(field)) => Meaning::Unclear(field),
        (None, None) => {
            header::meant(names, &options.wide, text).map_or(Meaning::Ignored, Meaning::UnclearTest)
        }
    }
}

/// Returns what a column is for the tests of `[[wide]]` tables.
fn of_test(head: &SheetHead, index: u32) -> Option<Meaning> {
    let field = |test: &input::wide::WideTest| {
        let mut others = test.others.iter();
        let other =
            |(column, place): &(Column, Place)| (*place == Place::Column(index)).then_some(*column);
        (test.score == index)
            .then_some(Column::TestScore)
            .or_else(|| others.find_map(other))
    };
    let tests = &head.header.wide;
    let column = tests.iter().find_map(field)?;
    let test_ids = tests
        .iter()
        .filter(|test| test.reads(index))
        .map(|test| test.test_id.clone())
        .collect();
    Some(Meaning::OfTest { column, test_ids })
}

impl ColumnLayout {
    /// Returns up to `count` different values, in the order of their first appearance.
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
    /// Returns the column, from 0, that means a field.
    pub(crate) fn column_of(&self, field: Field) -> Option<u32> {
        self.columns
            .iter()
            .find(|column| column.meaning == Meaning::Known(field))
            .map(|column| column.index)
    }
}

/// Makes the columns of a sheet from headers and rows, for tests.
#[cfg(test)]
pub(crate) fn sketch(headers: &[&str], rows: &[&[&str]]) -> SheetLayout {
    sketch_with(Vec::new(), headers, rows)
}

/// Makes the columns of a sheet that wide tables speak of, for tests.
#[cfg(test)]
pub(crate) fn sketch_with(
    wide: Vec<input::wide::WideTable>,
    headers: &[&str],
    rows: &[&[&str]],
) -> SheetLayout {
    let source = Arc::new(Source {
        path: "a.csv".into(),
        sheet: None,
    });
    let options = Options {
        wide,
        ..Options::default()
    };
    let cells: Vec<_> = (0..)
        .zip(headers.iter().map(|text| Cell::text(text)))
        .collect();
    let (header, _) = header::Header::read(&source, 1, &cells, &options.names, &options.wide);
    let row = |row: &&[&str]| {
        row.iter()
            .map(|text| Cell::text(text).into_owned())
            .collect()
    };
    let sheet = Sheet {
        source: Arc::clone(&source),
        sha256: "".into(),
        head: None,
        rows: rows.len(),
        chunks: vec![rows.iter().map(row).collect()],
        skipped: 0,
        unread: 0,
        bad_header_rows: None,
    };
    of_sheet(
        &sheet,
        &SheetHead {
            source,
            header,
            above: Vec::new(),
            is_denied: false,
        },
        &[],
        &options,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::wide::{Source as In, WideTable};

    #[test]
    fn each_header_has_one_meaning() {
        let headers = [
            "Order No",
            "Tset Score",
            "score",
            "Test Score",
            "Candidate",
            "scoreload_row",
        ];
        let sheet = sketch(&headers, &[&["1", "2", "3", "4", "5", "6"]]);
        let meanings: Vec<Meaning> = sheet
            .columns
            .into_iter()
            .map(|column| column.meaning)
            .collect();
        let score = Column::TestScore.into();
        assert_eq!(
            meanings,
            [
                Meaning::Known(Column::OrderId.into()),
                Meaning::Unclear(score),
                Meaning::Known(score),
                Meaning::Again(score),
                Meaning::Ignored,
                Meaning::Silenced,
            ]
        );
    }

    #[test]
    fn columns_of_wide_tables_are_fields_of_their_tests() {
        let table = |test_id: &str, score: &str| WideTable {
            test_id: test_id.into(),
            score: score.into(),
            others: vec![(Column::TestStatusUpdatedAt, In::Header("Taken on".into()))],
        };
        let tables = vec![table("NUM", "Numerical (%)"), table("VER", "Verbal (%)")];
        let headers = [
            "order_id",
            "Numerical (%)",
            "Taken on",
            "Verbl (%)",
            "Verbal (%)",
        ];
        let sheet = sketch_with(tables, &headers, &[]);
        let meanings: Vec<Meaning> = sheet
            .columns
            .into_iter()
            .map(|column| column.meaning)
            .collect();
        let of = |column, ids: &[&str]| Meaning::OfTest {
            column,
            test_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        };
        assert_eq!(
            meanings[1..],
            [
                of(Column::TestScore, &["NUM"]),
                of(Column::TestStatusUpdatedAt, &["NUM", "VER"]),
                Meaning::UnclearTest("Verbal (%)".into()),
                of(Column::TestScore, &["VER"]),
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
