//! `scoreload columns`: how each header is understood, ready to paste into the config.

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

/// So many rows of each sheet are looked at: enough to tell what a column holds.
const SAMPLED_ROWS: usize = 200;

/// So many columns that look like tests make a sheet look wide.
const FEWEST_WIDE: usize = 2;

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
    let look = Look::at(&args.input.inputs, &options);
    let proposals = wide::propose(&look.sheets, &reading.rules.placeholders);
    look.tell_obstacles(screen);
    ui::answer(|out| show(out, args, &look.sheets, &proposals))?;
    if !args.wide && proposals.len() >= FEWEST_WIDE {
        screen.note(|out| {
            let count = proposals.len();
            writeln!(out, "{count} columns look like the scores of a test each: --wide proposes tables for them")
        });
    }
    Ok(look.exit_code())
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

/// What a look at the inputs found.
#[derive(Default)]
struct Look {
    sheets: Vec<SheetLayout>,
    passed_over: Vec<(Arc<Source>, &'static str)>,
    notes: Vec<Note>,
    /// What keeps an input from being understood; what is wrong with single headers the table shows.
    obstacles: Vec<Diagnostic>,
}

impl Look {
    fn at(paths: &[PathBuf], options: &Options<'_>) -> Self {
        let mut look = Self::default();
        for file in input::sample(paths, options) {
            look.sheets.extend(layout::of_file(&file, options));
            look.passed_over.extend(file.passed_over);
            look.notes.extend(file.notes);
            let problems = file.diagnostics.into_iter();
            look.obstacles.extend(
                problems.filter(|problem| problem.is_error() && problem.place.column.is_none()),
            );
        }
        look
    }

    fn tell_obstacles(&self, screen: Screen) {
        screen.note(|mut out| summary::write_notes(&mut out, &self.passed_over, &self.notes));
        screen.tell(|mut out| diagnostics::write(&mut out, &self.obstacles));
    }

    /// A wrong header is what the command is for; an input that it cannot understand at all is not.
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
