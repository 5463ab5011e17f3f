//! The inputs of a plan: sheets, rows and diagnostics.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::diagnostics::diagnostic::{Code, Diagnostic, Place, Severity, Source};
use crate::orders::{Batch, RowAt, SheetSummary};
use crate::schema::columns::Field;
use crate::schema::header_names::HeaderNames;

/// A sheet that a plan was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanInput {
    /// The path of the file as it was given.
    pub(crate) path: String,
    /// The name of the sheet, for workbooks.
    pub(crate) sheet: Option<String>,
    /// The SHA-256 of the file, in hexadecimal.
    pub(crate) sha256: String,
    /// The number of data rows.
    pub(crate) rows: usize,
    /// The data rows that were not read because the header has errors.
    pub(crate) rows_unread: usize,
    /// The rows that were skipped: repeated headers and footers.
    pub(crate) rows_skipped: usize,
    /// Whether the header could be used.
    pub(crate) usable: bool,
}

/// The position of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RowRef {
    /// The index of the sheet in the plan's inputs.
    pub(crate) input: usize,
    /// The row number as the user sees it.
    pub(crate) row: u32,
}

/// A diagnostic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Finding {
    /// `error` or `warning`.
    pub(crate) severity: String,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) help: String,
    pub(crate) path: String,
    pub(crate) sheet: Option<String>,
    pub(crate) row: Option<u32>,
    /// The index of the column.
    pub(crate) column: Option<u32>,
    /// The header of the column as the file has it.
    pub(crate) header: Option<String>,
    pub(crate) field: Option<String>,
    pub(crate) value: Option<String>,
}

impl PlanInput {
    /// Returns the sheets of a batch.
    pub(crate) fn all(batch: &Batch) -> Vec<Self> {
        let input = |sheet: &SheetSummary| Self {
            path: sheet.source.path.clone(),
            sheet: sheet.source.sheet.clone(),
            sha256: sheet.sha256.to_string(),
            rows: sheet.rows,
            rows_unread: sheet.unread,
            rows_skipped: sheet.skipped,
            usable: sheet.usable,
        };
        batch.sheets.iter().map(input).collect()
    }

    pub(super) fn source(&self) -> Arc<Source> {
        Arc::new(Source {
            path: self.path.clone(),
            sheet: self.sheet.clone(),
        })
    }
}

/// The indices of the usable sheets among all sheets. A plan's rows refer to all sheets, those of a batch only to the
/// usable ones.
#[derive(Debug)]
pub(crate) struct UsableSheets(Vec<usize>);

impl UsableSheets {
    /// Returns the usable sheets of a batch.
    pub(crate) fn of(batch: &Batch) -> Self {
        Self::among(batch.sheets.iter().map(|sheet| sheet.usable))
    }

    pub(super) fn among(sheets: impl Iterator<Item = bool>) -> Self {
        let usable = sheets.enumerate().filter(|(_, usable)| *usable);
        Self(usable.map(|(place, _)| place).collect())
    }

    /// Converts rows of the batch to rows of a plan.
    pub(crate) fn row_refs(&self, rows: &[RowAt]) -> Vec<RowRef> {
        let named = |row: &RowAt| {
            let input = *self.0.get(row.sheet as usize)?;
            let row = row.row;
            Some(RowRef { input, row })
        };
        rows.iter().filter_map(named).collect()
    }

    /// Converts rows of a plan to rows of its batch.
    pub(super) fn rows_at(&self, rows: &[RowRef]) -> Vec<RowAt> {
        let at = |row: &RowRef| {
            let sheet = self.0.binary_search(&row.input).ok()?.try_into().ok()?;
            let row = row.row;
            Some(RowAt { sheet, row })
        };
        rows.iter().filter_map(at).collect()
    }
}

impl From<&Diagnostic> for Finding {
    fn from(problem: &Diagnostic) -> Self {
        Self {
            severity: problem.severity.to_string(),
            code: problem.code.name().to_owned(),
            message: problem.message.clone(),
            help: problem.help.to_string(),
            path: problem.place.source.path.clone(),
            sheet: problem.place.source.sheet.clone(),
            row: problem.place.row,
            column: problem.place.column,
            header: problem.header.as_ref().map(ToString::to_string),
            field: problem.field.map(Field::name),
            value: problem.value.clone(),
        }
    }
}

/// Returns the diagnostic of a finding, or `None` if this version does not know its code.
pub(super) fn problem(finding: &Finding) -> Option<Diagnostic> {
    let source = Arc::new(Source {
        path: finding.path.clone(),
        sheet: finding.sheet.clone(),
    });
    let severities = [Severity::Error, Severity::Warning];
    let is_named = |severity: &Severity| severity.to_string() == finding.severity;
    Some(Diagnostic {
        code: Code::find(&finding.code)?,
        severity: severities.into_iter().find(is_named)?,
        message: finding.message.clone(),
        help: finding.help.clone().into(),
        place: Place {
            source,
            row: finding.row,
            column: finding.column,
        },
        header: finding.header.as_deref().map(Arc::from),
        field: finding
            .field
            .as_deref()
            .and_then(|name| HeaderNames::default().find(name)),
        value: finding.value.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::batch::{head, summary};
    use crate::schema::columns::Column;

    #[test]
    fn a_finding_converts_back_to_its_diagnostic() {
        let source = Arc::new(Source {
            path: "a.xlsx".into(),
            sheet: Some("March".into()),
        });
        let field = Field {
            column: Column::TestReportUrl,
            number: 2,
        };
        let cell = Place::cell(&source, 7, 3);
        let whole = Diagnostic::new(Code::HeaderMissing, Place::whole(&source), "none", "add it");
        let found = Diagnostic::new(Code::UrlInvalid, cell, "`x` is no link", "use https")
            .in_column(Some("Report 2".into()), Some(field))
            .with_value("x");
        for before in [whole, found] {
            assert_eq!(problem(&Finding::from(&before)), Some(before));
        }
    }

    #[test]
    fn rows_of_a_plan_refer_to_all_sheets_and_convert_back() {
        let input = |path: &str, usable: bool| PlanInput {
            path: path.into(),
            sheet: None,
            sha256: String::new(),
            rows: 1,
            rows_unread: usize::from(!usable),
            rows_skipped: 0,
            usable,
        };
        let inputs = [input("a", true), input("b", false), input("c", true)];
        let batch = Batch {
            sheets: inputs.iter().map(summary).collect(),
            heads: vec![head(&inputs[0]), head(&inputs[2])],
            ..Batch::default()
        };
        let rows = [RowAt { sheet: 1, row: 5 }, RowAt { sheet: 0, row: 2 }];
        let sheets = UsableSheets::of(&batch);
        let refs = sheets.row_refs(&rows);
        assert_eq!(refs.iter().map(|row| row.input).collect::<Vec<_>>(), [2, 0]);
        assert_eq!(sheets.rows_at(&refs), rows);
        assert_eq!(PlanInput::all(&batch), inputs);
    }
}
