//! Groups diagnostics with the same code and column: one problem, however many cells it affects.

use std::cmp::Reverse;

use indexmap::IndexMap;

use crate::diagnostics::diagnostic::{Diagnostic, Severity};

/// Diagnostics with the same code and column.
#[derive(Debug)]
pub(crate) struct Group<'a> {
    /// Their severity.
    pub(crate) severity: Severity,
    /// Their code.
    pub(crate) code: &'a str,
    /// The header of their column.
    pub(crate) column: Option<&'a str>,
    /// The diagnostics, by location; never empty.
    pub(crate) findings: Vec<&'a Diagnostic>,
}

/// Groups diagnostics: errors first, then the largest groups.
pub(crate) fn of(findings: &[Diagnostic]) -> Vec<Group<'_>> {
    let mut groups: IndexMap<_, Vec<&Diagnostic>> = IndexMap::new();
    for found in findings {
        let key = (found.severity, found.code.name(), found.header.as_deref());
        groups.entry(key).or_default().push(found);
    }
    let group = |((severity, code, column), findings)| Group {
        severity,
        code,
        column,
        findings,
    };
    let mut groups: Vec<Group<'_>> = groups.into_iter().map(group).collect();
    groups.sort_by_key(|group| (group.severity, Reverse(group.findings.len())));
    groups
}

/// Returns the location of a diagnostic: `scores.xlsx [March] B17`.
pub(crate) fn place(found: &Diagnostic) -> String {
    let mut place = found.place.source.to_string();
    match (found.place.cell_name(), found.place.row) {
        (Some(cell), _) => place.extend([" ", &cell]),
        (None, Some(row)) => place.extend([" row ", &row.to_string()]),
        (None, None) => {}
    }
    place
}

/// Returns a file and its sheet as one text.
pub(crate) fn source(path: &str, sheet: Option<&str>) -> String {
    sheet.map_or_else(|| path.to_owned(), |sheet| format!("{path} [{sheet}]"))
}
