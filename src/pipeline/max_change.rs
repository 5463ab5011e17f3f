//! `--max-change`: refuses an export that was cut short or doubled before anything is sent.

use serde_json::Value;

use super::ledger_session::LedgerSession;
use super::rejects;
use super::stages::Checked;
use crate::delivery::Outcome;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::ledger::entry::{Run, RunEnd};
use crate::report::model::Mode;
use crate::ui::summary;

/// The number of latest runs that are searched for the last import.
const MAX_RUNS: usize = 1_000;

/// Returns why a run is refused, if its number of orders differs too much from that of the last import.
///
/// All orders in the inputs count, changed or not: a full export and an export of new orders both keep their usual
/// size. Corrections of rejected rows are not exports and are not compared.
pub(crate) fn refusal(checked: &Checked) -> Result<Option<Error>, Error> {
    let Some(max_change) = checked.session.setup.max_change else {
        return Ok(None);
    };
    let batch = &checked.results.batch;
    if rejects::is_correction(&checked.run, batch) {
        return Ok(None);
    }
    let Some((run, before)) = last_import(&checked.session.ledger)? else {
        let message =
            "the ledger has no import to this target yet, so there is nothing to compare with";
        let screen = checked.session.screen;
        screen.note(|mut out| summary::write_line(&mut out, "max change", message));
        return Ok(None);
    };
    let now = batch.orders.len();
    Ok(max_change
        .is_exceeded(now, before)
        .then(|| Error::OrderCountChanged {
            now,
            before,
            run: run.record.id,
            max_change,
        }))
}

/// Returns the last import that had orders and was not refused, and its number of orders.
fn last_import(ledger: &LedgerSession) -> Result<Option<(Run, usize)>, Error> {
    let runs = ledger.runs(MAX_RUNS)?.into_iter();
    let mut imports = runs.filter(|run| run.record.mode == Mode::Import.words());
    Ok(imports.find_map(|run| {
        let end = run.end.as_ref()?;
        let orders = total(end, "orders");
        let counts = orders > 0 && end.exit_code != ExitCode::Usage.number();
        counts.then_some((run, orders))
    }))
}

/// Returns how many orders of a run had an outcome, according to its totals.
pub(crate) fn count(end: &RunEnd, outcome: Outcome) -> usize {
    total(end, &outcome.words().replace(' ', "_"))
}

fn total(end: &RunEnd, name: &str) -> usize {
    let totals: Value = serde_json::from_str(&end.totals).unwrap_or_default();
    let count = totals[name].as_u64().unwrap_or_default();
    usize::try_from(count).unwrap_or(usize::MAX)
}
