//! Where each file of an inbox goes, by what became of its orders.

use std::collections::HashMap;

use super::Import;
use crate::delivery::Delivery;
use crate::exit::ExitCode;
use crate::inbox::{Arrival, Disposition};
use crate::orders::Batch;
use crate::rejects::is_through;

impl Import {
    /// Returns where each file goes, in their order.
    pub(crate) fn fates(&self, exit: ExitCode) -> Vec<Disposition> {
        let Some(from) = &self.inbox else {
            return Vec::new();
        };
        // What stopped the run early, or kept it from beginning, the next one may not meet.
        let is_cut_off = self.run.stopped.is_some()
            || exit == ExitCode::Interrupted
            || self.is_held_back_whole();
        let standings = standings(&self.batch, &self.deliveries);
        let fate = |arrival: &Arrival| {
            let path = arrival.path.display().to_string();
            match standings.get(path.as_str()) {
                _ if is_cut_off => Disposition::Kept,
                Some(standing) => standing.fate(),
                None => Disposition::Done,
            }
        };
        from.taken.iter().map(fate).collect()
    }
}

/// What is known of a file, once its orders have come to their ends.
#[derive(Debug, Default)]
struct Standing {
    /// Whether the same command would send more of it.
    is_unfinished: bool,
    /// Whether something in it did not get through.
    is_lacking: bool,
}

impl Standing {
    const fn fate(&self) -> Disposition {
        match (self.is_unfinished, self.is_lacking) {
            (true, _) => Disposition::Kept,
            (false, true) => Disposition::Failed,
            (false, false) => Disposition::Done,
        }
    }
}

/// Returns how the files stand of which something is to be said, by their paths.
fn standings<'a>(batch: &'a Batch, deliveries: &[Delivery]) -> HashMap<&'a str, Standing> {
    let mut all: HashMap<&str, Standing> = HashMap::new();
    for (order, delivery) in batch.orders.iter().zip(deliveries) {
        if is_through(delivery.outcome) {
            continue;
        }
        for row in &order.rows {
            let standing = all.entry(&batch.source(row.sheet).path).or_default();
            standing.is_lacking = true;
            standing.is_unfinished |= delivery.is_worth_a_rerun();
        }
    }
    for problem in batch.problems.iter().filter(|problem| problem.is_error()) {
        let path = problem.place.source.path.as_str();
        all.entry(path).or_default().is_lacking = true;
    }
    all
}
