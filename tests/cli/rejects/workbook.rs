//! Rejected rows as a workbook: the user's own sheet, with the bad cells coloured and annotated.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use calamine::{Data, DataType, Range, Reader, Xlsx, open_workbook};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use scoreload::input::workbook::sheet_style::Layout;
use serde_json::json;

use super::{CORRECTIONS, import};
use crate::harness::{Bench, TestSandbox, sample};

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
fn a_value_that_a_spreadsheet_has_changed_stays_an_error_until_it_is_mended() {
    let bench = Bench::new();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let header = [
        "company_id",
        "order_id",
        "assessment_id",
        "test_id",
        "attempt",
        "score",
    ];
    for (column, text) in (0..).zip(header) {
        sheet.write_string(0, column, text).unwrap();
    }
    for row in 1..=2 {
        for (column, text) in (0..).zip(["B6001", "O-1", "A", "T", "1"]) {
            sheet.write_string(row, column, text).unwrap();
        }
    }
    let time = ExcelDateTime::from_ymd(2026, 3, 4).unwrap();
    let date = Format::new().set_num_format("yyyy-mm-dd");
    sheet.write_datetime_with_format(1, 5, time, &date).unwrap();
    sheet.write_number(2, 1, 1_234_567_890_123_456.0).unwrap();
    sheet.write_string(2, 5, "87").unwrap();
    book.save(bench.path("changed.xlsx")).unwrap();
    assert_eq!(
        bench
            .run(&["validate", "changed.xlsx", "--rejects", "rows.csv"])
            .code,
        1
    );
    let again = bench.run(&["validate", "rows.csv", "--format", "json"]);
    let found = again.diagnostics();
    let found: Vec<_> = found.iter().map(|it| (&it["code"], &it["cell"])).collect();
    let error = |cell: &str| (json!("cell-error"), json!(cell));
    let expected = [error("F2"), error("B3")];
    let expected: Vec<_> = expected.iter().map(|(code, cell)| (code, cell)).collect();
    assert_eq!((again.code, found), (1, expected), "{}", again.stdout);
}
