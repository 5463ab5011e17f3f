//! Names of headers that flags and configuration give and no sheet has: a slip there would leave something out.

use std::sync::Arc;

use crate::config::Reading;
use crate::input::wide::WideTable;
use crate::input::{Note, SheetHead};
use crate::schema::columns::Column;
use crate::schema::header_names::simplified;

/// Says which names no sheet has.
pub(crate) fn notes(reading: &Reading, heads: &[SheetHead]) -> Vec<Note> {
    let of_maps = unmet_maps(&reading.maps, heads);
    of_maps
        .into_iter()
        .chain(unmet_tables(&reading.wide, heads))
        .collect()
}

/// Says which headers of `--map` no sheet has: a slip there would leave a column out.
fn unmet_maps(maps: &[String], heads: &[SheetHead]) -> Vec<Note> {
    let Some(last) = heads.last() else {
        return Vec::new();
    };
    let unmet = maps
        .iter()
        .filter_map(|map| Some(map.rsplit_once('=')?.0.trim()))
        .filter(|name| !heads.iter().any(|head| has_header(head, name)));
    let note = |name| {
        let words = format!("--map names `{name}`, which is the header of no column");
        (Arc::clone(&last.source), words.into())
    };
    unmet.map(note).collect()
}

/// Says which [[wide]] tables have their score in no sheet: a slip there would leave a test out. Where no sheet is
/// wide, all of them are for other files.
fn unmet_tables(tables: &[WideTable], heads: &[SheetHead]) -> Option<Note> {
    /// So many are named.
    const MOST: usize = 5;
    let last = heads.iter().rfind(|head| {
        let header = &head.header;
        !header.wide.is_empty() || header.column_of(Column::TestId).is_none()
    })?;
    let mut unmet: Vec<String> = tables
        .iter()
        .filter(|table| !heads.iter().any(|head| has_header(head, &table.score)))
        .map(|table| format!("`{}` of test `{}`", table.score, table.test_id))
        .collect();
    let more = unmet.len().saturating_sub(MOST);
    unmet.truncate(MOST);
    let more = match more {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let words = format!(
        "no sheet has the score that a [[wide]] table names: {}{more}",
        unmet.join(", ")
    );
    (!unmet.is_empty()).then(|| (Arc::clone(&last.source), words.into()))
}

/// Tells whether a sheet has a header, whatever its case and signs.
fn has_header(head: &SheetHead, name: &str) -> bool {
    let mut texts = head.header.texts.iter().flatten();
    texts.any(|text| simplified(text) == simplified(name))
}
