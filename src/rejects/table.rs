//! One table for the rows of one or more sheets: their own columns, then ours.
//!
//! The table imports again as it is. Columns of the same meaning become one, rows that have more cells than headers
//! still have, and a row of a sheet without a company keeps the one that was given.

use std::borrow::Cow;

use super::{Kept, RUN_COLUMN, Rejected, RejectedSheet, Remark, codes};
use crate::diagnostics::diagnostic::Source;
use crate::input::{Cell, Header};
use crate::schema::columns::{Column, Field};

/// A cell of the table.
#[derive(Debug)]
pub(crate) struct Placed<'a> {
    /// Its column in the table, from 0.
    pub(crate) column: usize,
    /// Its column in its own sheet, from 0.
    pub(crate) origin: u32,
    /// What it holds.
    pub(crate) cell: Cow<'a, Cell<'a>>,
}

/// A table of rows.
#[derive(Debug)]
pub(crate) struct Table<'a> {
    rejected: &'a Rejected<'a>,
    /// The headers of the rows' own columns; blank where no header stands.
    pub(crate) headers: Vec<String>,
    /// By sheet, and by column of it: the column of the table.
    places: Vec<Vec<Option<usize>>>,
    /// Sheets without a company column, where the table has one: the table's column.
    companies: Vec<Option<usize>>,
    /// How many columns the sheets themselves have; after them come those that only stray cells stand in.
    pub(crate) own_width: usize,
    /// The first of our columns.
    ours_at: usize,
    ours: Vec<Ours>,
}

/// What tells two columns apart.
#[derive(Debug, PartialEq, Eq)]
enum Key {
    /// One that was understood.
    Field(Field),
    /// Any other: its header, and how many of that header stand before it.
    Text(String, usize),
}

/// A column that is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ours {
    /// The row's number in its file.
    Row,
    /// The codes of its own errors.
    Code,
    /// What is the matter, in words.
    Error,
    /// The file that it is from, where there are several.
    Path,
    /// The sheet that it is from, where there are several.
    Sheet,
    /// The run that rejected it.
    Run,
}

impl Ours {
    /// Returns its header.
    pub(crate) const fn header(self) -> &'static str {
        match self {
            Self::Row => "scoreload_row",
            Self::Code => "scoreload_code",
            Self::Error => "scoreload_error",
            Self::Path => "scoreload_path",
            Self::Sheet => "scoreload_sheet",
            Self::Run => RUN_COLUMN,
        }
    }

    /// Returns the columns that are needed to tell where a row of these sheets is from.
    fn needed(sheets: &[&RejectedSheet<'_>], is_one_input: bool) -> Vec<Self> {
        let mut ours = vec![Self::Row, Self::Code, Self::Error];
        if !is_one_input {
            ours.push(Self::Path);
        }
        if sheets.len() > 1 && sheets.iter().any(|sheet| sheet.head.source.sheet.is_some()) {
            ours.push(Self::Sheet);
        }
        ours.push(Self::Run);
        ours
    }
}

impl<'a> Table<'a> {
    /// Lays out a table for some of the sheets.
    pub(crate) fn of(rejected: &'a Rejected<'a>, sheets: &[&'a RejectedSheet<'a>]) -> Self {
        let mut keys = Vec::new();
        let mut headers = Vec::new();
        let mut places = Vec::new();
        for sheet in sheets {
            let own = keys_of(&sheet.head.header).into_iter().map(|key| {
                let (key, text) = key?;
                let known = keys.iter().position(|other| *other == key);
                Some(known.unwrap_or_else(|| {
                    keys.push(key);
                    headers.push(text);
                    keys.len() - 1
                }))
            });
            places.push(own.collect());
        }
        let company = keys
            .iter()
            .position(|key| *key == Key::Field(Column::CompanyId.into()));
        let has_company = |sheet: &&RejectedSheet<'_>| {
            let column = sheet.head.header.column_of(Column::CompanyId);
            column.is_some()
        };
        let companies = sheets
            .iter()
            .map(|sheet| company.filter(|_| rejected.company_id.is_some() && !has_company(sheet)));
        let notes = sheets.iter().flat_map(|sheet| &sheet.rows);
        let notes = notes.filter(|row| !row.is_malformed);
        let blank = notes.map(|row| row.beyond.len()).max().unwrap_or(0);
        let own_width = headers.len();
        headers.extend(std::iter::repeat_n(String::new(), blank));
        Self {
            companies: companies.collect(),
            own_width,
            ours_at: headers.len(),
            ours: Ours::needed(sheets, is_one_input(rejected)),
            rejected,
            headers,
            places,
        }
    }

    /// Returns our columns, each with its place.
    pub(crate) fn our_columns(&self) -> impl Iterator<Item = (usize, Ours)> {
        (self.ours_at..).zip(self.ours.iter().copied())
    }

    /// Returns the table's column over a column of a sheet.
    pub(crate) fn column(&self, sheet: usize, origin: u32) -> Option<usize> {
        *self.places[sheet].get(origin as usize)?
    }

    /// Returns the table's column over a cell of a row, which no header may stand over.
    pub(crate) fn column_of(&self, sheet: usize, origin: u32, row: &Kept) -> Option<usize> {
        let beyond = || row.beyond.iter().position(|(column, _)| *column == origin);
        self.column(sheet, origin)
            .or_else(|| beyond().map(|index| self.beyond_at(row) + index))
    }

    /// Returns the cells of a row that hold something, by the sheet's place among the table's.
    pub(crate) fn cells(&self, sheet: usize, row: &'a Kept) -> Vec<Placed<'a>> {
        let own = (0u32..).zip(&row.cells).filter_map(|(origin, cell)| {
            Some(Placed {
                column: self.column(sheet, origin)?,
                origin,
                cell: Cow::Borrowed(cell),
            })
        });
        let beyond = (self.beyond_at(row)..).zip(&row.beyond);
        let beyond = beyond.map(|(column, (origin, cell))| Placed {
            column,
            origin: *origin,
            cell: Cow::Borrowed(cell),
        });
        let company = self.companies[sheet].zip(self.rejected.company_id);
        let company = company.map(|(column, id)| Placed {
            column,
            origin: u32::MAX,
            cell: Cow::Owned(Cell::Text(id.into())),
        });
        own.chain(beyond)
            .chain(company)
            .filter(|placed| !placed.cell.is_blank())
            .collect()
    }

    /// Returns where the cells of a row stand that no header stands over: in columns without one, or behind all others
    /// where they make the row malformed. So it has more cells than headers until it is mended, or it would pass as
    /// whole with its values in the wrong columns.
    const fn beyond_at(&self, row: &Kept) -> usize {
        if row.is_malformed {
            self.ours_at + self.ours.len()
        } else {
            self.own_width
        }
    }

    /// Returns our cells of a row, each with its column.
    pub(crate) fn our_cells(
        &self,
        source: &Source,
        row: &Kept,
        remark: &Remark<'_>,
    ) -> Vec<(usize, Ours, String)> {
        let value = |ours: Ours| match ours {
            Ours::Row => row.number.to_string(),
            Ours::Code => codes(&remark.problems),
            Ours::Error => remark.words.clone(),
            Ours::Path => source.path.clone(),
            Ours::Sheet => source.sheet.clone().unwrap_or_default(),
            Ours::Run => self.rejected.run.to_owned(),
        };
        self.our_columns()
            .map(|(column, ours)| (column, ours, value(ours)))
            .collect()
    }
}

fn is_one_input(rejected: &Rejected<'_>) -> bool {
    let mut paths = rejected.sheets.iter().map(|sheet| &sheet.head.source.path);
    let first = paths.next();
    paths.all(|path| Some(path) == first)
}

/// Tells whether a column is one that a run before added.
fn is_ours(header: &str) -> bool {
    header.trim().to_ascii_lowercase().starts_with("scoreload_")
}

/// Returns what tells each column of a sheet apart, and its header; `None` for the columns that were added before.
fn keys_of(header: &Header) -> Vec<Option<(Key, String)>> {
    let mut seen: Vec<&str> = Vec::new();
    let mut keys = Vec::new();
    for (column, text) in (0u32..).zip(&header.texts) {
        let text = text.as_deref().unwrap_or_default();
        let field = header.fields.iter().find(|(other, _)| *other == column);
        let before = seen.iter().filter(|other| **other == text).count();
        seen.push(text);
        keys.push(match field {
            Some((_, field)) => Some((Key::Field(*field), text.to_owned())),
            None if is_ours(text) => None,
            None => Some((Key::Text(text.to_owned(), before), text.to_owned())),
        });
    }
    keys
}
