//! Deliveries that stop early, and the next steps they print.

use std::process::{Command, Output};

use scoreload::sandbox::Settings;
use serde_json::{Value, json};

use crate::delivery::totals;
use crate::harness::{Bench, Ran, SECRET, TestSandbox, orders_csv};
use crate::server::{NEVER, Server, answer};

const FAST: &[&str] = &["orders.csv", "--rate", "unlimited"];

fn bench(orders: usize) -> Bench {
    let bench = Bench::new();
    bench.write("orders.csv", orders_csv(orders));
    bench
}

/// Returns the next steps of the report.
fn next(bench: &Bench) -> Vec<String> {
    serde_json::from_value(bench.report()["next"].clone()).unwrap()
}

/// Runs a command line in a shell, like a user who pastes it.
fn paste(bench: &Bench, line: &str) -> Ran {
    let template = bench.command(&[]);
    let mut shell = Command::new("bash");
    shell.args(["-c", line]).current_dir(bench.path(""));
    for (name, value) in template.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    let shell = shell
        .env("SCORELOAD_CLIENT_ID", "me")
        .env("SCORELOAD_CLIENT_SECRET", SECRET);
    Ran::from(shell.output().unwrap())
}

#[test]
fn ten_failing_orders_in_a_row_stop_the_run() {
    let (bench, server) = (bench(30), Server::answering(vec![answer(503, "")]));
    let ran = bench.import(&server.url(), &[FAST, &["--retries", "0"]].concat());
    assert_eq!((ran.code, server.count("PATCH")), (5, 10), "{}", ran.stderr);
}

#[test]
fn five_forbidden_orders_stop_the_run() {
    let (bench, server) = (bench(30), Server::answering(vec![answer(403, "not yours")]));
    let ran = bench.import(&server.url(), FAST);
    assert_eq!((ran.code, server.count("PATCH")), (4, 5), "{}", ran.stderr);
}

#[test]
fn orders_are_sent_in_parallel_once_one_was_answered() {
    let script = vec![answer(503, ""), answer(400, ""), answer(NEVER, "")];
    let (bench, server) = (bench(30), Server::answering(script));
    let mut child = bench.import_command(&server.url(), FAST).spawn().unwrap();
    server.wait_for("PATCH", 10);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(server.count("PATCH"), 10, "two, and eight in flight");
}

#[test]
fn more_failures_than_allowed_stop_the_run() {
    for (most, failures) in [("3", 4), ("10%", 6), ("0", 1)] {
        let (bench, server) = (bench(50), Server::answering(vec![answer(400, "no")]));
        let flags = ["--concurrency", "1", "--max-failures", most];
        let ran = bench.import(&server.url(), &[FAST, &flags].concat());
        assert_eq!(
            (ran.code, server.count("PATCH")),
            (1, failures),
            "{}",
            ran.stderr
        );
        let expected =
            json!({"rows": 50, "orders": 50, "rejected": failures, "not_sent": 50 - failures});
        assert_eq!(totals(&bench.report()), expected);
        assert!(
            ran.stderr.contains("more than --max-failures allows"),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn limits_can_be_set_by_environment_and_configuration() {
    let (bench, server) = (bench(9), Server::answering(vec![answer(400, "no")]));
    let flags = [FAST, &["--concurrency", "1"]].concat();
    bench.write(
        "scoreload.toml",
        "[defaults]\nmax_failures = 2\nmax_duration = \"1h30m\"\n",
    );
    assert_eq!(bench.import(&server.url(), &flags).code, 1);
    assert_eq!(server.count("PATCH"), 3);
    let mut command = bench.import_command(&server.url(), &flags);
    let output = command
        .env("SCORELOAD_MAX_FAILURES", "50%")
        .output()
        .unwrap();
    assert_eq!((output.status.code(), server.count("PATCH")), (Some(1), 8));
    for flags in [["--max-failures", "many"], ["--max-duration", "90"]] {
        assert_eq!(
            bench.import(&server.url(), &[FAST, &flags].concat()).code,
            2
        );
    }
}

#[test]
fn no_request_leaves_after_the_time_limit() {
    let settings = Settings {
        latency: "20ms".parse().unwrap(),
        ..Settings::default()
    };
    let (bench, sandbox) = (bench(30), TestSandbox::with(settings));
    let ran = bench.import(&sandbox.url(), &["orders.csv", "--max-duration", "2s"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let report = bench.report();
    let (accepted, rest) = (&report["totals"]["accepted"], &report["totals"]["not_sent"]);
    assert_eq!(*accepted, sandbox.orders().len());
    assert_eq!(accepted.as_u64().unwrap() + rest.as_u64().unwrap(), 30);
    assert!((1..12).contains(&accepted.as_u64().unwrap()), "{report}");
    assert!(
        ran.stderr
            .contains("the time limit of --max-duration has passed"),
        "{}",
        ran.stderr
    );
}

#[test]
fn the_command_that_finishes_the_import_can_be_pasted() {
    let bench = Bench::new();
    bench.write("it's march.csv", orders_csv(6));
    let script = vec![answer(204, ""), answer(503, ""), answer(204, "")];
    let server = Server::answering(script);
    let flags = [
        "it's march.csv",
        "--rate",
        "unlimited",
        "--resend",
        "--max-failures=0",
        "--retries",
        "0",
        "--concurrency",
        "1",
        "--rejects",
        "bad.csv",
    ];
    let ran = bench.import(&server.url(), &flags);
    assert_eq!((ran.code, server.count("PATCH")), (1, 2), "{}", ran.stderr);
    let next = next(&bench);
    let program = assert_cmd::cargo::cargo_bin!("scoreload").display();
    let expected = format!(
        "{program} import --target {} 'it'\\''s march.csv' --rate unlimited --max-failures=0 --retries 0 --concurrency 1",
        server.url()
    );
    assert_eq!(next, [expected.as_str()]);
    assert!(
        ran.stderr.contains(&format!("next         {expected}\n")),
        "{}",
        ran.stderr
    );
    let ran = paste(&bench, &next[0]);
    assert_eq!((ran.code, server.count("PATCH")), (0, 7), "{}", ran.stderr);
    assert!(!ran.stderr.contains("next  "), "{}", ran.stderr);
}

#[test]
fn the_next_step_after_rejections_imports_the_fixed_rejects_file() {
    let (bench, server) = (
        bench(3),
        Server::answering(vec![answer(400, "no"), answer(204, "")]),
    );
    let flags = [
        "--concurrency",
        "1",
        "--delimiter",
        ",",
        "--rejects",
        "bad.csv",
    ];
    let ran = bench.import(&server.url(), &[FAST, &flags].concat());
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let next = next(&bench);
    let end = format!(
        "import --target {} bad.csv --rate unlimited --concurrency 1  # once bad.csv is fixed",
        server.url()
    );
    assert!(next.len() == 1 && next[0].ends_with(&end), "{next:?}");
    assert!(
        ran.stderr.contains("next         once bad.csv is fixed:\n"),
        "{}",
        ran.stderr
    );
    let ran = paste(&bench, &next[0]);
    assert_eq!((ran.code, server.count("PATCH")), (0, 4), "{}", ran.stderr);
}

#[test]
fn the_next_step_for_held_reports_is_resolve() {
    let (bench, server) = (
        bench(1),
        Server::answering(vec![answer(500, ""), answer(204, "")]),
    );
    let flags = ["--on-ambiguous", "hold", "--ledger", "my ledger.db"];
    assert_eq!(
        bench.import(&server.url(), &[FAST, &flags].concat()).code,
        1
    );
    let next = next(&bench);
    let run = bench.report()["run"].as_str().unwrap().to_owned();
    let ways = [
        ("mark-delivered", "if the server has the held reports"),
        ("resend", "if it does not have them"),
    ];
    for ((flag, first), line) in ways.iter().zip(&next) {
        let end = format!("resolve {run} --{flag} --ledger 'my ledger.db'  # {first}");
        assert!(next.len() == 2 && line.ends_with(&end), "{next:?}");
    }
    assert_eq!(paste(&bench, &next[0]).code, 0);
    assert_eq!(
        bench.import(&server.url(), &[FAST, &flags].concat()).code,
        0
    );
}

#[test]
fn a_rerun_sends_scores_without_an_answer_again_but_not_held_reports() {
    let lost = answer(500, "");
    let script = vec![lost.clone(), lost, answer(204, "")];
    let (bench, server) = (bench(1), Server::answering(script));
    let flags = [FAST, &["--on-ambiguous", "hold", "--retries", "1"]].concat();
    assert_eq!(bench.import(&server.url(), &flags).code, 5);
    let next = next(&bench);
    assert!(
        next.len() == 3 && next[0].contains(" import ") && next[1].contains(" resolve "),
        "{next:?}"
    );
    assert_eq!(paste(&bench, &next[0]).code, 1, "the reports still wait");
    assert_eq!(server.count("PATCH"), 3);
}

#[test]
fn there_is_no_next_step_if_a_rerun_would_not_help() {
    let (bench, server) = (
        bench(2),
        Server::answering(vec![answer(204, ""), answer(503, "")]),
    );
    let once = [FAST, &["--retries", "0", "--concurrency", "1"]].concat();
    let forgetful = [&once[..], &["--ledger", "none"]].concat();
    assert_eq!(bench.import(&server.url(), &forgetful).code, 1);
    assert_eq!(
        next(&bench),
        [""; 0],
        "it would send what was accepted once more"
    );
    bench.write("bad.csv", "order_id,test_id,attempt,score\n1,T1,1,5\n");
    let sandbox = bench.run(&[
        "import",
        "orders.csv",
        "bad.csv",
        "--report",
        "sandbox.json",
    ]);
    assert_eq!(sandbox.code, 1, "{}", sandbox.stderr);
    assert!(!sandbox.stderr.contains("next  "), "{}", sandbox.stderr);
}

#[test]
fn a_token_that_cannot_be_renewed_is_used_until_it_expires() {
    let short = answer(200, r#"{"access_token":"t0ken","expires_in":2}"#);
    let long = answer(200, r#"{"access_token":"other","expires_in":3600}"#);
    for no_renewal in [answer(500, ""), answer(NEVER, "")] {
        let tokens = vec![short.clone(), no_renewal, long.clone()];
        let server = Server::with_tokens(tokens, vec![answer(204, "")]);
        let bench = bench(8);
        let flags = ["orders.csv", "--rate", "3/s", "--timeout", "3"];
        let ran = bench.import(&server.url(), &flags);
        assert_eq!((ran.code, server.count("PATCH")), (0, 8), "{}", ran.stderr);
        let report = bench.report();
        assert_eq!(report["requests"]["token"], server.count("POST"));
    }
}

/// Standard input cannot be read twice.
#[test]
fn the_next_step_asks_for_the_same_standard_input() {
    let (bench, server) = (bench(2), Server::answering(vec![answer(503, "")]));
    let flags = ["-", "--retries", "0", "--max-failures", "0"];
    let mut command = bench.import_command(&server.url(), &flags);
    let input = std::fs::File::open(bench.path("orders.csv")).unwrap();
    let output: Output = command.stdin(input).output().unwrap();
    let ran = Ran::from(output);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let expected = "next         with the same standard input:\n";
    assert!(ran.stderr.contains(expected), "{}", ran.stderr);
    assert!(
        next(&bench)[0].contains(" - --retries 0 "),
        "{:?}",
        Value::from(next(&bench))
    );
}

#[test]
fn production_asks_on_a_terminal_and_names_orders_and_target() {
    let bench = Bench::new();
    bench.write(
        "orders.csv",
        orders_csv(7).replace("B6001,ORD-3", "B6002,ORD-3"),
    );
    let binary = bench
        .command(&[])
        .get_program()
        .to_string_lossy()
        .into_owned();
    let line = format!("'{binary}' import orders.csv --target production --no-report");
    // `script` of util-linux provides a terminal.
    let mut command = Command::new("script");
    command
        .args(["-qec", &line, "/dev/null"])
        .current_dir(bench.path(""))
        .env("XDG_STATE_HOME", bench.path("state"))
        .env("SCORELOAD_CLIENT_ID", "me")
        .env("SCORELOAD_CLIENT_SECRET", "secret")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"n\n").unwrap();
    let output = child.wait_with_output().unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    let question =
        "Deliver 7 orders of 2 companies to production, by 7 requests in at least 2 s? [y/N]";
    assert!(
        shown.contains(question) && shown.contains("nothing was sent"),
        "{shown}"
    );
    assert_eq!(output.status.code(), Some(130));
}
