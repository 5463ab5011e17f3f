//! Workbooks that are damaged, or made to do harm, in the formats that are read in a process of their own.

use std::io::{Cursor, Write};
use std::sync::LazyLock;

use proptest::prelude::*;

use crate::formats::{changed, findings, fixture};
use crate::harness::{Bench, sample};
use crate::texts::gathered;

/// A record of an .xls.
fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap();
    [&kind.to_le_bytes()[..], &length.to_le_bytes(), data].concat()
}

fn begin(what: u16) -> Vec<u8> {
    let words: Vec<u8> = [0x0600, what, 0, 0, 0, 0, 0, 0]
        .into_iter()
        .flat_map(u16::to_le_bytes)
        .collect();
    record(0x0809, &words)
}

/// A place of a cell, with the first style.
fn place(row: u16, column: u16) -> Vec<u8> {
    [row, column, 0]
        .into_iter()
        .flat_map(u16::to_le_bytes)
        .collect()
}

fn label(row: u16, column: u16, text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap().to_le_bytes();
    record(
        0x0204,
        &[&place(row, column)[..], &length, &[0], text.as_bytes()].concat(),
    )
}

fn number(row: u16, column: u16, number: f64) -> Vec<u8> {
    record(
        0x0203,
        &[&place(row, column)[..], &number.to_le_bytes()].concat(),
    )
}

/// An .xls of one sheet that holds an order, and such records.
fn xls(globals: &[u8], records: &[u8]) -> Vec<u8> {
    let end = record(0x000A, &[]);
    let sheet = |start: u32| {
        record(
            0x0085,
            &[&start.to_le_bytes()[..], &[0, 0, 1, 0, b'S']].concat(),
        )
    };
    let length = begin(5).len() + globals.len() + sheet(0).len() + end.len();
    let mut stream = [
        &begin(5)[..],
        globals,
        &sheet(u32::try_from(length).unwrap()),
        &end,
    ]
    .concat();
    stream.extend(begin(16));
    for (column, (header, value)) in (0..).zip([
        ("company_id", "B6001"),
        ("order_id", "17"),
        ("assessment_id", "A1"),
        ("test_id", "T1"),
        ("attempt", "1"),
        ("score", ""),
    ]) {
        stream.extend(label(0, column, header));
        if !value.is_empty() {
            stream.extend(label(1, column, value));
        }
    }
    stream.extend([records, &end].concat());
    // Smaller streams are kept in another way.
    stream.resize(stream.len().max(8192), 0);
    let mut file =
        cfb::CompoundFile::create_with_version(cfb::Version::V3, Cursor::new(Vec::new())).unwrap();
    file.create_stream("/Workbook")
        .unwrap()
        .write_all(&stream)
        .unwrap();
    file.flush().unwrap();
    file.into_inner().into_inner()
}

/// An .ods of one sheet that holds such rows.
fn ods(rows: &str) -> Vec<u8> {
    let bytes = std::fs::read(fixture("scores.ods")).unwrap();
    let content = format!(
        r#"<office:document-content><office:body><office:spreadsheet><table:table table:name="S">{rows}</table:table></office:spreadsheet></office:body></office:document-content>"#
    );
    changed(&bytes, |name, old| {
        Some(match name {
            "content.xml" => content.clone().into_bytes(),
            _ => old,
        })
    })
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn at(bytes: &[u8], part: &[u8]) -> usize {
    bytes
        .windows(part.len())
        .position(|window| window == part)
        .unwrap()
}

/// An .xls in whose table of sectors every chain turns back on itself.
fn looping() -> Vec<u8> {
    let mut bytes = xls(&[], &number(1, 5, 87.0));
    let word = |bytes: &[u8], at: usize| u32::from_le_bytes(*bytes[at..].first_chunk().unwrap());
    let sector = 1usize << u16::from_le_bytes([bytes[30], bytes[31]]);
    let table = (word(&bytes, 76) as usize + 1) * sector;
    let last = (0..100)
        .rfind(|entry| word(&bytes, table + entry * 4) == entry_after(*entry))
        .unwrap();
    let back = u32::try_from(last).unwrap() - 2;
    bytes[table + last * 4..][..4].copy_from_slice(&back.to_le_bytes());
    bytes
}

fn entry_after(entry: usize) -> u32 {
    u32::try_from(entry + 1).unwrap()
}

/// Files of a name and bytes, and the code with which each is refused.
type Refused = Vec<(&'static str, Vec<u8>, &'static str)>;

const UNREADABLE: &str = "input-unreadable";
const TOO_LARGE: &str = "input-too-large";
const ENCRYPTED: &str = "input-encrypted";

fn whole(name: &str) -> Vec<u8> {
    std::fs::read(fixture(name)).unwrap()
}

/// Files that are cut, changed on the way, or stored in an unsupported way.
fn broken() -> Refused {
    let half = |name: &str| whole(name)[..whole(name).len() / 2].to_vec();
    let flipped = |name: &str, part: &[u8]| {
        let mut bytes = whole(name);
        let inside = at(&bytes, part) + part.len() + 60;
        bytes[inside] ^= 0xFF;
        bytes
    };
    let random = |magic: &[u8]| {
        let noise = (0u32..4096).map(|index| index.wrapping_mul(2_654_435_761).to_le_bytes()[2]);
        magic.iter().copied().chain(noise).collect::<Vec<u8>>()
    };
    let not_in_table = record(0x00FD, &[&place(1, 5)[..], &[9; 4]].concat());
    let of_excel_2 = record(0x0003, &place(1, 5));
    let part = b"xl/worksheets/sheet1.bin";
    let files = [
        ("cut.xls", half("scores.xls")),
        ("cut.xlsb", half("scores.xlsb")),
        ("cut.ods", half("scores.ods")),
        ("checksum.xlsb", flipped("scores.xlsb", part)),
        ("checksum.ods", flipped("scores.ods", b"content.xml")),
        ("noise.xls", random(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")),
        ("noise.zip", random(b"PK\x03\x04")),
        ("loop.xls", looping()),
        ("lost.xls", xls(&[], &not_in_table)),
        ("old.xls", xls(&[], &of_excel_2)),
    ];
    files
        .map(|(name, bytes)| (name, bytes, UNREADABLE))
        .to_vec()
}

/// Files that would fill the memory.
fn enormous() -> Refused {
    let cell = r#"<table:table-cell office:value-type="float" office:value="1"/>"#;
    let apart = format!(
        r#"<table:table-row>{cell}</table:table-row><table:table-row table:number-rows-repeated="1048574"/><table:table-row><table:table-cell table:number-columns-repeated="16383"/>{cell}</table:table-row>"#
    );
    let repeated = |rows: u64, columns: u64| {
        format!(
            r#"<table:table-row table:number-rows-repeated="{rows}"><table:table-cell table:number-columns-repeated="{columns}" office:value-type="float" office:value="1"/></table:table-row>"#
        )
    };
    let bomb = changed(&whole("scores.xlsb"), |name, content| {
        Some(if name.ends_with("sheet1.bin") {
            vec![0; 40 << 20]
        } else {
            content
        })
    });
    let files = [
        ("far.xls", xls(&[], &number(65_535, 255, 1.0))),
        ("far.ods", ods(&apart)),
        ("endless.ods", ods(&repeated(4_000_000_000, 4_000_000_000))),
        ("filled.ods", ods(&repeated(1_048_576, 1000))),
        ("bomb.xlsb", bomb),
    ];
    files.map(|(name, bytes)| (name, bytes, TOO_LARGE)).to_vec()
}

/// Files that ask for a password.
fn protected() -> Refused {
    let mut hidden = whole("scores.xls");
    let name = at(&hidden, &utf16("Workbook"));
    let package = utf16("EncryptedPackage");
    hidden[name..name + package.len()].copy_from_slice(&package);
    let with_manifest = changed(&whole("scores.ods"), |name, content| {
        Some(match name {
            "META-INF/manifest.xml" => b"<m><manifest:encryption-data/></m>".to_vec(),
            _ => content,
        })
    });
    let files = [
        ("password.xls", xls(&record(0x002F, &[0; 6]), &[])),
        ("hidden.xls", hidden),
        ("password.ods", with_manifest),
    ];
    files.map(|(name, bytes)| (name, bytes, ENCRYPTED)).to_vec()
}

#[test]
fn what_is_no_whole_and_honest_workbook_is_refused_and_the_others_are_read() {
    let bench = Bench::new();
    let refused = [broken(), enormous(), protected()].concat();
    let mut arguments = vec!["validate".to_owned()];
    for (name, bytes, _) in &refused {
        arguments.push(bench.write(name, bytes).display().to_string());
    }
    arguments.push(fixture("scores.xls").display().to_string());
    arguments.extend(["--format".to_owned(), "json".to_owned()]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ran = bench.run(&arguments);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    let found: Vec<_> = ran
        .diagnostics()
        .iter()
        .map(|found| {
            let path = found["path"].as_str().unwrap().rsplit('/').next().unwrap();
            (path.to_owned(), found["code"].as_str().unwrap().to_owned())
        })
        .collect();
    let expected: Vec<_> = refused
        .iter()
        .map(|(name, _, code)| ((*name).to_owned(), (*code).to_owned()))
        .collect();
    assert_eq!(found, expected, "{}", ran.stdout);
}

#[test]
fn a_sheet_that_claims_to_be_enormous_is_read_all_the_same() {
    let bench = Bench::new();
    let claims = record(
        0x0200,
        &[0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 255, 255, 0, 0],
    );
    let bytes = xls(&[], &[claims, number(1, 5, 87.0)].concat());
    let batch = gathered(&[bench.write("a.xls", bytes)], None, None);
    assert_eq!(findings(&batch), [], "{:?}", batch.problems);
    assert_eq!(batch.orders.len(), 1);
}

#[test]
fn a_formula_of_an_older_kind_has_its_value() {
    let bench = Bench::new();
    let formula = |value: [u8; 8]| record(0x0406, &[&place(1, 5)[..], &value, &[0; 10]].concat());
    let text = record(0x0207, &[&[3, 0, 0][..], b"87%"].concat());
    for (records, found) in [
        (formula(87.5f64.to_le_bytes()), "\"87.5\""),
        (
            [formula([0, 0, 0, 0, 0, 0, 255, 255]), text].concat(),
            "\"87%\"",
        ),
        (
            formula([0, 0, 0, 0, 0, 0, 255, 255]),
            "formula-without-value",
        ),
    ] {
        let batch = gathered(&[bench.write("a.xls", xls(&[], &records))], None, None);
        let said = format!("{:?}{:?}", findings(&batch), crate::texts::bodies(&batch));
        assert!(said.replace("\\\"", "\"").contains(found), "{said}");
    }
}

#[test]
fn nothing_is_said_of_the_process_that_reads() {
    let bench = Bench::new();
    for arguments in [
        &["--help"][..],
        &["man"],
        &["completions", "bash"],
        &["help"],
    ] {
        let ran = bench.run(arguments);
        assert!(!ran.stdout.contains("read-workbook"), "{arguments:?}");
    }
    assert_eq!(bench.run(&["read-workbook"]).code, 2);
    let ran = bench.run(&["read-workbook", "xls", "1000", "300000000", "2"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(
        ran.stdout.starts_with("{\"WorkbookError\":"),
        "{}",
        ran.stdout
    );
}

/// The fixtures of each format, each with the part that is damaged; in an .xls all of it is.
static WHOLE: LazyLock<Vec<(&'static str, &'static str, Vec<u8>)>> = LazyLock::new(|| {
    let fixtures = [
        ("meanings.xls", ""),
        ("meanings.xlsb", "xl/worksheets/sheet1.bin"),
        ("meanings.xlsb", "xl/workbook.bin"),
        ("meanings.xlsb", "xl/styles.bin"),
        ("meanings.ods", "content.xml"),
        ("meanings.xlsx", "xl/worksheets/sheet1.xml"),
        ("meanings.xlsx", "xl/styles.xml"),
    ];
    let read = |(name, part)| (name, part, std::fs::read(fixture(name)).unwrap());
    fixtures.into_iter().map(read).collect()
});

fn damaged(mut bytes: Vec<u8>, damage: &[(usize, u8)]) -> Vec<u8> {
    for (place, byte) in damage {
        let length = bytes.len();
        bytes[place % length] = *byte;
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn a_damaged_workbook_is_read_or_refused(which: prop::sample::Index, damage in prop::collection::vec((any::<usize>(), any::<u8>()), 1..6)) {
        let (name, part, bytes) = &WHOLE[which.index(WHOLE.len())];
        let bytes = match *part {
            "" => damaged(bytes.clone(), &damage),
            part => changed(bytes, |other, content| {
                Some(if other == part { damaged(content, &damage) } else { content })
            }),
        };
        let bench = Bench::new();
        let inputs = [bench.write(name, bytes), sample("scores.csv").into()];
        prop_assert!(gathered(&inputs, None, None).orders.len() >= 12);
    }
}
