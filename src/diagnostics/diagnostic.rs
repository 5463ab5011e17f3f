//! A finding about the data: a problem, its location, and the remedy. Findings are collected and never stop the
//! reading.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::schema::columns::Field;

/// The severity of a diagnostic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Holds back the order or the sheet.
    Error,
    /// Holds back nothing.
    Warning,
}

/// Whether warnings count as errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WarningPolicy {
    /// Warnings are reported and hold back nothing.
    #[default]
    Allow,
    /// Warnings count as errors.
    Deny,
}

impl WarningPolicy {
    /// Returns the diagnostic with the severity that it has under this policy.
    pub(crate) fn weigh(self, problem: Diagnostic) -> Diagnostic {
        match self {
            Self::Allow => problem,
            Self::Deny => Diagnostic {
                severity: Severity::Error,
                ..problem
            },
        }
    }
}

impl Severity {
    /// Returns the name of the severity.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

macro_rules! codes {
    ($($severity:ident { $($variant:ident = $name:literal),* $(,)? })*) => {
        /// The stable name of a kind of diagnostic.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "the names say it")]
        pub enum Code { $($($variant),*),* }

        impl Code {
            /// All codes.
            pub const ALL: &[Self] = &[$($(Self::$variant),*),*];

            /// Returns the code in kebab case.
            pub const fn name(self) -> &'static str {
                match self { $($(Self::$variant => $name),*),* }
            }

            /// Returns the code with this name.
            pub(crate) fn find(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|code| code.name() == name)
            }

            /// Returns the severity of the code when warnings are not denied.
            pub const fn severity(self) -> Severity {
                match self { $($(Self::$variant => Severity::$severity),*),* }
            }
        }
    };
}

codes! {
    Error {
        OrderIdMissing = "order-id-missing",
        OrderIdInvalid = "order-id-invalid",
        CompanyIdMissing = "company-id-missing",
        CompanyIdTooLong = "company-id-too-long",
        CompanyIdIsASet = "company-id-is-a-set",
        TestIdMissing = "test-id-missing",
        AttemptMissing = "attempt-missing",
        AttemptInvalid = "attempt-invalid",
        ValueTooLong = "value-too-long",
        StatusUnknown = "status-unknown",
        TimestampInvalid = "timestamp-invalid",
        TimestampAmbiguous = "timestamp-ambiguous",
        UrlInvalid = "url-invalid",
        ReportUrlMissing = "report-url-missing",
        FieldConflict = "field-conflict",
        TestConflict = "test-conflict",
        IncompleteTests = "incomplete-tests",
        EmptyUpdate = "empty-update",
        CellError = "cell-error",
        CellType = "cell-type",
        IdNotExact = "id-not-exact",
        FormulaWithoutValue = "formula-without-value",
        ColumnUnknown = "column-unknown",
        ColumnDuplicate = "column-duplicate",
        HeaderMissing = "header-missing",
        RowMalformed = "row-malformed",
        EncodingInvalid = "encoding-invalid",
        InputEncrypted = "input-encrypted",
        InputUnreadable = "input-unreadable",
        InputTooLarge = "input-too-large",
    }
    Warning {
        ColumnIgnored = "column-ignored",
        HeaderRepeated = "header-repeated",
        FooterIgnored = "footer-ignored",
        PlaceholderIgnored = "placeholder-ignored",
        PercentAsNumber = "percent-as-number",
        RowDuplicate = "row-duplicate",
        AssessmentIdMissing = "assessment-id-missing",
        TimestampInFuture = "timestamp-in-future",
        RowsScattered = "rows-scattered",
        QuoteSwallowedRows = "quote-swallowed-rows",
        ReportNameMissing = "report-name-missing",
        TestIdLong = "test-id-long",
    }
}

/// A file, or one sheet of a workbook.
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Source {
    /// The path as given, or `-` for standard input.
    pub(crate) path: String,
    /// The sheet, for workbooks.
    pub(crate) sheet: Option<String>,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        match &self.sheet {
            Some(sheet) => write!(f, " [{sheet}]"),
            None => Ok(()),
        }
    }
}

/// The location of a diagnostic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file or sheet.
    pub source: Arc<Source>,
    /// The row as the user sees it, from 1.
    pub row: Option<u32>,
    /// The column, from 0.
    pub column: Option<u32>,
}

impl Place {
    /// Returns the location of a whole file or sheet.
    pub(crate) fn whole(source: &Arc<Source>) -> Self {
        Self {
            source: Arc::clone(source),
            row: None,
            column: None,
        }
    }

    /// Returns the location of a whole row.
    pub(crate) fn row(source: &Arc<Source>, row: u32) -> Self {
        Self {
            row: Some(row),
            ..Self::whole(source)
        }
    }

    /// Returns the location of a cell.
    pub(crate) fn cell(source: &Arc<Source>, row: u32, column: u32) -> Self {
        Self {
            column: Some(column),
            ..Self::row(source, row)
        }
    }

    /// Returns the spreadsheet name of the cell (`B17`) if the location is a cell.
    pub(crate) fn cell_name(&self) -> Option<String> {
        Some(cell_name(self.row?, self.column?))
    }
}

/// Returns the spreadsheet name of a cell: row from 1, column from 0.
pub(crate) fn cell_name(row: u32, column: u32) -> String {
    format!("{}{row}", column_letters(column))
}

/// Returns the spreadsheet letters of a column, from 0.
pub fn column_letters(column: u32) -> String {
    let mut letters = String::new();
    let mut rest = u64::from(column) + 1;
    while rest > 0 {
        let digit = u8::try_from((rest - 1) % 26).unwrap_or_default();
        letters.insert(0, char::from(b'A' + digit));
        rest = (rest - 1) / 26;
    }
    letters
}

/// A finding about the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its kind.
    pub code: Code,
    /// Its severity in this run.
    pub severity: Severity,
    /// The problem, with the value.
    pub message: String,
    /// The remedy; usually the same for all diagnostics of a kind.
    pub help: Cow<'static, str>,
    /// The location.
    pub place: Place,
    /// The header of the column, as in the file.
    pub header: Option<Arc<str>>,
    /// The field that the header was matched to.
    pub field: Option<Field>,
    /// The value of the cell.
    pub value: Option<String>,
}

impl Diagnostic {
    /// Creates a diagnostic with the default severity of its code.
    pub(crate) fn new(
        code: Code,
        place: Place,
        message: impl Into<String>,
        help: impl Into<Cow<'static, str>>,
    ) -> Self {
        // A file may have millions of diagnostics, so unused capacity is released.
        let mut message = message.into();
        message.shrink_to_fit();
        Self {
            code,
            severity: code.severity(),
            message,
            help: help.into(),
            place,
            header: None,
            field: None,
            value: None,
        }
    }

    /// Adds the header of the column and the field that it was matched to.
    pub(crate) fn in_column(mut self, header: Option<Arc<str>>, field: Option<Field>) -> Self {
        self.header = header;
        self.field = field;
        self
    }

    /// Adds the value of the cell, up to its first thousand characters.
    pub(crate) fn with_value(mut self, value: impl Into<String>) -> Self {
        /// Much longer than any text that the API accepts, and short enough for many such cells.
        const LONGEST: usize = 1000;
        let mut value = value.into();
        if let Some((end, _)) = value.char_indices().nth(LONGEST) {
            value.truncate(end);
            value.push('…');
            value.shrink_to_fit();
        }
        self.value = Some(value);
        self
    }

    /// Returns whether it is an error.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Shortens a text for a message: at most 40 characters, with visible line breaks.
pub(crate) fn excerpt(text: &str) -> String {
    const LONGEST: usize = 40;
    let shown: String = text
        .chars()
        .take(LONGEST)
        .collect::<String>()
        .replace('\n', "\\n")
        .replace('\r', "\\r");
    if text.chars().nth(LONGEST).is_some() {
        format!("{shown}…")
    } else {
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_named_as_a_spreadsheet_names_them() {
        let table = [
            (1, 0, "A1"),
            (17, 1, "B17"),
            (2, 25, "Z2"),
            (3, 26, "AA3"),
            (9, 701, "ZZ9"),
            (1_048_576, 16_383, "XFD1048576"),
        ];
        for (row, column, name) in table {
            assert_eq!(cell_name(row, column), name);
        }
        assert_eq!(column_letters(u32::MAX), "MWLQKWV");
    }

    #[test]
    fn long_values_are_shortened() {
        assert_eq!(excerpt("short\ntext"), "short\\ntext");
        assert_eq!(excerpt(&"é".repeat(41)), format!("{}…", "é".repeat(40)));
    }
}
