//! `scoreload columns`: prints how each header is understood, ready to paste into the configuration file.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use crate::cli::{ColumnsArgs, ColumnsFormat};
use crate::config;
use crate::config::file::ConfigFile;
use crate::diagnostics::diagnostic::{Code, Diagnostic, Source};
use crate::error::Error;
use crate::exit::ExitCode;
use crate::input::sample::is_guess;
use crate::input::{self, Extent, Note, Options};
use crate::layout::wide::{self, WideTable};
use crate::layout::{self, SheetLayout};
use crate::pipeline::gather::reading_options;
use crate::ui;
use crate::ui::{Screen, config_text, diagnostics, layout as table, summary};

/// The number of rows of each sheet that are read: enough to recognize the content of a column.
const SAMPLED_ROWS: usize = 200;

/// The number of columns with scores from which on a sheet looks wide.
const MIN_WIDE_COLUMNS: usize = 2;

pub(crate) fn run(
    args: &ColumnsArgs,
    config: &ConfigFile,
    screen: Screen,
) -> Result<ExitCode, Error> {
    let reading = config::input_options(&args.input, config, Timestamp::now())?;
    let options = Options {
        extent: Extent::Sample(SAMPLED_ROWS),
        ..reading_options(&reading, false, &|_| {})
    };
    let headers = Headers::read(&args.input.inputs, &options);
    let proposals = wide::propose(&headers.sheets, &reading.rules.placeholders);
    headers.print_obstacles(screen);
    ui::answer(|out| show(out, args, &headers.sheets, &proposals))?;
    if !args.wide && proposals.len() >= MIN_WIDE_COLUMNS {
        screen.note(|out| {
            let count = proposals.len();
            writeln!(out, "{count} columns look like scores of different tests: --wide proposes tables for them")
        });
    }
    Ok(headers.exit_code())
}

fn show(
    out: &mut dyn Write,
    args: &ColumnsArgs,
    sheets: &[SheetLayout],
    proposals: &[WideTable],
) -> io::Result<()> {
    let tables = if args.wide { proposals } else { &[] };
    if args.format == ColumnsFormat::Json {
        return table::write_json(out, sheets, tables);
    }
    if args.format == ColumnsFormat::Human {
        for sheet in sheets {
            table::write_sheet(out, sheet)?;
        }
    }
    if sheets.is_empty() {
        return Ok(());
    }
    config_text::write_columns(out, sheets, tables)?;
    if args.wide {
        config_text::write_wide(out, tables)?;
    }
    Ok(())
}

/// The headers of the inputs and how they are understood.
#[derive(Default)]
struct Headers {
    sheets: Vec<SheetLayout>,
    passed_over: Vec<(Arc<Source>, &'static str)>,
    notes: Vec<Note>,
    /// Errors that make an input unreadable. Errors in single headers are in the table.
    obstacles: Vec<Diagnostic>,
}

impl Headers {
    fn read(paths: &[PathBuf], options: &Options<'_>) -> Self {
        let mut headers = Self::default();
        for file in input::sample(paths, options) {
            headers.sheets.extend(layout::from_file(&file, options));
            headers.passed_over.extend(file.passed_over);
            headers.notes.extend(file.notes);
            let problems = file.diagnostics.into_iter();
            headers.obstacles.extend(
                problems.filter(|problem| problem.is_error() && problem.place.column.is_none()),
            );
        }
        headers
    }

    fn print_obstacles(&self, screen: Screen) {
        screen.note(|mut out| summary::write_notes(&mut out, &self.passed_over, &self.notes));
        screen.tell(|mut out| diagnostics::write(&mut out, &self.obstacles));
    }

    /// Returns the exit code. An unknown header is a success, because the command is there to show it; an input that
    /// cannot be read is not.
    fn exit_code(&self) -> ExitCode {
        let is_of_header =
            |problem: &Diagnostic| is_guess(problem) || problem.code == Code::ColumnUnknown;
        if self.sheets.iter().all(|sheet| sheet.is_guess) {
            ExitCode::NoInput
        } else if self.obstacles.iter().all(is_of_header) {
            ExitCode::Success
        } else {
            ExitCode::Incomplete
        }
    }
}
