//! The second stage: reads and validates the inputs, and prints the diagnostics.

use std::sync::Arc;
use std::time::Instant;

use super::gather::{gather, initial_deliveries};
use super::prepare::print_target;
use super::rejects;
use super::results::Results;
use super::stages::{Checked, Prepared, Source};
use crate::cli::Format;
use crate::delivery::Outcome;
use crate::error::Error;
use crate::report::model::Mode;
use crate::ui::{self, diagnostics, summary};

/// Reads the inputs. `fingerprints` is true if something that is kept names the files' checksums.
pub(crate) fn check(mut prepared: Prepared, fingerprints: bool) -> Result<Checked, Error> {
    let Source::Files(inputs) = &prepared.source else {
        return Ok(prepared.without_inputs());
    };
    let screen = prepared.session.screen;
    print_target(&prepared.session);
    let started = Instant::now();
    let batch = gather(&inputs.paths, &inputs.reading, fingerprints, screen);
    prepared.run.timing.read_s = started.elapsed().as_secs_f64();
    prepared.run.corrects = rejects::corrected_runs(&inputs.reading, &batch);
    rejects::print_corrected_runs(prepared.run.corrects.as_deref(), screen);
    let valid = match prepared.run.mode {
        Mode::Plan => Outcome::Valid,
        _ => Outcome::NotSent,
    };
    match prepared.session.format {
        Format::Json => ui::answer(|out| ui::write_json_lines(out, &batch.problems))?,
        Format::Human => screen.tell(|mut out| diagnostics::write(&mut out, &batch.problems)),
    }
    let results = Results {
        deliveries: initial_deliveries(&batch, valid),
        batch: Arc::new(batch),
    };
    let totals = results.totals();
    screen.note(|mut out| summary::write_input(&mut out, &results.batch, &totals));
    Ok(prepared.with_results(results))
}

/// Returns whether nothing may be sent: no input is usable, or `--all-or-nothing` found an error, which it prints.
pub(crate) fn is_refused(checked: &Checked) -> bool {
    if checked.results.batch.is_unusable() {
        return true;
    }
    let is_refused = checked.is_held_back_whole();
    if is_refused {
        let message = "there are errors, and --all-or-nothing: nothing was sent";
        let screen = checked.session.screen;
        screen.tell(|mut out| summary::write_line(&mut out, "stopped", message));
    }
    is_refused
}
