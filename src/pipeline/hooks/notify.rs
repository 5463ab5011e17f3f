//! The notification command. Its environment describes the run and never has credentials.

use std::env;
use std::ffi::OsString;
use std::io;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::run_summary::RunSummary;
use crate::report::model::Totals;
use crate::storage::postgres::redact::redact_password;
use crate::system::command;
use crate::system::command::{CommandError, CommandLine};

/// The time limit of the command. A mail server that does not answer must not delay the next run.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// Variables that are removed from the command's environment: secrets, and the command itself.
const REMOVED: [&str; 4] = [
    "SCORELOAD_CLIENT_ID",
    "SCORELOAD_CLIENT_SECRET",
    "SCORELOAD_NOTIFY_COMMAND",
    "PGPASSWORD",
];

/// A variable that the command gets without its password.
const LEDGER: &str = "SCORELOAD_LEDGER";

/// Runs the command to its end. Its output goes to stderr.
pub(super) fn run(line: &CommandLine, run: &RunSummary<'_>) -> Result<(), CommandError> {
    command::run(&mut command(line, run), TIME_LIMIT)
}

fn command(line: &CommandLine, run: &RunSummary<'_>) -> Command {
    let mut command = line.command();
    command.stdout(Stdio::from(io::stderr()));
    for name in REMOVED {
        command.env_remove(name);
    }
    if let Ok(location) = env::var(LEDGER) {
        command.env(LEDGER, redact_password(&location));
    }
    command.envs(variables(run));
    command
}

/// Returns the variables that describe the run.
fn variables(run: &RunSummary<'_>) -> Vec<(String, OsString)> {
    let mut variables: Vec<(&str, OsString)> = vec![
        ("EXIT_CODE", run.exit.number().to_string().into()),
        ("ERROR", run.error.clone().unwrap_or_default().into()),
    ];
    if let Some(result) = run.result {
        let run = &result.run;
        let mut reports = result.reports.iter();
        let report = reports
            .next()
            .and_then(|path| std::path::absolute(path).ok());
        variables.extend([
            ("RUN", run.id.clone().into()),
            ("TARGET", run.target.clone().unwrap_or_default().into()),
            ("STOPPED", run.stopped.clone().unwrap_or_default().into()),
            ("REPORT", report.unwrap_or_default().into_os_string()),
            ("REQUESTS", run.requests.sent.to_string().into()),
        ]);
        let counts = counts(&result.totals);
        variables.extend(counts.map(|(name, count)| (name, count.to_string().into())));
    }
    variables
        .into_iter()
        .map(|(name, value)| (format!("SCORELOAD_{name}"), value))
        .collect()
}

fn counts(totals: &Totals) -> [(&'static str, usize); 11] {
    [
        ("ROWS", totals.rows),
        ("ROWS_INVALID", totals.rows_invalid),
        ("ROWS_SKIPPED", totals.rows_skipped),
        ("ORDERS", totals.orders),
        ("ACCEPTED", totals.accepted),
        ("UNCHANGED", totals.unchanged),
        ("INVALID", totals.invalid),
        ("REJECTED", totals.rejected),
        ("FAILED", totals.failed),
        ("UNKNOWN", totals.unknown),
        ("NOT_SENT", totals.not_sent),
    ]
}
