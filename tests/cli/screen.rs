//! What the screen, the log and JSON on standard output say, and that nothing of the data disturbs them.

use std::os::unix::fs::PermissionsExt;

use proptest::prelude::*;
use scoreload::text::is_control;
use serde_json::{Value, json};

use crate::every_outcome::FORMS;
use crate::harness::{Bench, Ran, SECRET, TestSandbox, orders_csv, repository, sample};
use crate::server::{Server, answer};

const FAST: [&str; 3] = ["orders.csv", "--rate", "unlimited"];

/// The last line of standard output.
fn result(ran: &Ran) -> Value {
    serde_json::from_str(ran.stdout.lines().last().unwrap()).unwrap()
}

#[test]
fn a_delivery_in_json_ends_with_its_result() {
    let (bench, sandbox) = (Bench::new(), TestSandbox::start("unlimited", ""));
    let row = "B6001,ORD-X,A1,T1,first,5,,\n";
    bench.write("orders.csv", orders_csv(3) + row);
    let ran = bench.import(&sandbox.url(), &[&FAST[..], &["--format", "json"]].concat());
    let (result, report) = (result(&ran), bench.report());
    assert_eq!(ran.code, 1);
    assert_eq!(ran.diagnostics()[0]["code"], "attempt-invalid");
    assert_eq!(ran.diagnostics().len(), 2);
    for name in [
        "run",
        "mode",
        "target",
        "totals",
        "requests",
        "next",
        "exit_code",
    ] {
        assert_eq!(result[name], report[name], "{name}");
    }
    assert_eq!(result["reports"], json!(["report.json"]));
    let next = result["next"][0].as_str().unwrap();
    let (command, first) = next.split_once("  # ").unwrap();
    let told = format!("{first}:\n             {command}");
    assert!(ran.stderr.trim_end().ends_with(&told), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("accepted     3 orders, 3 rows\n"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("invalid      1 order,  1 row\n"),
        "{}",
        ran.stderr
    );
}

#[test]
fn every_command_that_comes_to_a_result_tells_it_in_lines_of_json() {
    let (bench, sandbox) = (Bench::new(), TestSandbox::start("unlimited", ""));
    bench.write("orders.csv", orders_csv(2));
    assert_eq!(bench.import(&sandbox.url(), &FAST).code, 0);
    let run = bench.report()["run"].as_str().unwrap().to_owned();
    let commands: [&[&str]; 12] = [
        &["import", "orders.csv", "--no-report"],
        &["import", "orders.csv", "--no-report", "--dry-run"],
        &[
            "validate",
            "orders.csv",
            "--deny-warnings",
            "--default-attempt",
            "1",
        ],
        &["plan", "orders.csv", "-o", "plan.json"],
        &["apply", "plan.json", "--no-report"],
        &["history"],
        &["history", &run],
        &["history", "--order", "ORD-1"],
        &["columns", "orders.csv"],
        &["explain"],
        &["explain", "status-unknown"],
        &["template", "-o", "new.xlsx"],
    ];
    for command in commands {
        let ran = bench.run(&[command, &["--format", "json"]].concat());
        assert_eq!(ran.code, 0, "{command:?}: {}", ran.stderr);
        // A check without findings has nothing to say.
        assert_eq!(
            ran.stdout.is_empty(),
            command[0] == "validate",
            "{command:?}"
        );
        assert!(
            ran.diagnostics().iter().all(Value::is_object),
            "{command:?}: {}",
            ran.stdout
        );
    }
}

#[test]
fn what_resolve_and_template_did_is_told_in_json_too() {
    let (bench, sandbox) = (Bench::new(), TestSandbox::start("unlimited", ""));
    bench.write("orders.csv", orders_csv(1));
    bench.import(&sandbox.url(), &FAST);
    let run = bench.report()["run"].as_str().unwrap().to_owned();
    let settled = bench.run(&["resolve", &run, "--resend", "--format", "json"]);
    assert_eq!(
        result(&settled),
        json!({"run": run, "settled_as": "lost", "orders": []})
    );
    let made = bench.run(&["template", "-o", "new.csv", "--format", "json"]);
    assert_eq!(result(&made), json!({"template": "new.csv"}));
    assert_eq!(
        (made.stderr, bench.path("new.csv").exists()),
        (String::new(), true)
    );
}

#[test]
fn the_log_is_kept_in_a_file_of_its_owner_and_holds_no_data() {
    let (bench, sandbox) = (Bench::new(), TestSandbox::start("unlimited", ""));
    let header = "company_id,order_id,assessment_id,test_id,attempt,score,description,report_name,report_url\n";
    let row = "B6001,ORD-7,A1,T1,1,score-87,descr-1,name-1,https://r.example/link-1\n";
    bench.write("orders.csv", [header, row].concat());
    let logged = ["--log-file", "run.log", "--log-format", "json"];
    for level in ["--resend", "-vv"] {
        let ran = bench.import(
            &sandbox.url(),
            &[&FAST[..], &logged, &["--resend", level][1..]].concat(),
        );
        assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
        assert!(!ran.stderr.contains("update sent"), "{}", ran.stderr);
    }
    let mode = bench
        .path("run.log")
        .metadata()
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let log = std::fs::read_to_string(bench.path("run.log")).unwrap();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let sent = lines
        .iter()
        .find(|line| line["fields"]["message"] == "update sent")
        .unwrap();
    assert_eq!(sent["fields"]["order_id"], "ORD-7");
    assert_eq!(sent["fields"]["status"], 204);
    for secret in [
        SECRET, "score-87", "descr-1", "name-1", "link-1", "Bearer", "Basic",
    ] {
        assert!(!log.contains(secret), "{secret}");
    }
    let refused = bench.run(&[
        "validate",
        &sample("scores.csv"),
        "--log-file",
        "no/such.log",
    ]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
}

#[test]
fn a_bar_that_cannot_move_is_told_in_lines() {
    let (bench, sandbox) = (Bench::new(), TestSandbox::start("unlimited", ""));
    bench.write("orders.csv", orders_csv(1));
    let ran = bench.import(
        &sandbox.url(),
        &[&FAST[..], &["--progress", "bar"]].concat(),
    );
    assert!(!ran.stderr.contains(['\u{1b}', '\r']), "{:?}", ran.stderr);
}

/// With SCREEN=overwrite in the environment, the file is brought up to date instead.
#[test]
fn the_screen_of_a_run_that_comes_to_every_outcome() {
    let path = repository("tests/cli/expected/every_outcome.txt");
    let lines = FORMS
        .screen
        .lines()
        .map(|line| match line.split_once("time  ") {
            Some(("", _)) => "time         …",
            _ => line,
        });
    let screen: String = lines.flat_map(|line| [line, "\n"]).collect();
    if std::env::var("SCREEN").is_ok_and(|mode| mode == "overwrite") {
        std::fs::write(&path, &screen).unwrap();
    }
    assert_eq!(screen, std::fs::read_to_string(&path).unwrap());
}

/// Texts that would like to rule the terminal.
fn hostile() -> impl Strategy<Value = String> {
    let signs = "[a-c\\u{1}-\\u{9}\\u{b}\\u{c}\\u{e}-\\u{1f}\\u{7f}-\\u{9f}\\u{61c}\\u{200e}\\u{200f}\\u{2028}-\\u{202e}\\u{2066}-\\u{2069}]{1,12}";
    prop_oneof![
        signs,
        Just("\u{1b}]0;title\u{7}\u{1b}[2J".to_owned()),
        Just("\u{1b}[31mred\r\nerror: x".to_owned()),
    ]
}

fn assert_calm(ran: &Ran, what: &str) {
    let all = [ran.stdout.as_str(), ran.stderr.as_str()].concat();
    let found = all.chars().find(|c| *c != '\n' && is_control(*c));
    assert_eq!(found, None, "{what}: {all:?}");
    assert!(!all.contains("\nerror: x"), "{what}: {all:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn nothing_of_the_data_reaches_the_terminal_raw(order in hostile(), score in hostile(), header in hostile(), company in hostile()) {
        let bench = Bench::new();
        let csv = format!(
            "company_id,order_id,\"test_id{header}\",test_id,attempt,score\nB6001,\"o{order}\",x,T1,x,\"{score}\"\n\"CS{company}\",o,x,T1,1,\"{score}\"\nB6001,\"p{order}\",x,T1,1,\"{score}\"\n"
        );
        bench.write("orders.csv", csv);
        let validate = ["validate", "orders.csv"];
        let plan = ["plan", "orders.csv", "--ledger", "none", "--no-report", "-v"];
        for command in [&validate[..], &plan, &["columns", "orders.csv"]] {
            for format in ["human", "json"] {
                let ran = bench.run(&[command, &["--format", format]].concat());
                assert_calm(&ran, format);
            }
        }
    }
}

#[test]
fn nothing_of_an_answer_or_of_an_id_reaches_the_terminal_raw() {
    let said = "{\"message\":\"\u{202e}no\u{9b}31m\\u001b[2J\\nerror: x\"}";
    let (bench, server) = (Bench::new(), Server::answering(vec![answer(400, said)]));
    bench.write(
        "orders.csv",
        orders_csv(1).replace("ORD-0", "\"O\u{1b}[31m\u{202e}\""),
    );
    for format in ["human", "json"] {
        let ran = bench.import(
            &server.url(),
            &[&FAST[..], &["-vv", "--format", format]].concat(),
        );
        assert_eq!(ran.code, 1, "{}", ran.stderr);
        assert_calm(&ran, format);
    }
    for format in ["human", "json"] {
        assert_calm(&bench.run(&["history", "--format", format]), format);
        let run = bench.report()["run"].as_str().unwrap().to_owned();
        assert_calm(&bench.run(&["history", &run, "--format", format]), format);
    }
}
