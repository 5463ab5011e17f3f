//! The same small table in every way that text can be written, and how inputs are named.

use std::io::Write;
use std::path::PathBuf;

use flate2::{Compression, write::GzEncoder};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use scoreload::diagnostics::diagnostic::WarningPolicy;
use scoreload::input::Options;
use scoreload::input::csv::delimiter::Delimiter;
use scoreload::input::csv::encoding::Encoding;
use scoreload::orders;
use scoreload::orders::value::placeholders;
use scoreload::orders::{Batch, Rules};
use scoreload::paylocity::status::StatusWords;
use scoreload::schema::header_names::HeaderNames;

use crate::harness::Bench;

/// The table: a title, a blank line, the header, and rows of which one has a text of two lines.
const TABLE: [&[&str]; 5] = [
    &["Results of März"],
    &[],
    &[
        "company_id",
        "order_id",
        "assessment_id",
        "test_id",
        "attempt",
        "score",
        "score_description",
    ],
    &[
        "B6001",
        "ORD-1",
        "A1",
        "T1",
        "1",
        "87,5",
        "\"Müller – gut\nund; mehr|davon\"",
    ],
    &["B6001", "ORD-2", "A1", "T1", "1", "90", "plain"],
];

/// The lines on which its records begin.
const ROWS: [u32; 2] = [4, 6];

pub(crate) fn table(delimiter: char, ending: &str) -> String {
    let cell = |text: &&str| {
        if text.contains(delimiter) && !text.starts_with('"') {
            format!("\"{text}\"")
        } else {
            (*text).to_owned()
        }
    };
    let line = |row: &&[&str]| {
        let cells: Vec<String> = row.iter().map(cell).collect();
        cells.join(&delimiter.to_string()) + "\n"
    };
    TABLE
        .iter()
        .map(line)
        .collect::<String>()
        .replace('\n', ending)
}

fn wide(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

fn windows_1252(text: &str) -> Vec<u8> {
    let byte = |c: char| match c {
        '–' => 0x96,
        c => u8::try_from(c).unwrap(),
    };
    text.chars().map(byte).collect()
}

pub(crate) fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zst(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

fn halves(bytes: &[u8], packed: fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let (one, two) = bytes.split_at(bytes.len() / 2);
    [packed(one), packed(two)].concat()
}

/// Reads files as the library's users do.
pub(crate) fn gathered(
    paths: &[PathBuf],
    delimiter: Option<Delimiter>,
    encoding: Option<Encoding>,
) -> Batch {
    let options = Options {
        names: HeaderNames::default(),
        wide: Vec::new(),
        sheets: Vec::new(),
        delimiter,
        encoding,
        warnings: WarningPolicy::Allow,
        extent: scoreload::input::Extent::Whole,
        program: Some(env!("CARGO_BIN_EXE_scoreload").into()),
        fingerprints: true,
        on_rows: &|_| {},
    };
    let rules = Rules {
        company_id: None,
        default_attempt: None,
        zone: TimeZone::UTC,
        date_order: None,
        statuses: StatusWords::default(),
        placeholders: placeholders(),
        now: Timestamp::UNIX_EPOCH,
        warnings: WarningPolicy::Allow,
    };
    orders::gather(paths, &options, &rules)
}

pub(crate) fn bodies(batch: &Batch) -> Vec<String> {
    batch
        .orders
        .iter()
        .map(|order| String::from_utf8(batch.body(order).to_json()).unwrap())
        .collect()
}

fn rows(batch: &Batch) -> Vec<u32> {
    let rows = batch.orders.iter().flat_map(|order| &order.rows);
    rows.map(|row| row.row).collect()
}

#[test]
fn a_table_is_the_same_however_it_is_written() {
    let comma = table(',', "\n");
    let semicolon = table(';', "\r\n");
    let marked = |mark: &[u8], bytes: Vec<u8>| [mark, &bytes].concat();
    let ways: Vec<(&str, Vec<u8>)> = vec![
        ("utf-8", comma.clone().into()),
        (
            "utf-8, marked",
            marked(b"\xEF\xBB\xBF", comma.clone().into()),
        ),
        (
            "utf-16le",
            marked(b"\xFF\xFE", wide(&table('\t', "\r\n"), u16::to_le_bytes)),
        ),
        (
            "utf-16be",
            marked(b"\xFE\xFF", wide(&comma, u16::to_be_bytes)),
        ),
        ("windows-1252", windows_1252(&semicolon)),
        ("tabs", table('\t', "\n").into()),
        ("bars", table('|', "\n").into()),
        ("returns", table(',', "\r").into()),
        ("returns and line feeds", table(',', "\r\n").into()),
        ("gzip", halves(comma.as_bytes(), gz)),
        ("zstd", halves(semicolon.as_bytes(), zst)),
        ("gzip of windows-1252", gz(&windows_1252(&semicolon))),
    ];
    let bench = Bench::new();
    let expected = [
        r#"{"assessments":[{"assessmentId":"A1","assessmentResults":{"tests":[{"id":"T1","score":{"value":"87,5","description":"Müller – gut\nund; mehr|davon","attempt":1}}]}}]}"#,
        r#"{"assessments":[{"assessmentId":"A1","assessmentResults":{"tests":[{"id":"T1","score":{"value":"90","description":"plain","attempt":1}}]}}]}"#,
    ];
    for (way, bytes) in ways {
        let batch = gathered(&[bench.write("table.xlsx", bytes)], None, None);
        assert_eq!(*batch.problems, [], "{way}");
        assert_eq!(bodies(&batch), expected, "{way}");
        assert_eq!(rows(&batch), ROWS, "{way}");
    }
}

#[test]
fn a_line_that_names_the_delimiter_moves_the_rows_by_one() {
    let text = "sep=;\r\n".to_owned() + &table(';', "\r\n");
    let bench = Bench::new();
    let batch = gathered(&[bench.write("a.csv", text)], None, None);
    assert_eq!(rows(&batch), ROWS.map(|row| row + 1));
}

#[test]
fn what_is_set_counts_more_than_what_is_guessed() {
    let bench = Bench::new();
    let text = wide(&table(';', "\n").replace(';', "^"), u16::to_be_bytes);
    bench.write("a.csv", text);
    let args = [
        "validate",
        "a.csv",
        "--delimiter",
        "^",
        "--encoding",
        "UTF-16BE",
    ];
    let ran = bench.run(&args);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert!(
        ran.stdout.contains("1 sheet, 2 rows, 2 orders"),
        "{}",
        ran.stdout
    );
    let ran = bench.run(&["validate", "a.csv", "--delimiter", "semicolon"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("`semicolon` is no delimiter"),
        "{}",
        ran.stderr
    );
}

#[test]
fn what_was_assumed_is_said() {
    let bench = Bench::new();
    bench.write("west.csv", windows_1252(&table(';', "\n")));
    bench.write("one.csv", "order_id\n1\n");
    let ran = bench.run(&[
        "validate",
        "west.csv",
        "one.csv",
        "./west.csv",
        "--company-id",
        "B6001",
    ]);
    for words in [
        "note         west.csv: not UTF-8, read as Windows-1252; pass --encoding if that is wrong\n",
        "note         one.csv: assumed `,` as the delimiter, because there is only one column; pass --delimiter if that is wrong\n",
        "note         ./west.csv: named more than once, read once\n",
    ] {
        assert!(ran.stdout.contains(words), "{}", ran.stdout);
    }
}

/// Validates a file, and gives the exit code with the first finding: its code, message and row.
fn refused(name: &str, bytes: impl AsRef<[u8]>) -> (i32, String, String, Option<u64>) {
    let bench = Bench::new();
    bench.write(name, bytes);
    let ran = bench.run(&["validate", name, "--format", "json"]);
    let found = &ran.diagnostics()[0];
    let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
    (
        ran.code,
        text("code"),
        text("message"),
        found["row"].as_u64(),
    )
}

#[test]
fn what_is_no_spreadsheet_is_named() {
    let excel_2003 = "<?xml version=\"1.0\"?><?mso-application progid=\"Excel.Sheet\"?><Workbook/>";
    let table: [(&str, &[u8], &str); 6] = [
        (
            "a.xls",
            b"\xEF\xBB\xBF\n<html><table><tr><td>order_id",
            "an HTML page",
        ),
        (
            "b.xls",
            excel_2003.as_bytes(),
            "an Excel 2003 XML spreadsheet",
        ),
        ("c.csv", b"%PDF-1.7 \0", "a PDF document"),
        ("d.csv", b"{\"orders\": []}", "a JSON file"),
        ("e.xlsx", b"\x89PNG\r\n\x1A\n\0", "an image (PNG)"),
        (
            "f.csv.gz",
            &gz(&gz(b"order_id")),
            "an archive in an archive",
        ),
    ];
    for (name, bytes, what) in table {
        let message = format!("the file is {what}, which is not supported");
        assert_eq!(
            refused(name, bytes),
            (3, "input-unreadable".into(), message, None)
        );
    }
}

#[test]
fn what_is_no_whole_text_is_refused() {
    let cut = gz(table(',', "\n").as_bytes());
    let (code, name, ..) = refused("a.csv.gz", &cut[..cut.len() - 5]);
    assert_eq!((code, name.as_str()), (3, "input-unreadable"));
    let (code, name, _, row) = refused("a.csv", b"order_id\n1\n\0\0\n");
    assert_eq!((code, name.as_str(), row), (3, "encoding-invalid", Some(3)));
    let (code, name, message, _) =
        refused("a.csv", wide("order_id,score\n1,2\n", u16::to_le_bytes));
    assert_eq!((code, name.as_str()), (3, "encoding-invalid"));
    assert_eq!(
        message,
        "the file looks like UTF-16 without a byte order mark"
    );
}

#[test]
fn a_quote_that_swallows_rows_is_told_at_its_cell() {
    let row = "B6001,ORD-2,A1,T1,1,90,\"plain\n";
    let text = table(',', "\n") + row + &"x,\n".repeat(8) + "end\"\n";
    let bench = Bench::new();
    bench.write("a.csv", &text);
    let ran = bench.run(&["validate", "a.csv", "--format", "json"]);
    let found = ran.diagnostics();
    let swallowed = found
        .iter()
        .find(|found| found["code"] == "quote-swallowed-rows");
    assert_eq!(swallowed.unwrap()["cell"], "G7", "{found:?}");
    bench.write(
        "b.csv",
        format!("order_id,\"note\n{}end\"\n", row.repeat(8).replace('"', "")),
    );
    let ran = bench.run(&["validate", "b.csv", "--format", "json"]);
    assert_eq!(ran.diagnostics()[0]["cell"], "B1", "{}", ran.stdout);
    bench.write("a.csv", text.replacen("x,\n", "", 1));
    let ran = bench.run(&["validate", "a.csv", "--format", "json"]);
    assert!(
        !ran.stdout.contains("quote-swallowed-rows"),
        "{}",
        ran.stdout
    );
}
