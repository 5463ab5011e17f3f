//! The page that follows an import: who may see it, what it hears, and that it ends as the finished report.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Stdio};

use scoreload::sandbox::Settings;
use serde_json::{Value, json};

use crate::harness::{Bench, TestSandbox, orders_csv};

/// An import that is followed.
pub(crate) struct Followed {
    bench: Bench,
    child: Child,
    lines: std::io::Lines<BufReader<ChildStderr>>,
    host: String,
    path: String,
}

impl Followed {
    pub(crate) fn begin(sandbox: &TestSandbox, orders: usize) -> Self {
        let bench = Bench::new();
        bench.write("orders.csv", orders_csv(orders));
        let args = ["orders.csv", "--rate", "20/s", "--serve", "127.0.0.1:0"];
        let mut command = bench.import_command(&sandbox.url(), &args);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let told = lines
            .by_ref()
            .map_while(Result::ok)
            .find(|line| line.starts_with("live "))
            .unwrap();
        let (_, url) = told.split_once("http://").unwrap();
        let (host, path) = url.split_once('/').unwrap();
        Self {
            bench,
            child,
            lines,
            host: host.to_owned(),
            path: format!("/{path}"),
        }
    }

    fn ask(&self, host: &str, path: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        stream
    }

    fn answer(&self, host: &str, path: &str) -> String {
        let mut answer = String::new();
        self.ask(host, path).read_to_string(&mut answer).unwrap();
        answer
    }

    /// The events after a version, until the last.
    fn events(&self, since: u64) -> Vec<Value> {
        let stream = self.ask(&self.host, &format!("{}events?since={since}", self.path));
        let lines = BufReader::new(stream).lines().map_while(Result::ok);
        lines
            .filter_map(|line| Some(serde_json::from_str(line.strip_prefix("data: ")?).unwrap()))
            .collect()
    }

    /// Where the page is.
    pub(crate) fn url(&self) -> String {
        format!("http://{}{}", self.host, self.path)
    }

    pub(crate) fn end(mut self) -> (i32, Value) {
        self.lines.by_ref().for_each(drop);
        let code = self.child.wait().unwrap().code().unwrap();
        (code, self.bench.report())
    }
}

/// One that takes a little time for each order.
pub(crate) fn sandbox() -> TestSandbox {
    TestSandbox::with(Settings {
        rate: "unlimited".parse().unwrap(),
        latency: "20ms".parse().unwrap(),
        ..Settings::default()
    })
}

#[test]
fn the_page_is_for_who_knows_its_path_and_calls_it_by_its_name() {
    let sandbox = sandbox();
    let followed = Followed::begin(&sandbox, 40);
    let status = |host: &str, path: &str| followed.answer(host, path)[9..12].to_owned();
    let (host, path) = (followed.host.as_str(), followed.path.as_str());
    assert_eq!(path.len(), 34, "{path}");
    assert_eq!(status(host, "/"), "404");
    assert_eq!(status(host, "/events"), "404");
    assert_eq!(status(host, &format!("/{}", "0".repeat(32))), "404");
    assert_eq!(status("evil.example", path), "421");
    assert_eq!(status("evil.example", &format!("{path}events")), "421");
    let page = followed.answer(host, path);
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    let head = page.split_once("\r\n\r\n").unwrap().0.to_ascii_lowercase();
    assert!(
        head.contains("\r\ncontent-security-policy: default-src 'none';"),
        "{head}"
    );
    assert!(
        head.contains("connect-src 'self'; frame-ancestors 'none'"),
        "{head}"
    );
    assert!(!head.contains("access-control"), "{head}");
    assert!(page.contains("pending."), "{head}");
    assert_eq!(followed.end().0, 0);
}

#[test]
fn what_changes_comes_as_events_until_the_page_is_the_report() {
    let sandbox = sandbox();
    let followed = Followed::begin(&sandbox, 40);
    let events = followed.events(0);
    let (code, report) = followed.end();
    assert_eq!((code, &report["totals"]["accepted"]), (0, &json!(40)));
    let (last, before) = events.split_last().unwrap();
    assert!(before.len() >= 2, "{}", before.len());
    assert!(before.iter().all(|event| event["is_finished"] == false));
    assert_eq!(last["is_finished"], true);
    let accepted = |event: &Value| {
        let orders = event["orders"].as_array().unwrap();
        orders.iter().filter(|order| order[1][2] == 1).count()
    };
    let early: usize = before.iter().map(accepted).sum();
    assert!((1..=40).contains(&early), "{early}");
    assert_eq!(accepted(last), 40);
    let summary = last["summary"].as_str().unwrap();
    assert!(
        summary.contains("All 40 orders are delivered."),
        "{summary}"
    );
    let run = last["run"].as_str().unwrap();
    assert!(run.contains(report["run"].as_str().unwrap()), "{run}");
}

#[test]
fn a_browser_that_takes_nothing_holds_nothing_up() {
    let sandbox = sandbox();
    let followed = Followed::begin(&sandbox, 20);
    let stuck: Vec<TcpStream> = (0..5)
        .map(|_| followed.ask(&followed.host, &format!("{}events?since=0", followed.path)))
        .collect();
    drop(followed.ask(&followed.host, &format!("{}events?since=0", followed.path)));
    let (code, report) = followed.end();
    assert_eq!((code, &report["totals"]["accepted"]), (0, &json!(20)));
    drop(stuck);
}

#[test]
fn only_addresses_of_this_machine_are_served_on() {
    let bench = Bench::new();
    bench.write("orders.csv", orders_csv(1));
    for address in ["0.0.0.0:0", "192.168.1.7:80", "8080", "localhost"] {
        let ran = bench.run(&["import", "orders.csv", "--serve", address]);
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains("127.0.0.1:0"), "{}", ran.stderr);
    }
}
