//! A finding about the data: what is wrong, where it stands, what to do. A value, never a reason to stop reading.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::schema::columns::Field;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The order, or the sheet, is held back.
    Error,
    /// Nothing is held back.
    Warning,
}

/// Whether warnings hold back as errors do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WarningPolicy {
    /// Warnings are told, and stop nothing.
    #[default]
    Allow,
    /// A warning is an error.
    Deny,
}

impl WarningPolicy {
    /// Gives a finding the weight that it has in this run.
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
    /// Returns it in a word.
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
        /// The stable name of a kind of finding.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "the names say it")]
        pub enum Code { $($($variant),*),* }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$($(Self::$variant),*),*];

            /// Returns the code as it is written, in kebab case.
            pub const fn name(self) -> &'static str {
                match self { $($(Self::$variant => $name),*),* }
            }

            /// Returns the code that is written so.
            pub(crate) fn find(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|code| code.name() == name)
            }

            /// Returns how much the finding weighs when warnings are not denied.
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
    /// The path as it was given, `-` for standard input.
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

/// Where a finding stands.
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
    /// Returns the place that is a whole file or sheet.
    pub(crate) fn whole(source: &Arc<Source>) -> Self {
        Self {
            source: Arc::clone(source),
            row: None,
            column: None,
        }
    }

    /// Returns the place that is a whole row.
    pub(crate) fn row(source: &Arc<Source>, row: u32) -> Self {
        Self {
            row: Some(row),
            ..Self::whole(source)
        }
    }

    /// Returns the place that is one cell.
    pub(crate) fn cell(source: &Arc<Source>, row: u32, column: u32) -> Self {
        Self {
            column: Some(column),
            ..Self::row(source, row)
        }
    }

    /// Returns the cell as a spreadsheet names it (`B17`), where the place is one.
    pub(crate) fn cell_name(&self) -> Option<String> {
        Some(cell_name(self.row?, self.column?))
    }
}

/// Returns the name that a spreadsheet gives to a cell: row from 1, column from 0.
pub(crate) fn cell_name(row: u32, column: u32) -> String {
    format!("{}{row}", column_letters(column))
}

/// Returns the letters that a spreadsheet gives to a column, counted from 0.
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
    /// What kind it is.
    pub code: Code,
    /// How much it weighs in this run.
    pub severity: Severity,
    /// What is wrong, with the value in it.
    pub message: String,
    /// What to do about it; mostly the same words for all findings of a kind.
    pub help: Cow<'static, str>,
    /// Where it stands.
    pub place: Place,
    /// The header of the column, as the file has it.
    pub header: Option<Arc<str>>,
    /// What that header was understood as.
    pub field: Option<Field>,
    /// The value of the cell.
    pub value: Option<String>,
}

impl Diagnostic {
    /// Makes a finding with its code's own weight.
    pub(crate) fn new(
        code: Code,
        place: Place,
        message: impl Into<String>,
        help: impl Into<Cow<'static, str>>,
    ) -> Self {
        // A file may have millions of findings: none takes more memory than its words.
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

    /// Adds the header of the column and what it was understood as.
    pub(crate) fn in_column(mut self, header: Option<Arc<str>>, field: Option<Field>) -> Self {
        self.header = header;
        self.field = field;
        self
    }

    /// Adds the value of the cell, its first thousand characters.
    pub(crate) fn with_value(mut self, value: impl Into<String>) -> Self {
        /// Far longer than any text that the API takes; a thousand such cells fill no memory.
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

    /// Tells whether it is an error.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Returns a text short enough for a message: at most 40 characters, line breaks shown.
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
    fn a_long_value_is_shown_in_part() {
        assert_eq!(excerpt("short\ntext"), "short\\ntext");
        assert_eq!(excerpt(&"é".repeat(41)), format!("{}…", "é".repeat(40)));
    }
}
