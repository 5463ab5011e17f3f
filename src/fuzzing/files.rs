//! Fuzz targets for files: CSV, whole and in chunks, and workbooks.

use std::str::FromStr;

use super::{options, readings};
use crate::diagnostics::diagnostic::{Code, Diagnostic, WarningPolicy};
use crate::input::csv::delimiter::Delimiter;
use crate::input::csv::encoding::Encoding;
use crate::input::fuzzing::Way;
use crate::ledger::{Change, OnAmbiguous, OrderState, plan};
use crate::orders;
use crate::orders::Batch;
use crate::paylocity::model::OrderUpdate;

/// Reads bytes as a file of any kind but a workbook.
pub(crate) fn csv(bytes: &[u8]) {
    // The length selects the options, so that a corpus consists of plain files.
    let reading = &readings()[bytes.len() % 2];
    let mut options = options(reading);
    match bytes.len() / 2 % 16 {
        0 => options.encoding = Some(Encoding::Windows1252),
        1 => options.encoding = Some(Encoding::Utf16Le),
        2 => options.delimiter = Some(Delimiter::from_str(";").unwrap()),
        3 => options.warnings = WarningPolicy::Deny,
        _ => {}
    }
    let read = |way| orders::gather_bytes(bytes, way, &options, &reading.rules);
    let whole = read(Way::Whole).unwrap();
    check(&whole);
    // The beginning is too short here to detect the dialect and encoding from it.
    options.encoding = None;
    for delimiter in [",", ";", "\t", "|"] {
        options.delimiter = Some(Delimiter::from_str(delimiter).unwrap());
        let read = |way| orders::gather_bytes(bytes, way, &options, &reading.rules);
        let chunked = [24, 64 + bytes.len() % 128].map(|least| read(Way::InChunks(least)));
        for in_chunks in chunked.into_iter().flatten() {
            let whole = read(Way::Whole).unwrap();
            let is_no_text = |problem: &Diagnostic| problem.code == Code::EncodingInvalid;
            if whole.notes == in_chunks.notes && !whole.problems.iter().any(is_no_text) {
                assert_same(&whole, &in_chunks);
            }
        }
    }
}

/// Reads bytes as a workbook.
pub(crate) fn workbook(bytes: &[u8]) {
    #[cfg(fuzzing)]
    crate::input::fuzzing::tell_own_panics();
    let reading = &readings()[bytes.len() % 2];
    let options = options(reading);
    check(&orders::gather_bytes(bytes, Way::Whole, &options, &reading.rules).unwrap());
}

/// Checks that the totals of a batch close, and that each body reads back.
pub(crate) fn check(batch: &Batch) {
    let rows: usize = batch
        .sheets
        .iter()
        .map(|sheet| sheet.rows - sheet.unread)
        .sum();
    let of_orders: usize = batch.orders.iter().map(|order| order.rows.len()).sum();
    assert_eq!(rows, of_orders + batch.orderless.len(), "no row vanishes");
    for problem in batch.problems.iter() {
        assert!(problem.place.row != Some(0), "{problem:?}");
    }
    for order in &batch.orders {
        let body = batch.body(order);
        let json = body.to_json();
        let again: OrderUpdate = serde_json::from_slice(&json).unwrap();
        assert_eq!(again, body, "a body is read as it was written");
        if order.errors == 0 {
            check_delivery(&body);
        }
    }
}

/// Checks that an accepted order is unchanged when it is planned again.
fn check_delivery(body: &OrderUpdate) {
    let mut known = OrderState::default();
    known.intend(body);
    assert_eq!(OrderState::from_json(&known.to_json()).unwrap(), known);
    known.accept(body);
    assert_eq!(OrderState::from_json(&known.to_json()).unwrap(), known);
    let planned = plan(body, Some(&known), OnAmbiguous::Resend, false);
    assert_eq!(planned.change, Change::Unchanged, "{body:?}");
}

/// Asserts that two readings say the same.
fn assert_same(one: &Batch, other: &Batch) {
    let sheets = |batch: &Batch| {
        let sheets = batch.sheets.iter();
        let sheet = |sheet: &orders::SheetSummary| {
            let counts = (sheet.rows, sheet.unread, sheet.skipped);
            (sheet.usable, counts)
        };
        sheets.map(sheet).collect::<Vec<_>>()
    };
    assert_eq!(sheets(one), sheets(other));
    if one.sheets.is_empty() {
        // Of two reasons to refuse a file either may be seen first.
        return;
    }
    let orders = |batch: &Batch| {
        let orders = batch.orders.iter();
        let order = |order: &orders::Order| {
            let id = (order.company_id.clone(), order.order_id.clone());
            (id, order.rows.clone(), order.errors, batch.body(order))
        };
        orders.map(order).collect::<Vec<_>>()
    };
    assert_eq!(orders(one), orders(other));
    assert_eq!(one.orderless, other.orderless);
    assert_eq!(one.problems, other.problems);
    assert_eq!(one.notes, other.notes);
}
