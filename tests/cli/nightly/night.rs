//! A night: files that are good, wrong, half written, known and late; and the night after.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use scoreload::sandbox::Settings;
use serde_json::{Value, json};

use super::{arrive, metric, names, nightly, of_run, orders, ran, set};
use crate::harness::{Bench, Ran, SECRET, TestSandbox};

/// Writes to a file again and again, until it is dropped.
struct Growing {
    is_over: Arc<AtomicBool>,
    writer: Option<JoinHandle<()>>,
}

impl Growing {
    fn at(path: PathBuf) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&is_over);
        let mut file = File::create(path).unwrap();
        file.write_all(orders(&["GROWN"]).as_bytes()).unwrap();
        let writer = std::thread::spawn(move || {
            while !seen.load(Ordering::Relaxed) {
                file.write_all(b"\n").unwrap();
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        Self {
            is_over,
            writer: Some(writer),
        }
    }
}

impl Drop for Growing {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.writer.take().unwrap().join().unwrap();
    }
}

/// A night: one file comes when the others are on their way already.
fn a_night(bench: &Bench, sandbox: &TestSandbox) -> Ran {
    arrive(bench, "good.csv", &orders(&["G1", "G2", "SHARED"]));
    let wrong = orders(&["M1"]) + "B6001,M2,A1,T1,first,80,,\n" + "B6001,M1,A1,T2,1,70,,\n";
    arrive(bench, "mistakes.csv", &wrong);
    arrive(bench, "again.csv", &orders(&["Y1", "Y2"]));
    arrive(bench, "half.csv.part", &orders(&["HALF"]));
    arrive(bench, "~$book.xlsx", "");
    arrive(bench, "notes.pdf", "%PDF");
    let growing = Growing::at(bench.path("in/growing.csv"));
    let notify = "sh -c 'env > told; echo heard'";
    #[rustfmt::skip]
    let flags = ["--settle", "1s", "--metrics", "m.prom", "--notify-command", notify, "--format", "json"];
    let mut command = nightly(bench, &sandbox.url(), &flags);
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.env("PGPASSWORD", SECRET).spawn().unwrap();
    while sandbox.updates().len() < 3 {
        std::thread::yield_now();
    }
    arrive(bench, "late.csv", &orders(&["LATE"]));
    let night = Ran::from(child.wait_with_output().unwrap());
    drop(growing);
    night
}

/// Each file is where it belongs, with what was written about it beside it.
fn assert_files(bench: &Bench) {
    let inbox = [
        "done",
        "failed",
        "growing.csv",
        "half.csv.part",
        "late.csv",
        "notes.pdf",
        "~$book.xlsx",
    ];
    assert_eq!(names(&bench.path("in")), set(&inbox));
    #[rustfmt::skip]
    let done = [
        ".imported", "again.csv", "good.csv", "good.csv.RUN.html", "good.csv.RUN.json",
        "yesterday.csv", "yesterday.csv.RUN.html", "yesterday.csv.RUN.json",
    ];
    assert_eq!(names(&bench.path("in/done")), set(&done));
    #[rustfmt::skip]
    let failed = [
        "mistakes.csv", "mistakes.csv.RUN.html", "mistakes.csv.RUN.json", "mistakes.csv.RUN.rejects.csv",
    ];
    assert_eq!(names(&bench.path("in/failed")), set(&failed));
    for directory in ["in/done", "in/failed"] {
        let mode = bench
            .path(directory)
            .metadata()
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700, "{directory}");
    }
}

fn assert_screen(night: &Ran) {
    for (name, words) in [
        ("again.csv", "was already imported by run 2"),
        ("growing.csv", "is still being written"),
        ("notes.pdf", "does not have the extension of a spreadsheet"),
        ("failed ", "rejects.csv and put it into in"),
    ] {
        let line = night.stderr.lines().find(|line| line.contains(name));
        assert!(
            line.is_some_and(|line| line.contains(words)),
            "{name}\n{}",
            night.stderr
        );
    }
    assert!(night.stderr.contains("heard") && !night.stdout.contains("heard"));
    let result = night.diagnostics().pop().unwrap();
    assert_eq!(result["inbox"]["done"], json!(["in/done/good.csv"]));
    assert_eq!(result["inbox"]["failed"], json!(["in/failed/mistakes.csv"]));
    assert_eq!(result["inbox"]["known"], json!(["again.csv"]));
}

fn assert_metrics(bench: &Bench) {
    let metrics = fs::read_to_string(bench.path("m.prom")).unwrap();
    for (name, value) in [
        ("scoreload_last_run_exit_code", 1.0),
        ("scoreload_last_run_rows{kind=\"all\"}", 6.0),
        ("scoreload_last_run_orders{outcome=\"accepted\"}", 4.0),
        ("scoreload_last_run_orders{outcome=\"invalid\"}", 1.0),
        ("scoreload_last_run_problems{severity=\"error\"}", 1.0),
        ("scoreload_last_run_requests{kind=\"sent\"}", 4.0),
        ("scoreload_last_run_files{fate=\"done\"}", 1.0),
        ("scoreload_last_run_files{fate=\"failed\"}", 1.0),
    ] {
        let found = metric(&metrics, name);
        assert!((found - value).abs() < f64::EPSILON, "{name}\n{metrics}");
    }
    assert!(!metrics.contains("last_success"), "{metrics}");
}

/// What the command finds in its environment, which is all but the credentials.
fn assert_notice(bench: &Bench, run: &str) {
    let told = fs::read_to_string(bench.path("told")).unwrap();
    let run = format!("SCORELOAD_RUN={run}");
    for line in [
        "SCORELOAD_EXIT_CODE=1",
        &run,
        "SCORELOAD_ROWS=6",
        "SCORELOAD_ORDERS=5",
        "SCORELOAD_ACCEPTED=4",
        "SCORELOAD_INVALID=1",
        "SCORELOAD_REQUESTS=4",
    ] {
        assert!(told.lines().any(|known| known == line), "{line}\n{told}");
    }
    let mut lines = told.lines();
    let path = lines.find_map(|line| line.strip_prefix("SCORELOAD_REPORT="));
    let path = Path::new(path.unwrap());
    assert!(path.is_absolute() && path.is_file(), "{told}");
    assert!(
        !told.contains(SECRET) && !told.contains("whisper-id"),
        "{told}"
    );
}

#[test]
fn a_night_with_files_that_are_good_wrong_half_written_known_and_late() {
    let bench = Bench::new();
    let sandbox = TestSandbox::with(Settings {
        rate: "unlimited".parse().unwrap(),
        latency: "50ms".parse().unwrap(),
        ..Settings::default()
    });
    let url = sandbox.url();
    arrive(&bench, "yesterday.csv", &orders(&["Y1", "Y2"]));
    assert_eq!(ran(&mut nightly(&bench, &url, &[])).code, 0);
    assert_eq!(sandbox.updates().len(), 2);

    let night = a_night(&bench, &sandbox);
    assert_eq!(night.code, 1, "{}", night.stderr);
    let orders_held = sandbox.orders();
    let arrived = orders_held
        .iter()
        .map(|order| order["order_id"].as_str().unwrap().to_owned());
    assert_eq!(
        arrived.collect::<std::collections::BTreeSet<_>>(),
        set(&["G1", "G2", "M1", "SHARED", "Y1", "Y2"])
    );
    assert_files(&bench);
    assert_screen(&night);
    assert_metrics(&bench);
    let failed = bench.path("in/failed");
    let report = of_run(&failed, "mistakes.csv.2", ".json");
    let report: Value = serde_json::from_slice(&fs::read(report).unwrap()).unwrap();
    let totals = &report["totals"];
    assert_eq!(
        (
            &report["exit_code"],
            &totals["accepted"],
            &totals["invalid"]
        ),
        (&json!(1), &json!(4), &json!(1))
    );
    assert_notice(&bench, report["run"].as_str().unwrap());
    let rejects = fs::read_to_string(of_run(&failed, "mistakes.csv.2", ".rejects.csv")).unwrap();
    assert!(
        rejects.lines().count() == 2 && rejects.contains("attempt-invalid"),
        "{rejects}"
    );

    // The night after: what was late, what has grown, and what was mended.
    arrive(&bench, "mended.csv", &rejects.replace("first", "1"));
    arrive(&bench, "growing.csv", &orders(&["GROWN"]));
    let after = ran(&mut nightly(&bench, &url, &["--metrics", "m.prom"]));
    assert_eq!(after.code, 0, "{}", after.stderr);
    assert_eq!(sandbox.updates().len(), 9);
    let left = [
        "done",
        "failed",
        "half.csv.part",
        "notes.pdf",
        "~$book.xlsx",
    ];
    assert_eq!(names(&bench.path("in")), set(&left));
    let metrics = fs::read_to_string(bench.path("m.prom")).unwrap();
    assert!(
        metric(&metrics, "scoreload_last_success_timestamp_seconds") > 1.7e9,
        "{metrics}"
    );
}
