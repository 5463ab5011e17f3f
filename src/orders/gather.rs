//! Reading the inputs of a run into a batch.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::bad_header;
use super::batch::{Batch, SheetSummary};
use super::row::{Chunk, RowRules};
use super::value::Rules;
use crate::diagnostics::diagnostic::{Code, Diagnostic, Source};
use crate::input::{self, File, Sheet};

/// Reads inputs on all cores and groups their rows into orders.
pub fn gather(paths: &[PathBuf], options: &input::Options<'_>, rules: &Rules) -> Batch {
    gathered(input::read_all(paths, options, &RowRules(rules)), rules)
}

/// Reads one input from memory, in one of the ways that must have the same result.
#[cfg(any(test, fuzzing))]
pub(crate) fn gather_bytes(
    bytes: &[u8],
    way: input::fuzzing::Way,
    options: &input::Options<'_>,
    rules: &Rules,
) -> Option<Batch> {
    let file = input::fuzzing::read(bytes, way, options, &RowRules(rules))?;
    Some(gathered(vec![file], rules))
}

fn gathered(files: Vec<File<Chunk>>, rules: &Rules) -> Batch {
    let mut batch = Batch::default();
    let mut ranks = Ranks::default();
    for mut file in files {
        batch.passed_over.append(&mut file.passed_over);
        batch.notes.append(&mut file.notes);
        for problem in &file.diagnostics {
            rank(&mut ranks, &problem.place.source);
        }
        batch.add_diagnostics(file.diagnostics);
        for sheet in file.sheets {
            rank(&mut ranks, &sheet.source);
            add(&mut batch, sheet, rules);
        }
    }
    batch.group(rules);
    Arc::make_mut(&mut batch.problems).sort_by_cached_key(|problem| place_key(&ranks, problem));
    batch
}

/// The position of each sheet among all.
type Ranks = HashMap<Arc<Source>, usize, RandomState>;

/// Ranks a sheet by first mention.
fn rank(ranks: &mut Ranks, source: &Arc<Source>) {
    let next = ranks.len();
    ranks.entry(Arc::clone(source)).or_insert(next);
}

fn place_key(ranks: &Ranks, problem: &Diagnostic) -> (usize, Option<u32>, Option<u32>, Code) {
    let place = &problem.place;
    let rank = ranks.get(&place.source).copied().unwrap_or(usize::MAX);
    (rank, place.row, place.column, problem.code)
}

/// Adds a sheet: its rows and their diagnostics.
fn add(batch: &mut Batch, sheet: Sheet<Chunk>, rules: &Rules) {
    batch.sheets.push(SheetSummary {
        source: sheet.source,
        sha256: sheet.sha256,
        usable: sheet.head.is_some(),
        rows: sheet.rows + sheet.unread,
        unread: sheet.unread,
        skipped: sheet.skipped,
    });
    if let Some(rows) = sheet.bad_header_rows {
        batch.add_diagnostics(bad_header::check(*rows, rules));
    }
    let Some(head) = sheet.head else { return };
    batch.add_rows(head, sheet.chunks, rules);
}
