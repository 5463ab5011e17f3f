//! Where each file of an inbox goes, according to the outcomes of its orders.

use std::collections::HashMap;

use crate::exit::ExitCode;
use crate::inbox::{Arrival, Disposition};
use crate::pipeline::results::Results;
use crate::pipeline::stages::Checked;
use crate::rejects::remarks::is_through;

/// Returns where each imported file goes, in order.
pub(crate) fn fates(checked: &Checked, exit: ExitCode) -> Vec<Disposition> {
    let Some(inbox) = checked.source.inbox() else {
        return Vec::new();
    };
    // Whatever stopped this run, or kept it from starting, may not affect the next one.
    let is_incomplete = checked.run.stopped.is_some()
        || exit == ExitCode::Interrupted
        || checked.is_held_back_whole();
    let states = file_states(&checked.results);
    let fate = |arrival: &Arrival| {
        let path = arrival.path.display().to_string();
        match states.get(path.as_str()) {
            _ if is_incomplete => Disposition::Kept,
            Some(state) => state.fate(),
            None => Disposition::Done,
        }
    };
    inbox.new.iter().map(fate).collect()
}

/// The state of a file after its orders have an outcome.
#[derive(Debug, Default)]
struct FileState {
    /// The same command would send more of it.
    is_unfinished: bool,
    /// At least one row was not accepted.
    has_failures: bool,
}

impl FileState {
    const fn fate(&self) -> Disposition {
        match (self.is_unfinished, self.has_failures) {
            (true, _) => Disposition::Kept,
            (false, true) => Disposition::Failed,
            (false, false) => Disposition::Done,
        }
    }
}

/// Returns the state of each file that has unfinished or failed rows, by path.
fn file_states(results: &Results) -> HashMap<&str, FileState> {
    let batch = &results.batch;
    let mut states: HashMap<&str, FileState> = HashMap::new();
    for (order, delivery) in batch.orders.iter().zip(&results.deliveries) {
        if is_through(delivery.outcome) {
            continue;
        }
        for row in &order.rows {
            let state = states.entry(&batch.source(row.sheet).path).or_default();
            state.has_failures = true;
            state.is_unfinished |= delivery.is_worth_a_rerun();
        }
    }
    for problem in batch.problems.iter().filter(|problem| problem.is_error()) {
        let path = problem.place.source.path.as_str();
        states.entry(path).or_default().has_failures = true;
    }
    states
}
