//! Hostile servers: whatever they send, the run survives, and each order has the right outcome.

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

/// Address space of a run in kilobytes: many times its need, but little compared to what hostile servers send.
const ADDRESS_SPACE: u32 = 1_500_000;

/// Returns the same command with limited memory.
fn with_limited_memory(command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell
        .args([
            "-c",
            &format!("ulimit -v {ADDRESS_SPACE}; exec \"$0\" \"$@\""),
        ])
        .arg(command.get_program())
        .args(command.get_args())
        .current_dir(command.get_current_dir().unwrap())
        .stdin(std::process::Stdio::null());
    // Each thread needs address space, and large machines start many.
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

/// Imports a number of orders, each with a report, with limited memory.
fn import(bench: &Bench, orders: usize, url: &str, flags: &[&str]) -> Ran {
    bench.write("orders.csv", orders_csv(orders));
    let args = [&["orders.csv", "--rate", "unlimited"], flags].concat();
    let command = bench.import_command(url, &args);
    Ran::from(with_limited_memory(&command).output().unwrap())
}

/// Returns the orders of the report.
fn orders(bench: &Bench) -> Vec<Value> {
    bench.report()["orders"].as_array().unwrap().clone()
}
