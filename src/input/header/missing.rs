//! What is said of a sheet in which no row can be the header.

use std::borrow::Cow;
use std::sync::Arc;

use super::{HEADER_WITHIN_ROWS, holds_order_id};
use crate::diagnostics::diagnostic::{Code, Diagnostic, Place, Source, cell_name, excerpt};
use crate::input::csv::delimiter::Delimiter;
use crate::input::values::cell::Cell;
use crate::schema::columns::Column;
use crate::schema::header_names::{HeaderNames, simplified};

/// That a sheet has no header.
#[derive(Debug)]
pub(crate) struct Missing {
    /// The finding, with the header that comes closest.
    pub(crate) problem: Diagnostic,
    /// How much the sheet looks like one that should have a header.
    pub(crate) likeness: Likeness,
}

/// How much a sheet without a header looks like one that should have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Likeness {
    /// Not at all.
    None,
    /// One of its cells may be it, and is named in the help.
    Slight,
    /// A header is almost one of the order id: the sheet is no stranger, but misspelt.
    Close,
}

/// A header that is near a shorter name of the order id is as likely near something else.
const LEAST_TELLING: usize = 7;

/// Cells of a row in which a whole header may stand in one; what is left of it may stand in others.
const FEW: usize = 4;

/// A whole header is not longer, in bytes: a stranger's file is to cost little here.
const LONGEST_LINE: usize = 16 << 10;

/// A row that was seen: its number and its cells.
type SeenRow<'a> = (u32, Vec<(u32, Cell<'a>)>);

/// Says that none of the rows that were seen can be the header.
pub(crate) fn missing(source: &Arc<Source>, seen: &[SeenRow<'_>], names: &HeaderNames) -> Missing {
    let message = match seen {
        [] => "there is nothing in it".to_owned(),
        _ => format!("none of the first {HEADER_WITHIN_ROWS} rows has a column for the order id"),
    };
    let (help, likeness) = misspelt(seen, names)
        .or_else(|| undivided(source, seen, names))
        .unwrap_or_else(|| (general_help(seen).to_owned(), Likeness::None));
    Missing {
        problem: Diagnostic::new(Code::HeaderMissing, Place::whole(source), message, help),
        likeness,
    }
}

const fn general_help(seen: &[SeenRow<'_>]) -> &'static str {
    if seen.is_empty() {
        "check that the export has come to its end, and that this is the right file"
    } else {
        "name the column of the order ids `order_id`, or pass --map 'HEADER=order_id'"
    }
}

/// Says what to do where a header is almost one of the order id.
fn misspelt(seen: &[SeenRow<'_>], names: &HeaderNames) -> Option<(String, Likeness)> {
    let is_meant = |text: &str| {
        let field = names.nearest(text);
        field.is_some_and(|field| field.column == Column::OrderId)
    };
    let (cell, text) = seen
        .iter()
        .flat_map(texts)
        .find(|(_, text)| is_meant(text))?;
    let help = format!(
        "`{}` in {cell} comes close: rename it to `order_id`, or pass --map '{text}=order_id'",
        excerpt(&text),
    );
    let likeness = if simplified(&text).chars().count() >= LEAST_TELLING - 1 {
        Likeness::Close
    } else {
        Likeness::Slight
    };
    Some((help, likeness))
}

/// Says what to do where a whole header stands in one cell: lines of a CSV that were quoted whole, pasted into a sheet,
/// or divided at another sign.
fn undivided(
    source: &Source,
    seen: &[SeenRow<'_>],
    names: &HeaderNames,
) -> Option<(String, Likeness)> {
    let (cell, text, divider) = seen
        .iter()
        .filter(|(_, cells)| cells.iter().filter(|(_, cell)| !cell.is_blank()).count() <= FEW)
        .flat_map(texts)
        .filter(|(_, text)| text.len() <= LONGEST_LINE)
        .find_map(|(cell, text)| {
            let mut usual = Delimiter::USUAL.into_iter();
            let divider = usual.find(|divider| holds_order_id(&pieces(&text, *divider), names))?;
            Some((cell, text, divider))
        })?;
    let (text, sign) = (excerpt(&text), divider.name());
    let remedy = match source.sheet {
        Some(_) => format!("divide the column at each `{sign}` (Excel: Data, Text to Columns)"),
        None => format!(
            "take the quotes around the whole lines away, or pass --delimiter '{sign}' if it is set to another"
        ),
    };
    let help = format!("`{text}` in {cell} is several headers in one cell: {remedy}");
    Some((help, Likeness::Slight))
}

/// Returns the cells of a row by name, each with its text.
fn texts<'a>((row, cells): &'a SeenRow<'_>) -> impl Iterator<Item = (String, Cow<'a, str>)> {
    let cells = cells.iter();
    cells.map(|(column, cell)| (cell_name(*row, *column), cell.shown()))
}

/// Divides a text into the cells that it would be.
fn pieces(text: &str, Delimiter(sign): Delimiter) -> Vec<(u32, Cell<'_>)> {
    let texts = text.split(char::from(sign)).map(Cell::text);
    (0..).zip(texts).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn help(sheet: Option<&str>, texts: &[&str]) -> String {
        let source = Arc::new(Source {
            path: "a".into(),
            sheet: sheet.map(str::to_owned),
        });
        let cells = texts.iter().map(|text| Cell::text(text));
        let row = (0..).zip(cells).collect();
        let missing = missing(&source, &[(2, row)], &HeaderNames::default());
        missing.problem.help.into_owned()
    }

    #[test]
    fn a_missing_header_names_the_one_that_comes_close() {
        let help = help(None, &["Oder Number", "Score"]);
        assert!(help.contains("`Oder Number` in A2"), "{help}");
    }

    #[test]
    fn headers_that_stand_in_one_cell_are_told_with_how_to_divide_them() {
        assert_eq!(
            help(Some("Results"), &["", "Company;Order No;Score"]),
            "`Company;Order No;Score` in B2 is several headers in one cell: divide the column at each `;` (Excel: Data, Text to Columns)"
        );
        assert_eq!(
            help(None, &["company_id\torder_id"]),
            "`company_id\torder_id` in A2 is several headers in one cell: take the quotes around the whole lines away, or pass --delimiter 'tab' if it is set to another"
        );
        let title = help(None, &["Scores by order, company"]);
        assert!(title.starts_with("name the column"), "{title}");
    }
}
