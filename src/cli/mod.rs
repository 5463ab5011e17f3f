//! What may be typed; what it means is for [`crate::config`].

mod delivery;
pub(crate) mod error;
mod history;
mod input;
mod ledger;
mod plan;
mod sandbox;
mod screen;
mod settings;
mod template;

use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

pub(crate) use self::delivery::{DeliveryArgs, ImportArgs, ResultArgs};
pub(crate) use self::input::{ColumnsArgs, ColumnsFormat, InputArgs, ValidateArgs};
pub(crate) use self::ledger::{
    ExportArgs, LedgerArgs, LedgerCommand, MergeArgs, PruneArgs, VerifyArgs,
};
pub(crate) use self::plan::{ApplyArgs, PlanArgs};
pub(crate) use self::sandbox::SandboxArgs;
pub(crate) use self::screen::{LogFormat, ProgressStyle, ScreenArgs};
pub(crate) use self::settings::{ConfigArgs, DoctorArgs, SourceArgs};
pub(crate) use crate::cli::history::{HistoryArgs, ResolveArgs};
pub(crate) use crate::cli::template::{ExplainArgs, TemplateArgs};

const RESULT: &str = "Result";

/// Delivers spreadsheets of assessment scores to Paylocity.
///
/// Scoreload reads CSV files and workbooks with a row per test score, finds every mistake before anything is sent,
/// groups the rows into one update per order, delivers the updates within the API's rate, and leaves a report that
/// accounts for every row.
#[derive(Debug, Parser)]
#[command(
    version,
    propagate_version = true,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// What the screen shows.
    #[command(flatten)]
    pub(crate) screen: ScreenArgs,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check, group, deliver and report
    #[command(after_long_help = delivery::IMPORT_EXAMPLES, mut_arg("inputs", delivery::needs_input))]
    Import(ImportArgs),
    /// Check files only: no network, no credentials
    #[command(after_long_help = input::VALIDATE_EXAMPLES)]
    Validate(ValidateArgs),
    /// Say what an import would send, and how long it would take
    ///
    /// Takes the flags of `import`, sends nothing, and needs neither network nor credentials: for each order `+` new,
    /// `*` changed, `=` unchanged, `!` invalid, `?` unknown. Kept with -o, a plan is what `apply` delivers; -v lists a large one to its
    /// end.
    #[command(after_long_help = plan::PLAN_EXAMPLES, mut_arg("inputs", delivery::needs_input))]
    Plan(PlanArgs),
    /// Deliver exactly what a plan says
    ///
    /// It is refused where it would not do what the plan says: an input has changed, another run has delivered to one
    /// of its orders, the plan was edited, or applied before. One that was cut off goes on with what is left.
    #[command(after_long_help = plan::APPLY_EXAMPLES)]
    Apply(ApplyArgs),
    /// List earlier runs, one run's orders, or one order over time
    #[command(after_long_help = history::HISTORY_EXAMPLES)]
    History(HistoryArgs),
    /// Settle deliveries whose outcome is unknown
    #[command(after_long_help = history::RESOLVE_EXAMPLES)]
    Resolve(ResolveArgs),
    /// Move, prune and check what is remembered of deliveries
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Make an empty input file, with drop-downs and notes
    ///
    /// The workbook has a sheet to fill in, with a note on each header, drop-downs for the statuses, and columns that
    /// keep ids and scores as they are typed; a second sheet explains them with an example. The .csv is the header
    /// alone. A file that is there is never replaced.
    #[command(after_long_help = template::TEMPLATE_EXAMPLES)]
    Template(TemplateArgs),
    /// Show how each header is understood, ready to paste into the config
    ///
    /// For each sheet: its columns, what they are taken for, and some of their values; then the `[columns]` section
    /// that says the same. Headers that would hold the sheet back are explained, and what they were most likely
    /// meant to be stands in comments.
    #[command(after_long_help = input::COLUMNS_EXAMPLES)]
    Columns(ColumnsArgs),
    /// Tell what a problem means and what to do
    #[command(after_long_help = template::EXPLAIN_EXAMPLES)]
    Explain(ExplainArgs),
    /// Show every setting in force, and where it is from
    ///
    /// Takes the flags of `import`: each setting is shown with the value that an import would take, and whether that is
    /// from a flag, a variable, the profile, the configuration file, or built in.
    #[command(after_long_help = settings::CONFIG_EXAMPLES)]
    Config(ConfigArgs),
    /// Check that everything is ready to deliver
    ///
    /// Takes the flags of `import`. Each line says ok, warn or fail, and what to do about it.
    #[command(after_long_help = settings::DOCTOR_EXAMPLES)]
    Doctor(DoctorArgs),
    /// Run the API on this machine, for trials and tests
    #[command(after_long_help = sandbox::SANDBOX_EXAMPLES)]
    Sandbox(SandboxArgs),
    /// Explain a command, or a way of use: nightly, teams
    #[command(
        after_long_help = "Examples:\n  scoreload help nightly\n  scoreload help ledger prune"
    )]
    Help {
        /// A command, nightly, or teams
        about: Vec<String>,
    },
    /// Print the completions of a shell
    #[command(
        after_long_help = "Example:\n  scoreload completions bash > ~/.local/share/bash-completion/completions/scoreload"
    )]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    #[command(after_long_help = "Example:\n  scoreload man | man -l -")]
    Man,
    /// Print the JSON Schema of the report
    #[command(after_long_help = "Example:\n  scoreload report-schema > report.schema.json")]
    ReportSchema,
}
/// How results are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Human,
    /// One JSON object a line
    Json,
}
fn whole_number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|_| "a whole number of 0 or more is expected".to_owned())
}
fn seconds(text: &str) -> Result<Duration, String> {
    let parsed = text.parse().ok().filter(|seconds: &f64| *seconds > 0.0);
    parsed
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| "a number of seconds above 0 is expected".to_owned())
}

impl Command {
    /// Returns which settings count where a flag or a variable does not say, for commands that have settings.
    pub(crate) const fn source(&self) -> Option<&SourceArgs> {
        match self {
            Self::Import(args) => Some(&args.input.source),
            Self::Plan(args) => Some(&args.import.input.source),
            // To make a file, none is needed that is right.
            Self::Config(args) if args.init => None,
            Self::Config(args) => Some(&args.import.input.source),
            Self::Doctor(args) => Some(&args.import.input.source),
            Self::Validate(args) => Some(&args.input.source),
            Self::Columns(args) => Some(&args.input.source),
            Self::Apply(args) => Some(&args.source),
            Self::History(args) => Some(&args.ledger.source),
            Self::Resolve(args) => Some(&args.ledger.source),
            Self::Ledger(command) => Some(command.source()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
