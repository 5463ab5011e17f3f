//! Diagnostics for a sheet without a header.

use std::borrow::Cow;
use std::sync::Arc;

use super::{HEADER_WITHIN_ROWS, holds_order_id};
use crate::diagnostics::diagnostic::{Code, Diagnostic, Place, Source, cell_name, excerpt};
use crate::input::csv::delimiter::Delimiter;
use crate::input::values::cell::Cell;
use crate::schema::columns::Column;
use crate::schema::header_names::{HeaderNames, simplified};

/// The diagnostic for a missing header, and how likely one was intended.
#[derive(Debug)]
pub(crate) struct MissingHeader {
    /// The diagnostic, which names the cell that comes closest.
    pub(crate) diagnostic: Diagnostic,
    /// How much the sheet looks like one with a header.
    pub(crate) likeness: HeaderLikeness,
}

/// How much a sheet without a header looks like one that should have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeaderLikeness {
    /// Not at all.
    None,
    /// A cell may be the header; the help names it.
    Slight,
    /// A cell is nearly a name of the order id, so it is most likely misspelled.
    Close,
}

/// A cell that resembles a name shorter than this is as likely to mean something else.
const MIN_DISTINCTIVE: usize = 7;

/// The most cells of a row one of which may contain a whole header.
const FEW: usize = 4;

/// The longest cell that is examined for a whole header, in bytes.
const LONGEST_LINE: usize = 16 << 10;

/// The number and cells of a row.
type SeenRow<'a> = (u32, Vec<(u32, Cell<'a>)>);

/// Returns the diagnostic that none of the rows can be the header.
pub(crate) fn missing(
    source: &Arc<Source>,
    seen: &[SeenRow<'_>],
    names: &HeaderNames,
) -> MissingHeader {
    let message = match seen {
        [] => "the file or sheet is empty".to_owned(),
        _ => format!("none of the first {HEADER_WITHIN_ROWS} rows has a column for the order id"),
    };
    let (help, likeness) = misspelt(seen, names)
        .or_else(|| undivided(source, seen, names))
        .unwrap_or_else(|| (general_help(seen).to_owned(), HeaderLikeness::None));
    MissingHeader {
        diagnostic: Diagnostic::new(Code::HeaderMissing, Place::whole(source), message, help),
        likeness,
    }
}

const fn general_help(seen: &[SeenRow<'_>]) -> &'static str {
    if seen.is_empty() {
        "check that the export is complete and that this is the right file"
    } else {
        "name the column of the order ids `order_id`, or pass --map 'HEADER=order_id'"
    }
}

/// Returns the help for a cell that is nearly a name of the order id.
fn misspelt(seen: &[SeenRow<'_>], names: &HeaderNames) -> Option<(String, HeaderLikeness)> {
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
    let likeness = if simplified(&text).chars().count() >= MIN_DISTINCTIVE - 1 {
        HeaderLikeness::Close
    } else {
        HeaderLikeness::Slight
    };
    Some((help, likeness))
}

/// Returns the help for a header that is in one cell: lines of a CSV that were quoted as a whole, pasted into a sheet, or
/// split at another delimiter.
fn undivided(
    source: &Source,
    seen: &[SeenRow<'_>],
    names: &HeaderNames,
) -> Option<(String, HeaderLikeness)> {
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
            "remove the quotes around whole lines, or pass --delimiter '{sign}' if it is set to another"
        ),
    };
    let help = format!("`{text}` in {cell} is several headers in one cell: {remedy}");
    Some((help, HeaderLikeness::Slight))
}

/// Returns the name and text of each cell of a row.
fn texts<'a>((row, cells): &'a SeenRow<'_>) -> impl Iterator<Item = (String, Cow<'a, str>)> {
    let cells = cells.iter();
    cells.map(|(column, cell)| (cell_name(*row, *column), cell.shown()))
}

/// Splits a text at a delimiter.
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
        missing.diagnostic.help.into_owned()
    }

    #[test]
    fn a_missing_header_names_the_closest_cell() {
        let help = help(None, &["Oder Number", "Score"]);
        assert!(help.contains("`Oder Number` in A2"), "{help}");
    }

    #[test]
    fn a_header_in_one_cell_is_reported_with_how_to_split_it() {
        assert_eq!(
            help(Some("Results"), &["", "Company;Order No;Score"]),
            "`Company;Order No;Score` in B2 is several headers in one cell: divide the column at each `;` (Excel: Data, Text to Columns)"
        );
        assert_eq!(
            help(None, &["company_id\torder_id"]),
            "`company_id\torder_id` in A2 is several headers in one cell: remove the quotes around whole lines, or pass --delimiter 'tab' if it is set to another"
        );
        let title = help(None, &["Scores by order, company"]);
        assert!(title.starts_with("name the column"), "{title}");
    }
}
