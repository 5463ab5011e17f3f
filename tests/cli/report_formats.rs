//! The report in each of its forms: written beside each other, private, and unmoved by whatever the data holds.

use std::os::unix::fs::PermissionsExt;

use calamine::{Data, Reader, open_workbook_auto};
use serde_json::Value;

use crate::harness::{Bench, TestSandbox, sample};

const FORMS: [&str; 5] = ["r.html", "r.json", "r.csv", "r.xlsx", "r.md"];

/// What would do harm in a page, a spreadsheet or a ticket, if it were not text.
const HOSTILE: [&str; 7] = [
    "=HYPERLINK(1)",
    "</script><script>alert(1)</script>",
    "--!><img src=x onerror=alert(1)>",
    "a\u{2028}b\u{202e}c",
    "'><b onclick='x'>",
    "| a | ``` `b` |",
    "@everyone [a](javascript:alert(1))",
];

fn arguments<'a>(command: &[&'a str]) -> Vec<&'a str> {
    let reports = FORMS.into_iter().flat_map(|form| ["--report", form]);
    command.iter().copied().chain(reports).collect()
}

fn text(bench: &Bench, name: &str) -> String {
    std::fs::read_to_string(bench.path(name)).unwrap()
}

/// The data that the page's script draws from.
fn island(page: &str) -> Value {
    let (_, rest) = page.split_once("id=\"data\">").unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

/// Writes a file whose order ids and attempts are hostile, so that each row has a problem.
fn write_hostile(bench: &Bench) {
    let row = |text: &str| format!("B6001,\"{text}\",A1,T1,\"{text}\",5\n");
    let rows: String = HOSTILE.into_iter().map(row).collect();
    let header = "company_id,order_id,assessment_id,test_id,attempt,score\n";
    bench.write("bad.csv", header.to_owned() + &rows);
}

#[test]
fn one_run_can_be_reported_in_every_form() {
    let (bench, sandbox) = (Bench::new(), TestSandbox::start("unlimited", ""));
    let url = sandbox.url();
    let scores = sample("scores.csv");
    let command = arguments(&["import", &scores, "--target", &url, "--rate", "unlimited"]);
    let mut command = bench.command(&command);
    command
        .env("SCORELOAD_CLIENT_ID", "me")
        .env("SCORELOAD_CLIENT_SECRET", "s3cret-s3cret");
    assert!(command.output().unwrap().status.success());
    for form in FORMS {
        let mode = std::fs::metadata(bench.path(form))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{form}");
    }
    let page = text(&bench, "r.html");
    assert!(page.contains(">All 12 orders are delivered.</h1>"));
    let drawn = island(&page);
    assert_eq!(drawn["orders"].as_array().unwrap().len(), 12);
    assert_eq!(text(&bench, "r.csv").lines().count(), 13);
    assert!(text(&bench, "r.md").starts_with("# All 12 orders are delivered.\n"));
    let report: Value = serde_json::from_str(&text(&bench, "r.json")).unwrap();
    let requests = report["orders"][0]["requests"].as_array().unwrap();
    assert_eq!(
        (requests.len(), &requests[0]["http_status"]),
        (1, &report["orders"][0]["http_status"])
    );
    assert_eq!(report["rate"], "unlimited");
}

#[test]
fn hostile_cells_are_text_in_every_form() {
    let bench = Bench::new();
    write_hostile(&bench);
    let ran = bench.run(&arguments(&["validate", "bad.csv", "--format", "json"]));
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let page = text(&bench, "r.html");
    assert_eq!(page.matches("<script").count(), 2);
    let drawn = island(&page);
    let ids: Vec<_> = drawn["orders"]
        .as_array()
        .unwrap()
        .iter()
        .map(|order| order[1].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids, HOSTILE);
    assert!(!page.replace(&drawn.to_string(), "").contains("<img"));

    let mut book = open_workbook_auto(bench.path("r.xlsx")).unwrap();
    let orders = book.worksheet_range("Orders").unwrap();
    let ids: Vec<Data> = orders.rows().skip(1).map(|row| row[1].clone()).collect();
    assert_eq!(ids, HOSTILE.map(|text| Data::String(text.to_owned())));

    let csv = text(&bench, "r.csv");
    assert!(
        csv.contains(",'=HYPERLINK(1),") && csv.contains(",'--!>"),
        "{csv}"
    );
    let ticket = text(&bench, "r.md");
    assert!(!ticket.contains(['\u{2028}', '\u{202e}']));
    assert!(ticket.contains("````\\| a \\| ``` `b` \\|````"), "{ticket}");
}

#[test]
fn a_plan_is_reported_too() {
    let bench = Bench::new();
    let scores = sample("scores.csv");
    let ran = bench.run(&arguments(&["import", "--dry-run", &scores]));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(text(&bench, "r.md").starts_with("# All 12 orders can be sent.\n"));
    assert!(!text(&bench, "r.html").contains("Requests over time"));
}

#[test]
fn a_form_that_is_unknown_is_refused_before_anything_is_written() {
    let bench = Bench::new();
    let scores = sample("scores.csv");
    let ran = bench.run(&[
        "validate", &scores, "--report", "r.html", "--report", "r.pdf",
    ]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(
        ran.stderr.contains(".html, .json, .csv, .xlsx, .md"),
        "{}",
        ran.stderr
    );
    assert!(!bench.path("r.html").exists());
}
