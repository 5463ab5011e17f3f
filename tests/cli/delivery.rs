//! Delivery: requests, retries and outcomes, with servers that fail in every way.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use scoreload::paylocity::credentials::{Credentials, Secret};
use scoreload::sandbox::Settings;
use serde_json::{Value, json};

use crate::harness::{Bench, SECRET, TestSandbox, orders_csv};
use crate::server::{NEVER, Scripted, Server, answer};

const FAST: &[&str] = &["orders.csv", "--rate", "unlimited"];

fn bench(orders: usize) -> Bench {
    let bench = Bench::new();
    bench.write("orders.csv", orders_csv(orders));
    bench
}

/// Returns the report's totals that are not zero.
pub(crate) fn totals(report: &Value) -> Value {
    let all = report["totals"].as_object().unwrap().iter();
    Value::Object(
        all.filter(|(_, count)| **count != 0)
            .map(|(name, count)| (name.clone(), count.clone()))
            .collect(),
    )
}

#[test]
fn each_order_is_one_request_within_the_servers_strict_windows() {
    let settings = Settings {
        rate: "20/s".parse().unwrap(),
        latency: "5ms..50ms".parse().unwrap(),
        ..Settings::default()
    };
    let (bench, sandbox) = (bench(45), TestSandbox::with(settings));
    let ran = bench.import(&sandbox.url(), &["orders.csv", "--rate", "20/s"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(
        (
            sandbox.updates().len(),
            sandbox.answered(429),
            sandbox.answered(204)
        ),
        (45, 0, 45)
    );
    let report = bench.report();
    assert_eq!(
        report["requests"],
        json!({"sent": 45, "retried": 0, "throttled": 0, "token": 1})
    );
    assert_eq!(
        totals(&report),
        json!({"rows": 45, "orders": 45, "accepted": 45})
    );
}

#[test]
fn all_orders_arrive_despite_429s_and_503s() {
    let (bench, sandbox) = (bench(60), TestSandbox::start("unlimited", "429=5%,503=10%"));
    let ran = bench.import(&sandbox.url(), FAST);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(sandbox.orders().len(), 60);
    assert!(sandbox.orders().iter().all(|order| order["updates"] == 1));
    let report = bench.report();
    assert!(sandbox.answered(503) > 0 && sandbox.answered(429) > 0);
    assert_eq!(report["requests"]["throttled"], sandbox.answered(429));
    assert_eq!(
        report["requests"]["retried"],
        sandbox.answered(503) + sandbox.answered(429)
    );
}

#[test]
fn an_order_with_a_lost_answer_is_marked() {
    let (bench, sandbox) = (
        bench(40),
        TestSandbox::start("unlimited", "drop-after=10%,500=5%"),
    );
    let ran = bench.import(&sandbox.url(), FAST);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let twice = sandbox
        .orders()
        .iter()
        .filter(|order| order["updates"] != 1)
        .count();
    assert!(twice > 0, "the seed should lose an answer");
    let report = bench.report();
    for order in sandbox.orders() {
        let entry = report["orders"]
            .as_array()
            .unwrap()
            .iter()
            .find(|entry| entry["order_id"] == order["order_id"]);
        let doubted = entry.unwrap()["possible_duplicate_reports"] == true;
        assert!(doubted || order["updates"] == 1, "{order}");
    }
}

#[test]
fn a_rejected_order_shows_the_servers_message() {
    let script = vec![
        answer(
            400,
            r#"{"errors":[{"message":"no such test"},{"message":"wh1sper-of-the-tests t0ken-of-the-tests"}]}"#,
        ),
        Scripted {
            status: 301,
            headers: "Location: http://127.0.0.1:1/elsewhere\r\n",
            body: "",
        },
        answer(404, "<html><body><h1>Not here</h1></body></html>"),
        answer(200, "{}"),
    ];
    let (bench, server) = (bench(4), Server::answering(script));
    let ran = bench.import(
        &server.url(),
        &["orders.csv", "--rate", "unlimited", "--concurrency", "1"],
    );
    assert_eq!((ran.code, server.count("PATCH")), (1, 4), "{}", ran.stderr);
    let report = bench.report();
    let found: Vec<_> = report["orders"]
        .as_array()
        .unwrap()
        .iter()
        .map(|order| json!([order["outcome"], order["http_status"], order["message"]]))
        .collect();
    let hidden = "no such test; [hidden] [hidden]";
    assert_eq!(
        found,
        [
            json!(["rejected", 400, hidden]),
            json!([
                "rejected",
                301,
                "Moved Permanently: redirects are not followed"
            ]),
            json!(["rejected", 404, "Not here"]),
            json!(["accepted", 200, null]),
        ]
    );
    assert!(ran.stderr.contains(hidden), "{}", ran.stderr);
}

#[test]
fn a_wrong_secret_is_tried_once_and_no_update_is_sent() {
    let credentials = Credentials {
        client_id: "me".into(),
        client_secret: Secret::new("another"),
    };
    let sandbox = TestSandbox::with(Settings {
        credentials: Some(credentials),
        ..Settings::default()
    });
    let bench = bench(5);
    let ran = bench.import(&sandbox.url(), FAST);
    assert_eq!(ran.code, 4, "{}", ran.stderr);
    assert_eq!(sandbox.requests().len(), 1);
    assert_eq!(
        totals(&bench.report()),
        json!({"rows": 5, "orders": 5, "not_sent": 5})
    );
    assert!(!ran.stderr.contains(SECRET));
}

#[test]
fn a_revoked_token_is_replaced_once_for_all_workers() {
    let (bench, server) = (
        bench(8),
        Server::answering(vec![answer(401, ""), answer(204, "")]),
    );
    let ran = bench.import(&server.url(), FAST);
    assert_eq!(
        (ran.code, server.count("POST"), server.count("PATCH")),
        (0, 2, 9),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_refused_replacement_token_stops_the_run() {
    let (bench, server) = (
        bench(30),
        Server::answering(vec![answer(401, "wrong environment")]),
    );
    let ran = bench.import(
        &server.url(),
        &["orders.csv", "--rate", "unlimited", "--concurrency", "1"],
    );
    assert_eq!(
        (ran.code, server.count("POST"), server.count("PATCH")),
        (4, 2, 2),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("wrong environment"), "{}", ran.stderr);
    assert_eq!(
        totals(&bench.report()),
        json!({"rows": 30, "orders": 30, "failed": 1, "not_sent": 29})
    );
}

#[test]
fn repeated_403s_stop_the_run() {
    let (bench, server) = (bench(30), Server::answering(vec![answer(403, "not yours")]));
    let ran = bench.import(
        &server.url(),
        &["orders.csv", "--rate", "unlimited", "--concurrency", "1"],
    );
    assert_eq!(ran.code, 4, "{}", ran.stderr);
    assert!((5..30).contains(&server.count("PATCH")));
}

#[test]
fn an_unreachable_server_has_its_own_exit_code() {
    let bench = bench(3);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let ran = bench.import(
        &format!("http://{nobody}"),
        &["orders.csv", "--retries", "1"],
    );
    assert_eq!(ran.code, 5, "{}", ran.stderr);
    assert!(ran.stderr.contains("Connection refused"), "{}", ran.stderr);
    assert_eq!(
        totals(&bench.report()),
        json!({"rows": 3, "orders": 3, "not_sent": 3})
    );
}

#[test]
fn a_server_that_keeps_failing_stops_the_run() {
    let (bench, server) = (bench(30), Server::answering(vec![answer(503, "")]));
    let ran = bench.import(
        &server.url(),
        &[
            "orders.csv",
            "--rate",
            "unlimited",
            "--retries",
            "0",
            "--concurrency",
            "1",
        ],
    );
    assert_eq!(ran.code, 5, "{}", ran.stderr);
    assert!((10..30).contains(&server.count("PATCH")));
}

#[test]
fn a_timeout_leaves_the_order_unknown() {
    let (bench, sandbox) = (bench(1), TestSandbox::start("unlimited", "slow=100%"));
    let ran = bench.import(
        &sandbox.url(),
        &["orders.csv", "--timeout", "0.2", "--retries", "0"],
    );
    assert_eq!(ran.code, 5, "{}", ran.stderr);
    assert_eq!(
        totals(&bench.report()),
        json!({"rows": 1, "orders": 1, "unknown": 1})
    );
}

#[test]
fn requests_match_the_documented_api() {
    let (bench, server) = (Bench::new(), Server::answering(vec![answer(204, "")]));
    bench.write(
        "one.csv",
        "company_id,order_id,assessment_id,test_id,attempt,score\nB6001,a/b ü,A1,T1,2,87.0\n",
    );
    let ran = bench.import(&server.url(), &["one.csv", "--test-mode"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let seen = server.seen();
    let (token, update) = (seen[0].to_ascii_lowercase(), &seen[1]);
    assert!(
        token.starts_with("post /public/security/v1/token http/1.1"),
        "{token}"
    );
    assert!(
        token.contains("authorization: basic ")
            && token.contains("grant_type=client_credentials&client_id=me&client_secret=")
    );
    let path = "PATCH /apiHub/performanceManagement/v1/companies/B6001/assessmentOrders/a%2Fb%20%C3%BC HTTP/1.1";
    assert!(update.starts_with(path), "{update}");
    let headers = update.to_ascii_lowercase();
    for header in [
        "authorization: bearer t0ken-of-the-tests\r\n",
        "content-type: application/json\r\n",
        "testmode: true\r\n",
    ] {
        assert!(headers.contains(header), "{update}");
    }
    let body = r#"{"assessments":[{"assessmentId":"A1","assessmentResults":{"tests":[{"id":"T1","score":{"value":"87.0","attempt":2}}]}}]}"#;
    assert!(update.ends_with(body), "{update}");
}

#[test]
fn an_order_with_an_error_is_held_back_and_the_rest_is_sent_unless_all_or_nothing_is_set() {
    let bench = Bench::new();
    bench.write(
        "mixed.csv",
        orders_csv(2) + "B6001,ORD-1,A1,T2,x,5,,\n,ORD-9,A1,T1,1,5,,\n",
    );
    let sandbox = TestSandbox::start("unlimited", "");
    let ran = bench.import(&sandbox.url(), &["mixed.csv", "--all-or-nothing"]);
    assert_eq!(
        (ran.code, sandbox.requests().len()),
        (3, 0),
        "{}",
        ran.stderr
    );
    assert_eq!(
        totals(&bench.report()),
        json!({"rows": 4, "rows_invalid": 1, "orders": 2, "invalid": 1, "not_sent": 1})
    );
    let ran = bench.import(&sandbox.url(), &["mixed.csv"]);
    assert_eq!(
        (ran.code, sandbox.updates().len()),
        (1, 1),
        "{}",
        ran.stderr
    );
    assert_eq!(
        totals(&bench.report()),
        json!({"rows": 4, "rows_invalid": 1, "orders": 2, "invalid": 1, "accepted": 1})
    );
}

#[test]
fn a_dry_run_needs_no_credentials_and_sends_nothing() {
    let bench = bench(10);
    let ran = bench.run(&[
        "import",
        "orders.csv",
        "--dry-run",
        "--target",
        "demo",
        "--report",
        "plan.json",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        ran.stdout.contains("\nwould send   10 updates with "),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout
            .ends_with("to demo, in at least 3 s at 3/s,180/m\n"),
        "{}",
        ran.stdout
    );
    let report: Value =
        serde_json::from_slice(&std::fs::read(bench.path("plan.json")).unwrap()).unwrap();
    assert_eq!(
        (&report["mode"], &report["totals"]["valid"]),
        (&"plan".into(), &10.into())
    );
}

#[test]
fn an_interrupted_import_waits_for_requests_in_flight_and_reports() {
    let settings = Settings {
        latency: "300ms".parse().unwrap(),
        ..Settings::default()
    };
    let (bench, sandbox) = (bench(50), TestSandbox::with(settings));
    let mut command =
        bench.import_command(&sandbox.url(), &["orders.csv", "-v", "--progress", "none"]);
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(
        lines
            .by_ref()
            .map_while(Result::ok)
            .any(|line| line.contains("update sent"))
    );
    signal(&child, "-INT");
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest:?}");
    let report = bench.report();
    let totals = &report["totals"];
    assert_eq!(totals["accepted"], sandbox.orders().len());
    assert_eq!(
        totals["accepted"].as_u64().unwrap() + totals["not_sent"].as_u64().unwrap(),
        50
    );
    assert!(totals["not_sent"].as_u64().unwrap() > 40, "{totals}");
}

#[test]
fn a_second_interruption_stops_at_once_and_leaves_requests_in_flight_unknown() {
    let script = vec![answer(204, ""), answer(NEVER, "")];
    let (bench, server) = (bench(4), Server::answering(script));
    let mut command = bench.import_command(
        &server.url(),
        &["orders.csv", "--progress", "plain", "--concurrency", "2"],
    );
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    server.wait_for("PATCH", 3);
    signal(&child, "-TERM");
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(
        lines
            .by_ref()
            .map_while(Result::ok)
            .any(|line| line.starts_with("stopping: "))
    );
    signal(&child, "-INT");
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest:?}");
    assert_eq!(
        totals(&bench.report()),
        json!({"rows": 4, "orders": 4, "accepted": 1, "unknown": 2, "not_sent": 1})
    );
}

#[test]
fn no_request_leaves_after_an_interruption() {
    let bench = bench(3);
    let server = Server::start(answer(NEVER, ""), vec![answer(204, "")]);
    let mut command = bench.import_command(&server.url(), &["orders.csv"]);
    let child = command.stderr(Stdio::piped()).spawn().unwrap();
    server.wait_for("POST", 1);
    signal(&child, "-INT");
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(130));
    assert_eq!((server.count("POST"), server.count("PATCH")), (1, 0));
}

#[test]
fn a_429_pauses_all_workers_and_costs_no_retry() {
    let throttled = Scripted {
        status: 429,
        headers: "Retry-After: 1\r\n",
        body: "",
    };
    let (bench, server) = (
        bench(6),
        Server::answering(vec![throttled, answer(204, "")]),
    );
    let ran = bench.import(
        &server.url(),
        &[
            "orders.csv",
            "--rate",
            "unlimited",
            "--retries",
            "0",
            "--concurrency",
            "1",
        ],
    );
    assert_eq!((ran.code, server.count("PATCH")), (0, 7), "{}", ran.stderr);
    let report = bench.report();
    assert_eq!(
        report["requests"],
        json!({"sent": 7, "retried": 1, "throttled": 1, "token": 1})
    );
    assert!(report["timing"]["deliver_s"].as_f64().unwrap() >= 1.0);
}

#[test]
fn an_update_is_retried_as_often_as_configured() {
    let (bench, server) = (bench(1), Server::answering(vec![answer(503, "")]));
    let ran = bench.import(&server.url(), &["orders.csv", "--retries", "2"]);
    assert_eq!((ran.code, server.count("PATCH")), (5, 3), "{}", ran.stderr);
}

#[test]
fn proxies_are_not_used_for_this_machine() {
    let (bench, server) = (bench(1), Server::answering(vec![answer(204, "")]));
    let mut command = bench.import_command(&server.url(), FAST);
    let output = command
        .env("http_proxy", "http://127.0.0.1:1")
        .env("HTTP_PROXY", "http://127.0.0.1:1")
        .output();
    assert_eq!(
        (output.unwrap().status.code(), server.count("PATCH")),
        (Some(0), 1)
    );
}

#[test]
fn test_mode_is_shown_on_screen_and_in_the_report() {
    let (bench, sandbox) = (bench(1), TestSandbox::start("unlimited", ""));
    let ran = bench.import(&sandbox.url(), &["orders.csv", "--test-mode"]);
    assert_eq!((ran.code, sandbox.orders().len()), (0, 0), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("test mode: the server only pretends"),
        "{}",
        ran.stderr
    );
    assert!(
        bench.report()["notice"]
            .as_str()
            .unwrap()
            .starts_with("test mode")
    );
}

#[test]
fn huge_numbers_in_responses_are_harmless() {
    let token = answer(
        200,
        r#"{"access_token":"t0ken","token_type":"Bearer","expires_in":"18446744073709551615"}"#,
    );
    let server = Server::start(
        token,
        vec![Scripted {
            status: 400,
            headers: "Retry-After: 18446744073709551615\r\n",
            body: "",
        }],
    );
    let ran = bench(1).import(&server.url(), FAST);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("rejected"), "{}", ran.stderr);
}

#[test]
fn credentials_echoed_by_the_server_are_redacted() {
    let secret = "s3cr+t/x&y";
    let echo = r#"{"error_description":"bad Authorization: Basic bWU6czNjcit0L3gmeQ== with client_secret=s3cr%2Bt%2Fx%26y and s3cr+t/x&y"}"#;
    let (bench, server) = (
        bench(1),
        Server::start(answer(401, echo), vec![answer(204, "")]),
    );
    let mut command = bench.import_command(&server.url(), FAST);
    let ran = crate::harness::Ran::from(
        command
            .env("SCORELOAD_CLIENT_SECRET", secret)
            .output()
            .unwrap(),
    );
    assert_eq!(ran.code, 4);
    assert!(
        ran.stderr
            .contains("bad Authorization: Basic [hidden] with client_secret=[hidden] and [hidden]"),
        "{}",
        ran.stderr
    );
}

pub(crate) fn signal(child: &std::process::Child, name: &str) {
    let status = std::process::Command::new("kill")
        .args([name, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

#[test]
fn production_needs_yes_without_a_terminal() {
    let bench = bench(1);
    let ran = bench.import("production", &["orders.csv"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("pass --yes"), "{}", ran.stderr);
}

#[test]
fn the_sandbox_command_prints_its_url_and_ends_on_sigterm() {
    let bench = bench(3);
    let mut sandbox = bench.command(&["sandbox", "--listen", "127.0.0.1:0", "-q"]);
    let mut child = sandbox.stdout(Stdio::piped()).spawn().unwrap();
    let mut url = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut url)
        .unwrap();
    let ran = bench.import(url.trim(), &["orders.csv"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    signal(&child, "-TERM");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn invalid_token_lifetimes_are_ignored() {
    for expires_in in ["0", r#""0""#, "-1", "null", r#""soon""#] {
        let token = format!(r#"{{"access_token":"t0ken","expires_in":{expires_in}}}"#);
        let server = Server::start(answer(200, token.leak()), vec![answer(204, "")]);
        let bench = bench(3);
        let ran = bench.import(&server.url(), FAST);
        assert_eq!(
            (ran.code, server.count("POST")),
            (0, 1),
            "{expires_in}: {}",
            ran.stderr
        );
    }
}

#[test]
fn a_client_id_echoed_by_the_server_is_redacted_in_the_report() {
    let echo = r#"{"message":"the client cl1ent-of-the-tests may not do this"}"#;
    let (bench, server) = (bench(1), Server::answering(vec![answer(400, echo)]));
    let mut command = bench.import_command(&server.url(), FAST);
    command.env("SCORELOAD_CLIENT_ID", "cl1ent-of-the-tests");
    assert_eq!(command.status().unwrap().code(), Some(1));
    assert_eq!(
        bench.report()["orders"][0]["message"],
        "the client [hidden] may not do this"
    );
}

#[test]
fn a_success_does_not_wait_for_its_body() {
    let stalled = Scripted {
        status: 200,
        // The last header swallows the length that the test server adds.
        headers: "Content-Length: 9\r\nX-Ignored: ",
        body: "",
    };
    let (bench, server) = (bench(1), Server::answering(vec![stalled]));
    let ran = bench.import(&server.url(), &[FAST, &["--timeout", "600"]].concat());
    assert_eq!((ran.code, server.count("PATCH")), (0, 1), "{}", ran.stderr);
}

#[test]
fn a_token_is_renewed_before_it_expires() {
    let settings = Settings {
        token_lifetime: Duration::from_secs(1),
        ..Settings::default()
    };
    let (bench, sandbox) = (bench(7), TestSandbox::with(settings));
    let ran = bench.import(&sandbox.url(), &["orders.csv"]);
    assert_eq!((ran.code, sandbox.answered(401)), (0, 0), "{}", ran.stderr);
    assert!(bench.report()["requests"]["token"].as_u64().unwrap() >= 2);
}
