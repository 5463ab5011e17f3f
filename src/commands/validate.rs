//! `scoreload validate`: reads and checks the inputs. Uses no network, no credentials and no ledger.

use std::sync::Arc;

use jiff::Timestamp;

use crate::cli::{Format, ValidateArgs};
use crate::config;
use crate::config::file::ConfigFile;
use crate::delivery::Outcome;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::pipeline::gather::{gather, initial_deliveries};
use crate::pipeline::results::Results;
use crate::pipeline::run_id::new_run_id;
use crate::pipeline::signals::{Interruptions, run_interruptible};
use crate::pipeline::{rejects, reports};
use crate::report::model::{Mode, Requests, Run, Timing};
use crate::ui;
use crate::ui::{Screen, diagnostics, summary};

/// Runs the command.
pub(crate) fn run(
    args: ValidateArgs,
    config: ConfigFile,
    screen: Screen,
) -> Result<ExitCode, Error> {
    run_interruptible(screen, move |interruptions| {
        validate(&args, &config, screen, &interruptions)
    })
}

fn validate(
    args: &ValidateArgs,
    config: &ConfigFile,
    screen: Screen,
    interruptions: &Interruptions,
) -> Result<ExitCode, Error> {
    let started_at = Timestamp::now();
    let reading = config::input_options(&args.input, config, started_at)?;
    let files = reports::reserve(&args.reports)?;
    let rejects_file = rejects::reserve(args.rejects.as_deref(), &args.input.inputs, &files)?;
    let began = std::time::Instant::now();
    // Reports and rejected rows need the checksums of the inputs.
    let fingerprints = !files.is_empty() || rejects_file.is_some();
    let batch = gather(&args.input.inputs, &reading, fingerprints, screen);
    let read_s = began.elapsed().as_secs_f64();
    let corrects = rejects::corrected_runs(&reading, &batch);
    rejects::print_corrected_runs(corrects.as_deref(), screen);
    let results = Results {
        deliveries: initial_deliveries(&batch, Outcome::Valid),
        batch: Arc::new(batch),
    };
    let Results { batch, deliveries } = &results;
    let totals = results.totals();
    let exit = if batch.is_unusable() {
        ExitCode::NoInput
    } else {
        ExitCode::of_run(None, &totals, batch.errors())
    };
    match args.format {
        Format::Json => {
            ui::answer(|out| ui::write_json_lines(out, &batch.problems))?;
            screen.note(|mut out| summary::write_input(&mut out, batch, &totals));
        }
        Format::Human => {
            ui::answer(|mut out| diagnostics::write(&mut out, &batch.problems))?;
            screen.answer_unless_quiet(|mut out| {
                let outcomes: Vec<Outcome> =
                    deliveries.iter().map(|delivery| delivery.outcome).collect();
                summary::write_input(&mut out, batch, &totals)?;
                summary::write_outcomes(&mut out, batch, &outcomes)
            })?;
        }
    }
    if !interruptions.begin() {
        return Ok(ExitCode::Interrupted);
    }
    let run = new_run(started_at, corrects, read_s);
    let id = run.id.clone();
    let reported = reports::write(files, run, &results, exit, screen, None);
    let rejected = rejects::write(rejects_file, &reading, &id, &results, screen);
    // The process is about to exit, which frees all of it at once.
    std::mem::forget(results);
    reported.result.and(rejected).map(|()| exit)
}

/// Returns the report's entry of the run.
fn new_run(started_at: Timestamp, corrects: Option<Vec<String>>, read_s: f64) -> Run {
    Run {
        id: new_run_id(started_at),
        mode: Mode::Validate,
        target: None,
        notice: Some("the inputs were only checked: nothing left this machine".to_owned()),
        corrects,
        stopped: None,
        next: Vec::new(),
        is_from_inbox: false,
        started_at,
        requests: Requests::default(),
        rate: None,
        timing: Timing {
            read_s,
            ..Timing::default()
        },
    }
}
