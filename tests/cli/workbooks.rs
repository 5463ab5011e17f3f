//! Workbooks that are merged, encrypted, broken, or made to do harm.

use std::io::{Cursor, Read, Write};

use rust_xlsxwriter::{Format, Workbook};
use serde_json::Value;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::harness::{Bench, sample};

/// The parts of the sample workbook.
fn parts() -> Vec<(String, Vec<u8>)> {
    let bytes = std::fs::read(sample("scores.xlsx")).unwrap();
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let count = archive.len();
    let part = |index| {
        let mut part = archive.by_index(index).unwrap();
        let mut content = Vec::new();
        part.read_to_end(&mut content).unwrap();
        (part.name().unwrap().into_owned(), content)
    };
    (0..count).map(part).collect()
}

fn packed(parts: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        writer
            .start_file(name, SimpleFileOptions::default())
            .unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The sample with the cells of its first sheet replaced.
fn with_sheet_data(data: &str) -> Vec<u8> {
    let mut parts = parts();
    let sheet = parts
        .iter_mut()
        .find(|(name, _)| name == "xl/worksheets/sheet1.xml")
        .unwrap();
    let text = String::from_utf8(sheet.1.clone()).unwrap();
    let (start, end) = (
        text.find("<sheetData>").unwrap(),
        text.find("</sheetData>").unwrap(),
    );
    sheet.1 = format!("{}<sheetData>{data}{}", &text[..start], &text[end..]).into_bytes();
    packed(&parts)
}

/// Validates a file beside a good one; returns its finding, and checks that the good one was read all the same.
fn refused(bench: &Bench, bytes: &[u8]) -> (String, String) {
    bench.write("bad.xlsx", bytes);
    assert_eq!(bench.run(&["validate", "bad.xlsx"]).code, 3);
    let ran = bench.run(&[
        "validate",
        "bad.xlsx",
        &sample("scores.csv"),
        "--format",
        "json",
        "--report",
        "r.json",
    ]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let report: Value =
        serde_json::from_slice(&std::fs::read(bench.path("r.json")).unwrap()).unwrap();
    std::fs::remove_file(bench.path("r.json")).unwrap();
    assert_eq!(report["totals"]["orders"], 12);
    let found = &ran.diagnostics()[0];
    (
        found["code"].as_str().unwrap().to_owned(),
        found["message"].as_str().unwrap().to_owned(),
    )
}

#[test]
fn what_is_no_whole_and_honest_workbook_is_refused_whole() {
    let bench = Bench::new();
    let good = std::fs::read(sample("scores.xlsx")).unwrap();
    let code = |bytes: &[u8]| refused(&bench, bytes).0;
    assert_eq!(code(&good[..good.len() / 2]), "input-unreadable");
    let mut flipped = good.clone();
    let name = b"xl/worksheets/sheet1.xml";
    let inside = good
        .windows(name.len())
        .position(|bytes| bytes == name)
        .unwrap()
        + name.len()
        + 100;
    flipped[inside] ^= 0xff;
    assert_eq!(code(&flipped), "input-unreadable");
    let far = r#"<row r="1"><c r="A1" t="inlineStr"><is><t>order_id</t></is></c></row><row r="1048577"><c r="XFE1048577"><v>1</v></c></row>"#;
    assert_eq!(code(&with_sheet_data(far)), "input-too-large");
    let bomb = format!("<row r=\"1\">{}</row>", " ".repeat(40 << 20));
    assert_eq!(code(&with_sheet_data(&bomb)), "input-too-large");
    let backwards = r#"<row r="1"><c r="A1" t="inlineStr"><is><t>order_id</t></is></c></row><row r="9"><c r="A9"><v>1</v></c></row><row r="5"><c r="A5"><v>1</v></c></row>"#;
    assert_eq!(code(&with_sheet_data(backwards)), "input-unreadable");
    let name: Vec<u8> = "EncryptedPackage"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let compound = [b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".as_slice(), &[0; 504]].concat();
    assert_eq!(code(&[compound.clone(), name].concat()), "input-encrypted");
    assert_eq!(code(&compound), "input-unreadable");
    let ods = packed(&[
        (
            "mimetype".into(),
            b"application/vnd.oasis.opendocument.spreadsheet".to_vec(),
        ),
        ("content.xml".into(), b"<x/>".to_vec()),
    ]);
    assert_eq!(
        refused(&bench, &ods).1,
        "the workbook cannot be read: it has no sheets"
    );
}

#[test]
fn a_far_away_cell_costs_nothing() {
    let bench = Bench::new();
    let far = r#"<row r="1"><c r="A1" t="inlineStr"><is><t>order_id</t></is></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>"#;
    bench.write("far.xlsx", with_sheet_data(far));
    let ran = bench.run(&[
        "validate",
        "far.xlsx",
        "--company-id",
        "B6001",
        "--format",
        "json",
    ]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn a_vertically_merged_cell_counts_for_every_row_that_it_covers() {
    let bench = Bench::new();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let plain = Format::new();
    for (column, header) in (0..).zip([
        "company_id",
        "order_id",
        "assessment_id",
        "test_id",
        "attempt",
        "score",
    ]) {
        sheet.write(0, column, header).unwrap();
    }
    for (column, text) in (0..).zip(["B6001", "00017", "A1"]) {
        sheet
            .merge_range(1, column, 3, column, text, &plain)
            .unwrap();
    }
    for (row, test) in (1..).zip(["T1", "T2", "T3"]) {
        sheet.write(row, 3, test).unwrap();
        sheet.write(row, 4, 1).unwrap();
        sheet.write(row, 5, 87.5).unwrap();
    }
    book.save(bench.path("merged.xlsx")).unwrap();
    let ran = bench.run(&["validate", "merged.xlsx"]);
    assert!(
        ran.stdout
            .contains("1 sheet, 3 rows, 1 order\nproblems     0 errors, 0 warnings"),
        "{}",
        ran.stdout
    );
}

#[test]
fn percentages_dates_and_hidden_sheets_are_what_a_user_sees() {
    let bench = Bench::new();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let (percent, date) = (
        Format::new().set_num_format("0.0%"),
        Format::new().set_num_format("yyyy-mm-dd hh:mm"),
    );
    for (column, header) in (0..).zip([
        "company_id",
        "order_id",
        "assessment_id",
        "test_id",
        "attempt",
        "score",
        "updated_at",
    ]) {
        sheet.write(0, column, header).unwrap();
    }
    for (column, text) in (0..).zip(["B6001", "00017", "A1", "T1"]) {
        sheet.write(1, column, text).unwrap();
    }
    sheet.write(1, 4, 1).unwrap();
    sheet.write_with_format(1, 5, 0.855, &percent).unwrap();
    sheet.write_with_format(1, 6, 46_085.712_5, &date).unwrap();
    let hidden = book.add_worksheet();
    hidden.write(0, 0, "order_id").unwrap();
    hidden.write(1, 0, "not to be read").unwrap();
    hidden.set_hidden(true);
    book.save(bench.path("seen.xlsx")).unwrap();
    let sandbox = crate::harness::TestSandbox::start("unlimited", "");
    let ran = bench.import(&sandbox.url(), &["seen.xlsx"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("[Sheet2]: hidden"), "{}", ran.stderr);
    let body = r#"{"assessments":[{"assessmentId":"A1","assessmentResults":{"tests":[{"id":"T1","score":{"value":"85.5%","attempt":1},"testStatus":{"updatedAt":"2026-03-04T17:06:00Z"}}]}}]}"#;
    assert_eq!(sandbox.updates()[0]["body"], body);
}

#[test]
fn a_workbook_without_a_header_says_where_one_may_be_meant() {
    let bench = Bench::new();
    let refused = |texts: [&str; 2]| {
        let mut book = Workbook::new();
        for text in texts {
            let sheet = book.add_worksheet();
            sheet.write(0, 0, text).unwrap();
        }
        book.add_worksheet();
        book.save(bench.path("none.xlsx")).unwrap();
        let ran = bench.run(&["validate", "none.xlsx"]);
        assert_eq!(ran.code, 3, "{}", ran.stderr);
        ran.stdout
    };
    let pasted = refused(["Notes", "company_id,order_id,score"]);
    let expected = "error[header-missing]: none of the first 20 rows has a column for the order id
 --> none.xlsx, sheet Sheet2
  help: `company_id,order_id,score` in A1 is several headers in one cell: divide the column at each `,` (Excel: Data, Text to Columns)
";
    assert!(pasted.starts_with(expected), "{pasted}");
    let strange = refused(["Notes", "Ticket"]);
    let expected = "error[header-missing]: none of the visible sheets has a column for the order id in its first 20 rows
 --> none.xlsx
";
    assert!(strange.starts_with(expected), "{strange}");
}

#[test]
fn a_long_text_that_is_repeated_does_not_fill_the_memory() {
    let bench = Bench::new();
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    let headers = ["company_id", "order_id", "test_id", "attempt", "score"];
    sheet.write_row(0, 0, headers).unwrap();
    let long = "z".repeat(32_000);
    for row in 1..6000 {
        sheet
            .write_row(row, 0, ["B6001", "1", &long, "1", "5"])
            .unwrap();
    }
    let (code, message) = refused(&bench, &workbook.save_to_buffer().unwrap());
    assert_eq!(code, "input-too-large", "{message}");
}

#[test]
fn a_table_of_texts_that_pack_too_well_is_not_unpacked() {
    let bench = Bench::new();
    let mut parts = parts();
    let filling: Vec<String> = (0..1000)
        .map(|n| format!("<si><t>{n}{}</t></si>", "z".repeat(20_000)))
        .collect();
    let filling = filling.concat();
    let table = format!("<sst>{filling}</sst>").into_bytes();
    parts.push(("xl/sharedStrings.xml".to_owned(), table));
    let (code, message) = refused(&bench, &packed(&parts));
    assert_eq!(code, "input-too-large", "{message}");
}
