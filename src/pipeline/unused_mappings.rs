//! Headers that `--map` and `[[wide]]` name but no sheet has. A typo there would silently drop a column.

use std::sync::Arc;

use crate::config::InputOptions;
use crate::input::wide::WideTable;
use crate::input::{Note, SheetHead};
use crate::schema::columns::Column;
use crate::schema::header_names::simplified;

/// The number of unused tables that are named; the rest are counted.
const MAX_NAMED: usize = 5;

/// Returns a note for each unused name.
pub(crate) fn notes(reading: &InputOptions, heads: &[SheetHead]) -> Vec<Note> {
    unused_maps(&reading.maps, heads)
        .into_iter()
        .chain(unused_tables(&reading.wide, heads))
        .collect()
}

/// Returns a note for each `--map` whose header no sheet has.
fn unused_maps(maps: &[String], heads: &[SheetHead]) -> Vec<Note> {
    let Some(last) = heads.last() else {
        return Vec::new();
    };
    let unused = maps
        .iter()
        .filter_map(|map| Some(map.rsplit_once('=')?.0.trim()))
        .filter(|name| !heads.iter().any(|head| has_header(head, name)));
    let note = |name| {
        let message = format!("--map names `{name}`, but no column has this header");
        (Arc::clone(&last.source), message.into())
    };
    unused.map(note).collect()
}

/// Returns a note about the `[[wide]]` tables whose score column no sheet has. If no sheet is wide, the tables are for
/// other files.
fn unused_tables(tables: &[WideTable], heads: &[SheetHead]) -> Option<Note> {
    let last = heads.iter().rfind(|head| {
        let header = &head.header;
        !header.wide.is_empty() || header.column_of(Column::TestId).is_none()
    })?;
    let mut unused: Vec<String> = tables
        .iter()
        .filter(|table| !heads.iter().any(|head| has_header(head, &table.score)))
        .map(|table| format!("`{}` of test `{}`", table.score, table.test_id))
        .collect();
    let more = unused.len().saturating_sub(MAX_NAMED);
    unused.truncate(MAX_NAMED);
    let more = match more {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = format!(
        "no sheet has the score column of these [[wide]] tables: {}{more}",
        unused.join(", ")
    );
    (!unused.is_empty()).then(|| (Arc::clone(&last.source), message.into()))
}

/// Returns whether a sheet has a header, ignoring case and punctuation.
fn has_header(head: &SheetHead, name: &str) -> bool {
    let mut texts = head.header.texts.iter().flatten();
    texts.any(|text| simplified(text) == simplified(name))
}
