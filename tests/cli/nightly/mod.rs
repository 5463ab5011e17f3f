//! The nightly import: an inbox, what is where afterwards, and what is told of it. A whole night is in `night`.

mod night;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use crate::delivery::signal;
use crate::harness::{Bench, Ran, SECRET, TestSandbox, orders_csv};
use crate::server::{NEVER, Server, answer};

const HEADER: &str =
    "company_id,order_id,assessment_id,test_id,attempt,score,report_name,report_url\n";

/// Puts a file into the inbox that has not changed for an hour.
fn arrive(bench: &Bench, name: &str, content: &str) {
    fs::create_dir_all(bench.path("in")).unwrap();
    let mut file = File::create(bench.path("in").join(name)).unwrap();
    file.write_all(content.as_bytes()).unwrap();
    let old = SystemTime::now() - Duration::from_secs(3600);
    file.set_modified(old).unwrap();
}

fn orders(names: &[&str]) -> String {
    let row = |name: &&str| format!("B6001,{name},A1,T1,1,80,R,https://r.example/{name}\n");
    HEADER.to_owned() + &names.iter().map(row).collect::<String>()
}

fn nightly(bench: &Bench, url: &str, more: &[&str]) -> Command {
    let args = [
        "import",
        "--inbox",
        "in",
        "--target",
        url,
        "--rate",
        "unlimited",
    ];
    let mut command = bench.command(&[&args[..], more].concat());
    command
        .env("SCORELOAD_CLIENT_ID", "whisper-id")
        .env("SCORELOAD_CLIENT_SECRET", SECRET);
    command
}

fn ran(command: &mut Command) -> Ran {
    Ran::from(command.output().unwrap())
}

/// The names in a directory; a run's id in them is RUN.
fn names(directory: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(directory).unwrap();
    let name = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().unwrap();
        let is_run = |part: &&str| part.len() == 20 && part.starts_with("20");
        let run = name.split('.').find(is_run).map(str::to_owned);
        run.map_or(name.clone(), |run| name.replace(&run, "RUN"))
    };
    entries.map(|entry| name(entry.unwrap())).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The file of a name that holds a run's id.
fn of_run(directory: &Path, start: &str, end: &str) -> std::path::PathBuf {
    let mut entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
    let fits = |name: &str| name.starts_with(start) && name.ends_with(end);
    let found = entries.find(|entry| fits(&entry.file_name().into_string().unwrap()));
    found.unwrap().path()
}

fn metric(text: &str, name: &str) -> f64 {
    let line = text.lines().find(|line| {
        line.rsplit_once(' ')
            .is_some_and(|(known, _)| known == name)
    });
    assert!(line.is_some(), "{name}\n{text}");
    line.unwrap().rsplit_once(' ').unwrap().1.parse().unwrap()
}

#[test]
fn an_empty_inbox_is_a_success_unless_it_must_not_be() {
    let (bench, sandbox) = (Bench::new(), TestSandbox::start("unlimited", ""));
    fs::create_dir(bench.path("in")).unwrap();
    let flags = ["--metrics", "m.prom"];
    assert_eq!(ran(&mut nightly(&bench, &sandbox.url(), &flags)).code, 0);
    let metrics = fs::read_to_string(bench.path("m.prom")).unwrap();
    assert!(metric(&metrics, "scoreload_last_run_exit_code").abs() < f64::EPSILON);
    let strict = ran(&mut nightly(&bench, &sandbox.url(), &["--fail-if-empty"]));
    assert!(
        strict.code == 3 && strict.stderr.contains("there is no file to import"),
        "{}",
        strict.stderr
    );
    assert_eq!(names(&bench.path("in")), set(&["done", "failed"]));
    assert_eq!(sandbox.requests().len(), 0);
    let both = ran(&mut nightly(&bench, &sandbox.url(), &["a.csv"]));
    assert_eq!(both.code, 2, "{}", both.stderr);
    let nowhere = ran(bench
        .command(&["import", "--inbox", "nowhere", "--target", "sandbox"])
        .env("HOME", "/"));
    assert!(
        nowhere.code == 2 && nowhere.stderr.contains("cannot use the inbox `nowhere`"),
        "{}",
        nowhere.stderr
    );
}

#[test]
fn what_a_run_does_not_finish_stays_with_the_report_in_the_inbox() {
    let bench = Bench::new();
    let broken = Server::answering(vec![answer(503, "down")]);
    arrive(&bench, "a.csv", &orders(&["A1", "A2"]));
    arrive(
        &bench,
        "b.csv",
        &(orders(&["B1"]) + "B6001,B2,A1,T1,first,80,,\n"),
    );
    let out_of_order = ran(&mut nightly(&bench, &broken.url(), &["--retries", "0"]));
    assert_eq!(out_of_order.code, 5, "{}", out_of_order.stderr);
    let inbox = names(&bench.path("in"));
    assert!(inbox.is_superset(&set(&["a.csv", "b.csv"])), "{inbox:?}");
    assert!(
        inbox
            .iter()
            .any(|name| name.starts_with("scoreload-report-")),
        "{inbox:?}"
    );
    assert_eq!(
        names(&bench.path("in/done")).len() + names(&bench.path("in/failed")).len(),
        0
    );

    let good = TestSandbox::start("unlimited", "");
    let whole = ran(&mut nightly(&bench, &good.url(), &["--all-or-nothing"]));
    assert_eq!(
        (whole.code, good.updates().len()),
        (3, 0),
        "{}",
        whole.stderr
    );
    assert!(names(&bench.path("in")).is_superset(&set(&["a.csv", "b.csv"])));

    let server = Server::answering(vec![answer(204, ""), answer(NEVER, "")]);
    let mut child = nightly(&bench, &server.url(), &["--concurrency", "1"])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    server.wait_for("PATCH", 2);
    signal(&child, "-TERM");
    signal(&child, "-TERM");
    let interrupted = child.wait().unwrap();
    assert_eq!(interrupted.code(), Some(130));
    assert!(names(&bench.path("in")).is_superset(&set(&["a.csv", "b.csv"])));

    let last = ran(&mut nightly(&bench, &good.url(), &[]));
    assert_eq!((last.code, good.orders().len()), (1, 3), "{}", last.stderr);
    assert!(bench.path("in/done/a.csv").exists() && bench.path("in/failed/b.csv").exists());
}

#[test]
fn a_file_whose_import_was_cut_off_before_it_was_moved_costs_no_request() {
    let (bench, sandbox) = (Bench::new(), TestSandbox::start("unlimited", ""));
    arrive(&bench, "a.csv", &orders(&["A1"]));
    let imported = bench.import(&sandbox.url(), &["in/a.csv", "--rate", "unlimited"]);
    assert_eq!(imported.code, 0, "{}", imported.stderr);
    let night = ran(&mut nightly(&bench, &sandbox.url(), &[]));
    assert_eq!(
        (night.code, sandbox.updates().len()),
        (0, 1),
        "{}",
        night.stderr
    );
    assert!(bench.path("in/done/a.csv").exists());
}

#[test]
fn an_old_file_does_not_bring_old_scores_back_unless_it_is_asked_to() {
    let (bench, sandbox) = (Bench::new(), TestSandbox::start("unlimited", ""));
    let (first, second) = (orders(&["A1"]), orders(&["A1"]).replace(",80,", ",90,"));
    for content in [&first, &second, &first] {
        arrive(&bench, "a.csv", content);
        let night = ran(&mut nightly(&bench, &sandbox.url(), &[]));
        assert_eq!(night.code, 0, "{}", night.stderr);
    }
    assert_eq!(sandbox.updates().len(), 2);
    let moved = names(&bench.path("in/done"));
    assert_eq!(
        moved
            .iter()
            .filter(|name| name.contains(".csv") && !name.contains(".csv."))
            .count(),
        2,
        "{moved:?}"
    );
    arrive(&bench, "a.csv", &first);
    assert_eq!(
        ran(&mut nightly(&bench, &sandbox.url(), &["--resend"])).code,
        0
    );
    assert_eq!(sandbox.updates().len(), 3);
    let other = TestSandbox::start("unlimited", "");
    arrive(&bench, "a.csv", &first);
    assert_eq!(ran(&mut nightly(&bench, &other.url(), &[])).code, 0);
    assert_eq!(
        other.updates().len(),
        1,
        "another target knows nothing of it"
    );
}

#[test]
fn a_trial_leaves_the_files_where_they_are() {
    let bench = Bench::new();
    arrive(&bench, "a.csv", &orders(&["A1"]));
    for flags in [
        &["--no-report"][..],
        &["--target", "sandbox", "--test-mode"],
        &["--dry-run"],
    ] {
        let tried = bench.run(&[&["import", "--inbox", "in"], flags].concat());
        assert_eq!(tried.code, 0, "{flags:?}: {}", tried.stderr);
        assert_eq!(names(&bench.path("in")), set(&["a.csv"]), "{flags:?}");
    }
    let named = bench.run(&[
        "import",
        "--inbox",
        "in",
        "--target",
        "sandbox",
        "--no-report",
    ]);
    assert_eq!(named.code, 0, "{}", named.stderr);
    assert_eq!(names(&bench.path("in/done")), set(&[".imported", "a.csv"]));
}

#[test]
fn one_import_at_a_time_clears_an_inbox_whatever_its_ledger() {
    let (bench, server) = (Bench::new(), Server::answering(vec![answer(NEVER, "")]));
    arrive(&bench, "a.csv", &orders(&["A1"]));
    let mut first = nightly(&bench, &server.url(), &[])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    server.wait_for("PATCH", 1);
    let flags = ["--ledger", "other.db", "--metrics", "m.prom"];
    let second = ran(&mut nightly(&bench, &server.url(), &flags));
    assert_eq!(second.code, 6, "{}", second.stderr);
    assert!(
        second
            .stderr
            .contains("another import is using the inbox `in`"),
        "{}",
        second.stderr
    );
    let metrics = fs::read_to_string(bench.path("m.prom")).unwrap();
    assert!((metric(&metrics, "scoreload_last_run_exit_code") - 6.0).abs() < f64::EPSILON);
    signal(&first, "-KILL");
    first.wait().unwrap();
}

#[test]
fn a_run_that_cannot_begin_leaves_metrics_and_tells_somebody() {
    let bench = Bench::new();
    bench.write("a.csv", orders_csv(1));
    bench.write("scoreload.toml", "[defaults]\nfrobnicate = 1\n");
    let notify = "sh -c 'echo $SCORELOAD_EXIT_CODE $SCORELOAD_ERROR > told'";
    let failed = bench.run(&[
        "import",
        "a.csv",
        "--metrics",
        "m.prom",
        "--notify-command",
        notify,
    ]);
    assert_eq!(failed.code, 2, "{}", failed.stderr);
    let metrics = fs::read_to_string(bench.path("m.prom")).unwrap();
    assert!((metric(&metrics, "scoreload_last_run_exit_code") - 2.0).abs() < f64::EPSILON);
    let told = fs::read_to_string(bench.path("told")).unwrap();
    assert!(
        told.starts_with("2 in the configuration file `scoreload.toml`: line 2:"),
        "{told}"
    );
}

#[test]
fn a_notice_that_fails_is_told_and_changes_nothing() {
    let bench = Bench::new();
    bench.write("a.csv", orders_csv(1));
    bench.write(
        "scoreload.toml",
        "[defaults]\nnotify_command = [\"/nowhere/tell-us\"]\nno_report = true\n",
    );
    let ran = bench.run(&["import", "a.csv"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains("`/nowhere/tell-us` failed: cannot run it"),
        "{}",
        ran.stderr
    );
    fs::create_dir(bench.path("m.prom")).unwrap();
    let unwritable = bench.run(&["import", "a.csv", "--metrics", "m.prom"]);
    assert_eq!(unwritable.code, 1, "{}", unwritable.stderr);
}

#[test]
fn metrics_without_a_place_are_refused_before_anything_is_sent() {
    let (bench, sandbox) = (Bench::new(), TestSandbox::start("unlimited", ""));
    bench.write("a.csv", orders_csv(2));
    let ran = bench.import(&sandbox.url(), &["a.csv", "--metrics", "nowhere/m.prom"]);
    assert_eq!(
        (ran.code, sandbox.updates().len()),
        (2, 0),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("no directory `nowhere`"),
        "{}",
        ran.stderr
    );
}
