//! The remarks on rows and the table of rejected rows; tests of the command are elsewhere.

use std::path::PathBuf;

use jiff::Timestamp;

use super::*;
use crate::cli::Command;
use crate::config::file::ConfigFile;
use crate::input::MapRows;
use crate::rejects::table::Table;
use crate::{config, input, orders};

/// A batch of files with the contents of their sheets.
struct Bench {
    _directory: tempfile::TempDir,
    batch: Batch,
    kept: Vec<(SheetHead, Vec<RejectedRow>)>,
}

fn bench(files: &[(&str, &str)]) -> Bench {
    let directory = tempfile::tempdir().unwrap();
    let write = |(name, text): &(&str, &str)| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let paths: Vec<PathBuf> = files.iter().map(write).collect();
    let cli = crate::cli::parse(["scoreload", "validate", "x"].map(Into::into)).unwrap();
    let Command::Validate(args) = cli.command else {
        panic!("no validation");
    };
    let reading =
        config::input_options(&args.input, &ConfigFile::default(), Timestamp::UNIX_EPOCH).unwrap();
    let options = input::Options {
        names: reading.names,
        warnings: reading.rules.warnings,
        ..input::Options::default()
    };
    let keep = |_: &SheetHead, row: &Row<'_>| RejectedRow::of(row);
    let sheets = paths
        .iter()
        .flat_map(|path| input::read(path, &options, &MapRows(keep)).sheets);
    let kept = sheets
        .map(|mut sheet| (sheet.head.take().unwrap(), sheet.into_rows()))
        .collect();
    Bench {
        batch: orders::gather(&paths, &options, &reading.rules),
        kept,
        _directory: directory,
    }
}

fn delivery(outcome: Outcome, http_status: Option<u16>, message: Option<&str>) -> Delivery {
    Delivery {
        outcome,
        http_status,
        message: message.map(str::to_owned),
        ..Delivery::not_sent()
    }
}

/// Returns the remarks on a file's rows, by row.
fn words(bench: &Bench, file: usize, deliveries: &[Delivery]) -> Vec<(u32, Cause, String)> {
    let remarks = remarks(&bench.batch, deliveries);
    let source = &bench.kept[file].0.source;
    let of_file = remarks.get(source).into_iter().flatten();
    of_file
        .map(|(row, remark)| (*row, remark.cause, remark.words.clone()))
        .collect()
}

const HEADER: &str = "company_id,order_id,assessment_id,test_id,attempt,score\n";

#[test]
fn valid_rows_name_the_row_that_holds_them_back() {
    let faulty = (2..7)
        .map(|test| format!("B,1,A,T{test},x,5\n"))
        .collect::<Vec<_>>()
        .concat();
    let text = format!("{HEADER}B,1,A,T1,1,5\n{faulty}");
    let bench = bench(&[("a.csv", &text)]);
    let invalid = delivery(Outcome::Invalid, None, None);
    let said = words(&bench, 0, &[invalid]);
    assert_eq!(said.len(), 6);
    assert_eq!(
        said[0],
        (
            2,
            Cause::Sibling,
            "held back: row 3 has an error (attempt-invalid); row 4 has an error (attempt-invalid); \
             row 5 has an error (attempt-invalid); and 2 more"
                .to_owned()
        )
    );
    assert_eq!(said[1].1, Cause::Error);
}

#[test]
fn a_row_in_another_file_is_named_with_its_file() {
    let a = format!("{HEADER}B,1,A,T1,1,5\n");
    let b = format!("{HEADER}B,1,A,T2,x,5\n");
    let bench = bench(&[("a.csv", &a), ("b.csv", &b)]);
    let said = words(&bench, 0, &[delivery(Outcome::Invalid, None, None)]);
    let other = &bench.kept[1].0.source.path;
    assert_eq!(
        said[0].2,
        format!("held back: row 2 of {other} has an error (attempt-invalid)")
    );
}

#[test]
fn undelivered_rows_give_the_outcome() {
    let rows = (1..8)
        .map(|order| format!("B,{order},A,T,1,5\n"))
        .collect::<Vec<_>>()
        .concat();
    let text = format!("{HEADER}{rows}B,,A,T,1,5\n");
    let bench = bench(&[("a.csv", &text)]);
    let deliveries = [
        delivery(Outcome::Rejected, Some(400), Some("no\nsuch test")),
        delivery(Outcome::Failed, Some(503), None),
        delivery(Outcome::Unknown, None, Some("time-out")),
        Delivery::not_sent(),
        delivery(Outcome::Valid, None, None),
        delivery(Outcome::Accepted, Some(204), None),
        delivery(Outcome::Unchanged, None, None),
    ];
    let said = words(&bench, 0, &deliveries);
    let all: Vec<_> = said
        .iter()
        .map(|(row, _, words)| (*row, &**words))
        .collect();
    assert_eq!(
        all,
        [
            (2, "rejected with HTTP status 400: no such test"),
            (3, "failed with HTTP status 503: the server gave no reason"),
            (4, "unknown: time-out"),
            (5, "not sent: the row is valid; import it again"),
            (
                9,
                "the row names no order; enter the order id; without it nothing can be updated"
            ),
        ]
    );
}

#[test]
fn added_cells_are_never_formulas() {
    assert_eq!(escape_formula("=1\r\n+2"), "error: =1  +2");
    assert_eq!(escape_formula("`=1` is no score"), "`=1` is no score");
}

/// Returns the CSV of all rows of some files whose orders were rejected.
fn csv_of(files: &[(&str, &str)], company_id: Option<&str>) -> Vec<Vec<String>> {
    let bench = bench(files);
    let rejected = delivery(Outcome::Rejected, Some(400), Some("no"));
    let deliveries = vec![rejected; bench.batch.orders.len()];
    let remarks = remarks(&bench.batch, &deliveries);
    let none = Remarks::new();
    let sheets = bench.kept.into_iter().map(|(head, rows)| RejectedSheet {
        remarks: remarks.get(&head.source).unwrap_or(&none),
        head,
        rows,
        layout: None,
    });
    let rejected = Rejected {
        run: "run-1",
        company_id,
        written: OutputDialect::default(),
        sheets: sheets.collect(),
    };
    let mut out = Vec::new();
    crate::rejects::csv::write(&rejected, &mut out).unwrap();
    let mut reader = ::csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(&out[..]);
    let records = reader.records().map(Result::unwrap);
    records
        .map(|record| record.iter().map(str::to_owned).collect())
        .collect()
}

#[test]
fn equal_columns_are_merged_in_order_of_first_appearance() {
    let a = "Order ID,Candidate,,Test ID,Attempt,Score,Notes,Notes\n1,Ann,x,T,1,5,n1,n2\n";
    let b = "order_no,company,Recruiter,test_id,attempt,test_score,Notes\n2,B6001,Kim,T,1,=6,n3\n";
    let table = csv_of(&[("a.csv", a), ("b.csv", b)], Some("B9"));
    let header = "Order ID,Candidate,,Test ID,Attempt,Score,Notes,Notes,company,Recruiter";
    assert_eq!(table[0][..10].join(","), header);
    let ours = "scoreload_row,scoreload_code,scoreload_error,scoreload_path,scoreload_run";
    assert_eq!(table[0][10..].join(","), ours);
    assert_eq!(table[1][..9].join(","), "1,Ann,x,T,1,5,n1,n2,B9");
    assert_eq!(table[2][..10].join(","), "2,,,T,1,=\"=6\",n3,,B6001,Kim");
    assert_eq!(table[2][10], "2");
    assert_eq!(table[2][14], "run-1");
}

#[test]
fn the_columns_of_an_earlier_run_are_replaced() {
    let earlier = "order_id,scoreload_row,company_id,test_id,attempt,score,scoreload_run\n7,99,B,T,1,5,run-0\n";
    let table = csv_of(&[("a.csv", earlier)], None);
    assert_eq!(
        table[0].join(","),
        "order_id,company_id,test_id,attempt,score,scoreload_row,scoreload_code,scoreload_error,scoreload_run"
    );
    assert_eq!(
        table[1].join(","),
        "7,B,T,1,5,2,,rejected with HTTP status 400: no,run-1"
    );
}

#[test]
fn a_row_with_more_cells_than_headers_still_has_more() {
    let text = format!("{HEADER}B,1,A,T,1,5,stray\nB,2,A,T,1,5,,\n");
    let bench = bench(&[("a.csv", &text)]);
    let invalid = delivery(Outcome::Invalid, None, None);
    let remarks = remarks(&bench.batch, &[invalid.clone(), invalid]);
    let mut kept = bench.kept.into_iter();
    let (head, rows) = kept.next().unwrap();
    let remarks = &remarks[&head.source];
    let rejected = Rejected {
        run: "run-1",
        company_id: None,
        written: OutputDialect::default(),
        sheets: vec![RejectedSheet {
            head,
            rows,
            remarks,
            layout: None,
        }],
    };
    let sheet = &rejected.sheets[0];
    let table = Table::of(&rejected, &[sheet]);
    let at = |index: usize| {
        let row = &sheet.rows[index];
        table.added_cells(&sheet.head.source, row, &remarks[&row.number])[0].0
    };
    assert_eq!((table.headers.len(), at(0), at(1)), (6, 6, 6));
    // After the four added columns.
    assert_eq!(table.cells(0, &sheet.rows[0]).last().unwrap().column, 10);
    assert_eq!(table.column_of(0, 6, &sheet.rows[0]), Some(10));
}
