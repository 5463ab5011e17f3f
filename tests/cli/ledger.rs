//! What an import remembers: nothing acknowledged is sent again, nothing is lost, whatever happens in between.

use std::collections::BTreeSet;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::delivery::{signal, totals};
use crate::harness::{Bench, TestSandbox, on_postgres, orders_csv};
use crate::server::{NEVER, Server, answer};

const FAST: &[&str] = &["orders.csv", "--rate", "unlimited"];

/// Every way in which an update goes wrong and may go right another time.
const FAULTS: &str =
    "drop-before=4%,drop-after=4%,500=3%,500-after=4%,502=3%,504=2%,429=1%,401=2%,slow=1%";
/// Gives up soon: slow answers are beyond its patience, and not every order gets through in one run.
const IMPATIENT: &[&str] = &["--retries", "2", "--timeout", "0.7"];

fn bench(orders: usize) -> Bench {
    let bench = Bench::new();
    bench.write("orders.csv", orders_csv(orders));
    bench
}

/// The reports of each order that the sandbox holds, with their number.
pub(crate) fn reports(sandbox: &TestSandbox) -> Vec<(String, usize)> {
    let of = |order: &Value| {
        let reports =
            &order["order"]["assessments"][0]["assessmentResults"]["tests"][0]["score"]["reports"];
        (
            order["order_id"].as_str().unwrap().to_owned(),
            reports.as_array().map_or(0, Vec::len),
        )
    };
    sandbox.orders().iter().map(of).collect()
}

/// The scores that the sandbox holds, by order.
pub(crate) fn scores(sandbox: &TestSandbox) -> BTreeSet<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let of = |order: &Value| {
        let score =
            &order["order"]["assessments"][0]["assessmentResults"]["tests"][0]["score"]["value"];
        (text(&order["order_id"]), text(score))
    };
    sandbox.orders().iter().map(of).collect()
}

/// The scores that `orders_csv` writes.
pub(crate) fn expected_scores(count: usize) -> BTreeSet<(String, String)> {
    (0..count)
        .map(|index| (format!("ORD-{index}"), index.to_string()))
        .collect()
}

#[test]
fn the_same_file_again_costs_no_request_in_any_order_of_its_rows() {
    let (bench, sandbox) = (bench(5), TestSandbox::start("unlimited", ""));
    assert_eq!(bench.import(&sandbox.url(), FAST).code, 0);
    let sent = sandbox.requests().len();
    let text = orders_csv(5);
    let (header, rows) = text.split_once('\n').unwrap();
    let reversed: Vec<&str> = rows.lines().rev().collect();
    bench.write("orders.csv", format!("{header}\n{}\n", reversed.join("\n")));
    let ran = bench.import(&sandbox.url(), FAST);
    assert_eq!(
        (ran.code, sandbox.requests().len()),
        (0, sent),
        "{}",
        ran.stderr
    );
    assert_eq!(
        totals(&bench.report()),
        json!({"rows": 5, "orders": 5, "unchanged": 5})
    );
}

#[test]
fn a_changed_order_is_sent_without_the_reports_that_were_taken() {
    let (bench, sandbox) = (bench(3), TestSandbox::start("unlimited", ""));
    assert_eq!(bench.import(&sandbox.url(), FAST).code, 0);
    let changed = orders_csv(3).replace(
        "T1,1,1,Result,https://r.example/1",
        "T1,1,99,Result,https://r.example/1",
    );
    bench.write("orders.csv", changed);
    let ran = bench.import(&sandbox.url(), FAST);
    assert_eq!(
        (ran.code, sandbox.updates().len()),
        (0, 4),
        "{}",
        ran.stderr
    );
    let last = sandbox.updates()[3]["body"].as_str().unwrap().to_owned();
    let body = r#"{"assessments":[{"assessmentId":"A1","assessmentResults":{"tests":[{"id":"T1","score":{"value":"99","attempt":1}}]}}]}"#;
    assert_eq!(last, body);
    assert_eq!(
        totals(&bench.report()),
        json!({"rows": 3, "orders": 3, "accepted": 1, "unchanged": 2})
    );
}

#[test]
fn resend_sends_everything_and_says_what_that_means_for_reports() {
    let (bench, sandbox) = (bench(2), TestSandbox::start("unlimited", ""));
    assert_eq!(bench.import(&sandbox.url(), FAST).code, 0);
    assert_eq!(
        bench
            .import(&sandbox.url(), &[FAST, &["--resend"]].concat())
            .code,
        0
    );
    assert!(reports(&sandbox).iter().all(|(_, count)| *count == 2));
    let report = bench.report();
    assert!(
        report["orders"]
            .as_array()
            .unwrap()
            .iter()
            .all(|order| order["possible_duplicate_reports"] == true)
    );
}

#[test]
fn what_a_resend_has_left_is_sent_by_the_command_that_is_told() {
    let script = [204, 204, 204, 204, 503, 503, 204].map(|status| answer(status, ""));
    let (bench, server) = (bench(3), Server::answering(script.into()));
    let one_by_one = [FAST, &["--retries", "0", "--concurrency", "1"]].concat();
    assert_eq!(bench.import(&server.url(), &one_by_one).code, 0);
    let stopped = bench.import(&server.url(), &[&one_by_one[..], &["--resend"]].concat());
    assert_eq!(
        totals(&bench.report()),
        json!({"rows": 3, "orders": 3, "accepted": 1, "failed": 2})
    );
    let next = stopped.stderr.lines().find(|line| line.starts_with("next"));
    assert!(!next.unwrap().contains("--resend"), "{next:?}");
    assert_eq!(bench.import(&server.url(), &one_by_one).code, 0);
    let report = bench.report();
    assert_eq!(
        totals(&report),
        json!({"rows": 3, "orders": 3, "accepted": 2, "unchanged": 1})
    );
    let orders = report["orders"].as_array().unwrap().iter();
    let marked = orders.filter(|order| order["possible_duplicate_reports"] == true);
    assert_eq!(marked.count(), 2);
    assert_eq!(bench.import(&server.url(), &one_by_one).code, 0);
    assert_eq!(server.count("PATCH"), 8);
}

#[test]
fn without_a_ledger_nothing_is_remembered() {
    let (bench, sandbox) = (bench(2), TestSandbox::start("unlimited", ""));
    let flags = [FAST, &["--ledger", "none"]].concat();
    assert_eq!(bench.import(&sandbox.url(), &flags).code, 0);
    assert_eq!(bench.import(&sandbox.url(), &flags).code, 0);
    assert_eq!(sandbox.updates().len(), 4);
    assert!(!bench.path("state").exists());
}

#[test]
fn a_pretended_delivery_is_not_remembered() {
    let (bench, sandbox) = (bench(2), TestSandbox::start("unlimited", ""));
    assert_eq!(
        bench
            .import(&sandbox.url(), &[FAST, &["--test-mode"]].concat())
            .code,
        0
    );
    assert_eq!(bench.import(&sandbox.url(), FAST).code, 0);
    assert_eq!(sandbox.orders().len(), 2);
}

#[test]
fn another_target_has_a_memory_of_its_own() {
    let (bench, one, other) = (
        bench(2),
        TestSandbox::start("unlimited", ""),
        TestSandbox::start("unlimited", ""),
    );
    assert_eq!(bench.import(&one.url(), FAST).code, 0);
    assert_eq!(bench.import(&other.url(), FAST).code, 0);
    assert_eq!((one.orders().len(), other.orders().len()), (2, 2));
}

#[test]
fn under_faults_nothing_is_lost_and_only_marked_orders_have_a_report_twice() {
    let (bench, sandbox) = (bench(300), TestSandbox::start("unlimited", FAULTS));
    let mut marked = BTreeSet::new();
    let mut codes = Vec::new();
    for _ in 0..12 {
        let ran = bench.import(&sandbox.url(), &[FAST, IMPATIENT].concat());
        for order in bench.report()["orders"].as_array().unwrap() {
            if order["possible_duplicate_reports"] == true {
                marked.insert(order["order_id"].as_str().unwrap().to_owned());
            }
        }
        codes.push(ran.code);
        if ran.code == 0 {
            break;
        }
    }
    assert_eq!(codes.last(), Some(&0), "{codes:?}");
    assert_eq!(scores(&sandbox), expected_scores(300));
    for (order, count) in reports(&sandbox) {
        assert!(
            count == 1 || (count > 1 && marked.contains(&order)),
            "{order} has {count} reports"
        );
    }
    let sent = sandbox.requests().len();
    assert_eq!(bench.import(&sandbox.url(), FAST).code, 0);
    assert_eq!(sandbox.requests().len(), sent, "nothing is left to send");
}

#[test]
fn under_hold_no_report_is_ever_sent_twice() {
    let (bench, sandbox) = (bench(300), TestSandbox::start("unlimited", FAULTS));
    let flags = [FAST, IMPATIENT, &["--on-ambiguous", "hold"]].concat();
    for round in 0.. {
        let ran = bench.import(&sandbox.url(), &flags);
        assert!(ran.code != 0 && round < 20, "{}", ran.stderr);
        let settled = |order: &Value| {
            order["outcome"] != "failed"
                && (order["outcome"] != "unknown" || order["held_reports"] != json!([]))
        };
        let report = bench.report();
        let mut orders = report["orders"].as_array().unwrap().iter();
        // A server that lost the score too was asked again.
        if orders.all(settled) && report["requests"]["sent"] == 0 {
            break;
        }
    }
    assert_eq!(scores(&sandbox), expected_scores(300));
    assert!(reports(&sandbox).iter().all(|(_, count)| *count <= 1));
    let report = bench.report();
    let held: Vec<&Value> = report["orders"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|order| order["outcome"] == "unknown")
        .collect();
    assert!(
        !held.is_empty()
            && held
                .iter()
                .all(|order| order["held_reports"][0]["scope"] == "test"),
        "{held:?}"
    );
    let sent = sandbox.requests().len();
    let ran = bench.import(&sandbox.url(), &flags);
    assert_eq!(
        (ran.code, sandbox.requests().len()),
        (1, sent),
        "held orders cost no request: {}",
        ran.stderr
    );
    assert_eq!(bench.report()["totals"]["unknown"], held.len());
}

#[test]
fn what_is_held_is_settled_by_a_person() {
    for (settlement, reports_after, requests) in [("--mark-delivered", 0, 0), ("--resend", 1, 1)] {
        let lost = vec![answer(500, ""), answer(204, "")];
        let (bench, server) = (bench(1), Server::answering(lost));
        let flags = [FAST, &["--on-ambiguous", "hold"]].concat();
        assert_eq!(bench.import(&server.url(), &flags).code, 1);
        let run = bench.report()["run"].as_str().unwrap().to_owned();
        let history = bench.run(&["history", &run]);
        assert!(
            history.stdout.contains("unknown    B6001  ORD-0"),
            "{}{}",
            history.stdout,
            history.stderr
        );
        assert_eq!(bench.import(&server.url(), &flags).code, 1);
        let second = bench.report()["run"].as_str().unwrap().to_owned();
        let (before, seen) = (server.count("PATCH"), server.seen().len());
        let ran = bench.run(&["resolve", &second, settlement, "--order", "B7000/ORD-0"]);
        assert!(
            ran.stderr.contains("settled      nothing"),
            "{}",
            ran.stderr
        );
        let ran = bench.run(&["resolve", &second, settlement, "--order", "B6001/ORD-0"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let ran = bench.import(&server.url(), &flags);
        assert_eq!(
            (ran.code, server.count("PATCH") - before),
            (0, requests),
            "{}",
            ran.stderr
        );
        let sent = server
            .seen()
            .into_iter()
            .skip(seen)
            .filter(|request| request.contains("r.example"))
            .count();
        assert_eq!(sent, reports_after);
        let again = bench.run(&["resolve", &run, settlement]);
        let nothing = "settled      nothing: all unknown orders of this run were settled since";
        assert!(again.stderr.contains(nothing), "{}", again.stderr);
    }
}

#[test]
fn history_tells_a_run_that_goes_on_from_one_that_was_cut_off() {
    let (bench, server) = (bench(1), Server::answering(vec![answer(NEVER, "")]));
    let mut command = bench.import_command(&server.url(), FAST);
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    server.wait_for("PATCH", 1);
    let told = || {
        let runs = bench.run(&["history", "--format", "json"]).diagnostics();
        let orders = bench
            .run(&["history", runs[0]["run"].as_str().unwrap()])
            .stdout;
        (
            bench.run(&["history"]).stdout,
            runs[0]["is_running"].clone(),
            orders,
        )
    };
    let (line, is_running, orders) = told();
    assert!(line.contains("  import  running  "), "{line}");
    assert!(orders.contains("  under way  B6001  ORD-0"), "{orders}");
    assert_eq!(is_running, true);
    child.kill().unwrap();
    child.wait().unwrap();
    let (line, is_running, orders) = told();
    assert!(line.contains("  import  cut off  "), "{line}");
    assert!(orders.contains("  cut off    B6001  ORD-0"), "{orders}");
    assert_eq!(is_running, false);
}

#[test]
fn history_lists_runs_and_one_order_over_time() {
    let (bench, sandbox) = (bench(2), TestSandbox::start("unlimited", ""));
    assert_eq!(bench.import(&sandbox.url(), FAST).code, 0);
    assert_eq!(
        bench
            .import(&sandbox.url(), &[FAST, &["--resend"]].concat())
            .code,
        0
    );
    let runs = bench.run(&["history"]).stdout;
    assert_eq!(runs.matches("  import  exit 0  ").count(), 2, "{runs}");
    assert_eq!(
        runs.matches("/  2 orders: 2 accepted\n").count(),
        2,
        "{runs}"
    );
    let order = bench.run(&["history", "--order", "ORD-1", "--format", "json"]);
    let outcomes: Vec<Value> = order
        .diagnostics()
        .iter()
        .map(|entry| entry["outcome"].clone())
        .collect();
    assert_eq!(outcomes, ["accepted", "accepted"]);
    assert_eq!(bench.run(&["history", "nowhere"]).code, 2);
    assert_eq!(
        bench.run(&["resolve", "nowhere"]).code,
        2,
        "one of the two settlements is needed"
    );
}

#[test]
fn a_ledger_that_is_not_there_is_not_made_by_looking_for_it() {
    let bench = bench(1);
    assert_eq!(bench.run(&["history"]).code, 2);
    assert!(!bench.path("state").exists());
}

#[test]
fn a_second_import_of_the_same_ledger_and_target_is_refused_and_names_the_first() {
    let (bench, server) = (bench(1), Server::answering(vec![answer(NEVER, "")]));
    let mut first = bench
        .import_command(&server.url(), FAST)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    server.wait_for("PATCH", 1);
    let ran = bench.import(&server.url(), FAST);
    assert_eq!(ran.code, 6, "{}", ran.stderr);
    assert!(
        ran.stderr.contains(&format!("{}", first.id())),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("--wait"), "{}", ran.stderr);
    let run = bench.run(&["history"]).stdout;
    let run = run.split(' ').next().unwrap();
    let resolve = bench.run(&["resolve", run, "--resend"]);
    assert_eq!(resolve.code, 6, "{}", resolve.stderr);
    assert!(
        !resolve.stderr.contains("--wait"),
        "it knows no such flag: {}",
        resolve.stderr
    );
    signal(&first, "-KILL");
    first.wait().unwrap();
    assert_eq!(server.count("PATCH"), 1);
}

#[test]
fn a_plan_tells_what_is_left_to_send() {
    let (bench, sandbox) = (bench(4), TestSandbox::start("unlimited", ""));
    assert_eq!(bench.import(&sandbox.url(), FAST).code, 0);
    bench.write("orders.csv", orders_csv(6));
    let ran = bench.import(&sandbox.url(), &[FAST, &["--dry-run"]].concat());
    assert!(
        ran.stdout.contains("\nwould send   2 updates"),
        "{}{}",
        ran.stdout,
        ran.stderr
    );
    assert_eq!(
        totals(&bench.report()),
        json!({"rows": 6, "orders": 6, "valid": 2, "unchanged": 4})
    );
}

on_postgres![
    the_same_file_again_costs_no_request_in_any_order_of_its_rows,
    a_changed_order_is_sent_without_the_reports_that_were_taken,
    resend_sends_everything_and_says_what_that_means_for_reports,
    what_a_resend_has_left_is_sent_by_the_command_that_is_told,
    without_a_ledger_nothing_is_remembered,
    a_pretended_delivery_is_not_remembered,
    another_target_has_a_memory_of_its_own,
    under_faults_nothing_is_lost_and_only_marked_orders_have_a_report_twice,
    under_hold_no_report_is_ever_sent_twice,
    what_is_held_is_settled_by_a_person,
    history_lists_runs_and_one_order_over_time,
    a_plan_tells_what_is_left_to_send,
];
