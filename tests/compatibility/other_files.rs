//! Reports, rejected rows, templates, inboxes and metrics of an earlier version are still of use.

use boon::{Compiler, Schemas};
use serde_json::{Value, json};

use crate::recorder::Recorder;
use crate::world::{TARGET, World, fixture, outcomes};

fn frozen_report() -> Value {
    let text = std::fs::read_to_string(fixture("report.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn an_earlier_report_has_the_shape_of_the_published_schema() {
    let schema = World::new().run(&["report-schema"]);
    let schema: Value = serde_json::from_str(&schema.ends(0).stdout).unwrap();
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("report.json", schema).unwrap();
    let schema = compiler.compile("report.json", &mut schemas).unwrap();
    if let Err(error) = schemas.validate(&frozen_report(), schema) {
        panic!("{error}");
    }
}

#[test]
fn earlier_rejected_rows_are_imported_once_they_are_corrected() {
    let (world, recorder) = (World::with_ledger(), Recorder::start());
    let rejects = std::fs::read_to_string(fixture("rejects-invalid.csv")).unwrap();
    world.write("rejects.csv", rejects.replacen("first", "1", 1));
    world.import(&recorder.url, &["rejects.csv"]).ends(0);
    assert_eq!(world.outcomes(), outcomes(&[("M-6", "accepted")]));
    let corrected = &world.json("report.json")["corrects"];
    assert_eq!(*corrected, json!([frozen_report()["run"]]));
}

#[test]
fn an_earlier_workbook_of_rejected_rows_is_imported() {
    let (world, recorder) = (World::with_ledger(), Recorder::start());
    let world = world.with("rejects-refused.xlsx", "rejects.xlsx");
    world.import(&recorder.url, &["rejects.xlsx"]).ends(1);
    let expected = [("R-1", "accepted"), ("R-2", "invalid")];
    assert_eq!(world.outcomes(), outcomes(&expected));
    assert_eq!(recorder.updates().len(), 1);
    let corrected = &world.json("report.json")["corrects"];
    assert_eq!(corrected.as_array().unwrap().len(), 1);
}

#[test]
fn an_earlier_template_is_read() {
    let (world, recorder) = (World::new(), Recorder::start());
    let template = std::fs::read_to_string(fixture("template.csv")).unwrap();
    let columns = template.trim_end().split(',').count();
    let row = format!("B6001,T-1,A,T,1,87{}\n", ",".repeat(columns - 6));
    world.write("template.csv", template + &row);
    world.import(&recorder.url, &["template.csv"]).ends(0);
    let body = r#"{"assessments":[{"assessmentId":"A","assessmentResults":{"tests":[{"id":"T","score":{"value":"87","attempt":1}}]}}]}"#;
    assert_eq!(recorder.bodies(), [body]);
}

#[test]
fn every_column_of_an_earlier_template_workbook_is_known() {
    let world = World::new().with("template.xlsx", "template.xlsx");
    let run = world.run(&["validate", "template.xlsx", "--format", "json"]);
    assert_eq!(run.ends(0).stdout, "");
}

#[test]
fn an_earlier_inbox_knows_which_files_are_done() {
    let world = World::new().with("inbox/imported", "inbox/done/.imported");
    let recorder = Recorder::start();
    let planned = world.read("planned.csv");
    world.write("inbox/renamed.csv", planned);
    let flags = ["--settle", "0s", "--rate", "unlimited", "--target", TARGET];
    let run = world.deliver(
        &recorder.url,
        &[&["import", "--inbox", "inbox"], &flags[..]].concat(),
    );
    assert_eq!(recorder.updates(), [], "{}", run.ends(0).stderr);
    assert!(world.path("inbox/done/renamed.csv").exists());
}

#[test]
fn a_failed_run_keeps_the_last_success_of_earlier_metrics() {
    const SUCCESS: &str = "scoreload_last_success_timestamp_seconds ";
    let (world, recorder) = (World::new(), Recorder::start());
    let world = world.with("metrics.prom", "metrics.prom");
    let success = |text: &str| {
        let mut lines = text.lines();
        lines.find_map(|line| line.strip_prefix(SUCCESS)?.parse::<f64>().ok())
    };
    let earlier = success(&world.read("metrics.prom"));
    world
        .import(&recorder.url, &["next.csv", "--metrics", "metrics.prom"])
        .ends(1);
    let later = world.read("metrics.prom");
    assert!(
        later.contains("scoreload_last_run_exit_code 1\n"),
        "{later}"
    );
    assert!(earlier.is_some());
    assert_eq!(success(&later), earlier);
}
