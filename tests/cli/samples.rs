//! The samples, against bodies and findings that were written by hand.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::harness::{Bench, TestSandbox, expected, sample};

/// The bodies that arrived, as (company, order, body).
fn bodies(updates: &[Value]) -> BTreeSet<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let body = |update: &Value| {
        (
            text(&update["company_id"]),
            text(&update["order_id"]),
            text(&update["body"]),
        )
    };
    updates.iter().map(body).collect()
}

/// Imports a sample, compares what arrives with what was written by hand, and returns the report.
fn assert_bodies_arrive(name: &str, of_sample: impl Fn(&Value) -> bool) -> Value {
    let (bench, sandbox) = (Bench::new(), TestSandbox::start("unlimited", ""));
    let ran = bench.import(&sandbox.url(), &[&sample(name), "--rate", "unlimited"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let hand_written: Vec<Value> = expected("scores.json")
        .into_iter()
        .filter(of_sample)
        .collect();
    assert_eq!(bodies(&sandbox.updates()), bodies(&hand_written));
    let report = bench.report();
    assert_eq!(report["totals"]["accepted"], hand_written.len());
    assert_eq!(report["diagnostics"], Value::Array(Vec::new()));
    report
}

#[test]
fn the_csv_sample_arrives_as_bodies_written_by_hand() {
    let report = assert_bodies_arrive("scores.csv", |_| true);
    let id = |order: &Value| order["order_id"].clone();
    let reported: Vec<Value> = report["orders"]
        .as_array()
        .unwrap()
        .iter()
        .map(id)
        .collect();
    assert_eq!(
        reported,
        expected("scores.json").iter().map(id).collect::<Vec<_>>()
    );
}

#[test]
fn the_workbook_sample_arrives_as_the_same_bodies() {
    assert_bodies_arrive("scores.xlsx", |order| order["in_xlsx"] == true);
}

#[test]
fn every_mistake_of_the_sample_is_named_in_one_run() {
    let ran = Bench::new().run(&["validate", &sample("mistakes.csv"), "--format", "json"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let named = |found: &Value| ["code", "row", "column", "cell"].map(|name| found[name].clone());
    let found: Vec<_> = ran
        .diagnostics()
        .iter()
        .filter(|found| found["severity"] == "error")
        .map(named)
        .collect();
    let hand_written: Vec<_> = expected("mistakes.json").iter().map(named).collect();
    assert_eq!(found, hand_written);
    assert!(
        ran.diagnostics()
            .iter()
            .all(|found| found["path"] == sample("mistakes.csv").as_str())
    );
}

#[test]
fn without_credentials_an_import_is_tried_on_this_machine() {
    let bench = Bench::new();
    let csv = bench.write("two.csv", crate::harness::orders_csv(2));
    let ran = bench.run(&["import", &csv.display().to_string()]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains("the built-in sandbox: nothing leaves this machine"),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.stdout, "");
    let reports = std::fs::read_dir(bench.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut reports: Vec<String> = reports
        .filter(|name| name.starts_with("scoreload-report-"))
        .collect();
    reports.sort_unstable();
    let [page, json] = <[String; 2]>::try_from(reports).unwrap();
    assert_eq!(page.strip_suffix(".html"), json.strip_suffix(".json"));
    let report: Value = serde_json::from_slice(&std::fs::read(bench.path(&json)).unwrap()).unwrap();
    assert_eq!(
        (&report["target"], &report["totals"]["accepted"]),
        (&"sandbox".into(), &2.into())
    );
}
