//! `scoreload doctor`: what it finds, what it says to do, and the exit code that an import would have.

use std::process::Stdio;

use scoreload::paylocity::credentials::{Credentials, Secret};
use scoreload::sandbox::Settings;
use serde_json::{Value, json};

use crate::delivery::signal;
use crate::harness::{Bench, Ran, SECRET, TestSandbox, orders_csv};
use crate::server::{NEVER, Scripted, Server, answer};

fn doctor(bench: &Bench, url: &str, more: &[&str]) -> Ran {
    let args = [&["doctor", "--target", url, "--format", "json"], more].concat();
    let mut command = bench.command(&args);
    command
        .env("SCORELOAD_CLIENT_ID", "whisper-id")
        .env("SCORELOAD_CLIENT_SECRET", SECRET);
    Ran::from(command.output().unwrap())
}

/// How each thing was found, in the order in which it was looked at.
fn found(ran: &Ran) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let checks = ran.diagnostics();
    checks
        .iter()
        .map(|check| (text(&check["check"]), text(&check["status"])))
        .collect()
}

fn failure(ran: &Ran) -> Value {
    let mut checks = ran.diagnostics().into_iter();
    checks
        .find(|check| check["status"] == "fail")
        .unwrap_or(Value::Null)
}

#[test]
fn where_all_is_ready_each_line_is_ok_and_no_order_is_touched() {
    let (bench, sandbox) = (Bench::new(), TestSandbox::start("unlimited", ""));
    let ran = doctor(&bench, &sandbox.url(), &[]);
    let names = [
        "settings",
        "target",
        "credentials",
        "ledger",
        "files",
        "pace",
        "reachability",
        "tls",
        "clock",
        "token",
    ];
    let expected: Vec<_> = names.map(|name| (name.to_owned(), "ok".to_owned())).into();
    assert_eq!(
        (ran.code, found(&ran)),
        (0, expected),
        "{}{}",
        ran.stdout,
        ran.stderr
    );
    assert!(!ran.stdout.contains(SECRET) && !ran.stdout.contains("whisper-id"));
    assert_eq!((sandbox.updates().len(), sandbox.requests().len()), (0, 1));
    assert!(!bench.path("state").exists(), "nothing is left behind");
    bench.write("a.csv", orders_csv(1));
    assert_eq!(bench.import(&sandbox.url(), &["a.csv"]).code, 0);
    assert_eq!(doctor(&bench, &sandbox.url(), &[]).code, 0);
}

#[test]
fn without_credentials_and_target_it_would_be_the_sandbox() {
    let ran = Bench::new().run(&["doctor"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        ran.stdout.contains("would go to the built-in sandbox"),
        "{}",
        ran.stdout
    );
    let named = Bench::new().run(&["doctor", "--target", "demo"]);
    assert_eq!(named.code, 2);
    assert!(
        named
            .stdout
            .starts_with("fail  settings      the target `demo` needs credentials\n"),
        "{}",
        named.stdout
    );
    assert!(
        named.stdout.contains("help: set SCORELOAD_CLIENT_ID"),
        "{}",
        named.stdout
    );
}

#[test]
fn the_code_is_the_one_that_an_import_would_have() {
    let bench = Bench::new();
    let strict = TestSandbox::with(Settings {
        credentials: Some(Credentials {
            client_id: "somebody".to_owned(),
            client_secret: Secret::new("else"),
        }),
        ..Settings::default()
    });
    let down = Server::start(answer(503, "later"), vec![answer(204, "")]);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    bench.write("scoreload.toml", "[defaults]\nfrobnicate = 1\n");
    let broken = doctor(&bench, &strict.url(), &[]);
    std::fs::remove_file(bench.path("scoreload.toml")).unwrap();
    bench.write("no.db", "no ledger");
    let plain = strict.url().replace("http://", "https://");
    let cases = [
        (broken, 2, "settings"),
        (
            doctor(&bench, &strict.url(), &["--map", "A"]),
            2,
            "settings",
        ),
        (doctor(&bench, "nonsense", &[]), 2, "settings"),
        (
            doctor(&bench, &strict.url(), &["--ledger", "no.db"]),
            2,
            "ledger",
        ),
        (
            doctor(&bench, &strict.url(), &["--metrics", "nowhere/m.prom"]),
            2,
            "files",
        ),
        (
            doctor(&bench, &strict.url(), &["--inbox", "nowhere"]),
            2,
            "files",
        ),
        (doctor(&bench, &strict.url(), &[]), 4, "token"),
        (doctor(&bench, &down.url(), &[]), 5, "token"),
        (
            doctor(&bench, &format!("http://{nobody}"), &[]),
            5,
            "reachability",
        ),
        (doctor(&bench, &plain, &[]), 5, "tls"),
    ];
    for (ran, code, name) in cases {
        let failed = failure(&ran);
        assert_eq!(
            (ran.code, &failed["check"]),
            (code, &json!(name)),
            "{}{}",
            ran.stdout,
            ran.stderr
        );
        assert!(
            failed["help"].as_str().is_some_and(|help| !help.is_empty()),
            "{failed}"
        );
        assert!(!ran.stdout.contains(SECRET), "{}", ran.stdout);
    }
}

#[test]
fn a_ledger_in_use_is_told_with_its_holder() {
    let (bench, server) = (Bench::new(), Server::answering(vec![answer(NEVER, "")]));
    bench.write("a.csv", orders_csv(1));
    let mut import = bench.import_command(&server.url(), &["a.csv"]);
    let mut import = import.stderr(Stdio::null()).spawn().unwrap();
    server.wait_for("PATCH", 1);
    let ran = doctor(&bench, &server.url(), &[]);
    let failed = failure(&ran);
    assert_eq!(
        (ran.code, &failed["check"]),
        (6, &json!("ledger")),
        "{}",
        ran.stdout
    );
    let holder = format!("process `{}`", import.id());
    assert!(
        failed["message"].as_str().unwrap().contains(&holder),
        "{failed}"
    );
    signal(&import, "-KILL");
    import.wait().unwrap();
}

#[test]
fn a_clock_that_is_wrong_and_settings_that_others_may_change_are_warned_of() {
    const LONG_AGO: Scripted = Scripted {
        status: 200,
        headers: "Date: Wed, 04 Mar 2020 17:06:00 GMT\r\n",
        body: r#"{"access_token":"t","expires_in":3600}"#,
    };
    use std::os::unix::fs::PermissionsExt;
    let (bench, server) = (Bench::new(), Server::start(LONG_AGO, vec![answer(204, "")]));
    let config = bench.write("scoreload.toml", "");
    std::fs::set_permissions(config, std::fs::Permissions::from_mode(0o666)).unwrap();
    let ran = doctor(&bench, &server.url(), &["--ledger", "none"]);
    let warned: Vec<String> = found(&ran)
        .into_iter()
        .filter_map(|(name, status)| (status == "warn").then_some(name))
        .collect();
    assert_eq!(
        (ran.code, warned),
        (0, vec!["ledger".into(), "files".into(), "clock".into()]),
        "{}",
        ran.stdout
    );
}
