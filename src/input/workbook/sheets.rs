//! Which sheets of a workbook are read, and why the others are not.

use std::sync::Arc;

use calamine::{Sheet, SheetType, SheetVisible};
use serde::{Deserialize, Serialize};

use crate::diagnostics::diagnostic::{Code, Diagnostic, Place, Source};
use crate::input::limits::MOST_SHEETS;
use crate::input::workbook::error::Flaw;

/// Why a sheet is passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Reason {
    /// It is hidden, and not named.
    Hidden,
    /// It is a chart, or a sheet of macros.
    NoCells,
    /// Others are named.
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

/// What a sheet is, as the workbook's table of sheets has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SheetEntry {
    pub(crate) name: String,
    /// Why it is not read unless it is named, if so.
    pub(crate) passed_over: Option<Reason>,
}

impl SheetEntry {
    pub(crate) fn of(sheet: &Sheet) -> Self {
        let is_worksheet = matches!(sheet.typ, SheetType::WorkSheet);
        let passed_over = if !is_worksheet {
            Some(Reason::NoCells)
        } else if sheet.visible == SheetVisible::Visible {
            None
        } else {
            Some(Reason::Hidden)
        };
        Self {
            name: sheet.name.clone(),
            passed_over,
        }
    }

    /// Tells why it is not read, if so. A hidden sheet is read when it is named.
    pub(crate) fn left_out(&self, named: &[String]) -> Option<Reason> {
        if named.is_empty() {
            return self.passed_over;
        }
        if named.contains(&self.name) {
            return self.passed_over.filter(|reason| *reason != Reason::Hidden);
        }
        Some(Reason::NotNamed)
    }
}

/// Refuses a table of sheets in which one cannot be told from another.
pub(crate) fn check(sheets: &[SheetEntry]) -> Result<(), Flaw> {
    if sheets.is_empty() {
        return Err(Flaw::unreadable("it has no sheets"));
    }
    if sheets.len() > MOST_SHEETS {
        let what = format!("it has {} sheets", sheets.len());
        return Err(Flaw::too_large(what));
    }
    let mut names: Vec<&str> = sheets.iter().map(|sheet| sheet.name.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => {
            let what = format!("two of its sheets are named `{}`", pair[0]);
            Err(Flaw::unreadable(what))
        }
        None => Ok(()),
    }
}

/// Makes the finding that a sheet that was asked for is not there.
pub(crate) fn missing(source: &Arc<Source>, name: &str, sheets: &[String]) -> Diagnostic {
    let there: Vec<String> = sheets.iter().map(|sheet| format!("`{sheet}`")).collect();
    let message = format!("there is no sheet `{name}`");
    let help = format!("the workbook has {}", there.join(", "));
    Diagnostic::new(Code::InputUnreadable, Place::whole(source), message, help)
}

/// Makes the finding that no sheet can be read.
pub(crate) fn none_usable(source: &Arc<Source>) -> Diagnostic {
    let message = "none of the visible sheets has a column for the order id in its first 20 rows";
    let help = "name the column of the order ids `order_id`, or pass --map 'HEADER=order_id'";
    Diagnostic::new(Code::HeaderMissing, Place::whole(source), message, help)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, passed_over: Option<Reason>) -> SheetEntry {
        SheetEntry {
            name: name.to_owned(),
            passed_over,
        }
    }

    #[test]
    fn a_hidden_sheet_is_read_when_it_is_named() {
        let named = ["Old".to_owned()];
        let (old, chart) = (
            entry("Old", Some(Reason::Hidden)),
            entry("Old", Some(Reason::NoCells)),
        );
        assert_eq!(old.left_out(&[]), Some(Reason::Hidden));
        assert_eq!(old.left_out(&named), None);
        assert_eq!(chart.left_out(&named), Some(Reason::NoCells));
        assert_eq!(entry("New", None).left_out(&named), Some(Reason::NotNamed));
    }

    #[test]
    fn sheets_of_one_name_cannot_be_told_apart() {
        assert!(check(&[entry("A", None), entry("B", None)]).is_ok());
        assert!(check(&[entry("A", None), entry("B", None), entry("A", None)]).is_err());
        assert!(check(&[]).is_err());
    }
}
