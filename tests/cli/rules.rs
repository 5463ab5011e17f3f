//! What flags and neighbours do to the meaning of rows: a small file, flags, and what is found where.

use serde_json::{Value, json};

use crate::harness::{Bench, Ran, TestSandbox};

fn found(ran: &Ran) -> Vec<String> {
    let place = |found: &Value| {
        format!(
            "{} {}",
            found["code"].as_str().unwrap(),
            found["cell"].as_str().unwrap_or("-")
        )
    };
    ran.diagnostics().iter().map(place).collect()
}

fn validated(text: &str, flags: &[&str]) -> Vec<String> {
    let bench = Bench::new();
    bench.write("a.csv", text);
    found(&bench.run(&[&["validate", "a.csv", "--format", "json"], flags].concat()))
}

const HEADER: &str = "company_id,order_id,assessment_id,test_id,attempt,test_score\n";

#[test]
fn what_is_found_follows_from_the_rows_and_the_flags() {
    let only_ids = "company_id,order_id,assessment_id,overall_score,assessment_status\n";
    let blank_lines = "\n".repeat(19);
    #[rustfmt::skip]
    let table: &[(String, &[&str], &[&str])] = &[
        // The flag is for inputs without the column, not for blank cells.
        (format!("{HEADER},1,A1,T1,1,5\n"), &["--company-id", "B6001"], &["company-id-missing A2"]),
        (format!("{HEADER}B6001,1,A1,T1,,5\n"), &["--default-attempt", "1"], &[]),
        (format!("{HEADER}B6001,1,A1,T1,x,5\n"), &["--default-attempt", "1"], &["attempt-invalid E2"]),
        (format!("{HEADER}B6001,1,A1,,,5\n"), &[], &["test-id-missing D2", "attempt-missing E2"]),
        (format!("{HEADER}B6001,1,A,T,1,5\nB6001,2,A,T,1,5\nB6001,1,A,U,1,5\nB6001,2,A,U,1,5\nB6001,1,A,V,1,5\n"), &[], &["rows-scattered -", "rows-scattered -"]),
        // An order whose only cell is wrong is not empty as well.
        (format!("{only_ids}B6001,1,A1,,Done\n"), &[], &["status-unknown E2"]),
        (format!("{only_ids}B6001,1,A1,,\n"), &[], &["empty-update B2"]),
        // The row that lacks the assessment is named, not the first of the order.
        (format!("{HEADER}B6001,1,A1,T1,1,5\nB6001,1,,T2,1,5\n"), &[], &["assessment-id-missing C3"]),
        // Rows with errors may say different things in the cells that could not be read.
        (format!("{HEADER}B6001,1,A1,T1,x,5\nB6001,1,A1,T1,y,5\n"), &[], &["attempt-invalid E2", "attempt-invalid E3"]),
        (format!("{HEADER}..,1,A1,T1,1,5\n"), &[], &["company-id-missing A2"]),
        (format!("{blank_lines}{HEADER}B6001,1,A1,T1,1,5\n"), &[], &[]),
        (format!("{blank_lines}\n{HEADER}B6001,1,A1,T1,1,5\n"), &[], &["header-missing -"]),
        // Blank headers at the end are no headers.
        (format!("{},,\nB6001,1,A1,T1,1,5,moved\n", HEADER.trim()), &[], &["row-malformed G2"]),
        (format!("{HEADER}B6001,1,A1,T1,1,5,,\n"), &[], &[]),
        (format!("{HEADER}B6001,1,A1,T1,1\n"), &[], &[]),
        // An assessment id that cannot be read is not missing as well, and its tests are not those of another.
        (format!("{HEADER}B6001,1,1E+05,T1,1,5\nB6001,1,1E+06,T1,1,6\n"), &[], &["id-not-exact C2", "id-not-exact C3"]),
        // A header is the same by other names; one with other columns would put the values below in wrong places.
        (format!("{HEADER}B6001,1,A1,T1,1,5\nCompany,Order No.,battery_id,Test ID,Attempt Number,score\n"), &[], &["header-repeated -"]),
        (format!("{HEADER}B6001,1,A1,T1,1,5\norder_id,company_id,assessment_id,test_id,attempt,score\n2,B6001,A,T,1,5\n"), &[], &["row-malformed -"]),
        (format!("{HEADER}B6001,1,A1,T1,1,5\nprinted on 3 March,,,,,\n"), &[], &["footer-ignored -"]),
    ];
    for (text, flags, expected) in table {
        assert_eq!(validated(text, flags), *expected, "{flags:?}\n{text}");
    }
}

#[test]
fn what_is_wrong_under_a_wrong_header_is_found_in_the_same_pass_and_nothing_of_it_is_used() {
    let misspelt = |name: &str, slip: &str| HEADER.replace(name, slip);
    let twice = |name: &str| HEADER.replace('\n', &format!(",{name}\n"));
    #[rustfmt::skip]
    let table: &[(String, &[&str])] = &[
        // Nothing follows from the header alone.
        (misspelt("test_id", "tset_id") + "B6001,1,A1,T1,1,5\n", &["column-unknown D1"]),
        (misspelt("test_id", "tset_id") + "B6001,1,A1,,x,5\n", &["column-unknown D1", "test-id-missing D2", "attempt-invalid E2"]),
        (misspelt("attempt,test_score", "atempt,test_scor") + "B6001,1,A1,T1,1,5\nB6001,1,A1,T1,1,6\n", &["column-unknown E1", "column-unknown F1", "test-conflict F3"]),
        (twice("score") + "B6001,1,A1,T1,x,5,6\n", &["column-duplicate G1", "attempt-invalid E2"]),
        // Which of two columns was meant is not guessed at.
        (twice("attempt_number") + "B6001,1,A1,T1,x,5,1\n,1,A1,T1,1,6,2\n", &["column-duplicate G1", "company-id-missing A3"]),
        (misspelt("test_score", "test_score,tset_score") + "B6001,1,A1,T1,x,5,6\n", &["column-unknown G1", "attempt-invalid E2"]),
    ];
    for (text, expected) in table {
        assert_eq!(validated(text, &[]), *expected, "{text}");
    }
    let (bench, sandbox) = (Bench::new(), TestSandbox::start("unlimited", ""));
    bench.write("bad.csv", &table[1].0);
    bench.write("good.csv", format!("{HEADER}B6001,2,A1,T1,1,5\n"));
    let ran = bench.import(&sandbox.url(), &["bad.csv", "good.csv"]);
    assert_eq!(
        (ran.code, sandbox.updates().len()),
        (1, 1),
        "{}",
        ran.stderr
    );
    let totals = &bench.report()["totals"];
    assert_eq!(
        [&totals["rows"], &totals["rows_invalid"], &totals["orders"]],
        [2, 1, 1]
    );
}

#[test]
fn denied_warnings_hold_back_the_orders_that_they_are_about() {
    let table: [(&str, usize); 3] = [
        (
            "company_id,order_id,overall_score,overall_score_description\nB6001,1,N/A,x\nB6001,2,5,\n",
            1,
        ),
        (
            "company_id,order_id,overall_score,Candidate\nB6001,1,5,x\nB6001,2,5,y\n",
            2,
        ),
        (
            "company_id,order_id,overall_score\nB6001,1,5\nB6001,2,5\n",
            0,
        ),
    ];
    for (text, held) in table {
        let bench = Bench::new();
        bench.write("a.csv", text);
        let ran = bench.run(&["validate", "a.csv", "--deny-warnings", "--report", "r.json"]);
        let report: Value =
            serde_json::from_slice(&std::fs::read(bench.path("r.json")).unwrap()).unwrap();
        assert_eq!(report["totals"]["invalid"], held, "{text}");
        assert_eq!(ran.code, i32::from(held > 0), "{text}");
    }
}

#[test]
fn words_and_attempts_of_the_flags_reach_the_body() {
    let (bench, sandbox) = (Bench::new(), TestSandbox::start("unlimited", ""));
    bench.write(
        "a.csv",
        "order_id,assessment_id,test_id,score,status\n1,A1,T1,5,Graded\n",
    );
    let flags = [
        "a.csv",
        "--company-id",
        "B6001",
        "--default-attempt",
        "2",
        "--status",
        "Graded=Complete",
    ];
    let ran = bench.import(&sandbox.url(), &flags);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let body = r#"{"assessments":[{"assessmentId":"A1","assessmentResults":{"tests":[{"id":"T1","score":{"value":"5","attempt":2},"testStatus":{"value":"Complete"}}]}}]}"#;
    assert_eq!(
        (
            &sandbox.updates()[0]["company_id"],
            &sandbox.updates()[0]["body"]
        ),
        (&json!("B6001"), &json!(body))
    );
}

#[test]
fn rows_that_are_left_out_or_not_read_are_counted() {
    let bench = Bench::new();
    bench.write(
        "good.csv",
        format!("{HEADER}B6001,1,A1,T1,1,5\n{HEADER},,,Average,,5\n\n"),
    );
    bench.write(
        "bad.csv",
        "company_id,order_id,Tset Score\nB6001,1,5\n\nB6001,2,6\n",
    );
    let ran = bench.run(&["validate", "good.csv", "bad.csv", "--report", "r.json"]);
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    let report: Value =
        serde_json::from_slice(&std::fs::read(bench.path("r.json")).unwrap()).unwrap();
    let rows: Vec<&Value> = report["inputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|input| &input["rows"])
        .collect();
    assert_eq!(rows, [1, 2]);
    let counts =
        ["rows", "rows_invalid", "rows_skipped", "orders"].map(|name| &report["totals"][name]);
    assert_eq!(counts, [3, 2, 2, 1]);
}

#[test]
fn a_header_row_alone_is_no_error_and_an_empty_file_is() {
    let bench = Bench::new();
    bench.write("header.csv", HEADER);
    bench.write("empty.csv", "");
    assert_eq!(bench.run(&["validate", "header.csv"]).code, 0);
    assert_eq!(bench.run(&["validate", "empty.csv"]).code, 3);
    assert_eq!(bench.run(&["validate", "header.csv", "empty.csv"]).code, 1);
}

#[test]
fn a_finding_names_the_report_that_it_is_about_and_the_value_that_is_too_much() {
    let bench = Bench::new();
    let header = "company_id,order_id,assessment_id,overall_score,Test Report URL 2";
    bench.write(
        "a.csv",
        format!("{header}\nB6001,1,A1,5,none\nB6001,2,A1,5,,moved\n"),
    );
    let found = bench
        .run(&["validate", "a.csv", "--format", "json"])
        .diagnostics();
    let of = |code| found.iter().find(|found| found["code"] == code).unwrap();
    assert_eq!(of("url-invalid")["field"], "test_report_url_2");
    assert_eq!(of("url-invalid")["column"], "Test Report URL 2");
    assert_eq!(of("row-malformed")["value"], "moved");
    assert_eq!(of("row-malformed")["cell"], "F3");
}

#[test]
fn a_wide_table_whose_score_no_sheet_has_is_named_where_a_sheet_is_wide() {
    let bench = Bench::new();
    let table =
        |id: &str, score: &str| format!("[[wide]]\ntest_id = \"{id}\"\nscore = \"{score}\"\n");
    bench.write(
        "scoreload.toml",
        table("NUM", "Numerical") + &table("VERB", "Word power"),
    );
    let wide = "company_id,order_id,assessment_id,Numerical\nB6001,1,A1,5\n";
    let narrow = format!("{HEADER}B6001,2,A1,T1,1,5\n");
    let told = |text: &str| {
        bench.write("a.csv", text);
        let ran = bench.run(&["validate", "a.csv"]);
        assert_eq!(ran.code, 0, "{}", ran.stdout);
        ran.stdout.contains(
            "no sheet has the score column of these [[wide]] tables: `Word power` of test `VERB`",
        )
    };
    assert!(told(wide));
    assert!(!told(
        &wide
            .replace("Numerical", "Numerical,Word Power")
            .replace(",5", ",5,6")
    ));
    assert!(!told(&narrow));
}
