//! Ledgers that cannot be relied on: a clear error, and no request without a durable intent.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use scoreload::sandbox::Settings;

use crate::harness::{Bench, Ran, TestSandbox, orders_csv};

const FAST: &[&str] = &["orders.csv", "--rate", "unlimited", "--ledger", "ledger.db"];
const PAGE: usize = 4096;
/// Where `SQLite` keeps the version of a file's shape (its file format, 1.3).
const USER_VERSION_AT: usize = 60;
/// A user that owns nothing.
const NOBODY: u32 = 65_534;

/// A bench with a ledger of so many orders.
fn bench(sandbox: &TestSandbox, orders: usize) -> Bench {
    let bench = Bench::new();
    bench.write("orders.csv", orders_csv(orders));
    let ran = bench.import(&sandbox.url(), FAST);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    bench
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self")
        .is_ok_and(|found| std::os::unix::fs::MetadataExt::uid(&found) == 0)
}

#[test]
fn what_is_no_ledger_of_this_version_is_refused_and_left_as_it_is() {
    let sandbox = TestSandbox::start("unlimited", "");
    let bench = bench(&sandbox, 3);
    let whole = std::fs::read(bench.path("ledger.db")).unwrap();
    let sent = sandbox.requests().len();
    let mut newer = whole.clone();
    newer[USER_VERSION_AT..USER_VERSION_AT + 4].copy_from_slice(&99_u32.to_be_bytes());
    let mut noise = fastrand::Rng::with_seed(5);
    let random: Vec<u8> = (0..3 * PAGE).map(|_| noise.u8(..)).collect();
    let table: [(Vec<u8>, &str); 4] = [
        (newer, "its format is version `99`"),
        (random, "it was not created by Scoreload"),
        (
            whole[..whole.len() - 100].to_vec(),
            "it is damaged (it is truncated)",
        ),
        (whole[..50].to_vec(), "it is damaged (it is truncated)"),
    ];
    for (content, words) in table {
        bench.write("ledger.db", &content);
        let ran = bench.import(&sandbox.url(), FAST);
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
        assert_eq!(std::fs::read(bench.path("ledger.db")).unwrap(), content);
    }
    std::fs::create_dir(bench.path("directory")).unwrap();
    for ledger in ["directory", "/proc/nowhere/ledger.db"] {
        let ran = bench.import(&sandbox.url(), &["orders.csv", "--ledger", ledger]);
        assert_eq!(ran.code, 2, "{}", ran.stderr);
    }
    assert_eq!(sandbox.requests().len(), sent);
}

#[test]
fn a_damaged_page_is_told_and_never_taken_for_knowledge() {
    let sandbox = TestSandbox::start("unlimited", "");
    let bench = bench(&sandbox, 60);
    let whole = std::fs::read(bench.path("ledger.db")).unwrap();
    let pages = whole.len() / PAGE;
    assert!(pages > 10, "{pages} pages");
    let mut noise = fastrand::Rng::with_seed(5);
    let mut refusals = 0;
    for page in (1..pages).step_by(pages / 8) {
        let mut damaged = whole.clone();
        damaged[page * PAGE..(page + 1) * PAGE].fill_with(|| noise.u8(..));
        bench.write("ledger.db", &damaged);
        let sent = sandbox.updates().len();
        let ran = bench.import(&sandbox.url(), FAST);
        assert!([0, 1, 2].contains(&ran.code), "page {page}: {}", ran.stderr);
        assert_eq!(sandbox.updates().len(), sent, "page {page}: {}", ran.stderr);
        if ran.code != 0 {
            assert!(
                ran.stderr.contains("it is damaged ("),
                "page {page}: {}",
                ran.stderr
            );
            refusals += 1;
        }
    }
    assert!(refusals > 0);
}

#[test]
fn a_directory_that_cannot_be_written_to_is_refused() {
    let bench = Bench::new();
    bench.write("orders.csv", orders_csv(2));
    // The binary stands where only its owner may come. It is copied by another process: what another test starts
    // meanwhile would inherit the open file, and a file that is being written cannot be run.
    let binary = bench.path("scoreload");
    let mut copy = Command::new("cp");
    copy.arg(assert_cmd::cargo::cargo_bin!("scoreload"))
        .arg(&binary);
    assert!(copy.status().unwrap().success());
    std::fs::create_dir(bench.path("locked")).unwrap();
    for (name, mode) in [("", 0o755), ("locked", 0o555), ("scoreload", 0o755)] {
        std::fs::set_permissions(bench.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
    }
    let sandbox = TestSandbox::start("unlimited", "");
    let mut command = Command::new(binary);
    command
        .args([
            "import",
            "orders.csv",
            "--no-report",
            "--ledger",
            "locked/ledger.db",
            "--target",
        ])
        .arg(sandbox.url())
        .env("SCORELOAD_CLIENT_ID", "me")
        .env("SCORELOAD_CLIENT_SECRET", "secret")
        .current_dir(bench.path(""));
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    let ran = Ran::from(command.output().unwrap());
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("it is not writable"), "{}", ran.stderr);
    assert_eq!(sandbox.requests().len(), 0);
}

/// Runs an import whose files may grow to so many kilobytes: what is beyond fails as on a full disk.
fn confined(bench: &Bench, url: &str, kilobytes: usize) -> Ran {
    let import = bench.import_command(url, FAST);
    let script = format!("trap '' XFSZ; ulimit -f {kilobytes}; exec \"$0\" \"$@\"");
    let mut shell = Command::new("bash");
    shell
        .args(["-c", &script])
        .arg(import.get_program())
        .args(import.get_args())
        .current_dir(bench.path(""));
    for (name, value) in import.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    Ran::from(shell.output().unwrap())
}

/// The orders that the ledger knows to have been about to leave.
fn intended(bench: &Bench) -> BTreeSet<String> {
    let ledger = ["--ledger", "ledger.db", "--format", "json"];
    let runs = bench
        .run(&[&["history"], &ledger[..]].concat())
        .diagnostics();
    let mut orders = BTreeSet::new();
    for run in runs {
        let id = run["run"].as_str().unwrap().to_owned();
        let deliveries = bench
            .run(&[&["history", &id], &ledger[..]].concat())
            .diagnostics();
        orders.extend(
            deliveries
                .iter()
                .map(|delivery| delivery["order_id"].to_string()),
        );
    }
    orders
}

#[test]
fn when_the_ledger_cannot_grow_any_more_nothing_leaves_without_an_intent() {
    let mut stopped_midway = 0;
    for kilobytes in [0, 4, 40, 100, 200, 400] {
        let bench = Bench::new();
        bench.write("orders.csv", orders_csv(200));
        let sandbox = TestSandbox::with(Settings {
            rate: "unlimited".parse().unwrap(),
            latency: "1ms..3ms".parse().unwrap(),
            ..Settings::default()
        });
        let ran = confined(&bench, &sandbox.url(), kilobytes);
        assert!([1, 2].contains(&ran.code), "{kilobytes}: {}", ran.stderr);
        assert!(ran.stderr.contains("ledger"), "{kilobytes}: {}", ran.stderr);
        let sent: BTreeSet<String> = sandbox
            .updates()
            .iter()
            .map(|update| update["order_id"].to_string())
            .collect();
        if Path::new(&bench.path("ledger.db")).exists() && !sent.is_empty() {
            let intended = intended(&bench);
            assert!(
                sent.is_subset(&intended),
                "{kilobytes}: {sent:?} {intended:?}"
            );
            stopped_midway += usize::from(sent.len() < 200);
        }
        let ran = bench.import(&sandbox.url(), FAST);
        assert_eq!(ran.code, 0, "{kilobytes}: {}", ran.stderr);
        assert_eq!(sandbox.orders().len(), 200);
    }
    assert!(stopped_midway > 0);
}
