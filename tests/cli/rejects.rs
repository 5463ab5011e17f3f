//! Rejected rows: handed back as their file has them, fixed, imported again.

use std::collections::BTreeSet;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

use calamine::{Data, DataType, Range, Reader, Xlsx, open_workbook};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use scoreload::input::layout::Layout;
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

/// A workbook with a title above the header, dates, percentages, and mistakes.
fn bad_workbook(path: &Path) {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("Engineering").unwrap();
    let bold = Format::new().set_bold();
    sheet
        .write_string_with_format(0, 0, "Results of March", &bold)
        .unwrap();
    sheet.set_column_width(1, 23).unwrap();
    let header = [
        "company_id",
        "Order ID",
        "Candidate",
        "assessment_id",
        "test_id",
        "attempt",
        "score",
        "status",
        "updated_at",
    ];
    for (column, text) in (0..).zip(header) {
        sheet.write_string(3, column, text).unwrap();
    }
    let rows = [
        ("00031", "NUM-01", "1", 0.64, "Complete"),
        ("00032", "NUM-01", "first", 0.5, "Complete"),
        ("00032", "VRB-02", "1", 0.855, "Complete"),
        ("", "NUM-01", "1", 0.7, "Complete"),
        ("00034", "NUM-01", "1", 0.7, "Done"),
    ];
    let (percent, date) = (
        Format::new().set_num_format("0.0%"),
        Format::new().set_num_format("d mmm yyyy h:mm"),
    );
    for (row, (order, test, attempt, score, status)) in (4..).zip(rows) {
        let texts = ["B6001", order, "=Ann", "COG-A", test];
        for (column, text) in (0..).zip(texts) {
            sheet.write_string(row, column, text).unwrap();
        }
        match attempt.parse::<f64>() {
            Ok(number) => sheet.write_number(row, 5, number).unwrap(),
            Err(_) => sheet.write_string(row, 5, attempt).unwrap(),
        };
        sheet
            .write_number_with_format(row, 6, score, &percent)
            .unwrap();
        sheet.write_string(row, 7, status).unwrap();
        let time = ExcelDateTime::from_ymd(2026, 3, 10).unwrap();
        let time = time.and_hms(9, 5, 0).unwrap();
        sheet
            .write_datetime_with_format(row, 8, time, &date)
            .unwrap();
    }
    book.save(path).unwrap();
}

fn range(path: &Path, sheet: &str) -> Range<Data> {
    let mut book: Xlsx<_> = open_workbook(path).unwrap();
    book.worksheet_range(sheet).unwrap()
}

/// Writes a sheet again with other values in some cells: what a person does who fixes it.
fn write_fixed(range: &Range<Data>, path: &Path, fixes: &[((u32, u32), &str)]) {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let formats =
        ["General", "d mmm yyyy h:mm", "0.0%"].map(|code| Format::new().set_num_format(code));
    let (rows, columns) = range.end().unwrap();
    for (row, column) in (0..=rows).flat_map(|row| (0..=columns).map(move |column| (row, column))) {
        let at = u16::try_from(column).unwrap();
        if let Some((_, right)) = fixes.iter().find(|(place, _)| *place == (row, column)) {
            sheet.write_string(row, at, *right).unwrap();
            continue;
        }
        match range.get_value((row, column)) {
            Some(Data::DateTime(time)) => sheet
                .write_number_with_format(row, at, time.as_f64(), &formats[1])
                .unwrap(),
            Some(Data::Float(number)) => {
                let format = &formats[if column == 6 { 2 } else { 0 }];
                sheet
                    .write_number_with_format(row, at, *number, format)
                    .unwrap()
            }
            Some(value) if !value.is_empty() => {
                sheet.write_string(row, at, value.to_string()).unwrap()
            }
            _ => continue,
        };
    }
    book.save(path).unwrap();
}

#[test]
fn the_rejected_rows_of_a_workbook_keep_their_sheet_and_import_again_once_fixed() {
    let (bench, sandbox) = (Bench::new(), TestSandbox::start("unlimited", ""));
    bad_workbook(&bench.path("book.xlsx"));
    let ran = import(
        &bench,
        &sandbox,
        &["book.xlsx", "--rejects", "rejects.xlsx"],
    );
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let path = bench.path("rejects.xlsx");
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let sheet = range(&path, "Engineering");
    let at = |row, column| sheet.get_value((row, column)).cloned().unwrap_or_default();
    assert_eq!(at(0, 0), Data::String("Results of March".into()));
    assert_eq!(at(3, 1), Data::String("Order ID".into()));
    assert_eq!(at(4, 1), Data::String("00032".into()));
    assert_eq!(at(4, 2), Data::String("=Ann".into()));
    assert_eq!(
        (at(4, 5), at(5, 5)),
        (Data::String("first".into()), Data::Float(1.0))
    );
    assert_eq!(at(5, 6), Data::Float(0.855));
    assert!(at(5, 8).is_datetime());
    assert_eq!(at(5, 10), Data::Empty);
    let held_back = "held back: row 6 has an error (attempt-invalid)";
    assert_eq!(at(5, 11), Data::String(held_back.into()));
    assert_eq!(
        sheet.end().map(|(row, _)| row),
        Some(7),
        "only rejected rows"
    );

    let layout = Layout::read(&path, "Engineering", |_| true).unwrap();
    let look = |row, column| layout.look(row, column).unwrap();
    assert!(look(1, 0).is_bold);
    assert_eq!(look(6, 6).format.as_deref(), Some("0.0%"));
    assert_eq!(look(6, 8).format.as_deref(), Some("d mmm yyyy h:mm"));
    let width = layout.widths.iter().find(|(first, ..)| *first == 1);
    assert!(width.is_some_and(|(.., width)| (23.0..24.0).contains(width)));
    let fills = [(5, 5), (7, 1), (8, 7)].map(|(row, column)| look(row, column).fill);
    assert!(fills[0].is_some() && fills.iter().all(|fill| *fill == fills[0]));
    assert_ne!(look(6, 5).fill, fills[0]);
    assert!(look(6, 5).fill.is_some() && look(5, 4).fill.is_none());
    let mut archive = zip::ZipArchive::new(std::fs::File::open(&path).unwrap()).unwrap();
    let notes = std::io::read_to_string(archive.by_name("xl/comments1.xml").unwrap()).unwrap();
    assert!(
        notes.contains("ref=\"F5\"") && notes.contains("attempt-invalid"),
        "{notes}"
    );

    let fixes = [((4, 5), "1"), ((6, 1), "00033"), ((7, 7), "Complete")];
    write_fixed(&sheet, &bench.path("fixed.xlsx"), &fixes);
    let run = bench.report()["run"].clone();
    let ran = import(&bench, &sandbox, &["fixed.xlsx"]);
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    assert_eq!(bench.report()["corrects"], json!([run]));
    let updates = sandbox.updates();
    let mut orders: Vec<&str> = updates
        .iter()
        .filter_map(|update| update["order_id"].as_str())
        .collect();
    orders.sort_unstable();
    assert_eq!(orders, ["00031", "00032", "00033", "00034"]);
    let mended = updates.iter().find(|update| update["order_id"] == "00032");
    let body = mended.unwrap()["body"].to_string();
    assert!(
        body.contains("85.5%") && body.contains("2026-03-10T09:05:00Z"),
        "{body}"
    );
}

#[test]
fn a_csv_file_becomes_a_sheet_of_text_that_imports_again() {
    let (bench, sandbox) = (Bench::new(), TestSandbox::start("unlimited", ""));
    let ran = bench.run(&[
        "validate",
        &sample("mistakes.csv"),
        "--rejects",
        "rejects.xlsx",
    ]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let sheet = range(&bench.path("rejects.xlsx"), "mistakes");
    let header: Vec<String> = sheet
        .rows()
        .next()
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    let place = |row: &str, name: &str| {
        let at = |name: &str| header.iter().position(|text| text == name).unwrap();
        let line = sheet
            .rows()
            .position(|cells| cells[at("scoreload_row")] == *row);
        (
            u32::try_from(line.unwrap()).unwrap(),
            u32::try_from(at(name)).unwrap(),
        )
    };
    assert_eq!(
        sheet.get_value(place("4", "order_id")),
        Some(&Data::String("00033".into()))
    );
    let fixes = CORRECTIONS.map(|(row, name, right)| (place(row, name), right));
    write_fixed(&sheet, &bench.path("fixed.xlsx"), &fixes);
    let ran = import(&bench, &sandbox, &["fixed.xlsx"]);
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    assert_eq!(sandbox.updates().len(), 17);
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
