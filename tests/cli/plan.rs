//! Plans: what they show, what they hold, and when one is refused for being too far from the last import.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::delivery::totals;
use crate::harness::{Bench, Ran, SECRET, TestSandbox, orders_csv};
use crate::server::{NEVER, Server, answer};

const HEADER: &str = "company_id,order_id,assessment_id,test_id,attempt,score\n";

pub(crate) fn bench(orders: usize) -> Bench {
    let bench = Bench::new();
    bench.write("orders.csv", orders_csv(orders));
    bench
}

/// The binary with credentials, and without a pace.
pub(crate) fn command(bench: &Bench, args: &[&str]) -> Command {
    let mut command = bench.command(args);
    command
        .env("SCORELOAD_CLIENT_ID", "me")
        .env("SCORELOAD_CLIENT_SECRET", SECRET)
        .env("SCORELOAD_RATE", "unlimited");
    command
}

pub(crate) fn run(bench: &Bench, args: &[&str]) -> Ran {
    Ran::from(command(bench, args).output().unwrap())
}

fn import(bench: &Bench, url: &str, flags: &[&str]) -> Ran {
    let args = ["import", "orders.csv", "--no-report", "--target", url];
    run(bench, &[&args[..], flags].concat())
}

/// Makes `plan.json`, without credentials.
pub(crate) fn plan(bench: &Bench, url: &str, flags: &[&str]) -> Ran {
    let args = ["plan", "orders.csv", "-o", "plan.json", "--target", url];
    bench.run(&[&args[..], flags].concat())
}

pub(crate) fn read(bench: &Bench, name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(bench.path(name)).unwrap()).unwrap()
}

pub(crate) fn assert_refused(ran: &Ran, words: &str) {
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains(words), "{}", ran.stderr);
    assert!(ran.stderr.contains("help: "), "{}", ran.stderr);
}

#[test]
fn each_order_has_its_sign_and_the_sum_its_requests_bytes_and_time() {
    let (bench, sandbox) = (Bench::new(), TestSandbox::start("unlimited", ""));
    bench.write(
        "orders.csv",
        format!("{HEADER}B1,O-1,A,T,1,5\nB1,O-2,A,T,1,6\n"),
    );
    assert_eq!(import(&bench, &sandbox.url(), &[]).code, 0);
    let sent = sandbox.requests().len();
    bench.write(
        "orders.csv",
        format!("{HEADER}B1,O-1,A,T,1,5\nB1,O-2,A,T,1,7\nB1,O-3,A,T,1,8\nB1,O-4,A,T,x,9\n"),
    );
    let ran = plan(&bench, &sandbox.url(), &["--report", "report.json"]);
    let url = sandbox.url();
    assert_eq!(
        ran.stdout,
        format!(
            "\
= B1  O-1
* B1  O-2  T 6 → 7
+ B1  O-3  1 test
! B1  O-4  held back: 1 error in its rows
orders       + 1 new   * 1 changed   = 1 unchanged   ! 1 invalid
would send   2 updates with 230 bytes to {url}, in at least 0 s at 3/s,180/m
"
        )
    );
    assert_eq!((ran.code, sandbox.requests().len()), (1, sent));
    let report = bench.report();
    assert_eq!(report["mode"], "plan");
    assert_eq!(
        totals(&report),
        json!({"rows": 4, "orders": 4, "valid": 2, "unchanged": 1, "invalid": 1})
    );
    let dry = ["import", "orders.csv", "--dry-run", "--target", &url];
    let dry = bench.run(&dry);
    assert_eq!((dry.stdout, dry.code), (ran.stdout, ran.code));
}

#[test]
fn reports_that_wait_for_a_person_are_told_as_unknown() {
    let bench = bench(1);
    let server = Server::answering(vec![answer(NEVER, ""), answer(204, "")]);
    let flags = ["--on-ambiguous", "hold", "--timeout", "0.2"];
    let ran = import(&bench, &server.url(), &flags);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let ran = plan(&bench, &server.url(), &["--on-ambiguous", "hold"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let line = "? B6001  ORD-0  1 report kept back: not known whether taken\n";
    assert!(ran.stdout.starts_with(line), "{}", ran.stdout);
}

#[test]
fn a_large_plan_tells_what_is_new_and_counts_the_rest() {
    let (bench, sandbox) = (bench(100), TestSandbox::start("unlimited", ""));
    assert_eq!(import(&bench, &sandbox.url(), &[]).code, 0);
    bench.write("orders.csv", orders_csv(103));
    let ran = plan(&bench, &sandbox.url(), &[]);
    let count = |sign: &str| {
        let lines = ran.stdout.lines();
        lines.filter(|line| line.starts_with(sign)).count()
    };
    assert_eq!((count("+ "), count("= ")), (3, 57));
    let rest = "… and 43 orders more: 43 unchanged (-v lists them all)\n";
    assert!(ran.stdout.contains(rest), "{}", ran.stdout);
    let all = ["plan", "orders.csv", "-v", "--target", &sandbox.url()];
    assert_eq!(bench.run(&all).stdout.lines().count(), 103 + 2);
    let quiet = ["plan", "orders.csv", "-q", "--target", &sandbox.url()];
    let ran = bench.run(&[&quiet[..], &["-o", "quiet.json"]].concat());
    assert_eq!((ran.stdout + &ran.stderr, ran.code), (String::new(), 0));
}

#[test]
fn as_json_a_plan_is_a_line_for_each_problem_each_order_and_their_sum() {
    let bench = Bench::new();
    bench.write(
        "orders.csv",
        format!("{HEADER}B1,O-1,A,T,1,5\nB1,O-2,A,T,x,6\n"),
    );
    let ran = bench.run(&["plan", "orders.csv", "--format", "json"]);
    assert_eq!(ran.code, 1);
    let lines = ran.diagnostics();
    let [problem, good, bad, sum] = <&[Value; 4]>::try_from(&lines[..]).unwrap();
    assert_eq!(problem["code"], "attempt-invalid");
    let results = json!({"tests": [{"id": "T", "score": {"value": "5", "attempt": 1}}]});
    let body = json!({"assessments": [{"assessmentId": "A", "assessmentResults": results}]});
    assert_eq!(
        (&good["change"], &good["outcome"], &good["body"]),
        (&"new".into(), &"valid".into(), &body)
    );
    // All of it is new.
    assert_eq!(good["changes"], json!([]));
    assert_eq!(good["rows"][0]["row"], 2);
    assert_eq!(
        (&bad["change"], &bad["body"]),
        (&"invalid".into(), &Value::Null)
    );
    assert_eq!(
        (&sum["requests"], &sum["bytes"]),
        (&1.into(), &good["bytes"])
    );
    assert_eq!(sum["orders"]["invalid"], 1);
}

#[test]
fn an_order_whose_answer_was_lost_is_told_to_be_sent_again() {
    let bench = bench(1);
    let server = Server::answering(vec![answer(NEVER, "")]);
    let ran = import(
        &bench,
        &server.url(),
        &["--timeout", "0.2", "--retries", "0"],
    );
    assert_ne!(ran.code, 0);
    let ran = plan(&bench, &server.url(), &[]);
    let line = "* B6001  ORD-0  T1 0, 1 report, sent again: an earlier answer was lost\n";
    assert!(ran.stdout.starts_with(line), "{}", ran.stdout);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

#[test]
fn a_plan_never_replaces_a_file_and_never_holds_a_secret() {
    let bench = bench(1);
    bench.write("plan.json", "mine");
    assert_refused(&plan(&bench, "demo", &[]), "never replaces a file");
    assert_eq!(
        std::fs::read_to_string(bench.path("plan.json")).unwrap(),
        "mine"
    );
    let flags = ["plan", "orders.csv", "--target", "demo", "-o", "kept.json"];
    assert_eq!(run(&bench, &flags).code, 0);
    let kept = std::fs::read_to_string(bench.path("kept.json")).unwrap();
    assert!(!kept.contains(SECRET));
    assert!(!bench.path("state").exists(), "a plan makes no ledger");
}

#[test]
fn an_export_that_was_cut_short_or_doubled_is_refused() {
    let (bench, sandbox) = (bench(10), TestSandbox::start("unlimited", ""));
    let url = sandbox.url();
    let first = import(&bench, &url, &["--max-change", "50%"]);
    assert_eq!(first.code, 0, "{}", first.stderr);
    assert!(
        first.stderr.contains("nothing to compare with"),
        "{}",
        first.stderr
    );
    let sent = sandbox.requests().len();
    // Whether its orders are new, as in 16, or known, as in the others: 0 is a header alone.
    for (count, name) in [(0, "ORD-"), (4, "ORD-"), (4, "NEXT-"), (16, "NEXT-")] {
        bench.write("orders.csv", orders_csv(count).replace("ORD-", name));
        let flags = ["--max-change", "50%"];
        let words = format!("the inputs have `{count}` orders, and the last import, run ");
        assert_refused(&import(&bench, &url, &flags), &words);
        assert_refused(&plan(&bench, &url, &flags), &words);
        assert!(!bench.path("plan.json").exists());
    }
    assert_eq!(sandbox.requests().len(), sent);
    // All that was there, and a little more.
    bench.write("orders.csv", orders_csv(12));
    assert_eq!(import(&bench, &url, &["--max-change", "50"]).code, 0);
    assert_eq!(sandbox.orders().len(), 12);
    let again = import(&bench, &url, &["--max-change", "0%"]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    bench.write("orders.csv", orders_csv(14));
    bench.write("scoreload.toml", "[defaults]\nmax_change = \"10%\"\n");
    assert_refused(
        &import(&bench, &url, &[]),
        "`14` orders, and the last import",
    );
}

#[test]
fn an_export_that_is_refused_has_a_report_and_a_history_and_stays_in_the_inbox() {
    let (bench, sandbox) = (bench(10), TestSandbox::start("unlimited", ""));
    let url = sandbox.url();
    assert_eq!(import(&bench, &url, &[]).code, 0);
    let inbox = bench.path("in");
    std::fs::create_dir(&inbox).unwrap();
    bench.write("in/short.csv", orders_csv(2));
    #[rustfmt::skip]
    let args = [
        "import", "--inbox", "in", "--settle", "0s", "--target", &url, "--max-change", "50%",
        "--report", "r.json", "--notify-command", "sh -c 'env > told'",
    ];
    for _ in 0..2 {
        let _ = std::fs::remove_file(bench.path("r.json"));
        let ran = run(&bench, &args);
        assert_refused(&ran, "the inputs have `2` orders, and the last import");
        assert!(!ran.stderr.contains("next  "), "{}", ran.stderr);
        assert!(bench.path("in/short.csv").exists());
        let report = read(&bench, "r.json");
        assert_eq!(report["exit_code"], 2);
        assert_eq!(
            totals(&report),
            json!({"rows": 2, "orders": 2, "unchanged": 2})
        );
        assert!(
            report["stopped"]
                .as_str()
                .unwrap()
                .starts_with("the inputs have `2` orders")
        );
        let told = std::fs::read_to_string(bench.path("told")).unwrap();
        assert!(
            told.contains("SCORELOAD_STOPPED=the inputs have `2` orders"),
            "{told}"
        );
        let history = bench.run(&["history", "--format", "json"]);
        let last = history.diagnostics().remove(0);
        assert_eq!(
            (&last["run"], &last["exit_code"]),
            (&report["run"], &2.into())
        );
    }
}

#[test]
fn corrected_rows_and_plans_are_no_export_to_compare_with_nor_refused() {
    let (bench, sandbox) = (bench(10), TestSandbox::start("unlimited", ""));
    let url = sandbox.url();
    assert_eq!(import(&bench, &url, &[]).code, 0);
    let corrected = orders_csv(1).replace("ORD-", "FIXED-");
    let lines = corrected
        .lines()
        .zip(["scoreload_run", "20261124-012809-abcd"]);
    let text: Vec<String> = lines.map(|(line, run)| format!("{line},{run}")).collect();
    bench.write("orders.csv", text.join("\n"));
    let limit = ["--max-change", "10%"];
    let ran = import(&bench, &url, &limit);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    bench.write("orders.csv", orders_csv(3));
    assert_eq!(plan(&bench, &url, &[]).code, 0);
    let apply = ["apply", "plan.json", "--no-report"];
    assert_refused(&run(&bench, &[&apply[..], &limit].concat()), "`3` orders");
    let ran = run(&bench, &apply);
    assert_eq!(
        ran.code, 0,
        "a plan that was refused is not applied: {}",
        ran.stderr
    );
    bench.write("orders.csv", orders_csv(10).replace("ORD-", "NEXT-"));
    let ran = import(&bench, &url, &limit);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

#[test]
fn an_import_that_was_cut_off_counts_with_the_one_that_finishes_its_job() {
    let (bench, sandbox) = (bench(150), TestSandbox::start("unlimited", ""));
    let url = sandbox.url();
    assert_eq!(import(&bench, &url, &[]).code, 0);
    bench.write("orders.csv", orders_csv(150).replace("ORD-", "NEXT-"));
    let args = ["import", "orders.csv", "--no-report", "--target", &url];
    let mut cut_off = command(&bench, &args);
    let mut child = cut_off.stderr(Stdio::null()).spawn().unwrap();
    while sandbox.updates().len() < 200 && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    // It may have ended by itself in the meantime.
    let _ = child.kill();
    child.wait().unwrap();
    let ran = import(&bench, &url, &["--max-change", "0%"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(sandbox.orders().len(), 300);
}
