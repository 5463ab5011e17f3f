//! Reads the inputs into a batch of orders, with progress.

use std::path::PathBuf;

use super::unused_mappings;
use crate::config::InputOptions;
use crate::delivery::{Delivery, Outcome};
use crate::input::{self, Extent};
use crate::orders::{self, Batch};
use crate::ui::Screen;
use crate::ui::progress::ReadingProgress;
use crate::ui::summary::count;

/// Reads and checks the inputs, showing progress.
pub(crate) fn gather(
    paths: &[PathBuf],
    reading: &InputOptions,
    fingerprints: bool,
    screen: Screen,
) -> Batch {
    let progress = ReadingProgress::begin(screen.progress);
    let on_rows = |rows| progress.add(rows);
    let options = reading_options(reading, fingerprints, &on_rows);
    let mut batch = orders::gather(paths, &options, &reading.rules);
    progress.end();
    let unused = unused_mappings::notes(reading, &batch.heads);
    batch.notes.extend(unused);
    batch
}

/// Returns the options that every reading of the inputs in a run has in common.
pub(crate) fn reading_options<'a>(
    reading: &InputOptions,
    fingerprints: bool,
    on_rows: &'a (dyn Fn(usize) + Sync),
) -> input::Options<'a> {
    input::Options {
        names: reading.names.clone(),
        wide: reading.wide.clone(),
        sheets: reading.sheets.clone(),
        delimiter: reading.delimiter,
        encoding: reading.encoding,
        warnings: reading.rules.warnings,
        extent: Extent::Whole,
        program: None,
        fingerprints,
        on_rows,
    }
}

/// Returns the state of each order before delivery: `Invalid` if its rows have errors, else the given outcome.
pub(crate) fn initial_deliveries(batch: &Batch, valid: Outcome) -> Vec<Delivery> {
    let initial = |order: &orders::Order| match order.errors {
        0 => Delivery {
            outcome: valid,
            ..Delivery::not_sent()
        },
        errors => Delivery {
            outcome: Outcome::Invalid,
            message: Some(format!(
                "held back: {} in its rows",
                count(errors, "error", "errors")
            )),
            ..Delivery::not_sent()
        },
    };
    batch.orders.iter().map(initial).collect()
}
