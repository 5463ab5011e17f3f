//! Plans: what they show and hold, that `apply` delivers exactly that, and when it refuses to.

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::delivery::totals;
use crate::harness::{Bench, Ran, SECRET, TestSandbox, orders_csv};
use crate::server::{NEVER, Server, answer};

const HEADER: &str = "company_id,order_id,assessment_id,test_id,attempt,score\n";

fn bench(orders: usize) -> Bench {
    let bench = Bench::new();
    bench.write("orders.csv", orders_csv(orders));
    bench
}

/// The binary with credentials, and without a pace.
fn command(bench: &Bench, args: &[&str]) -> Command {
    let mut command = bench.command(args);
    command
        .env("SCORELOAD_CLIENT_ID", "me")
        .env("SCORELOAD_CLIENT_SECRET", SECRET)
        .env("SCORELOAD_RATE", "unlimited");
    command
}

fn run(bench: &Bench, args: &[&str]) -> Ran {
    Ran::from(command(bench, args).output().unwrap())
}

fn import(bench: &Bench, url: &str, flags: &[&str]) -> Ran {
    let args = ["import", "orders.csv", "--no-report", "--target", url];
    run(bench, &[&args[..], flags].concat())
}

/// Makes `plan.json`, without credentials.
fn plan(bench: &Bench, url: &str, flags: &[&str]) -> Ran {
    let args = ["plan", "orders.csv", "-o", "plan.json", "--target", url];
    bench.run(&[&args[..], flags].concat())
}

/// Applies `plan.json`, and reports to `applied.json`.
fn apply(bench: &Bench, flags: &[&str]) -> Ran {
    let _ = std::fs::remove_file(bench.path("applied.json"));
    let args = ["apply", "plan.json", "--report", "applied.json"];
    run(bench, &[&args[..], flags].concat())
}

fn read(bench: &Bench, name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(bench.path(name)).unwrap()).unwrap()
}

/// The bodies that a plan holds, as they would be sent.
fn bodies(plan: &str) -> Vec<String> {
    let body = |line: &str| {
        let (_, rest) = line.split_once("\"body\":{")?;
        let mut depth = 1;
        let end = rest.find(|sign| {
            depth += i32::from(sign == '{') - i32::from(sign == '}');
            depth == 0
        });
        Some(format!("{{{}", &rest[..=end?]))
    };
    plan.lines().filter_map(body).collect()
}

fn sent(sandbox: &TestSandbox) -> Vec<String> {
    let body = |update: &Value| update["body"].as_str().unwrap().to_owned();
    sandbox.updates().iter().map(body).collect()
}

fn assert_refused(ran: &Ran, words: &str) {
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
    let sum = ["plan", "orders.csv", "-q", "--target", &sandbox.url()];
    assert_eq!(bench.run(&sum).stdout.lines().count(), 2);
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
    assert_eq!(good["changes"][0]["after"], "5");
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
fn another_process_delivers_exactly_the_bodies_of_the_plan() {
    let (bench, sandbox) = (bench(20), TestSandbox::start("unlimited", ""));
    bench.write(
        "orders.csv",
        orders_csv(20) + "B6001,BAD,A1,T1,x,1,,\n,,A1,T1,1,1,,\n",
    );
    let ran = plan(&bench, &sandbox.url(), &[]);
    assert_eq!(
        (ran.code, sandbox.requests().len()),
        (1, 0),
        "{}",
        ran.stderr
    );
    let kept = std::fs::read_to_string(bench.path("plan.json")).unwrap();
    let mode = bench
        .path("plan.json")
        .metadata()
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let ran = apply(&bench, &["--concurrency", "1"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert_eq!(bodies(&kept).len(), 20);
    assert_eq!(sent(&sandbox), bodies(&kept));
    let report = read(&bench, "applied.json");
    assert_eq!(report["mode"], "apply");
    assert_eq!(
        totals(&report),
        json!({"rows": 22, "rows_invalid": 1, "orders": 21, "accepted": 20, "invalid": 1})
    );
    let problems = ["attempt-invalid", "order-id-missing"];
    for code in problems {
        let codes = report["diagnostics"].as_array().unwrap().iter();
        assert!(codes.clone().any(|found| found["code"] == code), "{code}");
    }
    assert_eq!(report["inputs"][0]["path"], "orders.csv");
}

#[test]
fn a_plan_is_applied_once() {
    let (bench, sandbox) = (bench(2), TestSandbox::start("unlimited", ""));
    plan(&bench, &sandbox.url(), &[]);
    assert_eq!(apply(&bench, &[]).code, 0);
    let (run, sent) = (
        read(&bench, "applied.json")["run"].clone(),
        sandbox.requests().len(),
    );
    let ran = apply(&bench, &[]);
    assert_refused(
        &ran,
        &format!("applied before, by run `{}`", run.as_str().unwrap()),
    );
    assert_eq!(sandbox.requests().len(), sent);
    let again = run_history(&bench);
    assert_eq!((again.len(), &again[0]["mode"]), (1, &"apply".into()));
}

fn run_history(bench: &Bench) -> Vec<Value> {
    bench.run(&["history", "--format", "json"]).diagnostics()
}

type Harm<'a> = &'a dyn Fn(&Bench);

#[test]
fn a_plan_that_does_not_hold_any_more_is_refused_and_nothing_is_sent() {
    let sandbox = TestSandbox::start("unlimited", "");
    let planned = || {
        let bench = bench(3);
        assert_eq!(plan(&bench, &sandbox.url(), &[]).code, 0);
        bench
    };
    let edit = |bench: &Bench, from: &str, to: &str| {
        let kept = std::fs::read_to_string(bench.path("plan.json")).unwrap();
        assert!(kept.contains(from), "{kept}");
        bench.write("plan.json", kept.replace(from, to));
    };
    let table: [(&str, Harm<'_>); 7] = [
        ("`orders.csv` has changed", &|bench| {
            bench.write("orders.csv", orders_csv(4));
        }),
        ("`orders.csv` cannot be read any more", &|bench| {
            std::fs::remove_file(bench.path("orders.csv")).unwrap();
        }),
        ("its checksum is another", &|bench| {
            edit(bench, "\"value\":\"2\"", "\"value\":\"3\"");
        }),
        ("is not as it was written: unknown field `more`", &|bench| {
            edit(bench, "\"corrects\":", "\"more\":1,\"corrects\":");
        }),
        ("has the form `scoreload/plan/2`", &|bench| {
            edit(bench, "scoreload/plan/1", "scoreload/plan/2");
        }),
        ("`plan.json` is no plan", &|bench| {
            bench.write("plan.json", "{}");
        }),
        ("`plan.json` is no plan", &|bench| {
            std::fs::remove_file(bench.path("plan.json")).unwrap();
        }),
    ];
    for (words, harm) in table {
        let bench = planned();
        harm(&bench);
        assert_refused(&apply(&bench, &[]), words);
    }
    assert_eq!(sandbox.requests().len(), 0);
}

#[test]
fn a_plan_is_stale_once_another_run_has_delivered_to_one_of_its_orders() {
    let (bench, sandbox) = (bench(3), TestSandbox::start("unlimited", ""));
    assert_eq!(plan(&bench, &sandbox.url(), &[]).code, 0);
    bench.write("one.csv", orders_csv(1).replace(",0,", ",99,"));
    let other = [
        "import",
        "one.csv",
        "--no-report",
        "--target",
        &sandbox.url(),
    ];
    assert_eq!(run(&bench, &other).code, 0);
    let sent = sandbox.requests().len();
    assert_refused(
        &apply(&bench, &[]),
        "order `ORD-0` of company `B6001` was delivered to",
    );
    assert_eq!(sandbox.requests().len(), sent);
    bench.write(
        "two.csv",
        orders_csv(9)
            .lines()
            .last()
            .unwrap()
            .replace("ORD-8", "ORD-X"),
    );
    assert_eq!(
        run(&bench, &["plan", "orders.csv", "--target", &sandbox.url()]).code,
        0
    );
}

#[test]
fn what_decides_the_bodies_and_where_they_go_is_the_plans_alone() {
    let (bench, sandbox) = (bench(1), TestSandbox::start("unlimited", ""));
    assert_eq!(plan(&bench, &sandbox.url(), &[]).code, 0);
    let table: [(&[&str], &str); 4] = [
        (&["--target", "http://127.0.0.1:9"], "made with target"),
        (
            &["--on-ambiguous", "hold"],
            "made with --on-ambiguous `resend`",
        ),
        (&["--resend"], "made with --resend `off`"),
        (&["--test-mode"], "made with test mode `off`"),
    ];
    for (flags, words) in table {
        assert_refused(&apply(&bench, flags), words);
    }
    let poor = bench.run(&["apply", "plan.json"]);
    assert_refused(&poor, "needs credentials");
    assert_eq!(sandbox.requests().len(), 0);
    assert_eq!(apply(&bench, &["--target", &sandbox.url()]).code, 0);
}

#[test]
fn an_apply_that_is_killed_goes_on_with_what_is_left() {
    let (bench, sandbox) = (bench(120), TestSandbox::start("unlimited", ""));
    plan(&bench, &sandbox.url(), &["--on-ambiguous", "hold"]);
    for stop_after in [1, 30, 80] {
        let args = ["apply", "plan.json", "--no-report", "--concurrency", "3"];
        let mut command = command(&bench, &args);
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        while sandbox.updates().len() < stop_after && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        // It may have ended by itself in the meantime.
        let _ = child.kill();
        child.wait().unwrap();
    }
    let ran = apply(&bench, &[]);
    assert!([0, 1].contains(&ran.code), "{}", ran.stderr);
    let report = read(&bench, "applied.json");
    let (totals, count) = (totals(&report), |name: &str| {
        report["totals"][name].as_u64().unwrap()
    });
    assert_eq!(
        count("accepted") + count("unchanged") + count("unknown"),
        120,
        "{totals}"
    );
    assert!(count("unchanged") >= 70, "{totals}");
    assert_eq!(sandbox.orders().len(), 120);
    let reports = |order: &Value| {
        let test = &order["order"]["assessments"][0]["assessmentResults"]["tests"][0];
        test["score"]["reports"].as_array().map_or(0, Vec::len)
    };
    let orders = sandbox.orders();
    assert!(orders.iter().all(|order| reports(order) <= 1));
    assert!(orders.iter().filter(|order| reports(order) == 0).count() <= 9);
}

#[test]
fn a_lost_answer_is_dealt_with_as_in_an_import() {
    let bench = bench(1);
    let server = Server::answering(vec![answer(NEVER, ""), answer(204, "")]);
    plan(&bench, &server.url(), &[]);
    let ran = apply(&bench, &["--timeout", "0.2"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let order = read(&bench, "applied.json")["orders"][0].clone();
    assert_eq!(
        (&order["outcome"], &order["possible_duplicate_reports"]),
        (&"accepted".into(), &true.into())
    );
    assert_eq!(server.count("PATCH"), 2);
}

#[test]
fn an_order_that_failed_is_left_for_the_next_apply() {
    let bench = bench(3);
    let script = vec![answer(204, ""), answer(503, ""), answer(204, "")];
    let server = Server::answering(script);
    plan(&bench, &server.url(), &[]);
    let ran = apply(&bench, &["--concurrency", "1", "--retries", "0"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let ran = apply(&bench, &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let report = read(&bench, "applied.json");
    assert_eq!(
        totals(&report),
        json!({"rows": 3, "orders": 3, "accepted": 1, "unchanged": 2})
    );
    assert_refused(&apply(&bench, &[]), "applied before");
    assert_eq!(server.count("PATCH"), 4);
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
fn the_built_in_sandbox_takes_a_plan_too() {
    let bench = bench(2);
    let ran = bench.run(&["plan", "orders.csv", "-o", "plan.json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let ran = bench.run(&["apply", "plan.json", "--report", "applied.json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let report = read(&bench, "applied.json");
    assert_eq!(report["target"], "sandbox");
    assert_eq!(
        totals(&report),
        json!({"rows": 2, "orders": 2, "accepted": 2})
    );
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
    let orders = |count: usize| {
        let text = orders_csv(count).replace("ORD-", "NEXT-");
        bench.write("orders.csv", text);
    };
    for count in [4, 16] {
        orders(count);
        let flags = ["--max-change", "50%"];
        let words = format!("`{count}` orders would change, and `10` in the last import, run ");
        assert_refused(&import(&bench, &url, &flags), &words);
        assert_refused(&plan(&bench, &url, &flags), &words);
        assert!(!bench.path("plan.json").exists());
    }
    assert_eq!(sandbox.requests().len(), sent);
    orders(12);
    assert_eq!(import(&bench, &url, &["--max-change", "50"]).code, 0);
    let again = import(&bench, &url, &["--max-change", "0%"]);
    assert_eq!(again.code, 0, "nothing is left to send: {}", again.stderr);
    orders(13);
    bench.write("scoreload.toml", "[defaults]\nmax_change = \"10%\"\n");
    assert_refused(
        &import(&bench, &url, &[]),
        "`1` orders would change, and `12`",
    );
}
