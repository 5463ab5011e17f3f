//! Crashes and power cuts at random moments: the same command finishes the job, to the exact state.
//!
//! `SCORELOAD_CRASH_ROUNDS=20` plays each story so many times over, each time from another seed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use fastrand::Rng;
use scoreload::sandbox::Settings;
use serde_json::Value;

use crate::harness::{Bench, TestSandbox, orders_csv};
use crate::ledger::{expected_scores, reports, scores};

const FAST: &[&str] = &["orders.csv", "--rate", "unlimited", "--concurrency", "4"];
const LEDGER: &str = "state/scoreload/ledger.db";

type Orders = BTreeSet<String>;

fn seeds() -> impl Iterator<Item = u64> {
    let rounds = std::env::var("SCORELOAD_CRASH_ROUNDS").ok();
    let rounds = rounds.and_then(|text| text.parse().ok()).unwrap_or(1);
    (0..rounds).map(|_| {
        let seed = fastrand::u64(..);
        tell(seed);
        seed
    })
}

#[expect(clippy::print_stdout, reason = "a failure names its seed")]
fn tell(seed: u64) {
    println!("seed {seed}");
}

fn sandbox(latency: &str, faults: &str) -> TestSandbox {
    TestSandbox::with(Settings {
        rate: "unlimited".parse().unwrap(),
        faults: faults.parse().unwrap(),
        latency: latency.parse().unwrap(),
        ..Settings::default()
    })
}

fn bench(orders: usize) -> Bench {
    let bench = Bench::new();
    bench.write("orders.csv", orders_csv(orders));
    bench
}

fn spawn(bench: &Bench, sandbox: &TestSandbox) -> Child {
    let mut command = bench.import_command(&sandbox.url(), FAST);
    command.stderr(Stdio::null()).spawn().unwrap()
}

/// Waits until so many updates have arrived, or the process has ended.
fn wait_for(sandbox: &TestSandbox, updates: usize, child: &mut Child) {
    while sandbox.updates().len() < updates && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
}

fn kill(child: &mut Child) {
    // It may have ended by itself in the meantime.
    let _ = child.kill();
    child.wait().unwrap();
}

fn order_of(value: &Value) -> String {
    value["order_id"].as_str().unwrap().to_owned()
}

/// The orders that the ledger knows as accepted in its latest run, and those that it knows to be in doubt.
fn known(bench: &Bench) -> (Orders, Orders) {
    let (mut accepted, mut doubted) = (Orders::new(), Orders::new());
    if !bench.path(LEDGER).exists() {
        return (accepted, doubted);
    }
    let history = |args: &[&str]| bench.run(&[&["history", "--format", "json"], args].concat());
    let runs = history(&[]).diagnostics();
    let Some(run) = runs.first().and_then(|run| run["run"].as_str()) else {
        return (accepted, doubted);
    };
    for delivery in history(&[run]).diagnostics() {
        let outcome = delivery["outcome"].as_str();
        let is_told = delivery["message"] == "the server may have two copies of its reports";
        if outcome == Some("accepted") {
            accepted.insert(order_of(&delivery));
        }
        if is_told || matches!(outcome, None | Some("unknown")) {
            doubted.insert(order_of(&delivery));
        }
    }
    (accepted, doubted)
}

/// The orders that a report marks.
fn marks(bench: &Bench) -> Orders {
    let report = bench.report();
    let orders = report["orders"].as_array().unwrap().iter();
    let marked = orders.filter(|order| order["possible_duplicate_reports"] == true);
    marked.map(order_of).collect()
}

/// Finishes the job, and sees to it that the server holds just what the file says and nothing is left to send.
fn finish(bench: &Bench, sandbox: &TestSandbox, flags: &[&str], orders: usize) -> Orders {
    let flags = [FAST, flags].concat();
    let mut marked = Orders::new();
    for tries in 1.. {
        let ran = bench.import(&sandbox.url(), &flags);
        marked.extend(marks(bench));
        if ran.code == 0 {
            break;
        }
        assert!(tries < 10, "{}", ran.stderr);
    }
    assert_eq!(scores(sandbox), expected_scores(orders));
    assert!(reports(sandbox).iter().all(|(_, count)| *count >= 1));
    let sent = sandbox.requests().len();
    assert_eq!(bench.import(&sandbox.url(), &flags).code, 0);
    assert_eq!(sandbox.requests().len(), sent, "nothing is left to send");
    marked
}

fn twice(sandbox: &TestSandbox) -> Orders {
    let reports = reports(sandbox).into_iter();
    reports
        .filter(|(_, count)| *count > 1)
        .map(|(order, _)| order)
        .collect()
}

#[test]
fn an_import_killed_at_random_moments_loses_nothing_and_repeats_nothing_acknowledged() {
    for seed in seeds() {
        kill_again_and_again(&mut Rng::with_seed(seed), 400, 20, "");
    }
}

#[test]
fn nor_does_one_that_meets_faults_as_well() {
    for seed in seeds() {
        let faults = "drop-before=3%,drop-after=4%,500=2%,500-after=3%,401=1%";
        kill_again_and_again(&mut Rng::with_seed(seed), 120, 6, faults);
    }
}

fn kill_again_and_again(rng: &mut Rng, orders: usize, kills: usize, faults: &str) {
    let (bench, sandbox) = (bench(orders), sandbox("2ms..10ms", faults));
    let (mut accepted, mut doubted) = (Orders::new(), Orders::new());
    for _ in 0..kills {
        let before = sandbox.updates().len();
        let mut child = spawn(&bench, &sandbox);
        // Some are killed while they begin, the others while they send.
        if rng.u8(..5) > 0 {
            wait_for(&sandbox, before + rng.usize(1..20), &mut child);
        }
        std::thread::sleep(Duration::from_micros(rng.u64(..20_000)));
        kill(&mut child);
        for update in sandbox.updates().iter().skip(before) {
            assert!(
                !accepted.contains(&order_of(update)),
                "sent again: {update}"
            );
        }
        let now = known(&bench);
        accepted.extend(now.0);
        doubted.extend(now.1);
    }
    assert!(
        !accepted.is_empty() && accepted.len() < orders,
        "{}",
        accepted.len()
    );
    let before = sandbox.updates().len();
    doubted.extend(finish(&bench, &sandbox, &[], orders));
    for update in sandbox.updates().iter().skip(before) {
        assert!(
            !accepted.contains(&order_of(update)),
            "sent again: {update}"
        );
    }
    let twice = twice(&sandbox);
    assert!(
        twice.is_subset(&doubted),
        "{:?}",
        twice.difference(&doubted)
    );
}

/// Copies a ledger's files one after the other while it is written to, as a power cut would leave them.
///
/// A power cut leaves one moment, and copying takes time; so a copy counts only where the database and the head of its
/// log were the same before and after: then the log was only appended to.
fn copy_in_flight(from: &Path, to: &Path) {
    let beside = |path: &Path, tail: &str| PathBuf::from(format!("{}{tail}", path.display()));
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    let read = |tail: &str| std::fs::read(beside(from, tail)).unwrap_or_default();
    loop {
        let (database, log, index) = (read(""), read("-wal"), read("-shm"));
        let head = |log: &[u8]| log.get(..32).map(<[u8]>::to_vec);
        if database != read("") || head(&log) != head(&read("-wal")) {
            continue;
        }
        for (tail, content) in [("", database), ("-wal", log), ("-shm", index)] {
            std::fs::write(beside(to, tail), content).unwrap();
        }
        return;
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Cut {
    Whole,
    WithoutIndex,
    ShortLog,
}

#[test]
fn a_ledger_as_a_power_cut_leaves_it_is_opened_and_finishes_the_job() {
    for seed in seeds() {
        let mut rng = Rng::with_seed(seed);
        for cut in [
            Cut::Whole,
            Cut::WithoutIndex,
            Cut::ShortLog,
            Cut::ShortLog,
            Cut::ShortLog,
        ] {
            let (bench, sandbox) = (bench(120), sandbox("1ms..6ms", ""));
            let mut child = spawn(&bench, &sandbox);
            wait_for(&sandbox, rng.usize(1..100), &mut child);
            let before = sandbox.updates().len();
            let copy = bench.path("copy/ledger.db");
            copy_in_flight(&bench.path(LEDGER), &copy);
            kill(&mut child);
            let log = bench.path("copy/ledger.db-wal");
            match cut {
                Cut::Whole => {}
                Cut::WithoutIndex => {
                    std::fs::remove_file(bench.path("copy/ledger.db-shm")).unwrap();
                }
                Cut::ShortLog => {
                    let content = std::fs::read(&log).unwrap();
                    std::fs::write(&log, &content[..rng.usize(..=content.len())]).unwrap();
                }
            }
            // What arrived after the copy was made, it cannot know.
            let mut expected: Orders = sandbox
                .updates()
                .iter()
                .skip(before)
                .map(order_of)
                .collect();
            expected.extend(finish(
                &bench,
                &sandbox,
                &["--ledger", "copy/ledger.db"],
                120,
            ));
            let twice = twice(&sandbox);
            assert!(
                cut == Cut::ShortLog || twice.is_subset(&expected),
                "{cut:?}: {twice:?} {expected:?}"
            );
        }
    }
}
