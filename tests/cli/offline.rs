//! The command line without a network: words and exit codes as data, and what data cannot say.

use std::io::{Read, Write};
use std::process::Stdio;

use crate::harness::{Bench, sample};

#[test]
fn words_and_exit_codes_are_as_written() {
    trycmd::TestCases::new().case("tests/cli/cases/*.toml");
}

#[test]
fn a_closed_pipe_is_no_error() {
    let bench = Bench::new();
    let row = "B6001,,A1,T1,1,5\n".repeat(20_000);
    bench.write(
        "many.csv",
        format!("company_id,order_id,assessment_id,test_id,attempt,score\n{row}"),
    );
    let mut child = bench
        .command(&["validate", "many.csv", "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"));
}

#[test]
fn standard_input_is_csv() {
    let bench = Bench::new();
    let mut child = bench
        .command(&["validate", "-", "--format", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"company_id,order_id,test_id,attempt,score\nB6001,1,T1,x,5\n")
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("\"path\":\"-\"") && text.contains("attempt-invalid"),
        "{text}"
    );
}

#[test]
fn rows_of_an_order_may_stand_in_different_files() {
    let bench = Bench::new();
    bench.write("a.csv", "company_id,order_id,assessment_id,overall_score,test_id,attempt,score\nB6001,1,A,80,T1,1,5\n");
    bench.write("b.csv", "company_id,order_id,assessment_id,overall_score,test_id,attempt,score\nB6001,1,A,81,T2,1,6\n");
    let ran = bench.run(&["validate", "a.csv", "b.csv", "--format", "json"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let found = &ran.diagnostics()[..];
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (&found[0]["code"], &found[0]["path"], &found[0]["cell"]),
        (&"field-conflict".into(), &"b.csv".into(), &"D2".into())
    );
    assert_eq!(
        found[0]["message"],
        "overall_score is `81` here and `80` in D2 of a.csv, for the order"
    );
}

#[test]
fn a_missing_sheet_is_named_and_no_other_is_read() {
    let ran = Bench::new().run(&[
        "validate",
        &sample("scores.xlsx"),
        "--sheet",
        "Enginering",
        "--format",
        "json",
    ]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    let found = &ran.diagnostics()[0];
    assert_eq!(found["message"], "there is no sheet `Enginering`");
    assert!(found["help"].as_str().unwrap().contains("`Engineering`"));
}

#[test]
fn one_unreadable_input_does_not_hide_the_others() {
    let bench = Bench::new();
    bench.write("broken.xlsx", b"PK\x03\x04 and then nothing");
    let ran = bench.run(&[
        "validate",
        "broken.xlsx",
        "missing.csv",
        &sample("mistakes.csv"),
        "--format",
        "json",
    ]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let codes: Vec<_> = ran
        .diagnostics()
        .iter()
        .map(|found| format!("{} {}", found["path"], found["code"]))
        .collect();
    assert_eq!(
        codes[..2],
        [
            "\"broken.xlsx\" \"input-unreadable\"",
            "\"missing.csv\" \"input-unreadable\""
        ]
    );
    assert_eq!(codes.len(), 2 + 17);
}

#[test]
fn a_thousand_mistakes_are_a_readable_screen_and_a_thousand_lines_of_json() {
    let bench = Bench::new();
    let rows = |cells: &str| format!("B6001,{cells}\n").repeat(250);
    let rows = [
        rows("1,A1,T1,x,5"),
        rows("2,A1,T1,,5"),
        rows("3,A1,T1,1.5,5"),
        rows(",A1,T1,1,5"),
    ]
    .concat();
    bench.write(
        "many.csv",
        format!("company_id,order_id,assessment_id,test_id,attempt,score\n{rows}"),
    );
    let screen = bench.run(&["validate", "many.csv"]);
    assert_eq!(screen.code, 1);
    assert!(screen.stdout.lines().count() < 80, "{}", screen.stdout);
    assert!(
        screen
            .stdout
            .contains("and 497 more in column E (`attempt`)"),
        "{}",
        screen.stdout
    );
    assert_eq!(
        bench
            .run(&["validate", "many.csv", "--format", "json"])
            .diagnostics()
            .len(),
        1000
    );
}
