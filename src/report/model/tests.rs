//! The totals close; sample reports for the tests of each format.

use super::*;
use crate::diagnostics::diagnostic::{Code, Place, Source};
use crate::report::order::RowPlace;

/// Returns the report of an import without orders.
pub(crate) fn empty() -> Report {
    let run = Run {
        id: "run".into(),
        mode: Mode::Import,
        target: None,
        notice: None,
        corrects: None,
        started_at: Timestamp::UNIX_EPOCH,
        requests: Requests::default(),
        rate: None,
        timing: Timing::default(),
        stopped: None,
        next: Vec::new(),
        is_from_inbox: false,
    };
    Report::new(run, &Batch::default(), &[], 0)
}

/// Returns a report whose every text tries to inject markup, formulas or control characters.
pub(crate) fn hostile() -> Report {
    let text = |index: usize| HOSTILE[index].to_owned();
    let row = |row| RowPlace {
        path: "--!>.csv".into(),
        sheet: None,
        row,
    };
    let order = OrderEntry {
        company_id: text(0),
        order_id: text(1),
        outcome: Outcome::Rejected,
        http_status: Some(400),
        attempts: 1,
        latency_ms: Some(12.5),
        rows: [2, 3, 4, 7].map(row).into(),
        possible_duplicate_reports: false,
        held_reports: Vec::new(),
        message: Some(HOSTILE.concat()),
        requests: Vec::new(),
    };
    let found = |index: usize| {
        let source = Arc::new(Source {
            path: text(index),
            sheet: Some(text(index)),
        });
        let place = Place::cell(&source, 2, 1);
        Diagnostic::new(Code::ValueTooLong, place, text(index), text(index))
            .in_column(Some(HOSTILE[index].into()), None)
            .with_value(text(index))
    };
    Report {
        target: Some(HOSTILE.concat()),
        notice: Some(HOSTILE.concat()),
        next: vec![HOSTILE.concat()],
        orders: vec![order],
        diagnostics: Arc::new((0..HOSTILE.len()).map(found).collect()),
        ..empty()
    }
}

pub(crate) const HOSTILE: [&str; 9] = [
    "=1+1",
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "--!><img src=x onerror=alert(1)>",
    "\u{2028}\u{2029}",
    "\"'><b onclick='alert(1)'>",
    "\u{202e}gnp.exe\u{2066}",
    "| a | b |\n|---|",
    "```\n`` ` [a](javascript:alert(1)) @everyone **b**",
];

#[test]
fn a_report_that_lost_a_row_or_an_order_does_not_close() {
    assert!(empty().closes());
    let (mut row, mut order, mut outcome) = (empty(), empty(), empty());
    row.totals.rows = 1;
    order.totals.orders = 1;
    outcome.totals.accepted = 1;
    assert!(!row.closes() && !order.closes() && !outcome.closes());
}
