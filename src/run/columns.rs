//! `scoreload columns`: how each header is understood, ready to paste into the config.

use std::sync::Arc;

use jiff::Timestamp;
use rayon::prelude::*;

use crate::cli::{ColumnsArgs, ColumnsFormat};
use crate::config;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::input::sample::is_guess;
use crate::layout::{self, SheetLayout, wide};
use crate::problem::{Problem, Source};
use crate::ui::{self, Screen, config_text, layout as table, problems, summary};

/// So many rows of each sheet are looked at: enough to tell what a column holds.
const SAMPLED_ROWS: usize = 200;

/// So many columns that look like tests make a sheet look wide.
const FEWEST_WIDE: usize = 2;

pub(super) fn run(args: &ColumnsArgs, screen: Screen) -> Result<ExitCode, Error> {
    let names = config::reading(&args.input, Timestamp::now())?.names;
    let look = Look::at(args, &names);
    screen.note(|mut out| summary::write_passed_over(&mut out, &look.passed_over));
    screen.tell(|mut out| problems::write(&mut out, &look.obstacles));
    let proposals = wide::propose(&look.sheets);
    let tables = if args.wide { &proposals[..] } else { &[] };
    ui::answer(|out| {
        if args.format == ColumnsFormat::Json {
            return table::write_json(out, &look.sheets, tables);
        }
        if args.format == ColumnsFormat::Human {
            for sheet in &look.sheets {
                table::write_sheet(out, sheet)?;
            }
        }
        if look.sheets.is_empty() {
            return Ok(());
        }
        config_text::write_columns(out, &look.sheets)?;
        if args.wide {
            config_text::write_wide(out, tables)?;
        }
        Ok(())
    })?;
    if !args.wide && proposals.len() >= FEWEST_WIDE {
        screen.note(|out| {
            let count = proposals.len();
            writeln!(out, "{count} columns look like the scores of a test each: --wide proposes tables for them")
        });
    }
    Ok(look.exit_code())
}

/// What a look at the inputs found.
#[derive(Default)]
struct Look {
    sheets: Vec<SheetLayout>,
    passed_over: Vec<(Arc<Source>, &'static str)>,
    /// What keeps an input from being understood at all; what is wrong with single headers the table shows.
    obstacles: Vec<Problem>,
}

impl Look {
    fn at(args: &ColumnsArgs, names: &crate::columns::Names) -> Self {
        let sample = |path: &std::path::PathBuf| {
            crate::input::sample(path, names.clone(), &args.input.sheets, SAMPLED_ROWS)
        };
        let files: Vec<_> = args.input.inputs.par_iter().map(sample).collect();
        let mut look = Self::default();
        for file in files {
            look.sheets.extend(layout::of_file(&file, names));
            look.passed_over.extend(file.passed_over);
            let obstacles = file.problems.into_iter();
            look.obstacles.extend(
                obstacles.filter(|problem| problem.is_error() && problem.place.column.is_none()),
            );
        }
        look
    }

    /// A wrong header is what the command is for; an input that it cannot understand at all is not.
    fn exit_code(&self) -> ExitCode {
        if self.sheets.iter().all(|sheet| sheet.is_guess) {
            ExitCode::NoInput
        } else if self.obstacles.iter().all(is_guess) {
            ExitCode::Success
        } else {
            ExitCode::Incomplete
        }
    }
}
