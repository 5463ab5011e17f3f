//! A table with the rows of one or more sheets: their own columns, then the added ones.
//!
//! The table can be imported as it is: columns with the same meaning are merged, rows with more cells than headers keep
//! them, and a row of a sheet without a company column keeps the given company id.

use std::borrow::Cow;

use crate::diagnostics::diagnostic::Source;
use crate::input::{Cell, Header};
use crate::rejects::remarks::{RUN_COLUMN, Rejected, RejectedRow, RejectedSheet, Remark, codes};
use crate::schema::columns::{Column, Field};

/// A cell of the table.
#[derive(Debug)]
pub(crate) struct Placed<'a> {
    /// Its column in the table, from 0.
    pub(crate) column: usize,
    /// Its column in its sheet, from 0.
    pub(crate) origin: u32,
    /// Its content.
    pub(crate) cell: Cow<'a, Cell<'a>>,
}

/// A table of rows.
#[derive(Debug)]
pub(crate) struct Table<'a> {
    rejected: &'a Rejected<'a>,
    /// The headers of the rows' own columns; blank for columns without a header.
    pub(crate) headers: Vec<String>,
    /// By sheet and sheet column: the table column.
    places: Vec<Vec<Option<usize>>>,
    /// By sheet without a company column: the table's company column, if it has one.
    companies: Vec<Option<usize>>,
    /// Number of columns of the sheets themselves; columns of cells without a header follow.
    pub(crate) own_width: usize,
    /// The first added column.
    first_added: usize,
    ours: Vec<AddedColumn>,
}

/// The identity of a column.
#[derive(Debug, PartialEq, Eq)]
enum Key {
    /// A recognized column.
    Field(Field),
    /// An unrecognized column: its header, and the number of equal headers before it.
    Text(String, usize),
}

/// An added column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AddedColumn {
    /// The row number in its file.
    Row,
    /// The codes of its own errors.
    Code,
    /// The remark.
    Error,
    /// The file, if there are several.
    Path,
    /// The sheet, if there are several.
    Sheet,
    /// The run that rejected the row.
    Run,
}

impl AddedColumn {
    /// Returns the header.
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

    /// Returns the columns needed to identify the origin of a row.
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
    /// Creates a table for some of the sheets.
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
            first_added: headers.len(),
            ours: AddedColumn::needed(sheets, is_one_input(rejected)),
            rejected,
            headers,
            places,
        }
    }

    /// Returns the added columns with their positions.
    pub(crate) fn added_columns(&self) -> impl Iterator<Item = (usize, AddedColumn)> {
        (self.first_added..).zip(self.ours.iter().copied())
    }

    /// Returns the table column of a sheet column.
    pub(crate) fn column(&self, sheet: usize, origin: u32) -> Option<usize> {
        *self.places[sheet].get(origin as usize)?
    }

    /// Returns the table column of a cell, which may have no header.
    pub(crate) fn column_of(&self, sheet: usize, origin: u32, row: &RejectedRow) -> Option<usize> {
        let beyond = || row.beyond.iter().position(|(column, _)| *column == origin);
        self.column(sheet, origin)
            .or_else(|| beyond().map(|index| self.beyond_at(row) + index))
    }

    /// Returns the non-blank cells of a row. `sheet` is the sheet's index in the table.
    pub(crate) fn cells(&self, sheet: usize, row: &'a RejectedRow) -> Vec<Placed<'a>> {
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

    /// Returns the first column for cells of a row that have no header: the columns without a header, or, if those
    /// cells make the row malformed, the columns after all others. A malformed row thus stays malformed until it is
    /// corrected; otherwise it could be accepted with its values in the wrong columns.
    const fn beyond_at(&self, row: &RejectedRow) -> usize {
        if row.is_malformed {
            self.first_added + self.ours.len()
        } else {
            self.own_width
        }
    }

    /// Returns the added cells of a row with their columns.
    pub(crate) fn added_cells(
        &self,
        source: &Source,
        row: &RejectedRow,
        remark: &Remark<'_>,
    ) -> Vec<(usize, AddedColumn, String)> {
        let value = |ours: AddedColumn| match ours {
            AddedColumn::Row => row.number.to_string(),
            AddedColumn::Code => codes(&remark.problems),
            AddedColumn::Error => remark.words.clone(),
            AddedColumn::Path => source.path.clone(),
            AddedColumn::Sheet => source.sheet.clone().unwrap_or_default(),
            AddedColumn::Run => self.rejected.run.to_owned(),
        };
        self.added_columns()
            .map(|(column, ours)| (column, ours, value(ours)))
            .collect()
    }
}

fn is_one_input(rejected: &Rejected<'_>) -> bool {
    let mut paths = rejected.sheets.iter().map(|sheet| &sheet.head.source.path);
    let first = paths.next();
    paths.all(|path| Some(path) == first)
}

/// Returns whether a column was added by an earlier run.
fn is_added(header: &str) -> bool {
    header.trim().to_ascii_lowercase().starts_with("scoreload_")
}

/// Returns the identity and header of each column of a sheet; `None` for columns added by an earlier run.
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
            None if is_added(text) => None,
            None => Some((Key::Text(text.to_owned(), before), text.to_owned())),
        });
    }
    keys
}
