//! What may be typed; what it means is for [`crate::config`].

mod ledger;
mod plan;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::FalseyValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};

pub use self::ledger::{ExportArgs, LedgerCommand, MergeArgs, PruneArgs, VerifyArgs};
pub use self::plan::{ApplyArgs, PlanArgs};
use crate::deliver::limits::{MaxDuration, MaxFailures};
use crate::deliver::rate::Rate;
use crate::input::delimiter::Delimiter;
use crate::input::encoding::Encoding;
use crate::input::timestamp::DateOrder;
use crate::ledger::OnAmbiguous;
use crate::plan::MaxChange;
use crate::sandbox::{Faults, Latency};

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
    arg_required_else_help = true
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// What the screen shows.
    #[command(flatten)]
    pub screen: ScreenArgs,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check, group, deliver and report
    #[command(after_long_help = IMPORT_EXAMPLES)]
    Import(ImportArgs),
    /// Check files only: no network, no credentials
    #[command(after_long_help = VALIDATE_EXAMPLES)]
    Validate(ValidateArgs),
    /// Say what an import would send, and how long it would take
    ///
    /// Takes the flags of `import`, sends nothing, and needs neither network nor credentials: for each order `+` new,
    /// `*` changed, `=` unchanged, `!` invalid, `?` unknown. Kept with -o, a plan is what `apply` delivers; -v lists a large one to its
    /// end.
    #[command(after_long_help = plan::PLAN_EXAMPLES)]
    Plan(PlanArgs),
    /// Deliver exactly what a plan says
    ///
    /// It is refused where it would not do what the plan says: an input has changed, another run has delivered to one
    /// of its orders, the plan was edited, or applied before. One that was cut off goes on with what is left.
    #[command(after_long_help = plan::APPLY_EXAMPLES)]
    Apply(ApplyArgs),
    /// List earlier runs, one run's orders, or one order over time
    #[command(after_long_help = HISTORY_EXAMPLES)]
    History(HistoryArgs),
    /// Settle deliveries whose outcome is unknown
    #[command(after_long_help = RESOLVE_EXAMPLES)]
    Resolve(ResolveArgs),
    /// Move, prune and check what is remembered of deliveries
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Make an empty input file, with drop-downs and notes
    ///
    /// The workbook has a sheet to fill in, with a note on each header, drop-downs for the statuses, and columns that
    /// keep ids and scores as they are typed; a second sheet explains them with an example. The .csv is the header
    /// alone. A file that is there is never replaced.
    #[command(after_long_help = TEMPLATE_EXAMPLES)]
    Template(TemplateArgs),
    /// Show how each header is understood, ready to paste into the config
    ///
    /// For each sheet: its columns, what they are taken for, and some of their values; then the `[columns]` section
    /// that says the same. Headers that would hold the sheet back are explained, and what they were most likely
    /// meant to be stands in comments.
    #[command(after_long_help = COLUMNS_EXAMPLES)]
    Columns(ColumnsArgs),
    /// Tell what a problem means and what to do
    #[command(after_long_help = EXPLAIN_EXAMPLES)]
    Explain(ExplainArgs),
    /// Run the API on this machine, for trials and tests
    #[command(after_long_help = SANDBOX_EXAMPLES)]
    Sandbox(SandboxArgs),
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

const IMPORT_EXAMPLES: &str = "\
Examples:
  scoreload import scores.xlsx                             try it against the built-in sandbox
  scoreload import scores.xlsx --dry-run                   see what would be sent, as `plan` does
  scoreload import scores.xlsx --target demo               deliver to Paylocity's demo environment
  scoreload import a.csv b.csv --target production --yes   unattended

Credentials come from the environment variables SCORELOAD_CLIENT_ID and SCORELOAD_CLIENT_SECRET.

Exit codes: 0 everything accepted; 1 some orders did not get through; 2 wrong usage; 3 no usable input;
4 credentials refused; 5 the API could not be reached; 6 another import holds the ledger; 130 interrupted.";

const VALIDATE_EXAMPLES: &str = "\
Examples:
  scoreload validate scores.csv
  scoreload validate results/*.xlsx --company-id B6001
  scoreload validate scores.csv --format json | jq -r .code | sort | uniq -c

Exit codes: 0 no errors; 1 errors; 2 wrong usage; 3 no usable input.";

const HISTORY_EXAMPLES: &str = "\
Examples:
  scoreload history
  scoreload history 20261123-231502-abcd
  scoreload history --order ORD-1042 --format json";

const RESOLVE_EXAMPLES: &str = "\
Look at the orders in Paylocity, then say what became of them:
  scoreload resolve 20261123-231502-abcd --mark-delivered
  scoreload resolve 20261123-231502-abcd --resend --order ORD-1042";
const TEMPLATE_EXAMPLES: &str = "\
Examples:
  scoreload template                 makes scoreload-template.xlsx
  scoreload template -o march.xlsx
  scoreload template -o march.csv
  scoreload template -o - > march.csv

Exit codes: 0 made; 2 wrong usage, or the file is there already.";

const COLUMNS_EXAMPLES: &str = "\
Examples:
  scoreload columns scores.xlsx
  scoreload columns export.csv --wide                      a row per person, a column per test
  scoreload columns export.csv --format toml >> scoreload.toml
  scoreload columns export.csv --format json | jq '.columns[]? | select(.status == \"ignored\") | .header'

Exit codes: 0 shown; 1 an input could not be read; 2 wrong usage; 3 no input with a column for the order id.";

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  scoreload explain                      all codes, a line each
  scoreload explain id-not-exact
  scoreload explain --format json | jq -r '[.code, .summary] | @tsv'";

const SANDBOX_EXAMPLES: &str = "\
Examples:
  scoreload sandbox
  scoreload sandbox --listen 127.0.0.1:8085 --latency 20ms..80ms --fault 'drop-after=2%,500=1%,429=5%'

Then, in another terminal:
  export SCORELOAD_CLIENT_ID=me SCORELOAD_CLIENT_SECRET=secret
  scoreload import scores.csv --target http://127.0.0.1:8085

It takes any credentials, unless SCORELOAD_CLIENT_ID and SCORELOAD_CLIENT_SECRET are set where it runs: then only
those. GET /sandbox/orders shows what it holds, GET /sandbox/requests what it was sent and when.";

/// Which files, and how their rows are understood.
#[derive(Debug, Args)]
pub struct InputArgs {
    /// CSV files and workbooks, directories of them, or patterns such as 'in/*.csv'; `-` is standard input
    ///
    /// Several inputs are one batch: rows of an order may stand in different files. What a file is, its content
    /// decides; .gz and .zst are read as they are. A directory stands for the spreadsheets directly in it.
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    /// The configuration file
    ///
    /// Without it scoreload.toml in the working directory, or in the user's configuration directory, if there is one.
    #[arg(long, value_name = "FILE", env = "SCORELOAD_CONFIG", hide_env_values = true, help_heading = INPUT)]
    pub config: Option<PathBuf>,
    /// Read this sheet of workbooks, hidden or not (repeatable)
    ///
    /// Without it every visible sheet with an order-id header is read.
    #[arg(long = "sheet", value_name = "NAME", help_heading = INPUT)]
    pub sheets: Vec<String>,
    /// What stands between the columns of CSV: one sign, or `tab`
    ///
    /// Without it each file's first records tell, or a first line such as `sep=;`.
    #[arg(long, value_name = "SIGN", env = "SCORELOAD_DELIMITER", hide_env_values = true, help_heading = INPUT)]
    pub delimiter: Option<Delimiter>,
    /// The encoding of CSV without byte order mark
    ///
    /// Without it that is UTF-8, and Windows-1252 where a file is not UTF-8.
    #[arg(long, env = "SCORELOAD_ENCODING", hide_env_values = true, ignore_case = true, help_heading = INPUT)]
    pub encoding: Option<Encoding>,
    /// Take a header as a column (repeatable)
    ///
    /// The text is split at its last `=`, as in `--map 'Candidate result=test_score'`.
    #[arg(long = "map", value_name = "HEADER=COLUMN", help_heading = INPUT)]
    pub maps: Vec<String>,
    /// Take a word as a status (repeatable): --status 'Graded=Complete'
    #[arg(long = "status", value_name = "WORD=STATUS", help_heading = INPUT)]
    pub statuses: Vec<String>,
    /// The company of rows in inputs without that column
    #[arg(long, value_name = "ID", env = "SCORELOAD_COMPANY_ID", hide_env_values = true, help_heading = INPUT)]
    pub company_id: Option<String>,
    /// The zone of times that name none [default: UTC]
    #[arg(long, value_name = "IANA", env = "SCORELOAD_TIMEZONE", hide_env_values = true, help_heading = INPUT)]
    pub timezone: Option<String>,
    /// How to read a date such as 03/04/2026
    #[arg(long, env = "SCORELOAD_DATE_ORDER", hide_env_values = true, help_heading = INPUT)]
    pub date_order: Option<DateOrder>,
    /// The attempt of tests that name none
    #[arg(long, value_name = "N", env = "SCORELOAD_DEFAULT_ATTEMPT", hide_env_values = true, help_heading = INPUT)]
    pub default_attempt: Option<u32>,
    /// Treat warnings as errors
    #[arg(long, env = "SCORELOAD_DENY_WARNINGS", hide_env_values = true, value_parser = FalseyValueParser::new(), help_heading = INPUT)]
    pub deny_warnings: bool,
}

const INPUT: &str = "Input";
const DELIVERY: &str = "Delivery";
const RESULT: &str = "Result";
const SCREEN: &str = "Screen";

/// `scoreload import`
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// Which files, and how their rows are understood.
    #[command(flatten)]
    pub input: InputArgs,
    /// Say what would be sent and how long it would take, and send nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Where and how updates are delivered.
    #[command(flatten)]
    pub delivery: DeliveryArgs,
    /// What is left behind.
    #[command(flatten)]
    pub result: ResultArgs,
    /// Write the rows that did not get through here, to fix and import again: .csv or .xlsx
    ///
    /// They keep their own columns, and say what is wrong in columns of their own. As .xlsx they keep the look of
    /// their sheet too, with the bad cells coloured and annotated. No file is written where nothing was rejected.
    #[arg(long, value_name = "FILE", help_heading = RESULT)]
    pub rejects: Option<PathBuf>,
}

/// Where and how updates are delivered.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct DeliveryArgs {
    /// Where to deliver: sandbox, demo, production, or the URL of a gateway
    ///
    /// Without a target and without credentials it is the built-in sandbox: the API runs inside this process, and
    /// nothing leaves the machine. With credentials the target must be named.
    #[arg(long, value_name = "TARGET", env = "SCORELOAD_TARGET", hide_env_values = true, help_heading = DELIVERY)]
    pub target: Option<String>,
    /// Do not ask before delivering to production
    #[arg(long, help_heading = DELIVERY)]
    pub yes: bool,
    /// Send nothing if any row has an error
    #[arg(long, env = "SCORELOAD_ALL_OR_NOTHING", hide_env_values = true, value_parser = FalseyValueParser::new(), help_heading = DELIVERY)]
    pub all_or_nothing: bool,
    /// The most requests in any window of time: a list such as 3/s,180/m (units s, m, h), or unlimited
    ///
    /// [default: 3/s,180/m, what the API allows]
    #[arg(long, env = "SCORELOAD_RATE", hide_env_values = true, help_heading = DELIVERY)]
    pub rate: Option<Rate>,
    /// The most updates in flight at once [default: 8]
    #[arg(long, value_name = "N", env = "SCORELOAD_CONCURRENCY", hide_env_values = true, value_parser = at_least_one,
        help_heading = DELIVERY)]
    pub concurrency: Option<usize>,
    /// How often an update is sent again, at most [default: 5]
    #[arg(long, value_name = "N", env = "SCORELOAD_RETRIES", hide_env_values = true, help_heading = DELIVERY)]
    pub retries: Option<u32>,
    /// How long an answer may take [default: 30]
    #[arg(long, value_name = "SECONDS", env = "SCORELOAD_TIMEOUT", hide_env_values = true, value_parser = seconds,
        help_heading = DELIVERY)]
    pub timeout: Option<Duration>,
    /// Stop once more orders than this are rejected, failed or unknown: a number, or a share such as 10%
    ///
    /// A share is taken of all orders to send; it lets at least one of them fail.
    #[arg(long, value_name = "N|N%", env = "SCORELOAD_MAX_FAILURES", hide_env_values = true, help_heading = DELIVERY)]
    pub max_failures: Option<MaxFailures>,
    /// Send nothing more once the run has lasted so long: 2h, 90m, 45s, 1h30m
    #[arg(long, value_name = "TIME", env = "SCORELOAD_MAX_DURATION", hide_env_values = true, help_heading = DELIVERY)]
    pub max_duration: Option<MaxDuration>,
    /// Where it is remembered what was sent: a file, a database, or none
    ///
    /// Without it scoreload/ledger.db in the user's state directory. A database of `PostgreSQL`, as
    /// `postgres://USER@HOST/NAME`, is shared by a team: see README, "For a team". With none, and for the built-in sandbox, it is forgotten when the run ends.
    #[arg(long, value_name = "PLACE", env = "SCORELOAD_LEDGER", hide_env_values = true, help_heading = DELIVERY)]
    pub ledger: Option<String>,
    /// What to do with report links whose answer was lost: send them again, or keep them back [default: resend]
    #[arg(long, env = "SCORELOAD_ON_AMBIGUOUS", hide_env_values = true, help_heading = DELIVERY)]
    pub on_ambiguous: Option<OnAmbiguous>,
    /// Send everything, whatever the ledger says was accepted
    #[arg(long, help_heading = DELIVERY)]
    pub resend: bool,
    /// Refuse to send if the number of orders to change differs by more than this from that of the last import
    ///
    /// An export that was cut short or doubled shows so: `--max-change 50%` refuses 40 or 160 orders after 100. What
    /// counts is the last import to this target that came to its end and changed an order.
    #[arg(long, value_name = "N%", env = "SCORELOAD_MAX_CHANGE", hide_env_values = true, help_heading = DELIVERY)]
    pub max_change: Option<MaxChange>,
    /// Wait until an import that holds the ledger's file has ended
    #[arg(long, help_heading = DELIVERY)]
    pub wait: bool,
    /// Send `testMode: true`: the server answers and changes nothing
    #[arg(long, env = "SCORELOAD_TEST_MODE", hide_env_values = true, value_parser = FalseyValueParser::new(), help_heading = DELIVERY)]
    pub test_mode: bool,
}

/// What a delivery leaves behind.
#[derive(Debug, Args)]
pub struct ResultArgs {
    /// Write the report here (repeatable); the format by the extension: .html, .json, .csv, .xlsx, .md
    ///
    /// Without it the reports are scoreload-report-RUN.html and .json in the working directory. A report never replaces
    /// a file.
    #[arg(long = "report", value_name = "FILE", help_heading = RESULT)]
    pub reports: Vec<PathBuf>,
    /// Write no report
    #[arg(long, conflicts_with = "reports", help_heading = RESULT)]
    pub no_report: bool,
    /// Show the report as a page of this machine while the run lasts: 127.0.0.1:0 takes a free port
    ///
    /// The page follows the run until it is the finished report. Its address is told on standard error; who does not
    /// know it cannot find it. The run waits for no browser.
    #[arg(long, value_name = "ADDRESS", value_parser = loopback, help_heading = RESULT)]
    pub serve: Option<SocketAddr>,
    /// For people, or as one JSON object a line on standard output: the problems, then the result
    #[arg(long, default_value = "human", help_heading = RESULT)]
    pub format: Format,
}

/// `scoreload validate`
#[derive(Debug, Args)]
pub struct ValidateArgs {
    /// Which files, and how their rows are understood.
    #[command(flatten)]
    pub input: InputArgs,
    /// Write a report here (repeatable); the format by the extension: .html, .json, .csv, .xlsx, .md
    #[arg(long = "report", value_name = "FILE", help_heading = RESULT)]
    pub reports: Vec<PathBuf>,
    /// Write the rows with errors, and their orders' other rows, here, to fix and import: .csv or .xlsx
    #[arg(long, value_name = "FILE", help_heading = RESULT)]
    pub rejects: Option<PathBuf>,
    /// How problems are shown: for people, or as one JSON object a line
    #[arg(long, default_value = "human", help_heading = RESULT)]
    pub format: Format,
}

/// `scoreload history`
#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// The run whose orders are listed; without it the runs themselves, the latest first
    pub run: Option<String>,
    /// Only this order, in every run
    #[arg(long, value_name = "ID")]
    pub order: Option<String>,
    /// The ledger, where it is not in the user's state directory: a file, or postgres://…
    #[arg(
        long,
        value_name = "PLACE",
        env = "SCORELOAD_LEDGER",
        hide_env_values = true
    )]
    pub ledger: Option<String>,
    /// For people, or as one JSON object a line
    #[arg(long, default_value = "human")]
    pub format: Format,
}

/// `scoreload resolve`
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("fate").required(true)))]
pub struct ResolveArgs {
    /// The run, as its report and `scoreload history` name it
    pub run: String,
    /// What was sent counts as lost: the next import of the file sends it again
    #[arg(long, group = "fate")]
    pub resend: bool,
    /// What was sent counts as delivered: it is not sent again
    #[arg(long, group = "fate")]
    pub mark_delivered: bool,
    /// Only this order (repeatable); without it all of the run whose outcome is unknown
    #[arg(long = "order", value_name = "ID")]
    pub orders: Vec<String>,
    /// The ledger, where it is not in the user's state directory: a file, or postgres://…
    #[arg(
        long,
        value_name = "PLACE",
        env = "SCORELOAD_LEDGER",
        hide_env_values = true
    )]
    pub ledger: Option<String>,
    /// How it is told what was settled: for people, or as a JSON object on standard output
    #[arg(long, default_value = "human")]
    pub format: Format,
}

/// `scoreload template`
#[derive(Debug, Args)]
pub struct TemplateArgs {
    /// Where to; the extension decides the format: .xlsx or .csv; `-` is CSV on standard output
    #[arg(
        short,
        long,
        value_name = "FILE",
        default_value = "scoreload-template.xlsx"
    )]
    pub output: PathBuf,
    /// How it is told what was made: for people, or as a JSON object on standard output
    #[arg(long, default_value = "human")]
    pub format: Format,
}

/// `scoreload columns`
#[derive(Debug, Args)]
pub struct ColumnsArgs {
    /// Which files, and how their rows are understood.
    #[command(flatten)]
    pub input: InputArgs,
    /// Propose a `[[wide]]` table for each column that looks like the scores of a test
    #[arg(long, help_heading = RESULT)]
    pub wide: bool,
    /// How the columns are shown
    #[arg(long, default_value = "human", help_heading = RESULT)]
    pub format: ColumnsFormat,
}

/// `scoreload explain`
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The code of the problem, as it stands in brackets: attempt-invalid
    ///
    /// Without it all codes are listed, a line each.
    pub code: Option<String>,
    /// How the page is shown: for people, or as one JSON object a line
    #[arg(long, default_value = "human", help_heading = RESULT)]
    pub format: Format,
}

/// `scoreload sandbox`
#[derive(Debug, Args)]
pub struct SandboxArgs {
    /// The address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8085")]
    pub listen: SocketAddr,
    /// The most requests in any window of time; more are answered with 429
    #[arg(long, default_value_t = Rate::default())]
    pub rate: Rate,
    /// How long an update takes: 50ms, or 20ms..80ms for a random time between
    #[arg(long, default_value = "0ms")]
    pub latency: Latency,
    /// How often what goes wrong: a list such as drop-after=2%,500=1%,429=5%
    ///
    /// drop-before and drop-after close the connection without an answer, before and after the update is applied;
    /// 500-after answers 500 after applying it; 401 forgets the token; slow answers after half a minute; 429, 500,
    /// 502, 503, 504 and 403 are answered with nothing applied.
    #[arg(long, value_name = "FAULTS", default_value = "none")]
    pub fault: Faults,
    /// What the latency and the faults are drawn from: the same seed, the same draws
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// How long a token is good for
    #[arg(long, value_name = "SECONDS", default_value = "3600", value_parser = seconds)]
    pub token_lifetime: Duration,
}

/// What the screen shows.
#[derive(Debug, Clone, Args)]
pub struct ScreenArgs {
    /// How progress is shown; auto is bars on a terminal and plain lines elsewhere
    #[arg(long, global = true, default_value = "auto", env = "SCORELOAD_PROGRESS", hide_env_values = true, help_heading = SCREEN)]
    pub progress: ProgressStyle,
    /// When to use colour
    #[arg(long, global = true, default_value = "auto", help_heading = SCREEN)]
    pub color: clap::ColorChoice,
    /// Say only what is wrong
    #[arg(short, long, global = true, help_heading = SCREEN)]
    pub quiet: bool,
    /// Log requests, -vv everything; never scores, names or secrets
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = SCREEN)]
    pub verbose: u8,
    /// How log lines are written
    #[arg(long, global = true, default_value = "text", env = "SCORELOAD_LOG_FORMAT", hide_env_values = true, help_heading = SCREEN)]
    pub log_format: LogFormat,
    /// Write the log here, behind what the file holds, and not on the screen
    #[arg(long, global = true, value_name = "FILE", env = "SCORELOAD_LOG_FILE", hide_env_values = true, help_heading = SCREEN)]
    pub log_file: Option<PathBuf>,
}

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProgressStyle {
    /// Bars on a terminal, plain lines elsewhere
    Auto,
    /// Bars
    Bar,
    /// A line every ten seconds
    Plain,
    /// Nothing
    None,
}

/// How results are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Human,
    /// One JSON object a line
    Json,
}

/// How columns are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColumnsFormat {
    /// For people: a table, then what to paste into the config
    Human,
    /// One JSON object a line, for each sheet; with --wide one more for each table
    Json,
    /// What to paste into the config, alone
    Toml,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address = text.parse().ok();
    let is_loopback = |address: &SocketAddr| address.ip().is_loopback();
    address.filter(is_loopback).ok_or_else(|| {
        "an address of this machine alone is expected, such as 127.0.0.1:0".to_owned()
    })
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err("a whole number of 1 or more is expected".to_owned()),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let parsed = text.parse().ok().filter(|seconds: &f64| *seconds > 0.0);
    parsed
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| "a number of seconds above 0 is expected".to_owned())
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
