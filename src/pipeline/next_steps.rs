//! The commands that finish the job after an import.

use std::ffi::OsStr;
use std::path::Path;

use super::command_line::TypedCommand;
use crate::config::environment::variable;
use crate::config::{self, Target};
use crate::delivery::Delivery;
use crate::exit::ExitCode;
use crate::ledger::Location;
use crate::ledger::location::users_path;
use crate::report::model::Totals;
use crate::text::shell;

/// A command to run next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NextStep {
    /// The command, ready to paste into a shell.
    pub(crate) command: String,
    /// When to run it, if not at once.
    pub(crate) condition: Option<String>,
}

impl NextStep {
    /// Returns the command with its condition as a shell comment, so that the condition survives pasting.
    pub(crate) fn line(&self) -> String {
        match &self.condition {
            None => self.command.clone(),
            Some(condition) => format!("{}  # {condition}", self.command),
        }
    }
}

/// What the next steps depend on.
pub(crate) struct FinishedRun<'a> {
    /// An input came from standard input.
    pub(crate) has_stdin: bool,
    /// The inputs are files that were named, which the user can fix.
    pub(crate) has_named_inputs: bool,
    pub(crate) setup: &'a config::Delivery,
    pub(crate) run: &'a str,
    pub(crate) deliveries: &'a [Delivery],
    pub(crate) totals: &'a Totals,
    pub(crate) exit: ExitCode,
    /// The file of the rejected rows, if there are any.
    pub(crate) rejects: Option<&'a Path>,
}

/// Flags that a second run must not have: `--resend` would send accepted orders again, although the ledger knows which
/// ones are left, and `--report` never replaces a file.
const NOT_REPEATED: [&str; 2] = ["resend", "report"];
/// Flags about the inputs, which do not apply to the file of rejected rows.
const INPUT_FLAGS: [&str; 3] = ["sheet", "delimiter", "encoding"];

/// Returns the next steps. There are none after a trial in the built-in sandbox, nor after a refusal, where a person
/// must look first.
pub(crate) fn next_steps(run: &FinishedRun<'_>) -> Vec<NextStep> {
    let is_refused = run.exit == ExitCode::Usage;
    if is_refused || matches!(run.setup.target, Target::BuiltInSandbox) {
        return Vec::new();
    }
    let steps = repeat(run).into_iter().chain(resolve(run));
    steps
        .chain(import_rejects(run))
        .chain(fix_inputs(run))
        .collect()
}

/// The same command, if it delivers the remaining orders.
fn repeat(run: &FinishedRun<'_>) -> Option<NextStep> {
    // Without a lasting ledger the same command would send accepted orders again.
    let has_ledger = run.setup.ledger.is_lasting();
    let is_safe = has_ledger || run.totals.accepted + run.totals.unknown == 0;
    if !is_safe
        || run.exit == ExitCode::NoInput
        || !run.deliveries.iter().any(Delivery::is_worth_a_rerun)
    {
        return None;
    }
    Some(NextStep {
        command: shell::line(&repeated_command(run).words()),
        condition: run
            .has_stdin
            .then(|| "with the same standard input".to_owned()),
    })
}

fn repeated_command(run: &FinishedRun<'_>) -> TypedCommand {
    let command = TypedCommand::current().without(&NOT_REPEATED);
    match run.rejects {
        Some(_) => command.without(&["rejects"]),
        None => command,
    }
}

/// The two commands for held reports: the server's data decides which one applies.
fn resolve(run: &FinishedRun<'_>) -> Vec<NextStep> {
    let mut deliveries = run.deliveries.iter();
    if deliveries.all(|delivery| delivery.held_reports.is_empty()) {
        return Vec::new();
    }
    let choices = [
        ("--mark-delivered", "if the server has the held reports"),
        ("--resend", "if it does not have them"),
    ];
    let step = |(flag, condition): (&str, &str)| NextStep {
        command: resolve_command(run, flag),
        condition: Some(condition.to_owned()),
    };
    choices.map(step).into()
}

fn resolve_command(run: &FinishedRun<'_>, flag: &str) -> String {
    let command = TypedCommand::current();
    let mut words = vec![
        command.program(),
        OsStr::new("resolve"),
        OsStr::new(run.run),
        OsStr::new(flag),
    ];
    let ledger = &run.setup.ledger;
    let is_default = match ledger {
        Location::File(path) => users_path(&variable).as_ref() == Some(path),
        Location::Memory => true,
        Location::Database(_) => false,
    };
    let location = ledger.to_string();
    if !is_default {
        words.extend([OsStr::new("--ledger"), OsStr::new(&location)]);
    }
    let is_database = matches!(ledger, Location::Database(_));
    if let Some(path) = run.setup.ca_cert.as_deref().filter(|_| is_database) {
        words.extend([OsStr::new("--ca-cert"), path.as_os_str()]);
    }
    shell::line(&words)
}

/// The command that imports the rejected rows after they are fixed.
fn import_rejects(run: &FinishedRun<'_>) -> Option<NextStep> {
    let path = run.rejects?;
    let Totals {
        invalid,
        rejected,
        rows_invalid,
        ..
    } = run.totals;
    if invalid + rejected + rows_invalid == 0 {
        return None;
    }
    let command = repeated_command(run)
        .without(&INPUT_FLAGS)
        .with_input(path.as_os_str());
    Some(NextStep {
        command: shell::line(&command.words()),
        // The path is quoted for a shell: not every shell takes a pasted `#` for a comment.
        condition: Some(format!("once {} is fixed", shell::line(&[path]))),
    })
}

/// The same command after the inputs are fixed, if no file of rejected rows was asked for.
fn fix_inputs(run: &FinishedRun<'_>) -> Option<NextStep> {
    let is_repeatable = run.has_named_inputs && !run.has_stdin && run.rejects.is_none();
    let totals = run.totals;
    let has_errors = totals.invalid + totals.rejected + totals.rows_invalid > 0;
    let has_ledger = run.setup.ledger.is_lasting();
    if !has_ledger || !is_repeatable || !has_errors || repeat(run).is_some() {
        return None;
    }
    Some(NextStep {
        command: shell::line(&repeated_command(run).words()),
        condition: Some(
            "once the wrong rows are fixed in the file; accepted orders are not sent again"
                .to_owned(),
        ),
    })
}
