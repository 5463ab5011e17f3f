//! The rate limit across processes: imports to the same server with the same credentials share it, in parallel and in
//! succession, also if a process is killed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Stdio};

use scoreload::sandbox::Settings;

use crate::harness::{Bench, TestSandbox, orders_csv};

/// A server that refuses every request beyond the API's rate in any window.
fn strict() -> TestSandbox {
    TestSandbox::with(Settings {
        latency: "5ms..50ms".parse().unwrap(),
        ..Settings::default()
    })
}

fn start(bench: &Bench, sandbox: &TestSandbox, args: &[&str]) -> Child {
    let mut command = bench.command(&["import", "--no-report", "--target", &sandbox.url()]);
    command
        .args(args)
        .env("SCORELOAD_CLIENT_ID", "me")
        .env("SCORELOAD_CLIENT_SECRET", "secret")
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn wait_for_updates(sandbox: &TestSandbox, count: usize) {
    while sandbox.updates().len() < count {
        std::thread::yield_now();
    }
}

/// Returns the rate-limit files in the user's state directory.
fn states(bench: &Bench) -> Vec<PathBuf> {
    let Ok(found) = fs::read_dir(bench.path("state/scoreload")) else {
        return Vec::new();
    };
    found
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|tail| tail == "state"))
        .collect()
}

#[test]
fn imports_with_different_ledgers_share_the_rate_of_one_server() {
    let (bench, sandbox) = (Bench::new(), strict());
    let header = "company_id,order_id,overall_score\n";
    let rows = |ids: &[u32]| -> String {
        let row = |id: &u32| format!("B6001,ORD-{id},5\n");
        ids.iter().map(row).collect()
    };
    bench.write("a.csv", header.to_owned() + &rows(&[1, 2, 3, 4]));
    bench.write("b.csv", header.to_owned() + &rows(&[5, 6, 7]));
    bench.write("c.csv", header.to_owned() + &rows(&[8, 9, 10]));
    let mut imports = [
        start(&bench, &sandbox, &["a.csv", "--ledger", "a.db"]),
        start(&bench, &sandbox, &["b.csv", "--ledger", "none"]),
        start(&bench, &sandbox, &["c.csv"]),
    ];
    for import in &mut imports {
        assert!(import.wait().unwrap().success());
    }
    assert_eq!((sandbox.answered(429), sandbox.answered(204)), (0, 10));
    let states = states(&bench);
    assert_eq!(states.len(), 1, "{states:?}");
    let mode = fs::metadata(&states[0]).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = fs::read_to_string(&states[0]).unwrap();
    assert!(!text.contains("secret") && !text.contains("B6001"));
}

#[test]
fn imports_that_are_killed_and_restarted_keep_the_rate() {
    let (bench, sandbox) = (Bench::new(), strict());
    bench.write("orders.csv", orders_csv(7));
    for updates in [1, 3, 5] {
        let mut import = start(&bench, &sandbox, &["orders.csv"]);
        wait_for_updates(&sandbox, updates);
        import.kill().unwrap();
        import.wait().unwrap();
    }
    let mut last = start(&bench, &sandbox, &["orders.csv"]);
    assert!(last.wait().unwrap().success());
    assert_eq!(sandbox.answered(429), 0, "{:?}", sandbox.updates());
    assert_eq!(sandbox.orders().len(), 7);
}

#[test]
fn an_unlimited_rate_leaves_no_state_file() {
    let (bench, sandbox) = (Bench::new(), TestSandbox::start("unlimited", ""));
    bench.write("orders.csv", orders_csv(1));
    let mut import = start(&bench, &sandbox, &["orders.csv", "--rate", "unlimited"]);
    assert!(import.wait().unwrap().success());
    assert_eq!(states(&bench), [] as [PathBuf; 0]);
}
