//! The first rows of each sheet under its header, also where the header is wrong or missing: for looking at a file
//! rather than for delivering it.

use std::cmp::Reverse;
use std::path::PathBuf;
use std::sync::Arc;

use super::header::{self, HEADER_WITHIN_ROWS, Header};
use super::{
    Cell, Each, File, Options, RawRow, Row, RowKind, Rows, Sheet, SheetHead, Turn, placed,
};
use crate::diagnostics::diagnostic::{Code, Diagnostic, Source};
use crate::schema::columns::Column;

/// How much of each sheet is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All of it, if its header is good.
    Whole,
    /// So many rows of data, whatever its header.
    Sample(usize),
}

/// The cells of a row, in the places of the header's.
pub(crate) type SampleRow = Vec<Cell<'static>>;

/// Reads the first rows of each sheet of the inputs, as many as the options' [`Extent::Sample`] says.
///
/// A sheet with a wrong header is read all the same. Where no sheet has a column for the order id, the row that
/// looks most like a header is taken for it, and the finding that there is none is among the problems.
pub fn sample(inputs: &[PathBuf], options: &Options<'_>) -> Vec<File<Vec<SampleRow>>> {
    let cells = |_: &SheetHead, row: &Row<'_>| -> SampleRow {
        row.cells.iter().cloned().map(Cell::into_owned).collect()
    };
    let mut files = super::read_all(inputs, options, &Each(cells));
    for file in &mut files {
        if options.sheets.is_empty() && file.sheets.iter().any(has_order_id) {
            pass_guesses_over(file);
        }
    }
    files
}

fn has_order_id<P>(sheet: &Sheet<P>) -> bool {
    let column = |head: &SheetHead| head.header.column_of(Column::OrderId);
    sheet.head.as_ref().and_then(column).is_some()
}

/// Leaves out what an import would leave out: sheets without an order id beside one that has it.
fn pass_guesses_over<P>(file: &mut File<P>) {
    let (kept, guessed) = std::mem::take(&mut file.sheets)
        .into_iter()
        .partition(has_order_id);
    file.sheets = kept;
    for sheet in guessed {
        file.notes.retain(|(source, _)| *source != sheet.source);
        file.problems
            .retain(|problem| problem.place.source != sheet.source);
        file.passed_over
            .push((sheet.source, "no column for the order id"));
    }
}

/// Reads the first rows of one sheet.
///
/// # Errors
/// What is wrong with a row that cannot be read, which is wrong with the whole file.
pub(crate) fn read_rows<T: Turn>(
    rows: impl Iterator<Item = Result<RawRow, Diagnostic>>,
    source: &Arc<Source>,
    (options, count): (&Options<'_>, usize),
    turn: &T,
    problems: &mut Vec<Diagnostic>,
) -> Result<Rows<T::Part>, Diagnostic> {
    let most = count.saturating_add(HEADER_WITHIN_ROWS as usize);
    let rows: Vec<RawRow> = rows.take(most).collect::<Result<_, _>>()?;
    let within = rows
        .iter()
        .take_while(|row| row.number <= HEADER_WITHIN_ROWS)
        .count();
    let (first, names) = (&rows[..within], &options.names);
    let found = first
        .iter()
        .position(|row| header::holds_order_id(&row.cells.present(), names));
    let missing = || {
        let seen: Vec<_> = first
            .iter()
            .map(|row| (row.number, row.cells.present()))
            .collect();
        header::missing(source, &seen, names)
    };
    let Some(index) = found.or_else(|| likely_header(first)) else {
        return Ok(Rows::NoHeader(missing()));
    };
    let (row, cells) = (&rows[index], rows[index].cells.present());
    let (header, wrong) = Header::read(source, row.number, &cells, names, &options.wide);
    problems.extend(found.is_none().then(|| missing().problem));
    problems.extend(wrong);
    let head = SheetHead {
        source: Arc::clone(source),
        header,
        above: Vec::new(),
        is_denied: false,
    };
    let data = rows[index + 1..].iter().filter_map(|row| {
        let row = placed(&head, row);
        // Where nothing is known of the ids, every row looks like a footer.
        match RowKind::of(&row, &head, names) {
            RowKind::Data => Some(row),
            RowKind::Skipped(_) if found.is_none() => Some(row),
            RowKind::Blank | RowKind::Skipped(_) | RowKind::OtherHeader(_) => None,
        }
    });
    let mut part = turn.begin(&head);
    let rows = data
        .take(count)
        .map(|row| turn.row(&mut part, &head, &row))
        .count();
    Ok(Rows::Sheet(Sheet {
        source: Arc::clone(source),
        sha256: Arc::from(""),
        parts: vec![part],
        rows,
        head: Some(head),
        skipped: 0,
        unread: 0,
        doubtful: None,
    }))
}

/// Returns the row that looks most like a header: the first of those with the most words.
fn likely_header(rows: &[RawRow]) -> Option<usize> {
    let words = |row: &RawRow| {
        let cells = row.cells.present();
        cells
            .iter()
            .filter(
                |(_, cell)| matches!(cell, Cell::Text(text) if text.contains(char::is_alphabetic)),
            )
            .count()
    };
    let counts = rows.iter().map(words).enumerate();
    counts
        .filter(|(_, words)| *words >= 2)
        .min_by_key(|(index, words)| (Reverse(*words), *index))
        .map(|(index, _)| index)
}

/// Tells whether a finding says that the sheet has no header: then its columns are a guess.
pub(crate) fn is_guess(problem: &Diagnostic) -> bool {
    problem.code == Code::HeaderMissing
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn sampled(content: &str) -> File<Vec<SampleRow>> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(content.as_bytes()).unwrap();
        let options = Options {
            extent: Extent::Sample(2),
            ..Options::default()
        };
        sample(&[file.path().to_owned()], &options).remove(0)
    }

    fn texts(file: &File<Vec<SampleRow>>) -> Vec<Vec<String>> {
        let row = |row: &SampleRow| row.iter().map(|cell| cell.shown().into_owned()).collect();
        file.sheets[0].parts.iter().flatten().map(row).collect()
    }

    #[test]
    fn rows_are_sampled_under_a_header_that_is_wrong() {
        let file = sampled("title\norder_id,Tset Score\n1,5\n\n2,6\n3,7\n");
        assert_eq!(texts(&file), [["1", "5"], ["2", "6"]]);
        assert_eq!(file.problems[0].code, Code::ColumnUnknown);
    }

    #[test]
    fn without_an_order_id_the_row_with_most_words_is_taken_for_the_header() {
        let file = sampled("Results of March\nTicket,Name,Result\n17,Ann Lee,82\n");
        let head = file.sheets[0].head.as_ref().unwrap();
        assert_eq!(head.header.row, 2);
        assert!(file.problems.iter().any(is_guess));
        assert_eq!(texts(&file), [["17", "Ann Lee", "82"]]);
    }

    #[test]
    fn figures_alone_are_no_header() {
        let file = sampled("1,2\n3,4\n");
        assert!(file.sheets.is_empty());
        assert!(is_guess(&file.problems[0]));
    }
}
