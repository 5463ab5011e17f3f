//! The wire: whatever a server does to a connection, the run survives it, and each order's outcome is the right one.

mod answers;
mod authority;
mod cases;
mod database;
mod raw;
mod redirects;
mod resets;
mod tls;
mod tokens;

use std::process::Command;

use serde_json::Value;

use crate::harness::{Bench, Ran, orders_csv};

/// Kilobytes of address space for a run: many times what it needs, and little beside what hostile servers send.
const ROOM: u32 = 1_500_000;

/// The same command with so much memory and no more.
fn in_little_room(command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &format!("ulimit -v {ROOM}; exec \"$0\" \"$@\"")])
        .arg(command.get_program())
        .args(command.get_args())
        .current_dir(command.get_current_dir().unwrap())
        .stdin(std::process::Stdio::null());
    // Each thread takes some of it, and a large machine has many.
    for name in [
        "RAYON_NUM_THREADS",
        "TOKIO_WORKER_THREADS",
        "MALLOC_ARENA_MAX",
    ] {
        shell.env(name, "4");
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

/// Imports so many orders, each with a report, in little room.
fn import(bench: &Bench, orders: usize, url: &str, flags: &[&str]) -> Ran {
    bench.write("orders.csv", orders_csv(orders));
    let args = [&["orders.csv", "--rate", "unlimited"], flags].concat();
    let command = bench.import_command(url, &args);
    Ran::from(in_little_room(&command).output().unwrap())
}

/// The report's entries, in the order of the orders.
fn orders(bench: &Bench) -> Vec<Value> {
    bench.report()["orders"].as_array().unwrap().clone()
}
