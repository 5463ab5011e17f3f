//! What may be typed for whatever delivers: where to, how, and what it leaves behind; and `import`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::FalseyValueParser;

use super::{Format, InputArgs, RESULT, seconds, whole_number};
use crate::delivery::limits::{MaxDuration, MaxFailures};
use crate::inbox::SettleTime;
use crate::ledger::OnAmbiguous;
use crate::plan::MaxChange;
use crate::rate_limit::rate::Rate;
use crate::system::command::CommandLine;

pub(crate) const DELIVERY: &str = "Delivery";
const INBOX: &str = "Inbox";

pub(crate) const IMPORT_EXAMPLES: &str = "\
Examples:
  scoreload import scores.xlsx                             try it against the built-in sandbox
  scoreload import scores.xlsx --dry-run                   see what would be sent, as `plan` does
  scoreload import scores.xlsx --target demo               deliver to Paylocity's demo environment
  scoreload import a.csv b.csv --target production --yes   unattended
  scoreload import --profile nightly --inbox in/           unattended, from a directory: see `scoreload help nightly`

Credentials come from the environment variables SCORELOAD_CLIENT_ID and SCORELOAD_CLIENT_SECRET, or from a profile in
the configuration file.

Exit codes: 0 everything accepted; 1 some orders did not get through; 2 wrong usage; 3 no usable input;
4 credentials refused; 5 the API could not be reached; 6 another import holds the ledger; 130 interrupted.";
/// `scoreload import`
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// Which files, and how their rows are understood.
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Say what would be sent and how long it would take, and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// A directory to take the files from.
    #[command(flatten)]
    pub(crate) inbox: InboxArgs,
    /// Where and how updates are delivered.
    #[command(flatten)]
    pub(crate) delivery: DeliveryArgs,
    /// What is left behind.
    #[command(flatten)]
    pub(crate) result: ResultArgs,
    /// Write the rows that did not get through here, to fix and import again: .csv or .xlsx
    ///
    /// They keep their own columns, and say what is wrong in columns of their own. As .xlsx they keep the look of
    /// their sheet too, with the bad cells coloured and annotated. No file is written where nothing was rejected.
    #[arg(long, value_name = "FILE", help_heading = RESULT)]
    pub(crate) rejects: Option<PathBuf>,
}

/// A directory to take the files from.
#[derive(Debug, Clone, Args)]
pub(crate) struct InboxArgs {
    /// Take the spreadsheets that are complete from this directory, and clear them away afterwards
    ///
    /// They are one batch. Each is then moved to done/ in the directory, or to failed/ where anything in it did not get
    /// through, with the report beside it, and never over another file. What the run did not finish stays where it is,
    /// for the next one. A file that was imported before is known by its content, and not sent again.
    #[arg(long, value_name = "DIR", conflicts_with = "inputs", help_heading = INBOX)]
    pub(crate) inbox: Option<PathBuf>,
    /// How long a file must not have changed to be complete [default: 30s]
    ///
    /// One that is younger is waited for, once; if it has changed until then, it is left to the next run.
    #[arg(long, value_name = "TIME", env = "SCORELOAD_SETTLE", hide_env_values = true, help_heading = INBOX)]
    pub(crate) settle: Option<SettleTime>,
    /// End with exit code 3 where no file is there to be imported; without it that is a success
    #[arg(long, env = "SCORELOAD_FAIL_IF_EMPTY", hide_env_values = true, value_parser = FalseyValueParser::new(), help_heading = INBOX)]
    pub(crate) fail_if_empty: bool,
}

/// Asks for inputs, or for a directory to take them from.
pub(crate) fn needs_input(inputs: clap::Arg) -> clap::Arg {
    inputs.required_unless_present("inbox")
}
/// Where and how updates are delivered.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct DeliveryArgs {
    /// Where to deliver: sandbox, demo, production, or the URL of a gateway
    ///
    /// Without a target and without credentials it is the built-in sandbox: the API runs inside this process, and
    /// nothing leaves the machine. With credentials the target must be named.
    #[arg(long, value_name = "TARGET", env = "SCORELOAD_TARGET", hide_env_values = true, help_heading = DELIVERY)]
    pub(crate) target: Option<String>,
    /// Trust the authorities whose certificates this file holds too, in PEM
    ///
    /// Beside those that this machine trusts: for a gateway, or a company's proxy, with an authority of its own. It
    /// counts for the API and for a ledger in a database.
    #[arg(long, value_name = "FILE", env = "SCORELOAD_CA_CERT", hide_env_values = true, help_heading = DELIVERY)]
    pub(crate) ca_cert: Option<PathBuf>,
    /// Allow plain http to other machines: credentials and scores can be read on the way
    #[arg(long, env = "SCORELOAD_INSECURE_HTTP", hide_env_values = true, value_parser = FalseyValueParser::new(), help_heading = DELIVERY)]
    pub(crate) insecure_http: bool,
    /// Do not ask before delivering to production
    #[arg(long, help_heading = DELIVERY)]
    pub(crate) yes: bool,
    /// Send nothing if any row has an error
    #[arg(long, env = "SCORELOAD_ALL_OR_NOTHING", hide_env_values = true, value_parser = FalseyValueParser::new(), help_heading = DELIVERY)]
    pub(crate) all_or_nothing: bool,
    /// The most requests in any window of time: a list such as 3/s,180/m (units s, m, h; a day at most), or
    /// unlimited
    ///
    /// [default: 3/s,180/m, what the API allows]
    #[arg(long, env = "SCORELOAD_RATE", hide_env_values = true, help_heading = DELIVERY)]
    pub(crate) rate: Option<Rate>,
    /// The most updates in flight at once [default: 8]
    #[arg(long, value_name = "N", env = "SCORELOAD_CONCURRENCY", hide_env_values = true, value_parser = at_least_one,
        help_heading = DELIVERY)]
    pub(crate) concurrency: Option<usize>,
    /// How often an update is sent again, at most [default: 5]
    #[arg(long, value_name = "N", env = "SCORELOAD_RETRIES", hide_env_values = true, value_parser = whole_number::<u32>,
        help_heading = DELIVERY)]
    pub(crate) retries: Option<u32>,
    /// How long an answer may take [default: 30]
    #[arg(long, value_name = "SECONDS", env = "SCORELOAD_TIMEOUT", hide_env_values = true, value_parser = seconds,
        help_heading = DELIVERY)]
    pub(crate) timeout: Option<Duration>,
    /// Stop once more orders than this are rejected, failed or unknown: a number, or a share such as 10%
    ///
    /// A share is taken of all orders to send; it lets at least one of them fail.
    #[arg(long, value_name = "N|N%", env = "SCORELOAD_MAX_FAILURES", hide_env_values = true, help_heading = DELIVERY)]
    pub(crate) max_failures: Option<MaxFailures>,
    /// Send nothing more once the run has lasted so long: 2h, 90m, 45s, 1h30m
    #[arg(long, value_name = "TIME", env = "SCORELOAD_MAX_DURATION", hide_env_values = true, help_heading = DELIVERY)]
    pub(crate) max_duration: Option<MaxDuration>,
    /// Where it is remembered what was sent: a file, a database, or none
    ///
    /// Without it scoreload/ledger.db in the user's state directory. A database, named as `postgres://USER@HOST/NAME`,
    /// is shared by a team: see `scoreload help teams`. With none, and for the built-in sandbox, it is forgotten when
    /// the run ends.
    #[arg(long, value_name = "PLACE", env = "SCORELOAD_LEDGER", hide_env_values = true, help_heading = DELIVERY)]
    pub(crate) ledger: Option<String>,
    /// What to do with report links whose answer was lost: send them again, or keep them back [default: resend]
    #[arg(long, env = "SCORELOAD_ON_AMBIGUOUS", hide_env_values = true, help_heading = DELIVERY)]
    pub(crate) on_ambiguous: Option<OnAmbiguous>,
    /// Send everything, whatever the ledger says was accepted
    #[arg(long, help_heading = DELIVERY)]
    pub(crate) resend: bool,
    /// Refuse to send if the number of orders differs by more than this from that of the last import
    ///
    /// An export that was cut short or doubled shows so: `--max-change 50%` refuses 40 or 160 orders after 100, whether
    /// or not they change. It is compared with the last import to this target that was not refused; corrected rows and
    /// plans that were applied are not compared with, and corrected rows are never refused.
    #[arg(long, value_name = "N%", env = "SCORELOAD_MAX_CHANGE", hide_env_values = true, help_heading = DELIVERY)]
    pub(crate) max_change: Option<MaxChange>,
    /// Wait until an import that holds the ledger's file, or the inbox, has ended
    #[arg(long, env = "SCORELOAD_WAIT", hide_env_values = true, value_parser = FalseyValueParser::new(), help_heading = DELIVERY)]
    pub(crate) wait: bool,
    /// Send `testMode: true`: the server answers and changes nothing
    #[arg(long, env = "SCORELOAD_TEST_MODE", hide_env_values = true, value_parser = FalseyValueParser::new(), help_heading = DELIVERY)]
    pub(crate) test_mode: bool,
}
/// What a delivery leaves behind.
#[derive(Debug, Args)]
pub(crate) struct ResultArgs {
    /// Write the report here (repeatable); the format by the extension: .html, .json, .csv, .xlsx, .md
    ///
    /// Without it the reports are scoreload-report-RUN.html and .json in the working directory. A report never replaces
    /// a file.
    #[arg(long = "report", value_name = "FILE", help_heading = RESULT)]
    pub(crate) reports: Vec<PathBuf>,
    /// Write no report
    #[arg(long, conflicts_with = "reports", env = "SCORELOAD_NO_REPORT", hide_env_values = true, value_parser = FalseyValueParser::new(),
        help_heading = RESULT)]
    pub(crate) no_report: bool,
    /// Show the report as a page of this machine while the run lasts: 127.0.0.1:0 takes a free port
    ///
    /// The page follows the run until it is the finished report. Its address is told on standard error; who does not
    /// know it cannot find it. The run waits for no browser.
    #[arg(long, value_name = "ADDRESS", value_parser = loopback, help_heading = RESULT)]
    pub(crate) serve: Option<SocketAddr>,
    /// Write what the run came to here, for Prometheus: its textfile collector reads it
    ///
    /// The file is replaced whole after each run, also after one that fails before it has begun, unless a flag or a
    /// variable cannot be read.
    #[arg(long, value_name = "FILE", env = "SCORELOAD_METRICS", hide_env_values = true, help_heading = RESULT)]
    pub(crate) metrics: Option<PathBuf>,
    /// Run this command when the run has ended, however it did: a program and its arguments, without a shell
    ///
    /// Its environment holds the report's path and the totals, such as `SCORELOAD_EXIT_CODE` and `SCORELOAD_ROWS`, and
    /// no credentials: see `scoreload help nightly`. Whether it fails is told, and changes nothing.
    #[arg(long, value_name = "COMMAND", env = "SCORELOAD_NOTIFY_COMMAND", hide_env_values = true, help_heading = RESULT)]
    pub(crate) notify_command: Option<CommandLine>,
    /// For people, or as one JSON object a line on standard output: the problems, then the result
    #[arg(long, default_value = "human", help_heading = RESULT)]
    pub(crate) format: Format,
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
