//! How the columns of a sheet are read, with samples of their values. [`wide`] proposes tables for columns that are
//! tests; [`crate::ui`] shows the result.

mod sheet;
pub(crate) mod wide;

use std::sync::Arc;

pub(crate) use self::sheet::{ColumnLayout, Meaning, SheetLayout};
use crate::diagnostics::diagnostic::Diagnostic;
#[cfg(test)]
use crate::diagnostics::diagnostic::Source;
use crate::input::sample::{SampleRow, is_guess};
use crate::input::wide::Place;
use crate::input::{self, Cell, File, Options, Sheet, SheetHead, header};
use crate::schema::columns::Column;

/// Returns the columns of each sheet of a sampled input.
pub(crate) fn from_file(file: &File<Vec<SampleRow>>, options: &Options<'_>) -> Vec<SheetLayout> {
    let sheets = file.sheets.iter();
    sheets
        .filter_map(|sheet| {
            Some(from_sheet(
                sheet,
                sheet.head.as_ref()?,
                &file.diagnostics,
                options,
            ))
        })
        .collect()
}

fn from_sheet(
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
    if let Some(meaning) = test_field(head, index) {
        return meaning;
    }
    let Some(text) = head.header.text(index) else {
        return Meaning::Ignored;
    };
    let names = &options.names;
    if names.ignores(text) {
        return Meaning::IgnoredSilently;
    }
    match (names.find(text), names.nearest(text)) {
        (Some(field), _) => Meaning::Duplicate(field),
        (None, Some(field)) => Meaning::Similar(field),
        (None, None) => header::meant(names, &options.wide, text)
            .map_or(Meaning::Ignored, Meaning::SimilarToTest),
    }
}

/// Returns the meaning of a column of `[[wide]]` tables.
fn test_field(head: &SheetHead, index: u32) -> Option<Meaning> {
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
    Some(Meaning::TestField { column, test_ids })
}

/// Makes the columns of a sheet from headers and rows, for tests.
#[cfg(test)]
pub(crate) fn sketch(headers: &[&str], rows: &[&[&str]]) -> SheetLayout {
    sketch_with(Vec::new(), headers, rows)
}

/// Makes the columns of a sheet with `[[wide]]` tables, for tests.
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
    from_sheet(
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
                Meaning::Similar(score),
                Meaning::Known(score),
                Meaning::Duplicate(score),
                Meaning::Ignored,
                Meaning::IgnoredSilently,
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
        let test_field = |column, ids: &[&str]| Meaning::TestField {
            column,
            test_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        };
        assert_eq!(
            meanings[1..],
            [
                test_field(Column::TestScore, &["NUM"]),
                test_field(Column::TestStatusUpdatedAt, &["NUM", "VER"]),
                Meaning::SimilarToTest("Verbal (%)".into()),
                test_field(Column::TestScore, &["VER"]),
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
