//! The header row: the columns, and diagnostics about them.

mod missing;

use std::collections::HashSet;
use std::sync::Arc;

pub(crate) use self::missing::{HeaderLikeness, MissingHeader, missing};
use super::wide::{self, Absent, WideTable, WideTest};
use crate::diagnostics::diagnostic::{Code, Diagnostic, Place, Source, cell_name, excerpt};
use crate::input::values::cell::Cell;
use crate::schema::columns::{Column, Field};
use crate::schema::header_names::{HeaderNames, simplified};

/// The header must be within the first rows; titles and notes may precede it.
pub(crate) const HEADER_WITHIN_ROWS: u32 = 20;

/// How many ignored columns are listed: five times as many as a wide export has.
const MOST_NAMED: usize = 200;

/// The columns of one sheet.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    /// The row number as the user sees it.
    pub(crate) row: u32,
    /// The text of each header cell; `None` for a blank one.
    pub(crate) texts: Vec<Option<Arc<str>>>,
    /// The known columns, from left to right.
    pub(crate) fields: Vec<(u32, Field)>,
    /// The tests that have columns of their own.
    pub(crate) wide: Vec<WideTest>,
}

impl Header {
    /// Reads a header row; returns the columns and their diagnostics.
    pub(crate) fn read(
        source: &Arc<Source>,
        row: u32,
        cells: &[(u32, Cell<'_>)],
        names: &HeaderNames,
        tables: &[WideTable],
    ) -> (Self, Vec<Diagnostic>) {
        let named = cells.iter().filter(|(_, cell)| !cell.is_blank());
        let width = named
            .map(|(column, _)| *column as usize + 1)
            .max()
            .unwrap_or(0);
        let mut texts = vec![None; width];
        for (column, cell) in cells.iter().filter(|(_, cell)| !cell.is_blank()) {
            texts[*column as usize] = Some(Arc::<str>::from(cell.shown()));
        }
        let mut header = Self {
            row,
            texts,
            fields: Vec::new(),
            wide: Vec::new(),
        };
        let problems = header.understand(source, names, tables);
        (header, problems)
    }

    /// Determines the meaning of each header cell.
    fn understand(
        &mut self,
        source: &Arc<Source>,
        names: &HeaderNames,
        tables: &[WideTable],
    ) -> Vec<Diagnostic> {
        let (wide, absent) = wide::find(tables, &self.texts);
        self.wide = wide;
        let mut problems: Vec<Diagnostic> = absent
            .iter()
            .map(|absent| absent_header(Place::row(source, self.row), absent))
            .collect();
        let mut ignored = Vec::new();
        for (column, text) in (0u32..).zip(self.texts.clone()) {
            let Some(text) = text.filter(|text| !names.ignores(text)) else {
                continue;
            };
            let place = Place::cell(source, self.row, column);
            match names.find(&text) {
                Some(field) => problems.extend(self.take(place, column, text, field)),
                None if self.wide.iter().any(|test| test.reads(column)) => {}
                None => match meant(names, tables, &text) {
                    Some(meant) => problems.push(unknown(place, text, &meant)),
                    None => ignored.push((column, text)),
                },
            }
        }
        problems.extend(self.ignored_columns(source, &ignored));
        problems
    }

    /// Adds a known column, or returns the diagnostic that an earlier one has the same meaning.
    fn take(
        &mut self,
        place: Place,
        column: u32,
        text: Arc<str>,
        field: Field,
    ) -> Option<Diagnostic> {
        if !self
            .wide
            .iter()
            .all(|test| test.leaves(column, field.column))
        {
            return None;
        }
        if let Some(earlier) = self.column_of(field) {
            return Some(duplicate(place, text, field, self, earlier));
        }
        self.fields.push((column, field));
        None
    }

    /// Returns one warning for all unknown columns of the sheet.
    fn ignored_columns(
        &self,
        source: &Arc<Source>,
        ignored: &[(u32, Arc<str>)],
    ) -> Option<Diagnostic> {
        let (column, text) = ignored.first()?;
        let names: Vec<String> = ignored
            .iter()
            .map(|(_, text)| format!("`{}`", excerpt(text)))
            .collect();
        let message = match names.len() {
            1 => format!("1 column is ignored: {}", names[0]),
            count if count > MOST_NAMED => {
                let others = count - MOST_NAMED;
                let named = names[..MOST_NAMED].join(", ");
                format!("{count} columns are ignored: {named} and {others} more")
            }
            count => format!("{count} columns are ignored: {}", names.join(", ")),
        };
        let looks_wide =
            self.column_of(Column::TestId).is_none() && self.wide.is_empty() && names.len() > 1;
        let help = if looks_wide {
            "the sheet looks wide, with a column per test: `scoreload columns FILE --wide` proposes [[wide]] tables for the configuration"
        } else {
            "nothing to do if they hold no scores; a column that does is named with --map 'HEADER=COLUMN'"
        };
        let place = Place::cell(source, self.row, *column);
        Some(
            Diagnostic::new(Code::ColumnIgnored, place, message, help)
                .in_column(Some(Arc::clone(text)), None),
        )
    }

    /// Returns the column, from 0, that holds a field.
    pub(crate) fn column_of(&self, field: impl Into<Field>) -> Option<u32> {
        let field = field.into();
        self.fields
            .iter()
            .find(|(_, other)| *other == field)
            .map(|(column, _)| *column)
    }

    /// Returns the header as it was most likely meant, and the fields that several columns may hold. Returns `None` if
    /// no diagnostic is an error, or if a header of a wide table is concerned.
    pub(crate) fn likely(
        &self,
        found: &[Diagnostic],
        names: &HeaderNames,
    ) -> Option<(Self, Vec<Field>)> {
        let mut errors = found.iter().filter(|problem| problem.is_error()).peekable();
        errors.peek()?;
        let mut header = self.clone();
        let mut unclear = Vec::new();
        for problem in errors {
            let column = problem.place.column?;
            let text = self.text(column)?;
            match names.find(text) {
                Some(field) => unclear.push(field),
                None => {
                    let field = names.nearest(text)?;
                    let is_there = header.column_of(field).is_some();
                    header.fields.extend((!is_there).then_some((column, field)));
                }
            }
        }
        header.fields.sort_by_key(|(column, _)| *column);
        Some((header, unclear))
    }

    /// Returns the header text of a column, from 0.
    pub(crate) fn text(&self, column: u32) -> Option<&Arc<str>> {
        self.texts.get(column as usize)?.as_ref()
    }

    /// Whether a row repeats the header, even with other names for the same columns.
    pub(crate) fn is_repeated_by(&self, cells: &[Cell<'_>], names: &HeaderNames) -> bool {
        let same = |(text, cell): (&Option<Arc<str>>, &Cell<'_>)| match text {
            Some(text) => says_the_same(text, &cell.shown(), names),
            None => cell.is_blank(),
        };
        self.texts.len() == cells.len() && self.texts.iter().zip(cells).all(same)
    }
}

impl Header {
    /// Whether a row is a header with different columns: it names the order id and two more columns, or one more if the
    /// order id is in its own column.
    pub(crate) fn is_followed_by_another(&self, cells: &[Cell<'_>], names: &HeaderNames) -> bool {
        // The first cells of most rows are not column names.
        let mut filled = cells.iter().filter(|cell| !cell.is_blank());
        filled
            .by_ref()
            .take(2)
            .any(|cell| field_of(cell, names).is_some())
            && self.is_another(cells, names)
    }

    #[cold]
    fn is_another(&self, cells: &[Cell<'_>], names: &HeaderNames) -> bool {
        let order_id = Field::from(Column::OrderId);
        let own = self.column_of(Column::OrderId);
        let in_place = own.and_then(|column| field_of(cells.get(column as usize)?, names));
        let least = if in_place == Some(order_id) { 2 } else { 3 };
        let fields = cells.iter().filter_map(|cell| field_of(cell, names));
        let fields: HashSet<Field> = fields.collect();
        fields.len() >= least && fields.contains(&order_id)
    }

    /// Whether a text may be the first cell of the header or of a repetition of it.
    pub(crate) fn begins_with(&self, text: &str, names: &HeaderNames) -> bool {
        match self.texts.first() {
            Some(Some(first)) => says_the_same(first, text, names),
            _ => true,
        }
    }
}

/// Whether two texts may be equal when simplified. A cheap test that suffices for nearly every row.
fn begins_alike(one: &str, other: &str) -> bool {
    let first = |text: &str| {
        let letter = text.chars().find(|c| c.is_alphanumeric());
        letter.and_then(|letter| letter.to_lowercase().next())
    };
    first(one) == first(other)
}

fn says_the_same(text: &str, other: &str, names: &HeaderNames) -> bool {
    let is_known = || {
        names
            .find(other)
            .is_some_and(|field| names.find(text) == Some(field))
    };
    (begins_alike(text, other) && simplified(text) == simplified(other)) || is_known()
}

/// Returns the column that a cell names.
fn field_of(cell: &Cell<'_>, names: &HeaderNames) -> Option<Field> {
    match cell {
        Cell::Text(text) => names.find(text),
        _ => None,
    }
}

/// Whether a row can be the header: it names the order id.
pub(crate) fn holds_order_id(cells: &[(u32, Cell<'_>)], names: &HeaderNames) -> bool {
    let mut fields = cells.iter().filter_map(|(_, cell)| field_of(cell, names));
    fields.any(|field| field.column == Column::OrderId)
}

/// Returns the name that an unknown header most likely means.
pub(crate) fn meant(names: &HeaderNames, tables: &[WideTable], text: &str) -> Option<String> {
    let of_table = || wide::nearest(tables, text).map(str::to_owned);
    names.nearest(text).map(Field::name).or_else(of_table)
}

fn unknown(place: Place, text: Arc<str>, meant: &str) -> Diagnostic {
    let message = format!("there is no column `{}`", excerpt(&text));
    let help = format!(
        "if it is meant as `{meant}`, rename the header or pass --map '{text}={meant}'; if not, give the column another name, or ignore it in the configuration"
    );
    let value = text.to_string();
    Diagnostic::new(Code::ColumnUnknown, place, message, help)
        .in_column(Some(text), None)
        .with_value(value)
}

/// The diagnostic for a header of a wide table that the sheet lacks.
fn absent_header(place: Place, absent: &Absent) -> Diagnostic {
    let message = format!(
        "the [[wide]] table of test `{}` names the column `{}`, which the sheet does not have",
        excerpt(&absent.test_id),
        excerpt(&absent.header)
    );
    let help = "correct the header in the configuration or in the sheet";
    Diagnostic::new(Code::ColumnUnknown, place, message, help).with_value(absent.header.as_str())
}

fn duplicate(
    place: Place,
    text: Arc<str>,
    field: Field,
    header: &Header,
    earlier: u32,
) -> Diagnostic {
    let before = header
        .text(earlier)
        .map_or_else(String::new, |text| excerpt(text));
    let message = format!(
        "`{}` means {} and so does `{before}` in {}",
        excerpt(&text),
        field.name(),
        cell_name(header.row, earlier)
    );
    let help = "keep one of the two columns, or rename the one that means something else";
    let value = text.to_string();
    Diagnostic::new(Code::ColumnDuplicate, place, message, help)
        .in_column(Some(text), Some(field))
        .with_value(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> Arc<Source> {
        Arc::new(Source {
            path: "a.csv".into(),
            sheet: None,
        })
    }

    fn cells<'a>(texts: &[&'a str]) -> Vec<(u32, Cell<'a>)> {
        (0..)
            .zip(texts.iter().map(|text| Cell::text(text)))
            .collect()
    }

    fn read(texts: &[&str]) -> (Header, Vec<Diagnostic>) {
        Header::read(&source(), 3, &cells(texts), &HeaderNames::default(), &[])
    }

    #[test]
    fn a_header_is_a_row_with_an_order_id() {
        assert!(holds_order_id(
            &cells(&["Results", "Order Number"]),
            &HeaderNames::default()
        ));
        assert!(!holds_order_id(
            &cells(&["Results", "Ordre Number"]),
            &HeaderNames::default()
        ));
    }

    #[test]
    fn unknown_columns_give_one_warning() {
        let (header, problems) = read(&["Order ID", "", "Candidate", "Score", "Recruiter"]);
        assert_eq!(header.column_of(Column::TestScore), Some(3));
        assert_eq!(problems.len(), 1);
        assert_eq!(
            problems[0].message,
            "2 columns are ignored: `Candidate`, `Recruiter`"
        );
        assert_eq!(problems[0].place.cell_name().as_deref(), Some("C3"));
    }

    #[test]
    fn misspelled_and_duplicate_columns_are_errors_at_their_cells() {
        let (_, problems) = read(&[
            "order_id",
            "Test Scroe",
            "score",
            "Test Score",
            "scoreload_error",
        ]);
        let found: Vec<_> = problems
            .iter()
            .map(|problem| (problem.code, problem.place.cell_name().unwrap()))
            .collect();
        assert_eq!(
            found,
            [
                (Code::ColumnUnknown, "B3".to_owned()),
                (Code::ColumnDuplicate, "D3".to_owned())
            ]
        );
        assert!(problems[0].help.contains("--map 'Test Scroe=test_score'"));
        assert!(problems[1].message.contains("C3"));
    }

    #[test]
    fn a_repeated_header_is_recognised() {
        let (header, _) = read(&["order_id", "Score"]);
        let row = |texts: &[&'static str]| {
            texts
                .iter()
                .map(|text| Cell::text(text))
                .collect::<Vec<_>>()
        };
        let names = HeaderNames::default();
        assert!(header.is_repeated_by(&row(&["ORDER ID", "score"]), &names));
        assert!(header.is_repeated_by(&row(&["Order No.", "test_score"]), &names));
        assert!(!header.is_repeated_by(&row(&["ORDER ID", "5"]), &names));
    }

    #[test]
    fn a_header_with_different_columns_is_recognised() {
        let (header, _) = read(&["company", "order", "test_id", "score"]);
        let table: [(&[&str], bool); 6] = [
            (&["company", "order", "Candidate", "Result"], true),
            (&["Candidate", "Order No", "", "status"], true),
            (&["order", "company", "status"], true),
            (&["order", "company", "Ann"], false),
            (&["B6001", "order", "T1", "87"], false),
            (&["company", "17", "status", "score"], false),
        ];
        for (texts, expected) in table {
            let cells: Vec<Cell<'_>> = texts.iter().map(|text| Cell::text(text)).collect();
            let found = header.is_followed_by_another(&cells, &HeaderNames::default());
            assert_eq!(found, expected, "{texts:?}");
        }
    }
}
