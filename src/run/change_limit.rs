//! `--max-change`: an export that was cut short or doubled is refused before anything is sent.

use super::memory::{CORRECTION, Memory};
use crate::config;
use crate::deliver::Outcome;
use crate::error::Error;
use crate::ledger::entry::{Run, RunEnd};
use crate::ui::{Screen, summary};

/// The runs among which the last import is looked for, the latest ones.
const MOST_RUNS: usize = 1_000;

/// Refuses an import whose number of updates is too far from that of the last one.
///
/// A run that has nothing to send is not refused: there is nothing to keep back, and the same file imported again must
/// come to its end.
///
/// # Errors
/// When it is too far, or the ledger cannot be read.
pub(super) fn check(
    memory: &Memory,
    setup: &config::Delivery,
    screen: Screen,
    updates: usize,
) -> Result<(), Error> {
    let Some(most) = setup.max_change else {
        return Ok(());
    };
    let Some((last, delivered)) = last_import(memory)? else {
        let words =
            "no import to this target has come to its end yet, so there is nothing to compare with";
        screen.note(|mut out| summary::write_line(&mut out, "max change", words));
        return Ok(());
    };
    let (now, before) = (updates + delivered, changed(&last));
    if updates == 0 || !most.is_exceeded(now, before) {
        return Ok(());
    }
    let since = match delivered {
        0 => String::new(),
        _ => format!(" ({delivered} of them delivered by runs that did not come to their end)"),
    };
    let message = format!(
        "`{now}` orders would change{since}, and `{before}` in the last import, run {}: that differs by more than {most}",
        last.record.id
    );
    let help =
        "see whether the export is whole; if it is, leave out --max-change or pass a larger one";
    Err(Error::usage(message, help))
}

/// Returns the last import that came to its end and had something to change, and how many orders were delivered since
/// by runs that did not: what they delivered is part of the job that this run finishes.
fn last_import(memory: &Memory) -> Result<Option<(Run, usize)>, Error> {
    let mut delivered = 0;
    let runs = memory.runs(MOST_RUNS)?;
    let exports = runs.into_iter().filter(|run| run.record.mode != CORRECTION);
    for run in exports {
        match &run.end {
            Some(end) if is_complete(end) && changed(&run) > 0 => {
                return Ok(Some((run, delivered)));
            }
            Some(end) if is_complete(end) => {}
            _ => delivered += memory.accepted_by(&run.record.id)?,
        }
    }
    Ok(None)
}

/// Tells whether a run came to its end: every order has an outcome.
fn is_complete(end: &RunEnd) -> bool {
    count(end, Outcome::NotSent) == 0
}

/// Returns how many orders a run had to change, whatever became of them.
fn changed(run: &Run) -> usize {
    use Outcome::{Accepted, Failed, NotSent, Rejected, Unknown};
    let of = |end| {
        [Accepted, Rejected, Failed, Unknown, NotSent]
            .map(|outcome| count(end, outcome))
            .iter()
            .sum()
    };
    run.end.as_ref().map_or(0, of)
}

/// Returns how many orders of a run came to an outcome, as its totals say.
pub(super) fn count(end: &RunEnd, outcome: Outcome) -> usize {
    let totals: serde_json::Value = serde_json::from_str(&end.totals).unwrap_or_default();
    let name = outcome.words().replace(' ', "_");
    let count = totals[name].as_u64().unwrap_or_default();
    usize::try_from(count).unwrap_or(usize::MAX)
}
