//! How inputs are named, and what is said of those that give nothing.

use std::io::Write;
use std::process::Stdio;

use crate::harness::{Bench, sample};
use crate::texts::{bodies, gathered, gz, table, zst};

#[test]
fn inputs_without_rows_say_so() {
    let bench = Bench::new();
    bench.write("empty.csv", "");
    let ran = bench.run(&["validate", "empty.csv"]);
    assert_eq!(ran.code, 3);
    assert!(
        ran.stdout.contains("the file or sheet is empty"),
        "{}",
        ran.stdout
    );
    bench.write("header.csv", "company_id,order_id,test_id,attempt,score\n");
    for command in ["validate", "import"] {
        let ran = bench.run(&[command, "header.csv"]);
        assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
        let said = ran.stdout + &ran.stderr;
        assert!(
            said.contains("header.csv: there are no data rows below the header"),
            "{said}"
        );
    }
}

#[test]
fn directories_and_patterns_stand_for_files() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("in")).unwrap();
    bench.write("in/b.csv", table(',', "\n").replace("ORD-", "B-"));
    bench.write("in/a.csv", table(',', "\n").replace("ORD-", "A-"));
    bench.write("in/.c.csv", "hidden");
    for input in ["in", "in/*.csv", "in/?.csv"] {
        let ran = bench.run(&["validate", input]);
        assert_eq!(ran.code, 0, "{}", ran.stdout);
        assert!(
            ran.stdout.contains("2 sheets, 4 rows, 4 orders"),
            "{}",
            ran.stdout
        );
    }
    std::fs::create_dir(bench.path("none")).unwrap();
    for (input, words) in [
        (
            "none",
            "there are no files to import in this directory\n --> none\n",
        ),
        (
            "in/*.xlsx",
            "no file matches this pattern\n --> in/*.xlsx\n",
        ),
    ] {
        let ran = bench.run(&["validate", input]);
        assert_eq!(ran.code, 3);
        assert!(ran.stdout.contains(words), "{}", ran.stdout);
    }
}

#[test]
fn a_map_of_a_header_that_no_input_has_is_told() {
    let bench = Bench::new();
    bench.write("a.csv", table(',', "\n"));
    let told = |map: &str| {
        let ran = bench.run(&["validate", "a.csv", "--map", map]);
        assert_eq!(ran.code, 0, "{}", ran.stdout);
        ran.stdout.contains("but no column has this header")
    };
    assert!(told("Candidate result=test_score"));
    assert!(!told("ORDER ID=order_id"));
}

#[test]
fn content_decides_and_not_the_name() {
    let bench = Bench::new();
    let workbook = std::fs::read(sample("scores.xlsx")).unwrap();
    bench.write("really-a-workbook.csv", &workbook);
    bench.write("packed.gz", gz(&workbook));
    bench.write(
        "really-csv.xlsx",
        std::fs::read(sample("scores.csv")).unwrap(),
    );
    let read = |name: &str| gathered(&[bench.path(name)], None, None);
    let expected = gathered(&[sample("scores.xlsx").into()], None, None);
    assert_eq!(bodies(&read("really-a-workbook.csv")), bodies(&expected));
    assert_eq!(bodies(&read("packed.gz")), bodies(&expected));
    let expected = gathered(&[sample("scores.csv").into()], None, None);
    assert!(!expected.orders.is_empty());
    assert_eq!(bodies(&read("really-csv.xlsx")), bodies(&expected));
}

#[test]
fn standard_input_is_known_by_its_content() {
    let bench = Bench::new();
    let mut child = bench
        .command(&["validate", "-", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let bytes = zst(table(';', "\n").as_bytes());
    child.stdin.take().unwrap().write_all(&bytes).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("1 sheet, 2 rows, 2 orders"), "{text}");
    assert!(
        text.contains("-: named more than once, read once"),
        "{text}"
    );
}

#[test]
fn what_is_passed_over_in_a_directory_is_told() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("in")).unwrap();
    bench.write("in/a.csv", table(',', "\n"));
    for name in [
        "export",
        "scores.dat",
        ".hidden",
        "b.csv.part",
        "scoreload-report-1.json",
    ] {
        bench.write(&format!("in/{name}"), table(',', "\n"));
    }
    std::fs::create_dir(bench.path("in/older")).unwrap();
    let ran = bench.run(&["validate", "in"]);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    let told: Vec<_> = ran
        .stdout
        .lines()
        .filter(|line| line.starts_with("skipped"))
        .collect();
    let words = "not a spreadsheet by its name";
    assert_eq!(
        told,
        [
            format!("skipped      in/export: {words}"),
            format!("skipped      in/scores.dat: {words}")
        ]
    );
    // Named itself, a file is what it holds.
    assert_eq!(bench.run(&["validate", "in/export"]).code, 0);
}

#[test]
fn a_sheet_of_a_text_does_not_exist() {
    let bench = Bench::new();
    bench.write("a.csv", table(',', "\n"));
    let ran = bench.run(&["validate", "a.csv", "--sheet", "Results"]);
    assert_eq!(ran.code, 3, "{}", ran.stdout);
    assert!(
        ran.stdout
            .contains("there is no sheet `Results`: a text file has no sheets"),
        "{}",
        ran.stdout
    );
    // Beside a workbook that has it, a text is read as it is.
    let workbook = crate::formats::fixture("meanings.xlsx")
        .display()
        .to_string();
    let ran = bench.run(&["validate", "a.csv", &workbook, "--sheet", "Old results"]);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
}

#[test]
fn numbers_addresses_and_files_are_missed_in_plain_words() {
    let bench = Bench::new();
    for (arguments, words) in [
        (
            &["import", "a.csv", "--retries", "x"][..],
            "expected a whole number of 0 or more",
        ),
        (
            &["validate", "a.csv", "--default-attempt", "-"],
            "expected a whole number of 0 or more",
        ),
        (
            &["sandbox", "--seed", "x"],
            "expected a whole number of 0 or more",
        ),
        (
            &["sandbox", "--listen", "here"],
            "expected an IP address and a port",
        ),
        (
            &["apply", "none.json"],
            "cannot read the plan `none.json`: there is no such file",
        ),
        (
            &["validate", "a.csv", "--report", "none/r.json"],
            "there is no such file or directory",
        ),
    ] {
        let ran = bench.run(arguments);
        assert_eq!(ran.code, 2, "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(words), "{arguments:?}: {}", ran.stderr);
    }
}
