//! Workbooks that were made to do harm, most of them small.

use std::fmt::Write as _;
use std::io::{Cursor, Write};

use rust_xlsxwriter::Workbook;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::{HEADER, ROW, TOO_LARGE, UNREADABLE, refused, validated};
use crate::formats::{changed, fixture};
use crate::harness::Bench;

const MB: usize = 1 << 20;
const SHEET: &str = "xl/worksheets/sheet1.xml";
const SHARED: &str = "xl/sharedStrings.xml";
const STYLES: &str = "xl/styles.xml";
const BOOK: &str = "xl/workbook.xml";

/// A sound workbook of one order, by the program that everybody's library imitates.
fn sound() -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (row, line) in (0..).zip([HEADER, ROW]) {
        for (column, text) in (0..).zip(line.trim_end().split(',')) {
            sheet.write(row, column, text).unwrap();
        }
    }
    book.save_to_buffer().unwrap()
}

/// A sound workbook, but for one part of it.
fn with(part: &str, change: impl Fn(&str) -> String) -> Vec<u8> {
    changed(&sound(), |name, content| {
        Some(if name == part {
            change(str::from_utf8(&content).unwrap()).into_bytes()
        } else {
            content
        })
    })
}

/// A sound workbook with something more among the elements of a part: in front of the end of its root.
fn with_more(part: &str, more: &str) -> Vec<u8> {
    with(part, |text| {
        let end = text.rfind("</").unwrap();
        [&text[..end], more, &text[end..]].concat()
    })
}

/// A sound workbook with more rows.
fn with_rows(rows: &str) -> Vec<u8> {
    with(SHEET, |text| {
        text.replace("</sheetData>", &format!("{rows}</sheetData>"))
    })
}

/// A sound workbook with more parts.
fn with_parts(parts: impl Iterator<Item = (String, Vec<u8>)>) -> Vec<u8> {
    let mut writer = ZipWriter::new_append(Cursor::new(sound())).unwrap();
    for (name, content) in parts {
        writer
            .start_file(name, SimpleFileOptions::default())
            .unwrap();
        writer.write_all(&content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Text that hardly packs.
fn noise(bytes: usize) -> String {
    let mut state = 1u64;
    let mut text = String::with_capacity(bytes);
    while text.len() < bytes {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        write!(text, "{:016x}", state ^ (state >> 29)).unwrap();
    }
    text
}

/// Ten texts that each stand for ten of the one before.
fn laughs() -> String {
    let mut text = "<!DOCTYPE a [<!ENTITY a0 \"ha\">".to_owned();
    for level in 1..10 {
        let inner = format!("&a{};", level - 1).repeat(10);
        write!(text, "<!ENTITY a{level} \"{inner}\">").unwrap();
    }
    text + "]>"
}

/// Puts a document type before the root of a part, and a reference to its entity into the first text.
fn with_entity(part: &str, kind: &str, reference: &str) -> Vec<u8> {
    with(part, |text| {
        let text = text.replacen("company_id", reference, 1);
        let text = text.replacen("name=\"Sheet1\"", &format!("name=\"{reference}\""), 1);
        let (declaration, root) = text.split_at(text.find("?>").unwrap() + 2);
        [declaration, kind, root].concat()
    })
}

#[test]
fn parts_that_unpack_to_far_more_than_they_are_are_refused() {
    let bench = Bench::new();
    let spaces = " ".repeat(24 * MB);
    let texts = "<si><t>a</t></si>".repeat(2_000_000);
    let formats = "<numFmt numFmtId=\"200\" formatCode=\"0\"/>".repeat(600_000);
    let long = format!(
        "<numFmt numFmtId=\"200\" formatCode=\"{}\"/>",
        "0".repeat(200_000)
    );
    let styles = long + &"<xf numFmtId=\"200\"/>".repeat(60_000);
    for (name, bytes) in [
        ("spaces.xlsx", with_more(SHEET, &spaces)),
        ("texts.xlsx", with_more(SHARED, &texts)),
        (
            "one text.xlsx",
            with_more(SHARED, &format!("<si><t>{}</t></si>", noise(2 * MB))),
        ),
        ("formats.xlsx", with_more(STYLES, &formats)),
        ("long formats.xlsx", with_more(STYLES, &styles)),
        (
            "comment.xlsx",
            with_more(SHEET, &format!("<!--{}-->", noise(2 * MB))),
        ),
    ] {
        bench.write(name, bytes);
        refused(&bench, name, TOO_LARGE);
    }
}

#[test]
fn a_size_that_is_a_lie_helps_nobody() {
    let bench = Bench::new();
    let mut bytes = with_more(SHEET, &" ".repeat(24 * MB));
    let entry = |bytes: &[u8]| {
        let starts = 0..bytes.len() - 46;
        let mut starts = starts.filter(|at| bytes[*at..].starts_with(b"PK\x01\x02"));
        starts
            .find(|at| bytes[at + 46..].starts_with(SHEET.as_bytes()))
            .unwrap()
    };
    let at = entry(&bytes) + 24;
    bytes[at..at + 4].copy_from_slice(&1000u32.to_le_bytes());
    bench.write("lie.xlsx", bytes);
    let found = refused(&bench, "lie.xlsx", UNREADABLE);
    assert!(
        found["message"].as_str().unwrap().contains(SHEET),
        "{found}"
    );
}

#[test]
fn a_text_that_stands_in_millions_of_cells_is_refused() {
    let bench = Bench::new();
    let text = format!("<si><t>{}</t></si>", "A".repeat(32_000));
    let mut rows = String::new();
    for row in 3..20_000 {
        write!(rows, "<row r=\"{row}\">").unwrap();
        for column in ["A", "B", "C", "D", "E", "F"] {
            write!(rows, "<c r=\"{column}{row}\" t=\"s\"><v>12</v></c>").unwrap();
        }
        rows += "</row>";
    }
    let bytes = changed(&with_rows(&rows), |name, content| {
        let written = String::from_utf8(content).unwrap();
        Some(match name {
            SHARED => written
                .replace("</sst>", &format!("{text}</sst>"))
                .into_bytes(),
            _ => written.into_bytes(),
        })
    });
    bench.write("texts.xlsx", bytes);
    let found = refused(&bench, "texts.xlsx", TOO_LARGE);
    assert!(
        found["message"].as_str().unwrap().contains("its texts"),
        "{found}"
    );
}

#[test]
fn no_entity_is_expanded_and_none_is_fetched() {
    let bench = Bench::new();
    let secret = bench.write("secret.txt", "a secret");
    let outside = format!(
        "<!DOCTYPE a [<!ENTITY x SYSTEM \"file://{}\">]>",
        secret.display()
    );
    for part in [SHARED, BOOK] {
        for (kind, reference) in [(laughs(), "&a9;"), (outside.clone(), "&x;")] {
            bench.write("entity.xlsx", with_entity(part, &kind, reference));
            let found = refused(&bench, "entity.xlsx", UNREADABLE);
            assert!(!found.to_string().contains("a secret"), "{found}");
        }
    }
    let content = std::fs::read(fixture("scores.ods")).unwrap();
    let ods = changed(&content, |name, content| {
        let text = || String::from_utf8(content.clone()).unwrap();
        Some(match name {
            "content.xml" => {
                let text = text().replacen("order_id", "&a9;", 1);
                let root = text.find("<office:").unwrap();
                [&text[..root], &laughs(), &text[root..]]
                    .concat()
                    .into_bytes()
            }
            _ => content,
        })
    });
    bench.write("entity.ods", ods);
    refused(&bench, "entity.ods", UNREADABLE);
}

#[test]
fn nothing_is_written_where_the_name_of_a_part_leads() {
    let bench = Bench::new();
    let names = [
        "../../etc/x",
        "/etc/absolute",
        "C:\\windows\\x",
        "xl/../../../tmp/z",
        "..",
        "a\u{1b}[2Jb",
    ];
    let parts = names.map(|name| (name.to_owned(), b"x".to_vec()));
    bench.write("paths.xlsx", with_parts(parts.into_iter()));
    let ran = validated(&bench, "paths.xlsx");
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
    let left = std::fs::read_dir(bench.path("")).unwrap().count();
    assert_eq!(left, 1);
}

#[test]
fn a_part_that_is_there_twice_is_no_part() {
    let bench = Bench::new();
    let mut bytes =
        with_parts([("xl/worksheets/sheet0.xml".to_owned(), b"<x/>".to_vec())].into_iter());
    let mut at = 0;
    while let Some(found) = bytes[at..]
        .windows(10)
        .position(|name| name == b"sheet0.xml")
    {
        at += found;
        bytes[at..at + 10].copy_from_slice(b"sheet1.xml");
    }
    bench.write("twice.xlsx", &bytes);
    let found = refused(&bench, "twice.xlsx", UNREADABLE);
    assert!(
        found["message"].as_str().unwrap().contains(SHEET),
        "{found}"
    );
}

#[test]
fn parts_and_sheets_without_number_are_read_or_refused() {
    let bench = Bench::new();
    let parts = |count| {
        let mut writer = ZipWriter::new_append(Cursor::new(sound())).unwrap();
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        for part in 0..count {
            writer.start_file(format!("xl/p{part}"), options).unwrap();
        }
        writer.finish().unwrap().into_inner()
    };
    bench.write("many.xlsx", parts(66_000));
    assert_eq!(validated(&bench, "many.xlsx").code, 0);
    bench.write("more.xlsx", parts(100_001));
    refused(&bench, "more.xlsx", TOO_LARGE);
    let sheets = |count: u32| {
        with(BOOK, |text| {
            let start = text.find("<sheet ").unwrap();
            let end = start + text[start..].find("/>").unwrap() + 2;
            let sheet = |id| text[start..end].replace("\"Sheet1\"", &format!("\"S{id}\""));
            let sheets: String = (0..count).map(sheet).collect();
            [&text[..start], &sheets, &text[end..]].concat()
        })
    };
    bench.write("sheets.xlsx", sheets(5000));
    refused(&bench, "sheets.xlsx", TOO_LARGE);
    bench.write("some sheets.xlsx", sheets(100));
    assert_eq!(validated(&bench, "some sheets.xlsx").code, 0);
}

#[test]
fn cells_at_the_end_of_a_sheet_are_read_and_those_beyond_it_refused() {
    let bench = Bench::new();
    let row = |row: u64, column: &str| {
        with_rows(&format!(
            "<row r=\"{row}\"><c r=\"{column}{row}\"><v>1</v></c></row>"
        ))
    };
    bench.write("last.xlsx", row(1_048_576, "XFD"));
    assert_eq!(validated(&bench, "last.xlsx").code, 0);
    for (place, column) in [(1_048_577, "A"), (3, "XFE"), (4_294_967_295, "A")] {
        bench.write("beyond.xlsx", row(place, column));
        refused(&bench, "beyond.xlsx", TOO_LARGE);
    }
    let cells: String = (0..16_384).map(|_| "<c><v>1</v></c>").collect();
    bench.write(
        "wide.xlsx",
        with_rows(&format!("<row r=\"3\">{cells}</row>")),
    );
    let ran = validated(&bench, "wide.xlsx");
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stdout.contains("row-malformed"), "{}", ran.stdout);
}

#[test]
fn merged_cells_cover_no_more_than_there_is() {
    let bench = Bench::new();
    let merged = |rows: &str, regions: &str| {
        let merges = format!("</sheetData><mergeCells>{regions}</mergeCells>");
        with(SHEET, |text| {
            text.replace("</sheetData>", &format!("{rows}{merges}"))
        })
    };
    let region = |region: &str| format!("<mergeCell ref=\"{region}\"/>");
    bench.write("all.xlsx", merged("", &region("A1:XFD1048576")));
    assert_eq!(validated(&bench, "all.xlsx").code, 0);
    let overlapping: String = (2..100_000)
        .map(|row| region(&format!("A{row}:XFD1048576")))
        .collect();
    bench.write("overlapping.xlsx", merged("", &overlapping));
    assert_eq!(validated(&bench, "overlapping.xlsx").code, 0);
    let mut full = "<row r=\"3\">".to_owned();
    full += &"<c><v>1</v></c>".repeat(16_384);
    full += "</row>";
    for row in 4..2000 {
        write!(full, "<row r=\"{row}\"><c r=\"A{row}\"><v>1</v></c></row>").unwrap();
    }
    let letters = |column| scoreload::diagnostics::diagnostic::column_letters(column);
    let columns = |column| region(&format!("{0}3:{0}1048576", letters(column)));
    let columns: String = (1..16_384).map(columns).collect();
    bench.write("columns.xlsx", merged(&full, &columns));
    refused(&bench, "columns.xlsx", TOO_LARGE);
}
