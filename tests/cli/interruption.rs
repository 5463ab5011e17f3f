//! Ctrl-C and the system's request to end, at every stage of an import: a clean end, and nothing left half done.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStderr, Stdio};

use serde_json::{Value, json};

use crate::delivery::{signal, totals};
use crate::harness::{Bench, TestSandbox, orders_csv};
use crate::server::{NEVER, Scripted, Server, answer};

const FAST: &[&str] = &["orders.csv", "--rate", "unlimited"];

const MUCH_LATER: Scripted = Scripted {
    status: 429,
    headers: "Retry-After: 3600\r\n",
    body: "",
};

fn bench(orders: usize) -> Bench {
    let bench = Bench::new();
    bench.write("orders.csv", orders_csv(orders));
    bench
}

fn lines_of(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let stderr: ChildStderr = child.stderr.take().unwrap();
    BufReader::new(stderr).lines().map_while(Result::ok)
}

/// The files that the bench's directory holds, beside those that a ledger has.
fn files(bench: &Bench) -> Vec<String> {
    let entries = std::fs::read_dir(bench.path("")).unwrap();
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name();
    let mut names: Vec<String> = entries
        .map(|entry| name(entry).into_string().unwrap())
        .filter(|name| name != "state")
        .collect();
    names.sort();
    names
}

#[test]
fn while_inputs_are_read_nothing_has_begun() {
    let (bench, sandbox) = (bench(1), TestSandbox::start("unlimited", ""));
    let mut command = bench.import_command(&sandbox.url(), &["-", "--rejects", "bad.csv"]);
    let command = command.stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let _never_ends = child.stdin.take();
    let mut lines = lines_of(&mut child);
    assert!(lines.any(|line| line.starts_with("target")));
    signal(&child, "-INT");
    let rest: Vec<String> = lines.collect();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest:?}");
    assert!(
        rest.iter().any(|line| line.contains("nothing was sent")),
        "{rest:?}"
    );
    assert_eq!(files(&bench), ["orders.csv"]);
    assert_eq!(sandbox.requests().len(), 0);
}

#[test]
fn who_waits_for_the_ledger_goes_on_when_it_is_free_or_ends_when_asked() {
    let script = vec![answer(NEVER, ""), answer(204, "")];
    let (bench, server) = (bench(1), Server::answering(script));
    let mut first = bench
        .import_command(&server.url(), FAST)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    server.wait_for("PATCH", 1);
    let wait = || {
        let mut command = bench.import_command(&server.url(), &[FAST, &["--wait"]].concat());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = lines_of(&mut child);
        let waiting = lines.by_ref().find(|line| line.starts_with("waiting"));
        (child, lines, waiting.unwrap())
    };
    let (mut impatient, _lines, words) = wait();
    assert!(
        words.contains(&format!("process `{}`", first.id())),
        "{words}"
    );
    signal(&impatient, "-TERM");
    assert_eq!(impatient.wait().unwrap().code(), Some(130));
    assert_eq!(files(&bench), ["orders.csv"]);
    let (mut patient, lines, _) = wait();
    signal(&first, "-KILL");
    first.wait().unwrap();
    let rest: Vec<String> = lines.collect();
    assert_eq!(patient.wait().unwrap().code(), Some(0), "{rest:?}");
    assert_eq!(server.count("PATCH"), 2);
}

#[test]
fn a_long_pause_that_the_server_asks_for_is_not_waited_for() {
    let (bench, server) = (
        bench(5),
        Server::answering(vec![MUCH_LATER, answer(204, "")]),
    );
    let mut command = bench.import_command(&server.url(), FAST);
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    server.wait_for("PATCH", 1);
    signal(&child, "-INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(files(&bench), ["orders.csv", "report.json"]);
    let report = bench.report();
    assert_eq!(
        totals(&report),
        json!({"rows": 5, "orders": 5, "failed": 1, "not_sent": 4})
    );
    assert_eq!(report["next"].as_array().map(Vec::len), Some(1));
    let flags = [FAST, &["--on-ambiguous", "hold"]].concat();
    let ran = bench.import(&server.url(), &flags);
    assert_eq!((ran.code, server.count("PATCH")), (0, 6), "{}", ran.stderr);
}

#[test]
fn an_update_that_was_put_off_is_not_in_doubt_after_a_crash() {
    let (bench, server) = (
        bench(1),
        Server::answering(vec![MUCH_LATER, answer(204, "")]),
    );
    let flags = [FAST, &["--on-ambiguous", "hold"]].concat();
    let mut command = bench.import_command(&server.url(), &flags);
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    server.wait_for("PATCH", 1);
    let outcome = || {
        let told = bench.run(&["history", "--order", "ORD-0", "--format", "json"]);
        told.diagnostics()[0]["outcome"].clone()
    };
    while outcome() == Value::Null {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(outcome(), "failed");
    let ran = bench.import(&server.url(), &flags);
    assert_eq!((ran.code, server.count("PATCH")), (0, 2), "{}", ran.stderr);
    assert!(
        server.seen().last().unwrap().contains("r.example"),
        "its report too"
    );
    assert_eq!(
        bench.report()["orders"][0]["possible_duplicate_reports"],
        false
    );
}

#[test]
fn of_a_report_whose_writer_is_killed_nothing_is_left() {
    let bench = bench(30_000);
    let args = ["validate", "orders.csv", "-q", "--report", "r.json"];
    let mut child = bench.command(&args).spawn().unwrap();
    let open = format!("/proc/{}/fd", child.id());
    let here = bench.path("").canonicalize().unwrap();
    let is_draft = |entry: std::io::Result<std::fs::DirEntry>| {
        let file = std::fs::read_link(entry.unwrap().path()).unwrap_or_default();
        file.starts_with(&here) && !file.ends_with("orders.csv")
    };
    while child.try_wait().unwrap().is_none() {
        let has_draft = std::fs::read_dir(&open).is_ok_and(|mut files| files.any(is_draft));
        if has_draft {
            child.kill().unwrap();
            break;
        }
    }
    assert_eq!(child.wait().unwrap().code(), None, "killed");
    assert_eq!(files(&bench), ["orders.csv"]);
}
