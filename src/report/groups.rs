//! Findings by what they have in common: the same code in the same column is one matter, however many cells it has.

use std::cmp::Reverse;

use indexmap::IndexMap;

use super::Diagnostic;

/// Findings with the same code and column.
#[derive(Debug)]
pub(super) struct Group<'a> {
    /// `error` or `warning`.
    pub(super) severity: &'a str,
    /// Their code.
    pub(super) code: &'a str,
    /// The header of their column.
    pub(super) column: Option<&'a str>,
    /// All of them, in the order of their places; never empty.
    pub(super) findings: Vec<&'a Diagnostic>,
}

/// Groups findings: errors first, then those that are the most.
pub(super) fn of(findings: &[Diagnostic]) -> Vec<Group<'_>> {
    let mut groups: IndexMap<_, Vec<&Diagnostic>> = IndexMap::new();
    for found in findings {
        let key = (found.severity, found.code, found.column.as_deref());
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

/// Returns where a finding stands: `scores.xlsx [March] B17`.
pub(super) fn place(found: &Diagnostic) -> String {
    let mut place = source(&found.path, found.sheet.as_deref());
    match (&found.cell, found.row) {
        (Some(cell), _) => place.extend([" ", cell]),
        (None, Some(row)) => place.extend([" row ", &row.to_string()]),
        (None, None) => {}
    }
    place
}

/// Returns a file and its sheet as one text.
pub(super) fn source(path: &str, sheet: Option<&str>) -> String {
    sheet.map_or_else(|| path.to_owned(), |sheet| format!("{path} [{sheet}]"))
}
