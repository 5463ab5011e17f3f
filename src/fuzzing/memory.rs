//! Fuzz targets for files that runs share: plans and ledger dumps.

use std::path::Path;

use crate::ledger::entry::Entry;
use crate::ledger::{Ledger, Location, OnAmbiguous, OrderState, dump, plan};
use crate::plan::Plan;

/// Reads bytes as the file of a plan, and once more with the checksum that fits them.
pub(crate) fn plan_file(bytes: &[u8]) {
    let _ = Plan::from_bytes(bytes, Path::new("input"));
    let Ok(plan) = serde_json::from_slice::<Plan>(bytes) else {
        return;
    };
    let written = |plan: &Plan| {
        let mut bytes = Vec::new();
        plan.write(&mut bytes).unwrap();
        bytes
    };
    let bytes = written(&plan.sealed());
    if let Ok(again) = Plan::from_bytes(&bytes, Path::new("input")) {
        assert_eq!(written(&again), bytes, "a plan is read as it was written");
    }
}

/// Reads bytes as what a ledger keeps of an order, twice, and as lines of its export.
pub(crate) fn ledger(bytes: &[u8]) {
    let text = &*String::from_utf8_lossy(bytes);
    let entries: Vec<Entry> = text.lines().filter_map(dump::entry_of_line).collect();
    if !entries.is_empty() {
        check_exchange(entries);
    }
    let lines = text
        .lines()
        .filter_map(|line| OrderState::from_json(line).ok());
    let known: Vec<OrderState> = lines.take(3).collect();
    for one in &known {
        assert_eq!(OrderState::from_json(&one.to_json()).unwrap(), *one);
        for other in &known {
            let merged = one.merged(other);
            assert_eq!(OrderState::from_json(&merged.to_json()).unwrap(), merged);
            let body = &other.accepted;
            let mut sent = one.clone();
            sent.intend(body);
            let before = sent.clone();
            sent.refuse(body);
            sent.intend(body);
            assert_eq!(sent, before, "a refused update leaves what was known");
            sent.accept(body);
            let planned = plan(body, Some(&sent), OnAmbiguous::Hold, false);
            if !sent.is_empty() {
                assert!(planned.body(body).is_none(), "{body:?} of {one:?}");
            }
            sent.settle_as_delivered();
            assert_eq!(OrderState::from_json(&sent.to_json()).unwrap(), sent);
        }
    }
}

/// Checks that entries that a ledger dumps are those that it imports.
fn check_exchange(entries: Vec<Entry>) {
    let merged = |entries: Vec<Entry>| {
        let ledger = Ledger::open(&Location::Memory).unwrap();
        let all = move || Ok(entries.clone().into_iter().map(Ok));
        ledger.merge(all).ok()?;
        let (bytes, _) = dump::write(&ledger, Vec::new()).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let lines = text.lines().filter_map(dump::entry_of_line);
        Some(lines.collect::<Vec<_>>())
    };
    if let Some(held) = merged(entries) {
        assert_eq!(merged(held.clone()), Some(held));
    }
}
