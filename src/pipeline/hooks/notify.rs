//! The command that tells somebody: what it finds in its environment, which never holds the credentials.

use std::env;
use std::ffi::OsString;
use std::io;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::Over;
use crate::report::Totals;
use crate::system::command;
use crate::system::command::{CommandError, CommandLine};
use crate::system::postgres::address::redact_password;

/// How long the command may take: a mail server that does not answer must not keep the next run waiting.
const PATIENCE: Duration = Duration::from_secs(60);

/// Variables that the command does not find: secrets, and itself.
const KEPT_BACK: [&str; 4] = [
    "SCORELOAD_CLIENT_ID",
    "SCORELOAD_CLIENT_SECRET",
    "SCORELOAD_NOTIFY_COMMAND",
    "PGPASSWORD",
];

/// The variable that may hold a password with other things, which the command finds.
const LEDGER: &str = "SCORELOAD_LEDGER";

/// Runs the command to its end. What it prints goes to standard error.
pub(crate) fn give(words: &CommandLine, over: &Over<'_>) -> Result<(), CommandError> {
    command::run(&mut command(words, over), PATIENCE)
}

fn command(words: &CommandLine, over: &Over<'_>) -> Command {
    let mut command = words.command();
    command.stdout(Stdio::from(io::stderr()));
    for name in KEPT_BACK {
        command.env_remove(name);
    }
    if let Ok(place) = env::var(LEDGER) {
        command.env(LEDGER, redact_password(&place));
    }
    command.envs(variables(over));
    command
}

/// Returns what the command is told.
fn variables(over: &Over<'_>) -> Vec<(String, OsString)> {
    let mut all: Vec<(&str, OsString)> = vec![
        ("EXIT_CODE", over.exit.number().to_string().into()),
        ("ERROR", over.error.clone().unwrap_or_default().into()),
    ];
    if let Some(account) = over.account {
        let run = &account.run;
        let mut reports = account.reports.iter();
        let report = reports
            .next()
            .and_then(|path| std::path::absolute(path).ok());
        all.extend([
            ("RUN", run.id.clone().into()),
            ("TARGET", run.target.clone().unwrap_or_default().into()),
            ("STOPPED", run.stopped.clone().unwrap_or_default().into()),
            ("REPORT", report.unwrap_or_default().into_os_string()),
            ("REQUESTS", run.requests.sent.to_string().into()),
        ]);
        let totals = counts(&account.totals);
        all.extend(totals.map(|(name, count)| (name, count.to_string().into())));
    }
    let named = all.into_iter();
    named
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
