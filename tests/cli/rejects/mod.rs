//! Rejected rows: handed back as their file has them, fixed, imported again.

mod workbook;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::harness::{Bench, Ran, TestSandbox, orders_csv, sample};
use crate::server::{Server, answer};

type Table = Vec<Vec<String>>;

fn read_csv(path: &Path) -> Table {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_path(path)
        .unwrap();
    let records = reader.records().map(Result::unwrap);
    records
        .map(|record| record.iter().map(str::to_owned).collect())
        .collect()
}

fn write_csv(path: &Path, table: &Table) {
    let mut writer = csv::WriterBuilder::new()
        .flexible(true)
        .from_path(path)
        .unwrap();
    for record in table {
        writer.write_record(record).unwrap();
    }
    writer.flush().unwrap();
}

fn column(table: &Table, header: &str) -> usize {
    table[0].iter().position(|text| text == header).unwrap()
}

/// A cell, by the number that the row had in its input.
fn cell<'a>(table: &'a Table, row: &str, header: &str) -> &'a str {
    let number = column(table, "scoreload_row");
    let row = table.iter().find(|cells| cells[number] == row).unwrap();
    &row[column(table, header)]
}

/// The orders of updates, as (company, order).
fn ids(sandbox: &TestSandbox) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let updates = sandbox.updates();
    let ids = updates
        .iter()
        .map(|update| (text(&update["company_id"]), text(&update["order_id"])));
    ids.collect()
}

fn import(bench: &Bench, sandbox: &TestSandbox, args: &[&str]) -> Ran {
    let mut all = args.to_vec();
    all.extend(["--rate", "unlimited"]);
    bench.import(&sandbox.url(), &all)
}

/// What is right in place of each mistake of the sample.
const CORRECTIONS: [(&str, &str, &str); 17] = [
    ("3", "order_id", "00032"),
    ("4", "company_id", "B6001"),
    ("5", "company_id", "B6001"),
    ("6", "company_id", "204518"),
    ("7", "test_id", "NUM-01"),
    ("8", "attempt", "1"),
    ("9", "attempt", "1"),
    ("10", "test_score", "80"),
    ("12", "test_status", "Complete"),
    ("13", "test_status_updated_at", "2026-02-28 08:10"),
    ("14", "test_status_updated_at", "2026-03-04"),
    ("15", "test_report_url", "https://r.example/1"),
    ("16", "test_report_url", "https://r.example/2"),
    ("18", "overall_score", "71"),
    ("20", "test_score", "65"),
    ("22", "test_status", "Complete"),
    ("23", "overall_score", "50"),
];

#[test]
fn the_rejected_rows_of_a_csv_file_are_fixed_and_imported_and_nothing_else_is_sent() {
    let (bench, sandbox) = (Bench::new(), TestSandbox::start("unlimited", ""));
    let ran = import(
        &bench,
        &sandbox,
        &[&sample("mistakes.csv"), "--rejects", "rejects.csv"],
    );
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("rejects.csv, 20 rows"),
        "{}",
        ran.stderr
    );
    let report = bench.report();
    assert_eq!(report["corrects"], Value::Null);
    let sent = ids(&sandbox);
    let mut table = read_csv(&bench.path("rejects.csv"));
    let own = read_csv(Path::new(&sample("mistakes.csv")));
    assert_eq!(table[0][..own[0].len()], own[0]);
    for row in &table[1..] {
        let line: usize = row[own[0].len()].parse().unwrap();
        assert_eq!(row[..own[0].len()], own[line - 1]);
    }
    assert_eq!(cell(&table, "9", "scoreload_code"), "attempt-invalid");
    assert_eq!(cell(&table, "17", "scoreload_code"), "");
    assert_eq!(
        cell(&table, "17", "scoreload_error"),
        "held back: row 18 has an error (field-conflict)"
    );
    for (row, header, right) in CORRECTIONS {
        let (number, column) = (column(&table, "scoreload_row"), column(&table, header));
        let row = table.iter_mut().find(|cells| cells[number] == row).unwrap();
        right.clone_into(&mut row[column]);
    }
    write_csv(&bench.path("fixed.csv"), &table);
    let ran = import(&bench, &sandbox, &["fixed.csv", "--rejects", "again.csv"]);
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    assert_eq!(bench.report()["corrects"], json!([report["run"]]));
    let corrects = format!("corrects     run {}", report["run"].as_str().unwrap());
    assert!(ran.stderr.contains(&corrects), "{}", ran.stderr);
    assert!(
        !bench.path("again.csv").exists() && ran.stderr.contains("again.csv is not written"),
        "{}",
        ran.stderr
    );
    let all = ids(&sandbox);
    let unique: BTreeSet<_> = all.iter().collect();
    assert_eq!((sent.len(), all.len(), unique.len()), (3, 3 + 17, 3 + 17));
}

#[test]
fn rows_that_the_server_refused_come_back_with_its_words() {
    let (bench, server) = (
        Bench::new(),
        Server::answering(vec![
            answer(204, ""),
            answer(400, r#"{"errors":[{"message":"=no such test"}]}"#),
        ]),
    );
    bench.write("orders.csv", orders_csv(3));
    let args = ["orders.csv", "--concurrency", "1", "--rejects", "r.csv"];
    let ran = bench.import(&server.url(), &args);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let table = read_csv(&bench.path("r.csv"));
    let words = "rejected with HTTP status 400: =no such test";
    assert_eq!(table.len(), 3);
    for row in ["3", "4"] {
        assert_eq!(cell(&table, row, "scoreload_error"), words);
        assert_eq!(cell(&table, row, "scoreload_code"), "");
    }
}

#[test]
fn inputs_of_different_columns_become_one_file_that_imports_again() {
    let (bench, sandbox) = (Bench::new(), TestSandbox::start("unlimited", ""));
    bench.write(
        "a.csv",
        "Order ID,Candidate,test_id,attempt,score\n1,Ann,T,x,5\n",
    );
    bench.write(
        "b.csv",
        "company,order_no,Recruiter,test_id,attempt,test_score\nB2,2,Kim,T,x,6\n",
    );
    let args = ["a.csv", "b.csv", "--company-id", "B1", "--rejects", "r.csv"];
    assert_eq!(bench.run(&[&["validate"][..], &args].concat()).code, 1);
    let mut table = read_csv(&bench.path("r.csv"));
    let own = [
        "Order ID",
        "Candidate",
        "test_id",
        "attempt",
        "score",
        "company",
        "Recruiter",
    ];
    assert_eq!(table[0][..7], own);
    assert_eq!(cell(&table, "2", "scoreload_path"), "a.csv");
    for row in &mut table[1..] {
        "1".clone_into(&mut row[3]);
    }
    write_csv(&bench.path("fixed.csv"), &table);
    let ran = import(&bench, &sandbox, &["fixed.csv"]);
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    let mut found = ids(&sandbox);
    found.sort();
    let pair = |company: &str, order: &str| (company.to_owned(), order.to_owned());
    assert_eq!(found, [pair("B1", "1"), pair("B2", "2")]);
}

#[test]
fn rejected_rows_are_written_as_their_file_is() {
    let bench = Bench::new();
    let input =
        "\u{feff}Firma;Auftrag;test_id;attempt;score\nB6001;1;T1;1;4,5\nB6001;2;Größe;x;4,5\n";
    bench.write("in.csv", input);
    let maps = ["--map", "Firma=company_id", "--map", "Auftrag=order_id"];
    let flags = ["import", "in.csv", "--no-report", "--rejects", "out.csv"];
    let ran = bench.run(&[&flags[..], &maps].concat());
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let out = std::fs::read_to_string(bench.path("out.csv")).unwrap();
    let mut lines = out.lines();
    let ours = "scoreload_row;scoreload_code;scoreload_error;scoreload_run";
    let header = format!("\u{feff}Firma;Auftrag;test_id;attempt;score;{ours}");
    assert_eq!(lines.next(), Some(&*header));
    let row = lines.next().unwrap();
    let expected = "B6001;2;Größe;x;4,5;3;attempt-invalid;";
    assert!(row.starts_with(expected), "{row}");
    bench.write("out.csv", out.replace(";x;", ";2;"));
    let flags = ["import", "out.csv", "--no-report"];
    let ran = bench.run(&[&flags[..], &maps].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

#[test]
fn a_row_with_a_comma_too_many_stays_wrong_until_it_is_fixed() {
    let bench = Bench::new();
    bench.write(
        "a.csv",
        "company_id,order_id,test_id,attempt,score\nB1,1,T,1,5,6\n",
    );
    assert_eq!(
        bench.run(&["validate", "a.csv", "--rejects", "r.csv"]).code,
        1
    );
    let ran = bench.run(&["validate", "r.csv", "--format", "json"]);
    assert_eq!(ran.code, 1);
    let mut codes = ran
        .diagnostics()
        .into_iter()
        .map(|found| found["code"].clone());
    assert!(codes.any(|code| code == "row-malformed"), "{}", ran.stdout);
}

#[test]
fn a_place_that_cannot_be_taken_is_refused_before_anything_is_sent() {
    let (bench, sandbox) = (Bench::new(), TestSandbox::start("unlimited", ""));
    bench.write("orders.csv", orders_csv(1));
    bench.write("there.csv", "mine");
    for rejects in [
        "there.csv",
        "r.pdf",
        "r",
        "orders.csv",
        "./report.json",
        "nowhere/r.csv",
    ] {
        let ran = import(&bench, &sandbox, &["orders.csv", "--rejects", rejects]);
        assert_eq!(ran.code, 2, "{rejects}: {}", ran.stderr);
        assert_eq!(sandbox.requests().len(), 0);
    }
    assert_eq!(std::fs::read(bench.path("there.csv")).unwrap(), b"mine");
}

#[test]
fn standard_input_is_handed_back_too() {
    let bench = Bench::new();
    let mut command = bench.command(&["validate", "-", "-q", "--rejects", "r.csv"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let text = "company_id,order_id,test_id,attempt,score\nB6001,007,T1,x,5\n";
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert_eq!(
        cell(&read_csv(&bench.path("r.csv")), "2", "order_id"),
        "007"
    );
}

#[test]
fn an_input_that_changes_while_the_run_lasts_is_not_handed_back_wrong() {
    let bench = Bench::new();
    bench.write("orders.csv", orders_csv(2));
    let deaf = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", deaf.local_addr().unwrap());
    let args = ["orders.csv", "--retries", "0", "--rejects", "r.csv"];
    let mut command = bench.import_command(&url, &args);
    let child = command
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let connection = deaf.accept().unwrap();
    bench.write("orders.csv", orders_csv(3));
    drop((connection, deaf));
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert!(
        ran.stderr
            .contains("`orders.csv` has changed since it was read"),
        "{}",
        ran.stderr
    );
    assert!(!bench.path("r.csv").exists());
    assert_eq!(bench.report()["totals"]["not_sent"], 2);
}
