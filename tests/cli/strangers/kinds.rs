//! Files that are cut short, or named as what they are not.

use std::fs;

use super::{ENCRYPTED, HEADER, ROW, UNREADABLE, refused, validated};
use crate::formats::fixture;
use crate::harness::{Bench, sample};
use crate::texts::{gz, zst};

/// A sound file of each kind, and how names of that kind end.
fn kinds() -> Vec<(&'static str, Vec<u8>)> {
    let text = fs::read(sample("scores.csv")).unwrap();
    let workbook = |kind: &str| fs::read(fixture(&format!("scores.{kind}"))).unwrap();
    vec![
        ("csv.gz", gz(&text)),
        ("csv.zst", zst(&text)),
        ("csv", text),
        ("xlsx", fs::read(sample("scores.xlsx")).unwrap()),
        ("xlsm", fs::read(sample("scores.xlsx")).unwrap()),
        ("xlsb", workbook("xlsb")),
        ("xls", workbook("xls")),
        ("ods", workbook("ods")),
    ]
}

#[test]
fn a_file_is_read_as_what_it_is_whatever_it_is_named() {
    let bench = Bench::new();
    let kinds = kinds();
    for (kind, bytes) in &kinds {
        let orders = |name: &str| {
            bench.write(name, bytes);
            let report = ["--report", "r.json"];
            let ran = bench.run(&["validate", name, report[0], report[1]]);
            assert_eq!(ran.code, 0, "{kind} as {name}: {}", ran.stdout);
            let report: serde_json::Value =
                serde_json::from_slice(&fs::read(bench.path("r.json")).unwrap()).unwrap();
            fs::remove_file(bench.path("r.json")).unwrap();
            report["totals"]["orders"].clone()
        };
        let own = orders(&format!("own.{kind}"));
        for (other, _) in &kinds {
            assert_eq!(orders(&format!("other.{other}")), own, "{kind} as {other}");
        }
    }
}

#[test]
fn a_file_that_is_cut_anywhere_is_refused_whole() {
    let bench = Bench::new();
    for (kind, bytes) in kinds() {
        if kind == "csv" {
            // Where a text was meant to end nobody can tell.
            continue;
        }
        let name = format!("cut.{kind}");
        // The beginning tells what a file is; one of a few bytes is a text.
        for length in [16, 600, bytes.len() / 2, bytes.len() - 700, bytes.len() - 5] {
            bench.write(&name, &bytes[..length.min(bytes.len() - 1)]);
            let found = refused(&bench, &name, UNREADABLE);
            let message = found["message"].as_str().unwrap();
            assert!(
                message.contains("damaged or cut short") || message.contains("damaged"),
                "{name} {length}: {message}"
            );
        }
    }
}

#[test]
fn a_file_that_is_encrypted_says_so_whatever_it_is_named() {
    let bench = Bench::new();
    let name: Vec<u8> = "EncryptedPackage"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let workbook = [
        b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec(),
        vec![0; 4096],
        name,
    ]
    .concat();
    for kind in ["csv", "gz", "xlsx", "xlsm", "xlsb", "xls", "ods"] {
        let path = format!("secret.{kind}");
        bench.write(&path, &workbook);
        refused(&bench, &path, ENCRYPTED);
        bench.write(&path, gz(&workbook));
        refused(&bench, &path, ENCRYPTED);
    }
}

#[test]
fn a_file_of_another_kind_is_named_for_what_it_is() {
    let bench = Bench::new();
    let table = [
        (
            "page.xls",
            "<html><body><table><tr><td>order_id",
            "an HTML page",
        ),
        ("data.csv", "{\"orders\": []}", "a JSON file"),
        (
            "old.xls",
            "<?xml version=\"1.0\"?><?mso-application progid=\"Excel.Sheet\"?>",
            "an Excel 2003 XML",
        ),
        ("paper.csv", "%PDF-1.7", "a PDF document"),
    ];
    for (name, text, what) in table {
        for content in [text.to_owned(), text.to_owned() + &" ".repeat(5 << 20)] {
            for bytes in [content.clone().into_bytes(), gz(content.as_bytes())] {
                bench.write(name, bytes);
                let found = refused(&bench, name, UNREADABLE);
                assert!(found["message"].as_str().unwrap().contains(what), "{found}");
            }
        }
    }
    bench.write("rows.csv", format!("{HEADER}{ROW}"));
    assert_eq!(validated(&bench, "rows.csv").code, 0);
}
