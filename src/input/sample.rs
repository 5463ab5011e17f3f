//! The first rows of each sheet under its header, also where the header is wrong or missing: for looking at a file
//! rather than for delivering it.

use std::path::PathBuf;

use super::file::File;
use super::options::Options;
use super::read::read_all;
use super::row::Row;
use super::row_sink::MapRows;
use super::sheet::{Sheet, SheetHead};
use super::values::cell::Cell;
use crate::diagnostics::diagnostic::{Code, Diagnostic};
use crate::schema::columns::Column;

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
    let mut files = read_all(inputs, options, &MapRows(cells));
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

/// Tells whether a finding says that the sheet has no header: then its columns are a guess.
pub(crate) fn is_guess(problem: &Diagnostic) -> bool {
    problem.code == Code::HeaderMissing
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::input::options::Extent;

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
        file.sheets[0].chunks.iter().flatten().map(row).collect()
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
