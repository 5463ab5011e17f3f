//! What is no file of a known size: pipes, devices, circles of links, files that nobody may read.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::thread;

use super::{HEADER, ROW, TOO_LARGE, UNREADABLE, refused, validated};
use crate::harness::Bench;

fn pipe(bench: &Bench, name: &str) {
    let made = Command::new("mkfifo")
        .arg(bench.path(name))
        .status()
        .unwrap();
    assert!(made.success());
}

/// Writes to a pipe until its reader has gone.
fn feed(bench: &Bench, name: &str, beginning: &str, piece: String) -> thread::JoinHandle<()> {
    let path = bench.path(name);
    let beginning = beginning.to_owned();
    thread::spawn(move || {
        let mut pipe = OpenOptions::new().write(true).open(path).unwrap();
        if pipe.write_all(beginning.as_bytes()).is_ok() {
            while !piece.is_empty() && pipe.write_all(piece.as_bytes()).is_ok() {}
        }
    })
}

#[test]
fn a_pipe_is_read_and_one_without_end_refused() {
    let bench = Bench::new();
    pipe(&bench, "pipe");
    let fed = feed(&bench, "pipe", &format!("{HEADER}{ROW}"), String::new());
    let ran = validated(&bench, "pipe");
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
    fed.join().unwrap();
    let fed = feed(&bench, "pipe", HEADER, "x".repeat(1 << 20));
    refused(&bench, "pipe", TOO_LARGE);
    fed.join().unwrap();
    // Without a header there is nothing to wait for.
    let fed = feed(&bench, "pipe", "", "no,header\n".repeat(100_000));
    refused(&bench, "pipe", "header-missing");
    fed.join().unwrap();
}

#[test]
fn what_leads_nowhere_or_cannot_be_read_is_told() {
    let bench = Bench::new();
    symlink("b.csv", bench.path("a.csv")).unwrap();
    symlink("a.csv", bench.path("b.csv")).unwrap();
    refused(&bench, "a.csv", UNREADABLE);
    // Even the superuser may not read this one.
    refused(&bench, "/proc/self/mem", UNREADABLE);
    std::fs::create_dir(bench.path("in")).unwrap();
    refused(&bench, "in", UNREADABLE);
    bench.write("in/rows.csv", format!("{HEADER}{ROW}"));
    symlink(".", bench.path("in/round")).unwrap();
    symlink("gone.csv", bench.path("in/lost.csv")).unwrap();
    pipe(&bench, "in/pipe.csv");
    let ran = validated(&bench, "in");
    // One file is read, one is told to be missing, and nobody waits for the pipe.
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let found = ran.diagnostics();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0]["path"].as_str().unwrap().ends_with("lost.csv"),
        "{found:?}"
    );
    for pattern in ["in/**/r*.csv", "in/*/r*.csv"] {
        assert_eq!(validated(&bench, pattern).code, 0, "{pattern}");
    }
}
