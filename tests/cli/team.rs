//! A ledger in `PostgreSQL`, shared by many importers: each order is sent once, within one rate, whatever happens to
//! one of them or to the database.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::process::{Child, Stdio};
use std::time::Duration;

use scoreload::sandbox::Settings;
use serde_json::Value;

use crate::harness::{Bench, Ran, TestSandbox, orders_csv};
use crate::ledger::{expected_scores, reports, scores};
use crate::postgres::{Server, shared};
use crate::server::{Server as Scripted, answer};

const IMPORTERS: usize = 4;

/// Importers that share a ledger, and the server that they deliver to.
struct Team {
    bench: Bench,
    sandbox: TestSandbox,
    ledger: String,
    rate: String,
    orders: usize,
}

impl Team {
    /// Four files, each order in two of them.
    fn new(ledger: String, orders: usize, rate: &str) -> Self {
        Self::with_latency(ledger, orders, rate, "20ms..80ms")
    }

    fn with_latency(ledger: String, orders: usize, rate: &str, latency: &str) -> Self {
        let bench = Bench::new();
        let text = orders_csv(orders);
        let (header, rows) = text.split_once('\n').unwrap();
        for file in 0..IMPORTERS {
            let is_in =
                |number: usize| number % IMPORTERS == file || (number + 1) % IMPORTERS == file;
            let rows = rows.lines().enumerate();
            let own: Vec<&str> = rows
                .filter(|(number, _)| is_in(*number))
                .map(|(_, row)| row)
                .collect();
            bench.write(
                &format!("{file}.csv"),
                format!("{header}\n{}\n", own.join("\n")),
            );
        }
        let sandbox = TestSandbox::with(Settings {
            rate: rate.parse().unwrap(),
            latency: latency.parse().unwrap(),
            ..Settings::default()
        });
        Self {
            bench,
            sandbox,
            ledger,
            rate: rate.to_owned(),
            orders,
        }
    }

    fn import(&self, file: impl Display, flags: &[&str]) -> Child {
        let (csv, report) = (format!("{file}.csv"), format!("{file}.json"));
        let _ = std::fs::remove_file(self.bench.path(&report));
        let url = self.sandbox.url();
        let args = ["import", &csv, "--target", &url, "--ledger", &self.ledger];
        let more = ["--rate", &self.rate, "--report", &report];
        let mut command = self
            .bench
            .command(&[&args, more.as_slice(), flags].concat());
        command
            .env("SCORELOAD_CLIENT_ID", "me")
            .env("SCORELOAD_CLIENT_SECRET", "secret")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    /// Waits until so many updates have arrived.
    fn wait_for(&self, updates: usize) {
        while self.sandbox.updates().len() < updates {
            // Whoever looks all the time takes the cores from those that are looked at.
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn totals(&self, file: usize) -> Value {
        let report = std::fs::read(self.bench.path(&format!("{file}.json"))).unwrap();
        let report: Value = serde_json::from_slice(&report).unwrap();
        report["totals"].clone()
    }

    /// How often each order was sent.
    fn sent(&self) -> BTreeMap<String, usize> {
        let mut sent = BTreeMap::new();
        for update in self.sandbox.updates() {
            *sent
                .entry(update["order_id"].as_str().unwrap().to_owned())
                .or_default() += 1;
        }
        sent
    }

    /// Sees to it that the server holds just what the files say, and was never asked too fast.
    fn is_exact(&self) {
        assert_eq!(self.sandbox.answered(429), 0);
        assert_eq!(scores(&self.sandbox), expected_scores(self.orders));
    }
}

fn ended(child: Child) -> Ran {
    Ran::from(child.wait_with_output().unwrap())
}

fn succeeded(child: Child) {
    let ran = ended(child);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Four importers at once: each order is sent by one of them.
fn share_the_work(team: &Team) {
    let importers: Vec<Child> = (0..IMPORTERS).map(|file| team.import(file, &[])).collect();
    importers.into_iter().for_each(succeeded);
    team.is_exact();
    assert!(
        team.sent().values().all(|count| *count == 1),
        "{:?}",
        team.sent()
    );
    let count = |total: &Value| total.as_u64().unwrap();
    let totals: Vec<Value> = (0..IMPORTERS).map(|file| team.totals(file)).collect();
    let accepted: u64 = totals.iter().map(|totals| count(&totals["accepted"])).sum();
    assert_eq!(accepted, team.orders as u64);
    for totals in totals {
        assert_eq!(
            count(&totals["accepted"]) + count(&totals["unchanged"]),
            count(&totals["orders"])
        );
    }
}

/// Four importers of which one is killed half-way, and another is started for it.
fn outlive_one_of_them(team: &Team) {
    let flags = ["--timeout", "2"];
    let mut importers: Vec<Child> = (0..IMPORTERS)
        .map(|file| team.import(file, &flags))
        .collect();
    team.wait_for(team.orders / 2);
    kill(importers.remove(0));
    let before = team.sent();
    importers.push(team.import(0, &flags));
    importers.into_iter().for_each(succeeded);
    team.is_exact();
    let again: Vec<String> = team
        .sent()
        .into_iter()
        .filter(|(_, count)| *count > 1)
        .map(|(order, _)| order)
        .collect();
    // Only what the killed one had under way can have been sent before and is sent again.
    assert!(again.len() <= 8, "{again:?}");
    assert!(
        again.iter().all(|order| before.contains_key(order)),
        "{again:?}"
    );
}

#[test]
fn importers_of_overlapping_files_share_the_orders_and_the_rate() {
    if let Some(server) = shared() {
        share_the_work(&Team::new(server.database(), 300, "60/s"));
    }
}

#[test]
fn an_importer_that_is_killed_is_outlived_and_its_orders_are_taken_over() {
    if let Some(server) = shared() {
        outlive_one_of_them(&Team::new(server.database(), 300, "60/s"));
    }
}

#[test]
#[ignore = "takes minutes: a thousand orders at thirty a second, twice"]
fn a_thousand_orders_at_thirty_a_second() {
    let server = shared().unwrap();
    share_the_work(&Team::new(server.database(), 1000, "30/s"));
    outlive_one_of_them(&Team::new(server.database(), 1000, "30/s"));
}

#[test]
fn a_database_that_is_restarted_is_waited_for_and_the_import_ends_exact() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let team = Team::new(server.database(), 240, "60/s");
    let importers: Vec<Child> = (0..IMPORTERS).map(|file| team.import(file, &[])).collect();
    for (updates, signal) in [(60, "INT"), (140, "QUIT")] {
        team.wait_for(updates);
        server.end(signal);
        server.start_again();
    }
    importers.into_iter().for_each(succeeded);
    team.is_exact();
    assert!(
        team.sent().values().all(|count| *count == 1),
        "{:?}",
        team.sent()
    );
    assert!(reports(&team.sandbox).iter().all(|(_, count)| *count == 1));
}

#[test]
fn a_database_that_stays_away_ends_the_import_and_nothing_leaves_without_an_intent() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let team = Team::new(server.database(), 120, "30/s");
    let importer = team.import(0, &[]);
    team.wait_for(10);
    server.end("QUIT");
    let sent = team.sandbox.updates().len();
    crate::delivery::signal(&importer, "-INT");
    let ran = ended(importer);
    assert_eq!(ran.code, 130, "{}", ran.stderr);
    // Those that were on their way had their intents.
    assert!(team.sandbox.updates().len() <= sent + 8);
    let later = ended(team.import(1, &[]));
    assert_eq!(later.code, 5, "{}", later.stderr);
    assert!(
        later.stderr.contains("cannot reach its database"),
        "{}",
        later.stderr
    );
}

#[test]
fn an_order_that_another_importer_is_sending_is_waited_for_and_then_unchanged() {
    let Some(database) = shared().map(Server::database) else {
        return;
    };
    let team = Team::with_latency(database, 1, "unlimited", "1500ms");
    let first = team.import(0, &[]);
    team.wait_for(1);
    let prune = [
        "ledger",
        "prune",
        "--older-than",
        "0d",
        "--ledger",
        &team.ledger,
    ];
    let refused = team.bench.run(&prune);
    assert_eq!(refused.code, 6, "{}", refused.stderr);
    let holder = format!("process `{}`", first.id());
    assert!(refused.stderr.contains(&holder), "{}", refused.stderr);
    let history = team.bench.run(&["history", "--ledger", &team.ledger]);
    assert!(history.stdout.contains("running"), "{}", history.stdout);
    succeeded(team.import(1, &[]));
    assert_eq!(team.totals(1)["unchanged"], 1);
    succeeded(first);
    assert_eq!(team.totals(0)["accepted"], 1);
    assert_eq!(team.sandbox.updates().len(), 1);
    assert_eq!(team.bench.run(&prune).code, 0);
}

#[test]
fn an_importer_that_was_held_up_sends_nothing_that_another_has_taken_over() {
    let Some(server) = shared() else {
        return;
    };
    let team = Team::new(server.database(), 100, "20/s");
    std::fs::copy(team.bench.path("0.csv"), team.bench.path("again.csv")).unwrap();
    let flags = ["--timeout", "1"];
    let first = team.import(0, &flags);
    team.wait_for(20);
    crate::delivery::signal(&first, "-STOP");
    succeeded(team.import("again", &flags));
    let sent = team.sandbox.updates().len();
    crate::delivery::signal(&first, "-CONT");
    succeeded(first);
    assert_eq!(team.sandbox.updates().len(), sent);
}

#[test]
fn a_plan_is_refused_for_an_order_that_another_import_has_delivered_to() {
    let Some(database) = shared().map(Server::database) else {
        return;
    };
    let team = Team::new(database, 8, "unlimited");
    let url = team.sandbox.url();
    let plan = [
        "plan",
        "0.csv",
        "--target",
        &url,
        "--ledger",
        &team.ledger,
        "-o",
        "plan.json",
    ];
    assert_eq!(team.bench.run(&plan).code, 0);
    succeeded(team.import(1, &[]));
    let mut apply = team.bench.command(&[
        "apply",
        "plan.json",
        "--ledger",
        &team.ledger,
        "--no-report",
    ]);
    apply
        .env("SCORELOAD_CLIENT_ID", "me")
        .env("SCORELOAD_CLIENT_SECRET", "secret");
    let refused = Ran::from(apply.output().unwrap());
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("the plan is stale"),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_pretended_delivery_keeps_to_the_rate_and_is_not_remembered() {
    let Some(server) = shared() else {
        return;
    };
    let team = Team::new(server.database(), 8, "60/s");
    succeeded(team.import(0, &["--test-mode"]));
    let name = team.ledger.rsplit('/').next().unwrap();
    let counted =
        |table: &str| server.sql(name, &format!("SELECT count(*) FROM scoreload.{table}"));
    assert_eq!(
        (counted("budgets").as_str(), counted("runs").as_str()),
        ("1", "0")
    );
}

#[test]
fn a_password_is_shown_nowhere() {
    let Some(server) = shared() else {
        return;
    };
    let url = server.database();
    let (name, password) = (url.rsplit('/').next().unwrap(), "s3cret-of-the-tests");
    let secret = url.replace("scoreload@", &format!("scoreload:{password}@"));
    let team = Team::new(secret, 8, "unlimited");
    let down = Scripted::answering(vec![answer(503, "")]);
    let mut import = team
        .bench
        .command(&["import", "0.csv", "--target", &down.url(), "-vv"]);
    import
        .args([
            "--ledger",
            &team.ledger,
            "--retries",
            "0",
            "--report",
            "r.json",
            "--report",
            "r.html",
            "--notify-command",
            "sh -c 'env > told'",
        ])
        .env("SCORELOAD_LEDGER", &team.ledger)
        .env("SCORELOAD_CLIENT_ID", "me")
        .env("SCORELOAD_CLIENT_SECRET", "secret");
    let ran = Ran::from(import.output().unwrap());
    assert_eq!(ran.code, 5, "{}", ran.stderr);
    let wrong = team.ledger.replace(name, "nowhere");
    let refused = team.bench.run(&["history", "--ledger", &wrong]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("nowhere"), "{}", refused.stderr);
    let bad = team.bench.run(&[
        "history",
        "--ledger",
        &format!("{}?sslmode=maybe", team.ledger),
    ]);
    assert_eq!(bad.code, 2, "{}", bad.stderr);
    let read = |name: &str| std::fs::read_to_string(team.bench.path(name)).unwrap();
    for text in [
        ran.stdout,
        ran.stderr,
        refused.stderr,
        bad.stderr,
        read("r.json"),
        read("r.html"),
        read("told"),
    ] {
        assert!(!text.contains(password), "{text}");
    }
}

#[test]
fn a_database_with_something_else_in_it_or_of_a_later_version_is_refused_and_not_touched() {
    let Some(server) = shared() else {
        return;
    };
    let (other, later) = (server.database(), server.database());
    let name = |url: &str| url.rsplit('/').next().unwrap().to_owned();
    server.sql(
        &name(&other),
        "CREATE SCHEMA scoreload; CREATE TABLE scoreload.notes (text text)",
    );
    let bench = Bench::new();
    let foreign = bench.run(&["history", "--ledger", &other]);
    assert_eq!(foreign.code, 2, "{}", foreign.stderr);
    assert!(
        foreign.stderr.contains("it was not created by Scoreload"),
        "{}",
        foreign.stderr
    );
    assert_eq!(bench.run(&["history", "--ledger", &later]).code, 0);
    server.sql(&name(&later), "UPDATE scoreload.format SET version = 7");
    let newer = bench.run(&["history", "--ledger", &later]);
    assert_eq!(newer.code, 2, "{}", newer.stderr);
    assert!(
        newer.stderr.contains("its format is version `7`"),
        "{}",
        newer.stderr
    );
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'scoreload'";
    assert_eq!(server.sql(&name(&other), tables), "1");
}
