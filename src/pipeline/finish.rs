//! The last stage: closes the run in the ledger, prints the outcomes, writes the reports and clears the inbox.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::inbox::{archive, disposition};
use super::ledger_session::pending_resend;
use super::next_steps::{self, FinishedRun, NextStep};
use super::results::Results;
use super::stages::{Checked, Delivered, Finished, RunResult, Session};
use super::{rejects, reports};
use crate::cli::Format;
use crate::delivery::{Outcome, StopReason};
use crate::error::Error;
use crate::exit::ExitCode;
use crate::inbox::Disposition;
use crate::report::file::ReportFile;
use crate::report::model::{Mode, Run};
use crate::ui::{self, summary};
use crate::web::Live;

/// Finishes a run that sent updates, whether or not it was stopped early.
pub(crate) fn finish_delivery(delivered: Delivered) -> Result<Finished, Error> {
    let Delivered {
        mut checked,
        live,
        stop,
    } = delivered;
    let Checked {
        session,
        run,
        results,
        ..
    } = &checked;
    let totals = results.totals();
    let mut exit = ExitCode::of_run(stop.as_ref(), &totals, results.batch.errors());
    let closed =
        keep_pending_resend(&checked).and_then(|()| session.ledger.finish(&run.id, &totals, exit));
    match (closed, &stop) {
        // A ledger that stopped the delivery is reported as the reason of the stop.
        (Ok(()), _) | (Err(_), Some(StopReason::LedgerFailed(_) | StopReason::LedgerLost(_))) => {}
        (Err(error), _) => {
            ui::tell_error(&error);
            exit = exit.or_incomplete();
        }
    }
    if let Some(stop) = &stop {
        let message = stop_message(session, stop);
        session
            .screen
            .tell(|mut out| summary::write_line(&mut out, "stopped", &message));
        checked.run.stopped = Some(message);
    }
    complete(checked, live, exit)
}

/// Finishes a plan: nothing was sent.
pub(crate) fn finish_plan(checked: Checked) -> Result<Finished, Error> {
    let results = &checked.results;
    let exit = ExitCode::of_run(None, &results.totals(), results.batch.errors());
    finish(checked, exit)
}

/// Finishes a run that was refused because of its inputs. Nothing is sent, and the ledger keeps the refusal.
pub(crate) fn refuse(mut checked: Checked, refusal: &Error) -> Result<Finished, Error> {
    let exit = ExitCode::from(refusal);
    if checked.run.mode.delivers() {
        let ledger = &checked.session.ledger;
        // A refused plan was not applied and may be applied later, so its id is left out.
        ledger.begin(&checked.run, &checked.results, None)?;
        ledger.finish(&checked.run.id, &checked.results.totals(), exit)?;
    }
    ui::tell_error(refusal);
    checked.run.stopped = Some(refusal.to_string());
    finish(checked, exit)
}

/// Finishes a run that sent nothing.
pub(crate) fn finish(checked: Checked, exit: ExitCode) -> Result<Finished, Error> {
    complete(checked, None, exit)
}

/// Stores in the ledger which orders of a `--resend` import were not reached. A plan has this in its file.
fn keep_pending_resend(checked: &Checked) -> Result<(), Error> {
    let session = &checked.session;
    if session.setup.policy.resend && checked.run.mode == Mode::Import {
        pending_resend::keep(&session.ledger, &checked.run.id, &checked.results)
    } else {
        Ok(())
    }
}

/// Returns why the delivery ended early, with a hint at the likely cause.
fn stop_message(session: &Session, stop: &StopReason) -> String {
    match (stop, session.setup.target.hint_of_refusal()) {
        (StopReason::Refused(_), Some(hint)) => format!("{stop}; {hint}"),
        _ => stop.to_string(),
    }
}

/// Prints the outcomes, writes the reports and clears the inbox.
fn complete(
    mut checked: Checked,
    live: Option<Live>,
    mut exit: ExitCode,
) -> Result<Finished, Error> {
    if !checked.session.interruptions.begin() {
        return Ok(ExitCode::Interrupted.into());
    }
    print_outcomes(&checked);
    let fates = disposition::fates(&checked, exit);
    let mut failures = Vec::new();
    let inbox_reports = reserve_inbox_reports(&mut checked, &fates).unwrap_or_else(|error| {
        failures.push(error);
        Vec::new()
    });
    let next = next_steps(&checked, exit);
    checked.run.next = next.iter().map(NextStep::line).collect();
    let mut json = json_result(&checked, exit);
    let written = write_files(&mut checked, live, exit, &mut failures);
    let is_written = |path: &PathBuf| written.contains(path);
    let inbox_reports: Vec<PathBuf> = inbox_reports.into_iter().filter(is_written).collect();
    let cleared = archive::clear_inbox(&mut checked, &fates, &inbox_reports);
    if let Some(json) = &mut json {
        json["inbox"] = cleared.json.into();
        ui::answer(|out| ui::write_json_line(out, json))?;
    }
    for step in &next {
        let first = step.condition.as_deref();
        checked
            .session
            .screen
            .tell(|mut out| summary::write_next(&mut out, &step.command, first));
    }
    // Printed last: the outcomes above matter more than a missing report.
    failures.iter().for_each(ui::tell_error);
    if !failures.is_empty() || !cleared.is_complete {
        exit = exit.or_incomplete();
    }
    let errors = checked.results.batch.errors();
    let result = RunResult {
        totals: checked.results.totals(),
        errors,
        warnings: checked.results.batch.problems.len() - errors,
        reports: written,
        inbox: cleared.counts,
        run: checked.run,
    };
    // The process is about to exit, which frees all of it at once.
    std::mem::forget(checked.results);
    Ok(Finished {
        exit,
        result: Some(result),
    })
}

/// Writes the reports and the rejected rows. Returns the reports that were written; errors go to `failures`.
fn write_files(
    checked: &mut Checked,
    live: Option<Live>,
    exit: ExitCode,
    failures: &mut Vec<Error>,
) -> Vec<PathBuf> {
    let Checked {
        session,
        source,
        outputs,
        run,
        results,
    } = checked;
    let files = std::mem::take(&mut outputs.reports);
    let written = reports::write(files, run.clone(), results, exit, session.screen, live);
    failures.extend(written.result.err());
    if let Some(inputs) = source.inputs() {
        let file = outputs.rejects.take();
        let rejected = rejects::write(file, &inputs.reading, &run.id, results, session.screen);
        failures.extend(rejected.err());
    }
    written.paths
}

fn print_outcomes(checked: &Checked) {
    let Results { batch, deliveries } = &checked.results;
    let Run {
        requests, timing, ..
    } = &checked.run;
    let screen = checked.session.screen;
    screen.tell(|mut out| summary::write_undelivered(&mut out, batch, deliveries));
    screen.tell(|mut out| summary::write_possible_duplicates(&mut out, deliveries));
    screen.note(|mut out| {
        let outcomes: Vec<Outcome> = deliveries.iter().map(|delivery| delivery.outcome).collect();
        summary::write_outcomes(&mut out, batch, &outcomes)?;
        match requests.sent {
            0 => Ok(()),
            _ => summary::write_requests(&mut out, requests, timing),
        }
    });
}

/// Adds the reports that go beside the files of the inbox to the outputs, and returns their paths.
fn reserve_inbox_reports(
    checked: &mut Checked,
    fates: &[Disposition],
) -> Result<Vec<PathBuf>, Error> {
    let Some(inbox) = checked.source.inbox() else {
        return Ok(Vec::new());
    };
    let files = inbox.reserve_reports(fates, &checked.run.id)?;
    let paths = files.iter().map(|file| file.path().to_owned()).collect();
    checked.outputs.reports.extend(files);
    Ok(paths)
}

/// Returns the result of a delivery as JSON, if `--format json` asks for it.
fn json_result(checked: &Checked, exit: ExitCode) -> Option<Value> {
    let run = &checked.run;
    let reports = checked.outputs.reports.iter().map(ReportFile::path);
    (checked.session.format == Format::Json && run.mode.delivers()).then(|| {
        json!({
            "run": run.id,
            "mode": run.mode,
            "target": run.target,
            "notice": run.notice,
            "exit_code": exit.number(),
            "totals": checked.results.totals(),
            "requests": run.requests,
            "timing": run.timing,
            "reports": reports.collect::<Vec<_>>(),
            "next": run.next,
        })
    })
}

/// Returns the commands that finish the job.
fn next_steps(checked: &Checked, exit: ExitCode) -> Vec<NextStep> {
    if checked.run.mode == Mode::Plan {
        return Vec::new();
    }
    let Results { batch, deliveries } = &checked.results;
    let inputs = checked.source.inputs();
    let is_stdin = |path: &PathBuf| path.as_os_str() == "-";
    let rejects = checked.outputs.rejects.as_ref();
    next_steps::next_steps(&FinishedRun {
        // An inbox prints its own instructions.
        has_named_inputs: inputs.is_some_and(|inputs| inputs.inbox.is_none()),
        has_stdin: inputs.is_some_and(|inputs| inputs.paths.iter().any(is_stdin)),
        setup: &checked.session.setup,
        run: &checked.run.id,
        deliveries,
        totals: &checked.results.totals(),
        exit,
        rejects: rejects.and_then(|file| file.path_if_filled(batch, deliveries)),
    })
}
