//! The first sheet of the workbook: what happened, next steps, counts, inputs.

use rust_xlsxwriter::{Format, FormatAlign, RowNum, Workbook, Worksheet, XlsxError};

use super::colour;
use super::sheet::HEADER_FILL;
use crate::delivery::Outcome;
use crate::report::groups::source;
use crate::report::headline::{Headline, errors};
use crate::report::model::Report;
use crate::xlsx;

/// Wide enough for most file names and for a sentence.
const NAME_WIDTH: u16 = 34;
const WIDTH: u16 = 90;

/// Adds the sheet.
pub(crate) fn fill(report: &Report, book: &mut Workbook) -> Result<(), XlsxError> {
    let sheet = book.add_worksheet();
    sheet.set_name("Summary")?;
    sheet.set_landscape();
    sheet.set_print_fit_to_pages(1, 0);
    sheet.set_column_width(0, NAME_WIDTH)?;
    sheet.set_column_width(1, WIDTH)?;
    let mut lines = Lines { sheet, row: 0 };
    lines.head(report)?;
    lines.run(report)?;
    lines.totals(report)?;
    lines.inputs(report)
}

/// Writes lines of name and value from the top down.
struct Lines<'a> {
    sheet: &'a mut Worksheet,
    row: RowNum,
}

impl Lines<'_> {
    fn head(&mut self, report: &Report) -> Result<(), XlsxError> {
        let Headline {
            sentence, advice, ..
        } = Headline::of(report);
        let title = Format::new().set_bold().set_font_size(15);
        self.sheet
            .write_string_with_format(self.row, 0, xlsx::truncated(&sentence), &title)?;
        self.row += 2;
        for line in &advice {
            self.text("To do", line)?;
        }
        for line in &report.next {
            self.text("Command", line)?;
        }
        if let Some(notice) = &report.notice {
            self.text("Note", notice)?;
        }
        self.row += 1;
        Ok(())
    }

    fn run(&mut self, report: &Report) -> Result<(), XlsxError> {
        self.heading("Run")?;
        let began = report.started_at.strftime("%Y-%m-%d %H:%M:%S UTC");
        let ended = report.finished_at.strftime("%Y-%m-%d %H:%M:%S UTC");
        self.text("Run", &report.run)?;
        self.text("Target", report.target.as_deref().unwrap_or("none"))?;
        self.text("Began", &began.to_string())?;
        self.text("Ended", &ended.to_string())?;
        self.text("Scoreload", report.tool_version)?;
        self.number("Exit code", report.exit_code.into())?;
        self.row += 1;
        Ok(())
    }

    fn totals(&mut self, report: &Report) -> Result<(), XlsxError> {
        let totals = &report.totals;
        let errors = errors(report);
        self.heading("Counted")?;
        self.number("Rows", totals.rows)?;
        self.number("Rows without an order", totals.rows_invalid)?;
        self.number("Rows skipped", totals.rows_skipped)?;
        self.number("Orders", totals.orders)?;
        for outcome in Outcome::ALL {
            let number = totals.count(outcome);
            if number > 0 {
                let format = Format::new().set_background_color(colour(outcome));
                self.sheet
                    .write_string_with_format(self.row, 0, outcome.words(), &format)?;
                self.number_alone(number)?;
            }
        }
        self.number("Errors", errors)?;
        self.number("Warnings", report.diagnostics.len() - errors)?;
        self.row += 1;
        Ok(())
    }

    fn inputs(&mut self, report: &Report) -> Result<(), XlsxError> {
        self.heading("Read")?;
        for input in &report.inputs {
            self.text(
                &source(&input.path, input.sheet.as_deref()),
                &format!("{} rows, sha256 {}", input.rows, input.sha256),
            )?;
        }
        Ok(())
    }

    fn heading(&mut self, text: &str) -> Result<(), XlsxError> {
        let format = xlsx::header_format(HEADER_FILL);
        self.sheet
            .write_string_with_format(self.row, 0, text, &format)?;
        self.sheet.write_blank(self.row, 1, &format)?;
        self.row += 1;
        Ok(())
    }

    fn text(&mut self, name: &str, text: &str) -> Result<(), XlsxError> {
        let wrapped = Format::new().set_text_wrap().set_align(FormatAlign::Top);
        self.sheet
            .write_string_with_format(self.row, 0, xlsx::truncated(name), &wrapped)?;
        // Not every program adjusts the row height to wrapped text.
        let height =
            xlsx::row_height(name, NAME_WIDTH.into()).max(xlsx::row_height(text, WIDTH.into()));
        if height > xlsx::LINE_HEIGHT {
            self.sheet.set_row_height(self.row, height)?;
        }
        self.sheet
            .write_string_with_format(self.row, 1, xlsx::truncated(text), &wrapped)?;
        self.row += 1;
        Ok(())
    }

    fn number(&mut self, name: &str, number: usize) -> Result<(), XlsxError> {
        self.sheet.write_string(self.row, 0, name)?;
        self.number_alone(number)
    }

    fn number_alone(&mut self, number: usize) -> Result<(), XlsxError> {
        // A sheet has fewer rows than an f64 can count exactly.
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        let format = Format::new()
            .set_num_format("#,##0")
            .set_align(FormatAlign::Left);
        self.sheet
            .write_number_with_format(self.row, 1, number, &format)?;
        self.row += 1;
        Ok(())
    }
}
