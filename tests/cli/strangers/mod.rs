//! Files from strangers: made to fill the memory, to take for ever, or to pass for something else. Each is refused, or
//! read where nothing is wrong with it, by a process that is held to little memory.

mod archives;
mod inputs;
mod kinds;
mod texts;
mod workbooks;

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::harness::{Bench, Ran};

/// The rows of one order, and the header over them.
const HEADER: &str = "company_id,order_id,assessment_id,test_id,attempt,score\n";
const ROW: &str = "B6001,17,A1,T1,1,87\n";

const UNREADABLE: &str = "input-unreadable";
const TOO_LARGE: &str = "input-too-large";
const ENCRYPTED: &str = "input-encrypted";
const NO_TEXT: &str = "encoding-invalid";

/// Holds a command to 300 MB of memory and a minute of work; it ends badly where it takes more.
fn held(command: &Command) -> Command {
    const LIMITS: &str = r#"ulimit -d 307200 && ulimit -t 60 && exec "$0" "$@""#;
    let mut held = Command::new("sh");
    held.args(["-c", LIMITS])
        .arg(command.get_program())
        .args(command.get_args())
        // Each thread has memory of its own.
        .env("RAYON_NUM_THREADS", "2")
        .stdin(std::process::Stdio::null());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => held.env(name, value),
            None => held.env_remove(name),
        };
    }
    held.current_dir(command.get_current_dir().unwrap());
    held
}

/// Checks a file, held to little memory.
fn validated(bench: &Bench, input: impl AsRef<Path>) -> Ran {
    let input = input.as_ref().to_str().unwrap();
    let command = bench.command(&["validate", input, "--format", "json"]);
    Ran::from(held(&command).output().unwrap())
}

/// Asserts that a file is refused whole, with a remedy, and returns the finding.
fn refused(bench: &Bench, input: impl AsRef<Path>, code: &str) -> Value {
    let name = input.as_ref().display().to_string();
    let ran = validated(bench, input);
    assert_refused(&name, &ran, code)
}

fn assert_refused(name: &str, ran: &Ran, code: &str) -> Value {
    assert_eq!(ran.code, 3, "{name}: {}{}", ran.stdout, ran.stderr);
    assert!(!ran.stderr.contains("panicked"), "{name}: {}", ran.stderr);
    let found = ran.diagnostics().remove(0);
    assert_eq!(found["code"], code, "{name}: {found}");
    assert!(
        found["help"].as_str().unwrap().len() > 10,
        "{name}: {found}"
    );
    found
}
