//! What helps before the first import: explanations, the columns of a file, an empty input file.

use scoreload::diagnostics::diagnostic::Code;
use serde_json::Value;

use crate::harness::{Bench, repository, sample};

#[test]
fn every_code_is_explained_and_in_the_list_of_all() {
    let bench = Bench::new();
    let list = bench.run(&["explain"]);
    assert_eq!(list.code, 0, "{}", list.stderr);
    for code in Code::ALL {
        let name = code.name();
        assert!(list.stdout.contains(&format!("  {name} ")), "{name}");
        let page = bench.run(&["explain", name]);
        let heading = format!("{}[{name}]: ", code.severity());
        assert_eq!(page.code, 0, "{name}: {}", page.stderr);
        assert!(page.stdout.starts_with(&heading), "{}", page.stdout);
    }
}

#[test]
fn the_list_of_all_codes_can_be_had_as_json() {
    let codes: Vec<Value> = Bench::new()
        .run(&["explain", "--format", "json"])
        .diagnostics()
        .into_iter()
        .map(|page| page["code"].clone())
        .collect();
    let all: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
    assert_eq!(codes, all);
}

#[test]
fn a_misspelt_code_is_wrong_usage_and_answered_with_the_right_one() {
    let ran = Bench::new().run(&["explain", "atempt-invalid"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(
        ran.stderr.contains("did you mean `attempt-invalid`?"),
        "{}",
        ran.stderr
    );
}

#[test]
fn columns_shows_each_header_and_a_section_that_can_be_pasted() {
    let bench = Bench::new();
    bench.write("a.csv", "Order No,Result,Name\n1,82,Ann\n");
    let ran = bench.run(&["columns", "a.csv", "--map", "Result=test_score"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.starts_with("a.csv: header in row 1\n"));
    assert!(
        ran.stdout
            .ends_with("\n[columns]\n\"Order No\" = \"order_id\"\n\"Result\" = \"test_score\"\n"),
        "{}",
        ran.stdout
    );
}

#[test]
fn the_section_is_understood_as_the_flags_were() {
    let bench = Bench::new();
    let csv = "Ticket,Firm,Exam,Try,Result\nORD-1,B6001,NUM-01,1,82\n";
    bench.write("a.csv", csv);
    let maps = [
        "Ticket=order_id",
        "Firm=company_id",
        "Exam=test_id",
        "Try=attempt",
        "Result=test_score",
    ];
    let flags = maps.iter().flat_map(|map| ["--map", map]);
    let args: Vec<&str> = ["columns", "a.csv", "--format", "toml"]
        .into_iter()
        .chain(flags)
        .collect();
    let shown = bench.run(&args);
    bench.write("scoreload.toml", &shown.stdout);
    let ran = bench.run(&["validate", "a.csv"]);
    assert_eq!(ran.code, 0, "{}{}", shown.stdout, ran.stdout);
}

#[test]
fn the_proposal_for_a_wide_sheet_is_a_configuration_that_validates() {
    let bench = Bench::new();
    let proposal = bench.run(&["columns", &sample("wide.csv"), "--wide", "--format", "toml"]);
    assert_eq!(proposal.code, 0, "{}", proposal.stderr);
    bench.write("proposed.toml", &proposal.stdout);
    let check = |config: &str| {
        let args = [
            "validate",
            &sample("wide.csv"),
            "--config",
            config,
            "--date-order",
            "mdy",
            "--report",
            "report.json",
        ];
        let ran = bench.run(&args);
        assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
        let report = bench.report();
        std::fs::remove_file(bench.path("report.json")).unwrap();
        report["totals"].clone()
    };
    let by_hand = repository("samples/wide.toml").display().to_string();
    assert_eq!(check("proposed.toml"), check(&by_hand));
    assert_eq!(proposal.stdout.matches("[[wide]]").count(), 20);
}

#[test]
fn columns_as_json_is_an_object_for_each_sheet() {
    let bench = Bench::new();
    bench.write("a.csv", "order_id,Tset Score,Name\n1,82,Ann\n");
    bench.write("b.csv", "order_id;score\n2;77\n");
    let ran = bench.run(&["columns", "a.csv", "b.csv", "--format", "json"]);
    let sheets = ran.diagnostics();
    assert_eq!((ran.code, sheets.len()), (0, 2), "{}", ran.stdout);
    let columns = &sheets[0]["columns"];
    assert_eq!(columns[0]["field"], "order_id");
    assert_eq!(columns[1]["suggestion"], "test_score");
    assert_eq!(columns[2]["status"], "ignored");
    assert_eq!(sheets[1]["columns"][1]["samples"][0], "77");
}

#[test]
fn columns_of_a_file_without_order_id_are_shown_as_a_guess() {
    let bench = Bench::new();
    bench.write("a.csv", "Ticket,Exam,Result\n1,NUM-01,82\n");
    let ran = bench.run(&["columns", "a.csv"]);
    assert_eq!(ran.code, 3, "{}", ran.stdout);
    assert!(ran.stdout.contains("assuming a header in row 1"));
    assert!(ran.stderr.contains("header-missing"), "{}", ran.stderr);
    assert_eq!(bench.run(&["columns", "none.csv"]).code, 3);
}

#[test]
fn the_template_is_an_input_without_rows() {
    let bench = Bench::new();
    for name in ["t.xlsx", "t.csv"] {
        let made = bench.run(&["template", "-o", name]);
        assert_eq!(made.code, 0, "{}", made.stderr);
        let ran = bench.run(&["validate", name, "--format", "json"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{name}");
    }
    let printed = bench.run(&["template", "-o", "-"]).stdout;
    let written = std::fs::read_to_string(bench.path("t.csv")).unwrap();
    assert_eq!(printed, written);
}

#[test]
fn a_template_replaces_no_file_and_knows_its_formats() {
    let bench = Bench::new();
    bench.write("mine.csv", "mine");
    for name in ["mine.csv", "t.pdf"] {
        let ran = bench.run(&["template", "-o", name]);
        assert_eq!(ran.code, 2, "{name}: {}", ran.stderr);
    }
    let kept = std::fs::read_to_string(bench.path("mine.csv")).unwrap();
    assert_eq!(kept, "mine");
    assert!(!bench.path("t.pdf").exists());
}
