//! Passes the sheets of a workbook on to row processing, and reports those that are skipped.

use std::sync::Arc;

use super::sheets::{self, Reason};
use crate::diagnostics::diagnostic::{Diagnostic, Source};
use crate::input::file::File;
use crate::input::header::HeaderLikeness;
use crate::input::options::Options;
use crate::input::process_rows::SequentialRows;
use crate::input::read_rows::read_rows;
use crate::input::row::RawRow;
use crate::input::row_sink::RowSink;
use crate::input::sheet::SheetResult;
use crate::input::workbook::error::WorkbookError;

/// A workbook, as far as it has been taken.
pub(crate) struct SheetReader<'a, S: RowSink> {
    pub(crate) source: &'a Arc<Source>,
    pub(crate) options: &'a Options<'a>,
    pub(crate) sink: &'a S,
    pub(crate) file: &'a mut File<S::Chunk>,
    /// The diagnostic for the first skipped sheet that was probably meant to have a header.
    pub(crate) likely: Option<Diagnostic>,
}

impl<S: RowSink> SheetReader<'_, S> {
    /// Reports named sheets that do not exist.
    pub(crate) fn report_missing_sheets(&mut self, there: &[String]) {
        for name in &self.options.sheets {
            if !there.contains(name) {
                let problem = sheets::missing(self.source, name, there);
                self.file.diagnostics.push(problem);
            }
        }
    }

    /// Skips a sheet.
    pub(crate) fn skip(&mut self, name: &str, reason: Reason) {
        let source = self.sheet(name);
        self.file.passed_over.push((source, reason.words()));
    }

    /// Reads all rows of a sheet, also those not wanted: what follows the wanted rows may be damaged.
    pub(crate) fn take(
        &mut self,
        name: &str,
        rows: &mut (impl Iterator<Item = Result<RawRow, WorkbookError>> + Send),
    ) -> Result<(), Diagnostic> {
        let source = self.sheet(name);
        let mut rows = rows.map(|row| row.map_err(|flaw| flaw.of(&source)));
        let problems = &mut self.file.diagnostics;
        match read_rows(
            SequentialRows(&mut rows),
            &source,
            self.options,
            self.sink,
            problems,
        )? {
            SheetResult::Sheet(sheet) => self.file.sheets.push(sheet),
            SheetResult::NoHeader(missing)
                if self.options.sheets.is_empty() && missing.likeness != HeaderLikeness::Close =>
            {
                let reason = "no column for the order id";
                self.file.passed_over.push((Arc::clone(&source), reason));
                if missing.likeness == HeaderLikeness::Slight {
                    self.likely.get_or_insert(missing.diagnostic);
                }
            }
            SheetResult::NoHeader(missing) => problems.push(missing.diagnostic),
        }
        rows.try_for_each(|row| row.map(drop))
    }

    /// Refuses a workbook without a usable sheet, unless that has been reported.
    pub(crate) fn end(self) -> Result<(), Diagnostic> {
        if !self.file.sheets.is_empty() || self.file.diagnostics.iter().any(Diagnostic::is_error) {
            return Ok(());
        }
        Err(self
            .likely
            .unwrap_or_else(|| sheets::none_usable(self.source)))
    }

    fn sheet(&self, name: &str) -> Arc<Source> {
        Arc::new(Source {
            path: self.source.path.clone(),
            sheet: Some(name.to_owned()),
        })
    }
}
