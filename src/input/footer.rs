//! Recognises rows below the data that are not data: totals, averages, notes.

use super::sheet::SheetHead;
use super::values::cell::Cell;
use crate::schema::columns::{Column, Kind};

/// Labels of footer rows. None of them is an id.
const FOOTER_LABELS: [&str; 19] = [
    "total",
    "totals",
    "subtotal",
    "grand total",
    "sum",
    "average",
    "avg",
    "mean",
    "median",
    "count",
    "maximum",
    "minimum",
    "max",
    "min",
    "standard deviation",
    "std dev",
    "class average",
    "points possible",
    "overall",
];

/// Whether a text in lower case is a footer label or a phrase that begins with one, such as `average score`.
fn is_label(text: &str) -> bool {
    let first = text.split_whitespace().next();
    FOOTER_LABELS.contains(&text) || first != Some(text) && first.is_some_and(is_label)
}

/// Whether a row has no ids and only a label with figures, or a note.
///
/// Figures without a label are data: they may be scores whose ids were forgotten.
pub(crate) fn is_footer(head: &SheetHead, cells: &[Cell<'_>]) -> bool {
    let mut labels = (0u32..)
        .zip(cells)
        .filter(|(_, cell)| !cell.is_blank() && !is_figure_cell(cell));
    let (Some((place, label)), None) = (labels.next(), labels.next()) else {
        return false;
    };
    let label = label.shown().trim_end_matches(':').to_lowercase();
    let is_known = is_label(&label);
    let ids = head
        .header
        .fields
        .iter()
        .filter(|(_, field)| field.column.spec().kind == Kind::Id);
    let filled = ids.filter(|(column, _)| {
        cells
            .get(*column as usize)
            .is_some_and(|cell| !cell.is_blank())
    });
    let filled: Vec<(u32, Column)> = filled
        .map(|(column, field)| (*column, field.column))
        .collect();
    match filled.iter().find(|(column, _)| *column == place) {
        // `Total` in the company or order column is a label, regardless of the figures in the row.
        Some((_, Column::CompanyId | Column::OrderId)) => is_known || is_note(cells, place, &label),
        Some(_) => FOOTER_LABELS.contains(&label.as_str()) && filled.len() == 1,
        None => filled.is_empty(),
    }
}

/// Placeholders for a missing figure.
const NO_FIGURE: [&str; 5] = ["-", "--", "---", "n/a", "na"];
/// Whether a row has nothing but a phrase: ids contain no spaces, and there is nothing to send.
fn is_note(cells: &[Cell<'_>], place: u32, label: &str) -> bool {
    let mut others = (0u32..).zip(cells).filter(|(column, _)| *column != place);
    label.contains(char::is_whitespace) && others.all(|(_, cell)| cell.is_blank())
}

/// Whether a cell is a figure: a number, percentage, amount, duration, or a placeholder for one.
fn is_figure_cell(cell: &Cell<'_>) -> bool {
    match cell {
        Cell::Text(text) => is_figure(text),
        // A formula in a footer aggregates the column.
        Cell::Number(_)
        | Cell::Percentage(_)
        | Cell::Duration(_)
        | Cell::Date(_)
        | Cell::Formula => true,
        Cell::Blank | Cell::Boolean(_) | Cell::Error(_) => false,
    }
}

/// Whether a text is a figure or a placeholder for one.
pub(crate) fn is_figure(text: &str) -> bool {
    let is_sign = |c: char| c.is_ascii_digit() || ".,:/%+-$€£ ".contains(c);
    NO_FIGURE.iter().any(|word| word.eq_ignore_ascii_case(text))
        || text.bytes().any(|byte| byte.is_ascii_digit()) && text.chars().all(is_sign)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diagnostics::diagnostic::Source;
    use crate::input::Header;
    use crate::schema::header_names::HeaderNames;

    fn is_footer_under(header: &[&'static str], row: &[&'static str]) -> bool {
        let source = Arc::new(Source {
            path: "a.csv".into(),
            sheet: None,
        });
        let cells = |texts: &[&'static str]| {
            texts
                .iter()
                .map(|text| Cell::text(text))
                .collect::<Vec<_>>()
        };
        let placed: Vec<_> = (0..).zip(cells(header)).collect();
        let (header, _) = Header::read(&source, 1, &placed, &HeaderNames::default(), &[]);
        is_footer(
            &SheetHead {
                source,
                header,
                above: Vec::new(),
                is_denied: false,
            },
            &cells(row),
        )
    }

    #[test]
    fn a_footer_is_a_label_with_figures_or_a_note() {
        let header = [
            "company_id",
            "order_id",
            "assessment_id",
            "Candidate",
            "attempt",
            "score",
        ];
        let table = [
            (["", "", "", "Average", "", "71.5%"], true),
            (["", "", "", "printed by the export", "", ""], true),
            (["Total", "", "", "", "", "110"], true),
            (["Total", "2", "", "", "", "110"], true),
            (["Average score", "", "", "", "", "87"], true),
            (["", "Overall", "", "", "", "9"], true),
            (["", "", "Max speed", "", "1", "87"], false),
            (["", "", "", "Average", "-", "87.5"], true),
            (["", "", "Points possible:", "", "", "100"], true),
            (["printed 3 March by ann", "", "", "", "", ""], true),
            (["", "End of report", "", "", "", ""], true),
            (["", "End of report", "", "", "1", "87"], false),
            (["B6001", "", "", "", "", ""], false),
            (["", "", "", "", "1", "87"], false),
            (["", "", "APT", "", "1", "87"], false),
            (["B6001", "", "", "", "1", "87"], false),
            (["", "778120", "Average", "", "1", "87"], false),
            (["", "", "", "Jones", "see note", "87"], false),
        ];
        for (row, expected) in table {
            assert_eq!(is_footer_under(&header, &row), expected, "{row:?}");
        }
    }
}
