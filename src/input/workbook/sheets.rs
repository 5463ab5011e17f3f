//! Selects the sheets of a workbook to read, and explains why the rest are skipped.

use std::sync::Arc;

use calamine::{Sheet, SheetType, SheetVisible};
use serde::{Deserialize, Serialize};

use crate::diagnostics::diagnostic::{Code, Diagnostic, Place, Source};
use crate::input::limits::MOST_SHEETS;
use crate::input::workbook::error::WorkbookError;

/// Why a sheet is skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Reason {
    /// It is hidden and was not named.
    Hidden,
    /// It is a chart or a macro sheet.
    NoCells,
    /// Only named sheets were asked for.
    NotNamed,
}

impl Reason {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Hidden => "hidden",
            Self::NoCells => "not a worksheet",
            Self::NotNamed => "not named by --sheet",
        }
    }
}

/// An entry in a workbook's list of sheets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SheetEntry {
    pub(crate) name: String,
    /// Why it is skipped unless it is named, if so.
    pub(crate) skip_reason: Option<Reason>,
}

impl SheetEntry {
    pub(crate) fn of(sheet: &Sheet) -> Self {
        let is_worksheet = matches!(sheet.typ, SheetType::WorkSheet);
        let skip_reason = if !is_worksheet {
            Some(Reason::NoCells)
        } else if sheet.visible == SheetVisible::Visible {
            None
        } else {
            Some(Reason::Hidden)
        };
        Self {
            name: sheet.name.clone(),
            skip_reason,
        }
    }

    /// Returns why the sheet is skipped, if it is. A hidden sheet is read when it is named.
    pub(crate) fn reason_to_skip(&self, named: &[String]) -> Option<Reason> {
        if named.is_empty() {
            return self.skip_reason;
        }
        if named.contains(&self.name) {
            return self.skip_reason.filter(|reason| *reason != Reason::Hidden);
        }
        Some(Reason::NotNamed)
    }
}

/// Refuses a workbook in which two sheets have the same name.
pub(crate) fn check(sheets: &[SheetEntry]) -> Result<(), WorkbookError> {
    if sheets.is_empty() {
        return Err(WorkbookError::unreadable("it has no sheets"));
    }
    if sheets.len() > MOST_SHEETS {
        let what = format!("it has {} sheets", sheets.len());
        return Err(WorkbookError::too_large(what));
    }
    let mut names: Vec<&str> = sheets.iter().map(|sheet| sheet.name.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => {
            let what = format!("two of its sheets are named `{}`", pair[0]);
            Err(WorkbookError::unreadable(what))
        }
        None => Ok(()),
    }
}

/// Creates the diagnostic for a named sheet that does not exist.
pub(crate) fn missing(source: &Arc<Source>, name: &str, sheets: &[String]) -> Diagnostic {
    let there: Vec<String> = sheets.iter().map(|sheet| format!("`{sheet}`")).collect();
    let message = format!("there is no sheet `{name}`");
    let help = format!("the workbook has {}", there.join(", "));
    Diagnostic::new(Code::InputUnreadable, Place::whole(source), message, help)
}

/// Creates the diagnostic for a workbook without a usable sheet.
pub(crate) fn none_usable(source: &Arc<Source>) -> Diagnostic {
    let message = "none of the visible sheets has a column for the order id in its first 20 rows";
    let help = "name the column of the order ids `order_id`, or pass --map 'HEADER=order_id'";
    Diagnostic::new(Code::HeaderMissing, Place::whole(source), message, help)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, skip_reason: Option<Reason>) -> SheetEntry {
        SheetEntry {
            name: name.to_owned(),
            skip_reason,
        }
    }

    #[test]
    fn a_hidden_sheet_is_read_when_it_is_named() {
        let named = ["Old".to_owned()];
        let (old, chart) = (
            entry("Old", Some(Reason::Hidden)),
            entry("Old", Some(Reason::NoCells)),
        );
        assert_eq!(old.reason_to_skip(&[]), Some(Reason::Hidden));
        assert_eq!(old.reason_to_skip(&named), None);
        assert_eq!(chart.reason_to_skip(&named), Some(Reason::NoCells));
        assert_eq!(
            entry("New", None).reason_to_skip(&named),
            Some(Reason::NotNamed)
        );
    }

    #[test]
    fn two_sheets_with_one_name_are_refused() {
        assert!(check(&[entry("A", None), entry("B", None)]).is_ok());
        assert!(check(&[entry("A", None), entry("B", None), entry("A", None)]).is_err());
        assert!(check(&[]).is_err());
    }
}
