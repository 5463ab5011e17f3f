//! Workbooks of every format: that a cell means the same in each of them.

use std::collections::BTreeSet;
use std::io::{Cursor, Read, Write};
use std::path::PathBuf;

use rust_xlsxwriter::{Format, Workbook};
use scoreload::orders::Batch;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::harness::{Bench, TestSandbox, expected, repository, sample};
use crate::texts::{bodies, gathered};

/// A workbook beside this file; the scripts that made it stand there too.
pub(crate) fn fixture(name: &str) -> PathBuf {
    repository("tests/cli/workbooks").join(name)
}

/// The formats that are read in a process of their own.
pub(crate) const APART: [&str; 3] = ["xlsb", "xls", "ods"];

/// What was found, and in which row; the clock of these tests stands long before every date.
pub(crate) fn findings(batch: &Batch) -> Vec<(u32, &'static str)> {
    let finding = |problem: &scoreload::diagnostics::diagnostic::Diagnostic| {
        (problem.place.row.unwrap_or_default(), problem.code.name())
    };
    let found = batch.problems.iter().map(finding);
    found
        .filter(|(_, code)| *code != "timestamp-in-future")
        .collect()
}

/// The parts of an archive, changed one by one.
pub(crate) fn changed(bytes: &[u8], change: impl Fn(&str, Vec<u8>) -> Option<Vec<u8>>) -> Vec<u8> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).unwrap();
        let name = part.name().unwrap().into_owned();
        let mut content = Vec::new();
        part.read_to_end(&mut content).unwrap();
        if let Some(content) = change(&name, content) {
            writer
                .start_file(name, SimpleFileOptions::default())
                .unwrap();
            writer.write_all(&content).unwrap();
        }
    }
    writer.finish().unwrap().into_inner()
}

fn replaced(content: Vec<u8>, from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(content).unwrap();
    assert!(text.contains(from), "{from}");
    text.replace(from, to).into_bytes()
}

#[test]
fn the_sample_gives_the_same_bodies_in_every_format() {
    let written: BTreeSet<String> = expected("scores.json")
        .iter()
        .filter(|order| order["in_xlsx"] == true)
        .map(|order| order["body"].as_str().unwrap().to_owned())
        .collect();
    for format in APART {
        let batch = gathered(&[fixture(&format!("scores.{format}"))], None, None);
        assert_eq!(findings(&batch), [], "{format}");
        let given: BTreeSet<_> = bodies(&batch).into_iter().collect();
        assert_eq!(given, written, "{format}");
    }
}

#[test]
fn a_cell_means_the_same_in_every_format() {
    // Days are counted from 1904 in all of them; rows 3 to 5 are merged; the sheets beside the first are left out.
    let first = r#"{"assessments":[{"assessmentId":"A1","assessmentResults":{"tests":[{"id":"T1","score":{"value":"85%","description":"percent","attempt":1},"testStatus":{"updatedAt":"2026-03-04T17:06:00Z","value":"Complete"}},{"id":"T2","score":{"value":"85.5%","description":"percent, one decimal","attempt":1},"testStatus":{"updatedAt":"2026-03-04T17:06:00Z","value":"Complete"}},{"id":"T3","score":{"value":"87.5","description":"number","attempt":1},"testStatus":{"updatedAt":"2026-03-05T00:00:00Z","value":"Complete"}}]}}]}"#;
    let (value, error) = ("formula-without-value", "cell-error");
    let table = [
        ("meanings.xlsx", vec![value, value, value, value]),
        ("meanings.xlsb", vec![error, error]),
        ("meanings.xls", vec![error, error]),
        ("meanings.ods", vec![error, error]),
    ];
    for (name, of_formulas) in table {
        let batch = gathered(&[fixture(name)], None, None);
        assert_eq!(bodies(&batch)[0], first, "{name}");
        let of_formulas = [6, 7, 8, 14].into_iter().zip(of_formulas);
        let of_types = (9..=12).map(|row| (row, "cell-type"));
        let expected: BTreeSet<_> = of_formulas.chain(of_types).collect();
        let found: BTreeSet<_> = findings(&batch).into_iter().collect();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn sheets_are_named_hidden_and_missing_alike_in_every_format() {
    let bench = Bench::new();
    for format in ["xlsx", "xlsb", "xls", "ods"] {
        let path = fixture(&format!("meanings.{format}")).display().to_string();
        let ran = bench.run(&["validate", &path]);
        assert_eq!(ran.code, 1, "{format}: {}", ran.stderr);
        let said = ran.stdout + &ran.stderr;
        assert!(said.contains("[Old results]: hidden"), "{format}: {said}");
        let ran = bench.run(&["validate", &path, "--sheet", "Old results"]);
        assert_eq!(ran.code, 0, "{format}: {}{}", ran.stdout, ran.stderr);
        let said = ran.stdout + &ran.stderr;
        assert!(said.contains("[Results]: not named by --sheet"), "{said}");
        let ran = bench.run(&["validate", &path, "--sheet", "Nobody's"]);
        assert_eq!(ran.code, 3, "{format}");
        assert!(
            ran.stdout.contains("there is no sheet `Nobody's`"),
            "{}",
            ran.stdout
        );
    }
}

#[test]
fn a_workbook_is_known_by_its_content_and_read_from_standard_input() {
    let bench = Bench::new();
    for format in APART {
        let bytes = std::fs::read(fixture(&format!("scores.{format}"))).unwrap();
        let path = bench.write("scores.csv", crate::texts::gz(&bytes));
        assert_eq!(
            gathered(std::slice::from_ref(&path), None, None)
                .orders
                .len(),
            9,
            "{format}"
        );
        let mut command = bench.command(&["validate", "-"]);
        let output = command
            .stdin(std::fs::File::open(path).unwrap())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("26 rows, 9 orders"), "{format}: {text}");
    }
}

#[test]
fn an_ods_as_google_writes_it_is_read() {
    let bench = Bench::new();
    let bytes = std::fs::read(fixture("scores.ods")).unwrap();
    let bare = changed(&bytes, |name, content| {
        (name == "content.xml").then_some(content)
    });
    let batch = gathered(&[bench.write("a.ods", bare)], None, None);
    assert_eq!((batch.orders.len(), findings(&batch).len()), (9, 0));
}

#[test]
fn an_ods_with_line_breaks_between_its_cells_is_read() {
    let bench = Bench::new();
    let bytes = std::fs::read(fixture("scores.ods")).unwrap();
    let spread = changed(&bytes, |name, content| {
        Some(match name {
            "content.xml" => replaced(content, "<table:table-cell", "\n  <table:table-cell"),
            _ => content,
        })
    });
    let batch = gathered(&[bench.write("a.ods", spread)], None, None);
    assert_eq!((batch.orders.len(), findings(&batch).len()), (9, 0));
}

#[test]
fn an_xls_whose_table_of_sectors_ends_beyond_the_file_is_read() {
    let bench = Bench::new();
    let mut bytes = std::fs::read(fixture("scores.xls")).unwrap();
    let first = u32::from_le_bytes(*bytes[76..].first_chunk().unwrap()) as usize;
    let table = (first + 1) * 512;
    for sector in bytes.len() / 512 - 1..128 {
        bytes[table + sector * 4..][..4].copy_from_slice(&[0xFE, 0xFF, 0xFF, 0xFF]);
    }
    let cut = bytes[..bytes.len() - 512].to_vec();
    let batch = gathered(&[bench.write("a.xls", bytes)], None, None);
    assert_eq!((batch.orders.len(), findings(&batch).len()), (9, 0));
    let batch = gathered(&[bench.write("a.xls", cut)], None, None);
    assert_eq!(findings(&batch), [(0, "input-unreadable")]);
}

#[test]
fn a_percentage_of_an_ods_is_what_is_shown_or_a_number_with_a_warning() {
    let bench = Bench::new();
    let bytes = std::fs::read(fixture("meanings.ods")).unwrap();
    let shown = |text: &str| {
        let bytes = changed(&bytes, |name, content| {
            Some(match name {
                "content.xml" => replaced(content, ">85.5%<", &format!(">{text}<")),
                _ => content,
            })
        });
        gathered(&[bench.write("a.ods", bytes)], None, None)
    };
    assert!(bodies(&shown("85,50 %"))[0].contains(r#""value":"85.50%""#));
    let batch = shown("about 86%");
    assert!(bodies(&batch)[0].contains(r#""value":"0.855""#));
    assert!(findings(&batch).contains(&(4, "percent-as-number")));
}

#[test]
fn a_percentage_of_an_xlsx_is_what_is_shown_or_a_number_with_a_warning() {
    let bench = Bench::new();
    for (format, value, found) in [
        ("0%", "86%", [].as_slice()),
        ("0.0\" %\"", "0.855", &[]),
        ("#,##0.0#%", "0.855", &[(2, "percent-as-number")]),
    ] {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        for (column, (header, value)) in (0..).zip(SCORE) {
            sheet.write(0, column, header).unwrap();
            sheet.write(1, column, value).unwrap();
        }
        let format = Format::new().set_num_format(format);
        sheet.write_with_format(1, 5, 0.855, &format).unwrap();
        let bytes = book.save_to_buffer().unwrap();
        let batch = gathered(&[bench.write("a.xlsx", bytes)], None, None);
        assert_eq!(findings(&batch), found);
        let body = &bodies(&batch)[0];
        assert!(body.contains(&format!("\"value\":\"{value}\"")), "{body}");
    }
}

#[test]
fn a_formula_without_value_matters_only_in_a_column_that_is_read() {
    let bench = Bench::new();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, (header, value)) in (0..).zip(SCORE) {
        sheet.write(0, column, header).unwrap();
        sheet.write(1, column, value).unwrap();
    }
    sheet.write(1, 5, 87).unwrap();
    sheet.write(0, 6, "Remark").unwrap();
    sheet.write_formula(1, 6, "=1+1").unwrap();
    let bytes = changed(&book.save_to_buffer().unwrap(), |name, content| {
        Some(match name {
            "xl/worksheets/sheet1.xml" => replaced(content, "<f>1+1</f><v>0</v>", "<f>1+1</f>"),
            _ => content,
        })
    });
    let batch = gathered(&[bench.write("a.xlsx", bytes)], None, None);
    assert_eq!(findings(&batch), [(1, "column-ignored")]);
    assert_eq!(batch.orders.len(), 1);
}

/// The columns of a row with a score, but for the score.
const SCORE: [(&str, &str); 6] = [
    ("company_id", "B6001"),
    ("order_id", "17"),
    ("assessment_id", "A1"),
    ("test_id", "T1"),
    ("attempt", "1"),
    ("score", ""),
];

#[test]
fn rejected_rows_of_every_format_are_handed_back_as_a_workbook_that_can_be_imported() {
    for format in ["xlsx", "xlsb", "xls", "ods"] {
        let bench = Bench::new();
        let sandbox = TestSandbox::start("unlimited", "");
        let path = fixture(&format!("meanings.{format}")).display().to_string();
        let ran = bench.import(&sandbox.url(), &[&path, "--rejects", "rejects.xlsx"]);
        assert_eq!(ran.code, 1, "{format}: {}", ran.stderr);
        // A formula without a value is handed back as an error, until its value is filled in.
        let mut before: BTreeSet<_> = findings(&gathered(&[path.into()], None, None))
            .into_iter()
            .map(|(_, code)| code)
            .collect();
        let again = gathered(&[bench.path("rejects.xlsx")], None, None);
        let after: BTreeSet<_> = findings(&again).into_iter().map(|(_, code)| code).collect();
        before.insert("cell-error");
        assert!(after.is_subset(&before), "{format}: {after:?}");
        assert!(after.contains("cell-type"), "{format}: {after:?}");
    }
}

#[test]
fn a_workbook_with_macros_is_read_as_one_without() {
    let bench = Bench::new();
    let bytes = std::fs::read(sample("scores.xlsx")).unwrap();
    let with_macros = changed(&bytes, |name, content| {
        Some(match name {
            "[Content_Types].xml" => replaced(
                content,
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
                "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
            ),
            _ => content,
        })
    });
    let batch = gathered(&[bench.write("a.xlsm", with_macros)], None, None);
    assert_eq!((batch.orders.len(), findings(&batch).len()), (9, 0));
}
