//! The report as a file: its shape, its place, who may read it.

use std::os::unix::fs::PermissionsExt;

use boon::{Compiler, Schemas};
use serde_json::Value;

use crate::every_outcome::FORMS;
use crate::harness::{Bench, TestSandbox, repository, sample};

/// The schema that the binary prints.
fn published() -> Value {
    serde_json::from_str(&Bench::new().run(&["report-schema"]).stdout).unwrap()
}

/// Makes a schema refuse every property that it does not name.
fn close(schema: &mut Value) {
    if let Value::Object(map) = schema {
        if map.contains_key("properties") {
            map.insert("additionalProperties".to_owned(), false.into());
        }
        map.values_mut().for_each(close);
    }
}

/// What is wrong with a value by a schema, if anything is.
fn misfit(value: &Value, schema: Value) -> Option<String> {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("report.json", schema).unwrap();
    let index = compiler.compile("report.json", &mut schemas).unwrap();
    let fits = schemas.validate(value, index);
    fits.err().map(|error| error.to_string())
}

#[test]
fn a_report_of_every_outcome_fits_the_published_schema_to_the_last_property() {
    let mut schema = published();
    close(&mut schema);
    let mut report = FORMS.json();
    assert_eq!(report["schema"], "scoreload/report/1");
    assert_eq!(misfit(&report, schema.clone()), None);
    for command in [&["validate"][..], &["import", "--dry-run"]] {
        let bench = Bench::new();
        let files = [sample("mistakes.csv"), sample("scores.xlsx")];
        let files = files
            .iter()
            .map(String::as_str)
            .chain(["--report", "r.json"]);
        let args: Vec<&str> = command.iter().copied().chain(files).collect();
        assert_eq!(bench.run(&args).code, 1);
        let checked = std::fs::read(bench.path("r.json")).unwrap();
        let checked = serde_json::from_slice(&checked).unwrap();
        assert_eq!(misfit(&checked, schema.clone()), None);
    }
    report["orders"][0]["surprise"] = Value::Null;
    assert!(misfit(&report, schema.clone()).is_some());
    report = FORMS.json();
    report["totals"]["rows"] = "500".into();
    assert!(misfit(&report, schema).is_some());
}

#[test]
fn the_schema_changes_only_together_with_its_version() {
    let expected = std::fs::read_to_string(repository("tests/cli/expected/report-1.schema.json"));
    let expected: Value = serde_json::from_str(&expected.unwrap()).unwrap();
    let schema = published();
    let name = schema["$id"].as_str().unwrap();
    assert_eq!(
        name, "scoreload/report/1",
        "this version has no file in tests/cli/expected: keep its schema there"
    );
    assert!(
        schema == expected,
        "the shape of {name} has changed for those who read reports: raise the version in SCHEMA (scoreload/report/2), \
         and keep the new schema as tests/cli/expected/report-2.schema.json. Where only words of it changed, keep the \
         new words in the file of this version. `scoreload report-schema` prints:\n{schema:#}"
    );
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
