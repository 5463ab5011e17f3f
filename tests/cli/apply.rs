//! Plans that are applied: exactly their bodies are delivered, once, and nothing where they do not hold any more.

use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::delivery::totals;
use crate::harness::{Bench, Ran, TestSandbox, orders_csv};
use crate::plan::{assert_refused, bench, command, plan, read, run};
use crate::server::{NEVER, Server, answer};

/// Applies `plan.json`, and reports to `applied.json`.
fn apply(bench: &Bench, flags: &[&str]) -> Ran {
    let _ = std::fs::remove_file(bench.path("applied.json"));
    let args = ["apply", "plan.json", "--report", "applied.json"];
    run(bench, &[&args[..], flags].concat())
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
        &format!("already applied by run `{}`", run.as_str().unwrap()),
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
        ("`orders.csv` can no longer be read", &|bench| {
            std::fs::remove_file(bench.path("orders.csv")).unwrap();
        }),
        ("its checksum does not match", &|bench| {
            edit(bench, "\"value\":\"2\"", "\"value\":\"3\"");
        }),
        ("was edited: unknown field `more`", &|bench| {
            edit(bench, "\"corrects\":", "\"more\":1,\"corrects\":");
        }),
        ("has the format `scoreload/plan/2`", &|bench| {
            edit(bench, "scoreload/plan/1", "scoreload/plan/2");
        }),
        ("`plan.json` is not a plan", &|bench| {
            bench.write("plan.json", "{}");
        }),
        ("cannot read the plan `plan.json`", &|bench| {
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
        "order `ORD-0` of company `B6001` was delivered by run",
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
    assert!(count("unchanged") >= 40, "{totals}");
    assert_eq!(sandbox.orders().len(), 120);
    let reports = |order: &Value| {
        let test = &order["order"]["assessments"][0]["assessmentResults"]["tests"][0];
        test["score"]["reports"].as_array().map_or(0, Vec::len)
    };
    let orders = sandbox.orders();
    assert!(orders.iter().all(|order| reports(order) <= 1));
    let in_doubt = orders.iter().filter(|order| reports(order) == 0).count();
    assert!(
        in_doubt <= 20,
        "only what was in flight at a kill: {in_doubt}"
    );
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
    assert_refused(&apply(&bench, &[]), "already applied");
    assert_eq!(server.count("PATCH"), 4);
}

#[test]
fn a_plan_made_to_pretend_only_pretends() {
    let (bench, sandbox) = (bench(2), TestSandbox::start("unlimited", ""));
    assert_eq!(plan(&bench, &sandbox.url(), &["--test-mode"]).code, 0);
    let ran = apply(&bench, &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let updates = sandbox.updates();
    assert_eq!((updates.len(), sandbox.orders().len()), (2, 0));
    assert!(updates.iter().all(|update| update["test_mode"] == true));
}

#[test]
fn a_plan_of_standard_input_holds_its_bodies_though_it_cannot_be_read_again() {
    let (bench, sandbox) = (bench(2), TestSandbox::start("unlimited", ""));
    let url = sandbox.url();
    let args = ["plan", "-", "-o", "plan.json", "--target", &url];
    let input = std::fs::File::open(bench.path("orders.csv")).unwrap();
    let output = bench.command(&args).stdin(input).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(apply(&bench, &[]).code, 0);
    assert_eq!(sandbox.orders().len(), 2);
}

#[test]
fn a_plan_with_errors_is_not_applied_where_all_or_nothing_is_asked_for() {
    let (bench, sandbox) = (bench(1), TestSandbox::start("unlimited", ""));
    bench.write("orders.csv", orders_csv(1) + "B6001,BAD,A1,T1,x,1,,\n");
    assert_eq!(plan(&bench, &sandbox.url(), &[]).code, 1);
    let ran = apply(&bench, &["--all-or-nothing"]);
    assert_eq!(
        (ran.code, sandbox.requests().len()),
        (3, 0),
        "{}",
        ran.stderr
    );
    assert_eq!(apply(&bench, &[]).code, 1);
    assert_eq!(sandbox.orders().len(), 1);
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
