//! The commands, and the arguments that all of them take.

use clap::{Parser, Subcommand};

use super::delivery::{self, ImportArgs};
use super::history::{self, HistoryArgs, ResolveArgs};
use super::input::{self, ColumnsArgs, ValidateArgs};
use super::ledger::LedgerCommand;
use super::plan::{self, ApplyArgs, PlanArgs};
use super::sandbox::{self, SandboxArgs};
use super::screen::ScreenArgs;
use super::settings::{self, ConfigArgs, DoctorArgs};
use super::source::SourceArgs;
use super::template::{self, ExplainArgs, TemplateArgs};

/// Delivers spreadsheets of assessment scores to Paylocity.
///
/// Scoreload reads CSV files and workbooks with one row per test score, finds all mistakes before it sends anything,
/// groups the rows into one update per order, delivers the updates within the API's rate limit, and writes a report
/// that accounts for every row.
#[derive(Debug, Parser)]
#[command(
    version,
    propagate_version = true,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_help = crate::guide::list()
)]
pub struct Cli {
    /// The command to run.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Terminal output and logging.
    #[command(flatten)]
    pub(crate) screen: ScreenArgs,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Validate, group, deliver and report
    #[command(after_long_help = delivery::IMPORT_EXAMPLES, mut_arg("inputs", delivery::needs_input))]
    Import(ImportArgs),
    /// Check files, without network or credentials
    #[command(after_long_help = input::VALIDATE_EXAMPLES)]
    Validate(ValidateArgs),
    /// Show what an import would send and how long it would take
    ///
    /// Takes the flags of `import`, sends nothing, and needs neither network nor credentials. Each order is `+` new,
    /// `*` changed, `=` unchanged, `!` invalid or `?` unknown. A plan that is kept with -o is delivered by `apply`.
    /// With
    /// -v, a long list is printed in full.
    #[command(after_long_help = plan::PLAN_EXAMPLES, mut_arg("inputs", delivery::needs_input))]
    Plan(PlanArgs),
    /// Deliver exactly what a plan says
    ///
    /// Refuses a plan that no longer holds: an input has changed, another run has delivered to one of its orders, or
    /// the plan was edited or applied before. A plan whose delivery was interrupted is continued.
    #[command(after_long_help = plan::APPLY_EXAMPLES)]
    Apply(ApplyArgs),
    /// List earlier runs, the orders of a run, or the history of an order
    #[command(after_long_help = history::HISTORY_EXAMPLES)]
    History(HistoryArgs),
    /// Settle deliveries whose outcome is unknown
    #[command(after_long_help = history::RESOLVE_EXAMPLES)]
    Resolve(ResolveArgs),
    /// Export, merge, prune and verify the record of deliveries
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Write an empty input file with drop-downs and notes
    ///
    /// The workbook has a sheet to fill in, with a note on each header, drop-downs for the statuses, and columns that
    /// keep ids and scores as typed; a second sheet explains the columns with an example. The .csv file has only the
    /// header. An existing file is never overwritten.
    #[command(after_long_help = template::TEMPLATE_EXAMPLES)]
    Template(TemplateArgs),
    /// Show how each header is read, as configuration to paste
    ///
    /// Lists the columns of each sheet with their meaning and some of their values, followed by the equivalent
    /// `[columns]` section. Headers that would make the sheet unusable are explained, with likely corrections as
    /// comments.
    #[command(after_long_help = input::COLUMNS_EXAMPLES)]
    Columns(ColumnsArgs),
    /// Explain what a diagnostic means and what to do
    #[command(after_long_help = template::EXPLAIN_EXAMPLES)]
    Explain(ExplainArgs),
    /// Show every setting with its value and source
    ///
    /// Takes the flags of `import` and shows the settings that such an import would use. The source of a value is a
    /// flag, a variable, the profile, the configuration file, or the built-in default.
    #[command(after_long_help = settings::CONFIG_EXAMPLES)]
    Config(ConfigArgs),
    /// Check that everything is ready to deliver
    ///
    /// Takes the flags of `import`. Each line shows a check as ok, warn or fail, and how to fix it.
    #[command(after_long_help = settings::DOCTOR_EXAMPLES)]
    Doctor(DoctorArgs),
    /// Run the API on this machine, for trials and tests
    #[command(after_long_help = sandbox::SANDBOX_EXAMPLES)]
    Sandbox(SandboxArgs),
    /// Show the help of a command, or the guide to a topic
    #[command(after_long_help = "Examples:\n  scoreload help nightly\n  scoreload help import")]
    Help {
        /// A command, or one of the topics that `scoreload help` lists
        about: Vec<String>,
    },
    /// Print a shell completion script
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

impl Command {
    /// Returns the arguments that name the configuration file, for commands that read it.
    pub(crate) const fn source(&self) -> Option<&SourceArgs> {
        match self {
            Self::Import(args) => Some(&args.input.source),
            Self::Plan(args) => Some(&args.import.input.source),
            // A new file can be written even if the existing one is invalid.
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
