//! What is left to do after an import: the exact commands that finish the job.

use std::ffi::OsStr;
use std::path::Path;

use crate::config::environment::variable;
use crate::config::{self, Target};
use crate::delivery::Delivery;
use crate::exit::ExitCode;
use crate::ledger::Location;
use crate::ledger::location::users_path;
use crate::pipeline::command_line::Typed;
use crate::report::Totals;
use crate::text::shell;

/// A command that is left to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Next {
    /// The command, ready to be pasted.
    pub(crate) command: String,
    /// What to know or to do first.
    pub(crate) first: Option<String>,
}

impl Next {
    /// Returns the command with what to know first behind it, as a shell takes it: pasted as it is, the condition that
    /// it stands under stays with it.
    pub(crate) fn line(&self) -> String {
        match &self.first {
            None => self.command.clone(),
            Some(first) => format!("{}  # {first}", self.command),
        }
    }
}

/// What an import came to.
pub(crate) struct Ending<'a> {
    /// Whether an input came on standard input.
    pub(crate) is_piped: bool,
    /// Whether inputs are read, which can be mended, and not a plan.
    pub(crate) has_inputs: bool,
    pub(crate) settings: &'a config::Delivery,
    pub(crate) run: &'a str,
    pub(crate) deliveries: &'a [Delivery],
    pub(crate) totals: &'a Totals,
    pub(crate) exit: ExitCode,
    /// The file that the rejected rows are written to, if any are.
    pub(crate) rejects: Option<&'a Path>,
}

/// Flags that a second run does without: `--resend` would send accepted orders once more, where the ledger knows which
/// are left; and a report never replaces a file.
const DONE: [&str; 2] = ["resend", "report"];
/// Flags that tell how the inputs are read, and do not hold for the file of rejected rows.
const OF_INPUTS: [&str; 3] = ["sheet", "delimiter", "encoding"];

/// Returns what is left to do. What was tried in the built-in sandbox is done with, and what was refused is for a
/// person to look at first.
pub(crate) fn commands(ending: &Ending<'_>) -> Vec<Next> {
    let is_refused = ending.exit == ExitCode::Usage;
    if is_refused || matches!(ending.settings.target, Target::BuiltInSandbox) {
        return Vec::new();
    }
    let steps = again(ending).into_iter().chain(resolve(ending));
    steps.chain(fixed(ending)).chain(mended(ending)).collect()
}

/// The same command, where it delivers what is left.
fn again(ending: &Ending<'_>) -> Option<Next> {
    // Without a memory the same command would send what was accepted once more.
    let is_remembered = ending.settings.ledger.is_lasting();
    let is_safe = is_remembered || ending.totals.accepted + ending.totals.unknown == 0;
    if !is_safe
        || ending.exit == ExitCode::NoInput
        || !ending.deliveries.iter().any(Delivery::is_worth_a_rerun)
    {
        return None;
    }
    Some(Next {
        command: shell::line(&typed(ending).words()),
        first: ending
            .is_piped
            .then(|| "with the same standard input".to_owned()),
    })
}

fn typed(ending: &Ending<'_>) -> Typed {
    let typed = Typed::here().without(&DONE);
    match ending.rejects {
        Some(_) => typed.without(&["rejects"]),
        None => typed,
    }
}

/// The commands of which one settles what is kept back: which, only a look at the orders tells.
fn resolve(ending: &Ending<'_>) -> Vec<Next> {
    let mut deliveries = ending.deliveries.iter();
    if deliveries.all(|delivery| delivery.held_reports.is_empty()) {
        return Vec::new();
    }
    let ways = [
        ("--mark-delivered", "where the reports kept back are there"),
        ("--resend", "where they are not"),
    ];
    let way = |(flag, first): (&str, &str)| Next {
        command: resolve_by(ending, flag),
        first: Some(first.to_owned()),
    };
    ways.map(way).into()
}

fn resolve_by(ending: &Ending<'_>, flag: &str) -> String {
    let typed = Typed::here();
    let mut words = vec![
        typed.program(),
        OsStr::new("resolve"),
        OsStr::new(ending.run),
    ];
    words.push(OsStr::new(flag));
    let place = &ending.settings.ledger;
    let is_users = match place {
        Location::File(path) => users_path(&variable).as_ref() == Some(path),
        Location::Memory => true,
        Location::Database(_) => false,
    };
    let place = place.to_string();
    if !is_users {
        words.extend([OsStr::new("--ledger"), OsStr::new(&place)]);
    }
    let of_database = matches!(ending.settings.ledger, Location::Database(_));
    if let Some(path) = ending.settings.ca_cert.as_deref().filter(|_| of_database) {
        words.extend([OsStr::new("--ca-cert"), path.as_os_str()]);
    }
    shell::line(&words)
}

/// The command that imports the rejected rows, once they are fixed.
fn fixed(ending: &Ending<'_>) -> Option<Next> {
    let path = ending.rejects?;
    let Totals {
        invalid,
        rejected,
        rows_invalid,
        ..
    } = ending.totals;
    if invalid + rejected + rows_invalid == 0 {
        return None;
    }
    let typed = typed(ending)
        .without(&OF_INPUTS)
        .with_input(path.as_os_str());
    Some(Next {
        command: shell::line(&typed.words()),
        // Not every shell takes for a comment what is pasted behind a `#`.
        first: Some(format!("once {} is fixed", shell::line(&[path]))),
    })
}

/// The same command, where the inputs have to be mended first and no file of rejected rows was asked for.
fn mended(ending: &Ending<'_>) -> Option<Next> {
    let is_remembered = ending.settings.ledger.is_lasting();
    let is_for_them = ending.has_inputs && !ending.is_piped && ending.rejects.is_none();
    let totals = ending.totals;
    let is_wrong = totals.invalid + totals.rejected + totals.rows_invalid > 0;
    if !is_remembered || !is_for_them || !is_wrong || again(ending).is_some() {
        return None;
    }
    Some(Next {
        command: shell::line(&typed(ending).words()),
        first: Some(
            "once the wrong rows are mended in the file; what was accepted is not sent again"
                .to_owned(),
        ),
    })
}
