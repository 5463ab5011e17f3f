//! Every code of a finding, each with the smallest file that earns it: where it stands, and that nothing else is said.

use serde_json::{Value, json};

use crate::harness::Bench;

/// A good file that the cases change: `A` stands for the company, and so on.
const HEADER: &str = "company_id,order_id,assessment_id,test_id,attempt,test_score";

struct Case {
    code: &'static str,
    file: String,
    flags: &'static [&'static str],
    /// Row, header and cell of the finding.
    place: Value,
}

fn case(code: &'static str, file: impl Into<String>, place: Value) -> Case {
    Case {
        code,
        file: file.into(),
        flags: &[],
        place,
    }
}

/// One row under the good header.
fn row(cells: &str) -> String {
    format!("{HEADER}\n{cells}\n")
}

/// One good row with one more column.
fn with(header: &str, cell: &str) -> String {
    format!("{HEADER},{header}\nB6001,1,A1,T1,1,5,{cell}\n")
}

fn at(row: u32, column: &str, cell: &str) -> Value {
    json!([row, column, cell])
}

#[rustfmt::skip]
fn cases() -> Vec<Case> {
    let good = "B6001,1,A1,T1,1,5";
    let long = |count: usize| "x".repeat(count);
    vec![
        case("order-id-missing", row("B6001,,A1,T1,1,5"), at(2, "order_id", "B2")),
        case("order-id-missing", row("B6001,N/A,A1,T1,1,5"), at(2, "order_id", "B2")),
        case("order-id-invalid", row("B6001,..,A1,T1,1,5"), at(2, "order_id", "B2")),
        case("company-id-missing", row(",1,A1,T1,1,5"), at(2, "company_id", "A2")),
        case("company-id-missing", "order_id,assessment_id,test_id,attempt,test_score\n1,A1,T1,1,5\n", json!([2, null, null])),
        case("company-id-too-long", row("B600123456,1,A1,T1,1,5"), at(2, "company_id", "A2")),
        case("company-id-is-a-set", row("CS01,1,A1,T1,1,5"), at(2, "company_id", "A2")),
        case("test-id-missing", row("B6001,1,A1,,1,5"), at(2, "test_id", "D2")),
        case("attempt-missing", row("B6001,1,A1,T1,,5"), at(2, "attempt", "E2")),
        case("attempt-missing", "company_id,order_id,assessment_id,test_id\nB6001,1,A1,T1\n", json!([2, null, null])),
        case("attempt-invalid", row("B6001,1,A1,T1,1.5,5"), at(2, "attempt", "E2")),
        case("value-too-long", row(&format!("B6001,1,A1,T1,1,{}", long(51))), at(2, "test_score", "F2")),
        case("value-too-long", with("Overall Score", &long(31)), at(2, "Overall Score", "G2")),
        case("value-too-long", with("score_description", &long(251)), at(2, "score_description", "G2")),
        case("status-unknown", with("Status", "Done"), at(2, "Status", "G2")),
        case("status-unknown", with("assessment_status", "Pending"), at(2, "assessment_status", "G2")),
        case("timestamp-invalid", with("updated_at", "soon"), at(2, "updated_at", "G2")),
        case("timestamp-invalid", with("updated_at", "1999-12-31"), at(2, "updated_at", "G2")),
        case("timestamp-ambiguous", with("updated_at", "3/4/2026"), at(2, "updated_at", "G2")),
        case("url-invalid", with("report_name,report_url", "R,www.example.com/r"), at(2, "report_url", "H2")),
        case("report-url-missing", with("report_name,report_url", "R,"), at(2, "report_url", "H2")),
        case("report-url-missing", with("report_name", "R"), at(2, "report_name", "G2")),
        case("field-conflict", format!("{HEADER},overall_score\n{good},80\nB6001,1,A1,T2,1,6,81\n"), at(3, "overall_score", "G3")),
        case("test-conflict", format!("{HEADER}\n{good}\nB6001,1,A1,T1,1,6\n"), at(3, "test_score", "F3")),
        case("incomplete-tests", with("assessment_status,test_status", "Complete,InProgress"), at(2, "test_status", "H2")),
        case("empty-update", "company_id,order_id,overall_score\nB6001,1,\n", at(2, "order_id", "B2")),
        case("cell-error", row("B6001,1,A1,T1,1,#N/A"), at(2, "test_score", "F2")),
        case("id-not-exact", row("B6001,9.90694E+11,A1,T1,1,5"), at(2, "order_id", "B2")),
        case("column-unknown", with("Tset Status", "Complete"), at(1, "Tset Status", "G1")),
        case("column-unknown", with("Assessment Score (%)", "5"), at(1, "Assessment Score (%)", "G1")),
        case("column-duplicate", with("Score", "5"), at(1, "Score", "G1")),
        case("header-missing", "candidate,score\nx,5\n", json!([null, null, null])),
        case("row-malformed", row("B6001,1,A1,T1,1,5,surplus"), json!([2, null, "G2"])),
        case("input-unreadable", format!("{HEADER}\nB6001,1,A1,T1,1,\"5\n"), json!([2, null, null])),
        case("column-ignored", with("Candidate", "x"), at(1, "Candidate", "G1")),
        case("header-repeated", format!("{HEADER}\n{good}\n{HEADER}\n"), json!([3, null, null])),
        case("footer-ignored", format!("{HEADER}\n{good}\n,,Average,,,5\n"), json!([3, null, null])),
        case("placeholder-ignored", with("status", "N/A"), at(2, "status", "G2")),
        case("row-duplicate", format!("{HEADER}\n{good}\n{good}\n"), json!([3, null, null])),
        case("assessment-id-missing", row("B6001,1,,T1,1,5"), at(2, "assessment_id", "C2")),
        case("timestamp-in-future", with("updated_at", "2999-01-01"), at(2, "updated_at", "G2")),
        case("rows-scattered", format!("{HEADER}\n{good}\nB6001,2,A1,T1,1,5\nB6001,1,A1,T2,1,5\nB6001,2,A1,T2,1,5\n"), json!([[4, null, null], [5, null, null]])),
        case("report-name-missing", with("report_name,report_url", ",https://r.example"), at(2, "report_name", "G2")),
        case("test-id-long", row(&format!("B6001,1,A1,{},1,5", long(37))), at(2, "test_id", "D2")),
        Case { flags: &["--company-id", "B6001"], ..case("order-id-missing", "order_id,assessment_id,test_id,attempt,test_score\n,A1,T1,1,5\n", at(2, "order_id", "A2")) },
    ]
}

#[test]
fn each_code_is_earned_at_its_place_and_alone() {
    let bench = Bench::new();
    for (
        index,
        Case {
            code,
            file,
            flags,
            place,
        },
    ) in cases().into_iter().enumerate()
    {
        let name = format!("{index}.csv");
        bench.write(&name, &file);
        let mut args = vec!["validate", &name, "--format", "json"];
        args.extend(flags);
        let ran = bench.run(&args);
        let places = match &place[0] {
            Value::Array(_) => place.as_array().unwrap().clone(),
            _ => vec![place],
        };
        let found: Vec<Value> = ran
            .diagnostics()
            .iter()
            .map(|found| {
                json!([
                    found["code"],
                    [found["row"], found["column"], found["cell"]]
                ])
            })
            .collect();
        let expected: Vec<Value> = places
            .into_iter()
            .map(|place| json!([code, place]))
            .collect();
        assert_eq!(found, expected, "{code}\n{file}\n{}", ran.stdout);
        let is_error = ran
            .diagnostics()
            .iter()
            .any(|found| found["severity"] == "error");
        let is_unusable = [
            "header-missing",
            "column-unknown",
            "column-duplicate",
            "input-unreadable",
        ]
        .contains(&code);
        assert_eq!(
            ran.code,
            if is_unusable { 3 } else { i32::from(is_error) },
            "{code}"
        );
        for diagnostic in ran.diagnostics() {
            assert!(
                !diagnostic["help"].as_str().unwrap().is_empty()
                    && !diagnostic["message"].as_str().unwrap().is_empty()
            );
        }
    }
}

#[test]
fn warnings_hold_back_only_when_they_are_denied() {
    let bench = Bench::new();
    bench.write("a.csv", row("B6001,1,,T1,1,5") + "B6001,2,A1,T1,1,5\n");
    assert_eq!(bench.run(&["validate", "a.csv"]).code, 0);
    let ran = bench.run(&["validate", "a.csv", "--deny-warnings"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.stdout.contains("error[assessment-id-missing]"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout
            .ends_with("valid        1 order, 1 row\ninvalid      1 order, 1 row\n"),
        "{}",
        ran.stdout
    );
}
