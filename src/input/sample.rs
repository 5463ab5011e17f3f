//! Reads the first rows of each sheet, even if its header is invalid or missing, to show what a file contains.

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

/// The cells of a row, aligned with the header.
pub(crate) type SampleRow = Vec<Cell<'static>>;

/// Reads the first rows of each sheet of the inputs; [`Extent::Sample`](super::Extent::Sample) says how many.
///
/// A sheet with an invalid header is read too. If no sheet has a column for the order id, the row that looks most like a
/// header is used, and the diagnostics say that there is none.
pub fn sample(inputs: &[PathBuf], options: &Options<'_>) -> Vec<File<Vec<SampleRow>>> {
    let cells = |_: &SheetHead, row: &Row<'_>| -> SampleRow {
        row.cells.iter().cloned().map(Cell::into_owned).collect()
    };
    let mut files = read_all(inputs, options, &MapRows(cells));
    for file in &mut files {
        if options.sheets.is_empty() && file.sheets.iter().any(has_order_id) {
            remove_guesses(file);
        }
    }
    files
}

fn has_order_id<P>(sheet: &Sheet<P>) -> bool {
    let column = |head: &SheetHead| head.header.column_of(Column::OrderId);
    sheet.head.as_ref().and_then(column).is_some()
}

/// Removes the sheets that an import would skip: those without an order id, if another sheet has one.
fn remove_guesses<P>(file: &mut File<P>) {
    let (kept, guessed) = std::mem::take(&mut file.sheets)
        .into_iter()
        .partition(has_order_id);
    file.sheets = kept;
    for sheet in guessed {
        file.notes.retain(|(source, _)| *source != sheet.source);
        file.diagnostics
            .retain(|problem| problem.place.source != sheet.source);
        file.passed_over
            .push((sheet.source, "no column for the order id"));
    }
}

/// Whether a diagnostic means that the columns of its sheet are a guess.
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
    fn rows_are_sampled_below_an_invalid_header() {
        let file = sampled("title\norder_id,Tset Score\n1,5\n\n2,6\n3,7\n");
        assert_eq!(texts(&file), [["1", "5"], ["2", "6"]]);
        assert_eq!(file.diagnostics[0].code, Code::ColumnUnknown);
    }

    #[test]
    fn without_an_order_id_the_row_with_most_words_is_the_header() {
        let file = sampled("Results of March\nTicket,Name,Result\n17,Ann Lee,82\n");
        let head = file.sheets[0].head.as_ref().unwrap();
        assert_eq!(head.header.row, 2);
        assert!(file.diagnostics.iter().any(is_guess));
        assert_eq!(texts(&file), [["17", "Ann Lee", "82"]]);
    }

    #[test]
    fn a_row_of_figures_is_not_a_header() {
        let file = sampled("1,2\n3,4\n");
        assert!(file.sheets.is_empty());
        assert!(is_guess(&file.diagnostics[0]));
    }
}
