//! What is said of a sheet in which no row can be the header.

use std::sync::Arc;

use super::super::cell::Cell;
use super::HEADER_WITHIN_ROWS;
use crate::columns::{Column, Names, simplified};
use crate::problem::{Code, Place, Problem, Source, cell_name, excerpt};

/// That a sheet has no header.
#[derive(Debug)]
pub struct Missing {
    /// The finding, with the header that comes closest.
    pub problem: Problem,
    /// Whether a header is almost one of the order id: then the sheet is no stranger, but misspelt.
    pub comes_close: bool,
}

/// A header that is near a shorter name of the order id is as likely near something else.
const LEAST_TELLING: usize = 7;

/// Says that none of the rows that were seen can be the header.
#[must_use]
pub fn missing(
    source: &Arc<Source>,
    seen: &[(u32, Vec<(u32, Cell<'_>)>)],
    names: &Names,
) -> Missing {
    let message = match seen {
        [] => "there is nothing in it".to_owned(),
        _ => format!("none of the first {HEADER_WITHIN_ROWS} rows has a column for the order id"),
    };
    let is_meant = |text: &str| {
        names
            .nearest(text)
            .is_some_and(|field| field.column == Column::OrderId)
    };
    let all = seen.iter().flat_map(|(row, cells)| {
        cells
            .iter()
            .map(move |(column, cell)| (row, column, cell.shown()))
    });
    let near = all.into_iter().find(|(.., text)| is_meant(text));
    let help = match &near {
        Some((row, column, text)) => format!(
            "`{}` in {} comes close: rename it to `order_id`, or pass --map '{text}=order_id'",
            excerpt(text),
            cell_name(**row, **column)
        ),
        None if seen.is_empty() => {
            "check that the export has come to its end, and that this is the right file".to_owned()
        }
        None => "name the column of the order ids `order_id`, or pass --map 'HEADER=order_id'"
            .to_owned(),
    };
    let comes_close =
        near.is_some_and(|(.., text)| simplified(&text).chars().count() >= LEAST_TELLING - 1);
    Missing {
        problem: Problem::new(Code::HeaderMissing, Place::whole(source), message, help),
        comes_close,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_header_names_the_one_that_comes_close() {
        let source = Arc::new(Source {
            path: "a.csv".into(),
            sheet: None,
        });
        let row = vec![(0, Cell::text("Oder Number")), (1, Cell::text("Score"))];
        let missing = missing(&source, &[(2, row)], &Names::default());
        assert!(
            missing.comes_close && missing.problem.help.contains("`Oder Number` in A2"),
            "{missing:?}"
        );
    }
}
