//! `--max-change`: an export that was cut short or doubled is refused before anything is sent.

use serde_json::Value;

use super::rejects;
use crate::delivery::Outcome;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::ledger::entry::{Run, RunEnd};
use crate::pipeline::Import;
use crate::pipeline::ledger_session::Memory;
use crate::report::Mode;
use crate::ui::summary;

/// The runs among which the last import is looked for, the latest ones.
const MOST_RUNS: usize = 1_000;

/// Tells why a job is refused whose number of orders is too far from that of the last import; `None` where it is not.
///
/// What counts is the orders in the inputs, whether or not they change: an export that holds everything and one that
/// holds what is new are both about as long as the one before. Corrected rows are no export.
///
/// # Errors
/// When the ledger cannot be read.
pub(crate) fn refusal(import: &Import) -> Result<Option<Error>, Error> {
    let Some(most) = import.setup.max_change else {
        return Ok(None);
    };
    if rejects::is_correction(&import.run, &import.batch) {
        return Ok(None);
    }
    let Some((run, before)) = last_import(&import.memory)? else {
        let words = "no import to this target is known yet, so there is nothing to compare with";
        import
            .screen
            .note(|mut out| summary::write_line(&mut out, "max change", words));
        return Ok(None);
    };
    let now = import.batch.orders.len();
    if !most.is_exceeded(now, before) {
        return Ok(None);
    }
    Ok(Some(Error::OrderCountChanged {
        now,
        before,
        run: run.record.id,
        max_change: most,
    }))
}

/// Returns the last import that held orders and was not refused, and how many it held.
fn last_import(memory: &Memory) -> Result<Option<(Run, usize)>, Error> {
    let runs = memory.runs(MOST_RUNS)?.into_iter();
    let mut imports = runs.filter(|run| run.record.mode == Mode::Import.words());
    Ok(imports.find_map(|run| {
        let end = run.end.as_ref()?;
        let orders = total(end, "orders");
        let counts = orders > 0 && end.exit_code != ExitCode::Usage.number();
        counts.then_some((run, orders))
    }))
}

/// Returns how many orders of a run came to an outcome, as its totals say.
pub(crate) fn count(end: &RunEnd, outcome: Outcome) -> usize {
    total(end, &outcome.words().replace(' ', "_"))
}

fn total(end: &RunEnd, name: &str) -> usize {
    let totals: Value = serde_json::from_str(&end.totals).unwrap_or_default();
    let count = totals[name].as_u64().unwrap_or_default();
    usize::try_from(count).unwrap_or(usize::MAX)
}
