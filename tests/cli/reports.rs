//! The report as a file: its shape, its place, who may read it.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::harness::{Bench, TestSandbox, sample};

/// Holds a value to a schema: every property named, none besides, types as they are told.
fn assert_fits(value: &Value, schema: &Value, root: &Value, path: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.strip_prefix("#/$defs/").unwrap();
        return assert_fits(value, &root["$defs"][name], root, path);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        assert!(
            choices.iter().any(|choice| choice["const"] == *value),
            "{path}: {value}"
        );
        return;
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.clone(),
        one => vec![one.clone()],
    };
    let actual = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let fits = types
        .iter()
        .any(|kind| kind == actual || (kind == "number" && actual == "integer"));
    assert!(fits, "{path} is {actual}, not {types:?}");
    if let Value::Object(map) = value {
        let properties = schema["properties"].as_object().unwrap();
        let required = schema["required"].as_array().unwrap();
        for name in required {
            assert!(map.contains_key(name.as_str().unwrap()), "{path}: {name}");
        }
        let known = properties.keys().filter(|name| map.contains_key(*name));
        assert!(map.keys().eq(known), "{path}: {:?}", map.keys());
        for (name, value) in map {
            assert_fits(value, &properties[name], root, &format!("{path}.{name}"));
        }
    }
    for item in value.as_array().into_iter().flatten() {
        assert_fits(item, &schema["items"], root, &format!("{path}[]"));
    }
}

#[test]
fn the_report_fits_the_published_schema() {
    let bench = Bench::new();
    let schema = bench.run(&["report-schema"]);
    let schema: Value = serde_json::from_str(&schema.stdout).unwrap();
    let sandbox = TestSandbox::start("unlimited", "");
    let ran = bench.import(
        &sandbox.url(),
        &[
            &sample("mistakes.csv"),
            &sample("scores.xlsx"),
            "--rate",
            "unlimited",
        ],
    );
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let report = bench.report();
    assert_eq!(report["schema"], "scoreload/report/1");
    assert_fits(&report, &schema, &schema, "report");
}

#[test]
fn a_report_is_readable_by_its_owner_alone_and_never_replaces_a_file() {
    let bench = Bench::new();
    let validate = ["validate", &sample("scores.csv"), "--report", "r.json"];
    assert_eq!(bench.run(&validate).code, 0);
    let mode = std::fs::metadata(bench.path("r.json"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let before = std::fs::read(bench.path("r.json")).unwrap();
    let ran = bench.run(&validate);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert_eq!(std::fs::read(bench.path("r.json")).unwrap(), before);
    let left: Vec<_> = std::fs::read_dir(bench.path("")).unwrap().collect();
    assert_eq!(left.len(), 1, "no draft is left behind: {left:?}");
}

#[test]
fn a_report_that_cannot_be_written_is_refused_before_anything_is_sent() {
    let (bench, sandbox) = (Bench::new(), TestSandbox::start("unlimited", ""));
    for report in ["nowhere/r.json", "r.pdf"] {
        let ran = bench.import(&sandbox.url(), &[&sample("scores.csv"), "--report", report]);
        assert_ne!(ran.code, 0, "{}", ran.stderr);
        assert_eq!(sandbox.requests().len(), 0);
    }
}

#[test]
fn every_row_is_accounted_for() {
    let bench = Bench::new();
    let ran = bench.run(&[
        "validate",
        &sample("mistakes.csv"),
        &sample("scores.csv"),
        "--report",
        "r.json",
    ]);
    assert_eq!(ran.code, 1);
    let report: Value =
        serde_json::from_slice(&std::fs::read(bench.path("r.json")).unwrap()).unwrap();
    let of_orders: usize = report["orders"]
        .as_array()
        .unwrap()
        .iter()
        .map(|order| order["rows"].as_array().unwrap().len())
        .sum();
    let count = |name: &str| usize::try_from(report["totals"][name].as_u64().unwrap()).unwrap();
    assert_eq!(count("rows"), 23 + 34);
    assert_eq!(count("rows"), of_orders + count("rows_invalid"));
    assert_eq!(count("orders"), count("valid") + count("invalid"));
}
