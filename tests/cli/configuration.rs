//! The configuration file: what goes before what, wide sheets, what is wrong with it.

use serde_json::{Value, json};

use crate::harness::{Bench, TestSandbox, sample};

const CSV: &str = "Firm,order_id,assessment_id,test_id,attempt,Result,status,updated_at\n\
                   B6001,1,A1,T1,1,87,Graded,3/4/2026\n";

const CONFIG: &str = r#"
[defaults]
date_order = "dmy"
timezone = "America/New_York"
[columns]
Firm = "company_id"
Result = "test_score"
[statuses]
Graded = "Complete"
"#;

/// Imports and returns the bodies that arrived, by order.
fn arrived(bench: &Bench, args: &[&str]) -> Vec<Value> {
    let sandbox = TestSandbox::start("unlimited", "");
    let ran = bench.import(&sandbox.url(), &[args, &["--rate", "unlimited"]].concat());
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let mut updates = sandbox.updates();
    updates.sort_by_key(|update| update["order_id"].to_string());
    updates
        .iter()
        .map(|update| update["body"].clone())
        .collect()
}

fn body(time: &str) -> String {
    format!(
        r#"{{"assessments":[{{"assessmentId":"A1","assessmentResults":{{"tests":[{{"id":"T1","score":{{"value":"87","attempt":1}},"testStatus":{{"updatedAt":"{time}","value":"Complete"}}}}]}}}}]}}"#
    )
}

#[test]
fn the_file_is_found_and_flags_go_before_it() {
    let bench = Bench::new();
    bench.write("a.csv", CSV);
    bench.write("scoreload.toml", CONFIG);
    assert_eq!(arrived(&bench, &["a.csv"]), [body("2026-04-03T04:00:00Z")]);
    assert_eq!(
        arrived(
            &bench,
            &["a.csv", "--date-order", "mdy", "--timezone", "UTC"]
        ),
        [body("2026-03-04T00:00:00Z")]
    );
    bench.write("other.toml", CONFIG.replace("dmy", "mdy"));
    assert_eq!(
        arrived(&bench, &["a.csv", "--config", "other.toml"]),
        [body("2026-03-04T05:00:00Z")]
    );
}

#[test]
fn variables_go_between_flags_and_the_file() {
    let bench = Bench::new();
    bench.write("a.csv", CSV);
    bench.write("scoreload.toml", CONFIG);
    let sandbox = TestSandbox::start("unlimited", "");
    let mut command = bench.import_command(&sandbox.url(), &["a.csv", "--date-order", "mdy"]);
    command
        .env("SCORELOAD_DATE_ORDER", "dmy")
        .env("SCORELOAD_TIMEZONE", "UTC")
        .env("SCORELOAD_RATE", "unlimited");
    assert_eq!(command.output().unwrap().status.code(), Some(0));
    assert_eq!(sandbox.updates()[0]["body"], body("2026-03-04T00:00:00Z"));
}

#[test]
fn the_users_own_directory_is_looked_into() {
    let bench = Bench::new();
    std::fs::create_dir_all(bench.path("home/scoreload")).unwrap();
    bench.write("a.csv", CSV);
    bench.write("home/scoreload/scoreload.toml", CONFIG);
    let mut command = bench.command(&["validate", "a.csv"]);
    command.env("XDG_CONFIG_HOME", bench.path("home"));
    assert_eq!(command.output().unwrap().status.code(), Some(0));
}

#[test]
fn an_invalid_file_is_an_error_before_anything_is_read() {
    let bench = Bench::new();
    bench.write("a.csv", CSV);
    let table = [
        (
            "[default]\n",
            "line 1: unknown key `default`",
            "did you mean `defaults`?",
        ),
        (
            "[columns]\nResult = \"tset_score\"\n",
            "[columns] names the unknown column `tset_score`",
            "the columns are",
        ),
        (
            "[statuses]\nGraded = \"Marked\"\n",
            "[statuses] names the unknown status `Marked`",
            "use a status",
        ),
        (
            "[[wide]]\ntest_id = \"T\"\nscore = \"S\"\nstatus = { const = \"Done\" }\n",
            "table of test `T`: `Done` is not a status",
            "write the constant",
        ),
        (
            "[defaults]\ncompany_id = \"CS1\"\n",
            "`CS1` names a set",
            "the one company",
        ),
        ("[defaults\n", "line 1", "config --init"),
    ];
    for (config, message, help) in table {
        bench.write("scoreload.toml", config);
        let ran = bench.run(&["validate", "a.csv"]);
        assert_eq!(ran.code, 2, "{config}");
        assert!(
            ran.stderr.contains(message) && ran.stderr.contains(help),
            "{config}\n{}",
            ran.stderr
        );
    }
    assert_eq!(
        bench
            .run(&["validate", "a.csv", "--config", "nowhere.toml"])
            .code,
        2
    );
}

#[test]
fn headers_and_words_can_be_ignored() {
    let bench = Bench::new();
    bench.write("a.csv", "company_id,order_id,assessment_id,test_id,attempt,score,Scores,Name\nB6001,1,A1,T1,1,none,7,x\n");
    bench.write(
        "scoreload.toml",
        "ignore = [\"Scores\", \"name\"]\nmissing = [\"None\"]\n",
    );
    let ran = bench.run(&["validate", "a.csv", "--format", "json"]);
    let codes: Vec<_> = ran
        .diagnostics()
        .iter()
        .map(|found| found["code"].clone())
        .collect();
    assert_eq!(
        (ran.code, codes),
        (0, vec![json!("placeholder-ignored")]),
        "{}",
        ran.stdout
    );
}

#[test]
fn the_wide_sample_goes_through_with_its_short_configuration() {
    let bench = Bench::new();
    let bodies = arrived(
        &bench,
        &[&sample("wide.csv"), "--config", &sample("wide.toml")],
    );
    assert_eq!(bodies.len(), 60);
    let second: Value = serde_json::from_str(bodies[1].as_str().unwrap()).unwrap();
    let assessment = &second["assessments"][0];
    assert_eq!(assessment["assessmentId"], "OPS-2026");
    let tests = assessment["assessmentResults"]["tests"].as_array().unwrap();
    assert_eq!(tests.len(), 14, "six of the twenty scores are N/A");
    assert_eq!(
        tests[0].to_string(),
        r#"{"id":"VER-01","score":{"attempt":1,"value":"50%"},"testStatus":{"updatedAt":"2026-05-26T00:00:00Z","value":"Complete"}}"#
    );
    let report = bench.report();
    assert_eq!(
        (&report["totals"]["rows"], &report["totals"]["rows_skipped"]),
        (&json!(60), &json!(1))
    );
}

#[test]
fn fields_of_wide_tests_come_from_columns_or_are_the_same_for_all() {
    let bench = Bench::new();
    bench.write("wide.csv", "company_id,order_id,Num,Num try,Num link,Verb\nB6001,1,87,2,https://r.example/1,\nB6001,2,,,,91.50\n");
    bench.write(
        "scoreload.toml",
        r#"
        [[wide]]
        test_id = "NUM"
        score = "num"
        attempt = "Num try"
        report_url = "Num link"
        assessment_id = { const = "A1" }
        [[wide]]
        test_id = "VERB"
        score = "Verb"
        status = { const = "completed" }
        assessment_id = { const = "A2" }
        "#,
    );
    assert_eq!(
        arrived(&bench, &["wide.csv"]),
        [
            r#"{"assessments":[{"assessmentId":"A1","assessmentResults":{"tests":[{"id":"NUM","score":{"value":"87","attempt":2,"reports":[{"url":"https://r.example/1"}]}}]}}]}"#,
            r#"{"assessments":[{"assessmentId":"A2","assessmentResults":{"tests":[{"id":"VERB","score":{"value":"91.50","attempt":1},"testStatus":{"value":"Complete"}}]}}]}"#,
        ]
    );
}

#[test]
fn mistakes_in_wide_sheets_are_told_once_at_their_cells() {
    let bench = Bench::new();
    bench.write("wide.csv", "company_id,order_id,assessment_id,Num,Verb,Day,Num try\nB6001,1,A1,87,91,3/4/2026,x\nB6001,2,A1,87,,,\n");
    let wide = |id: &str, header: &str, more: &str| {
        format!(
            "[[wide]]\ntest_id = \"{id}\"\nscore = \"{header}\"\nupdated_at = \"Day\"\n{more}\n"
        )
    };
    bench.write(
        "scoreload.toml",
        wide("NUM", "Num", "attempt = \"Num try\"") + &wide("VERB", "Verb", ""),
    );
    let found = |ran: &crate::harness::Ran| -> Vec<Value> {
        ran.diagnostics()
            .iter()
            .map(|found| json!([found["code"], found["cell"]]))
            .collect()
    };
    let ran = bench.run(&["validate", "wide.csv", "--format", "json"]);
    let expected = [
        json!(["timestamp-ambiguous", "F2"]),
        json!(["attempt-invalid", "G2"]),
        json!(["attempt-missing", "G3"]),
    ];
    assert_eq!(found(&ran), expected, "{}", ran.stdout);
    bench.write(
        "scoreload.toml",
        wide("NUM", "Num", "status = \"Num state\"") + &wide("VERB", "Verb", ""),
    );
    let ran = bench.run(&["validate", "wide.csv", "--format", "json"]);
    assert_eq!(ran.code, 3, "{}", ran.stdout);
    assert!(
        ran.stdout
            .contains("names the column `Num state`, which the sheet does not have"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_sheet_that_looks_wide_is_told_so() {
    let ran = Bench::new().run(&["validate", &sample("wide.csv")]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.stdout.contains("the sheet looks wide"),
        "{}",
        ran.stdout
    );
}
