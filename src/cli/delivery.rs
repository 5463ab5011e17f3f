//! The arguments of `import`, and those of every command that delivers.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::input::InputArgs;
use super::values::{Format, RESULT, positive_number, seconds, whole_number};
use crate::delivery::limits::{MaxDuration, MaxFailures};
use crate::inbox::SettleTime;
use crate::ledger::OnAmbiguous;
use crate::plan::MaxChange;
use crate::rate_limit::rate::Rate;
use crate::system::command::CommandLine;

pub(super) const DELIVERY: &str = "Delivery";
const INBOX: &str = "Inbox";

pub(super) const IMPORT_EXAMPLES: &str = "\
Examples:
  scoreload import scores.xlsx                             try it against the built-in sandbox
  scoreload import scores.xlsx --dry-run                   see what would be sent, as `plan` does
  scoreload import scores.xlsx --target demo               deliver to Paylocity's demo environment
  scoreload import a.csv b.csv --target production --yes   unattended
  scoreload import --profile nightly --inbox in/           unattended, from a directory: see `scoreload help nightly`

Credentials come from the environment variables SCORELOAD_CLIENT_ID and SCORELOAD_CLIENT_SECRET, or from a profile in
the configuration file.

Exit codes: 0 everything accepted; 1 some orders were not delivered; 2 wrong usage; 3 no usable input;
4 credentials refused; 5 the API could not be reached; 6 another import holds the ledger; 130 interrupted.";

/// `scoreload import`
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The files, and how their rows are read.
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Show what would be sent and how long it would take, without sending anything
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// A directory to import from.
    #[command(flatten)]
    pub(crate) inbox: InboxArgs,
    /// Where and how updates are delivered.
    #[command(flatten)]
    pub(crate) delivery: DeliveryArgs,
    /// The files and output of the run.
    #[command(flatten)]
    pub(crate) result: ResultArgs,
    /// Write the rows that were not delivered to FILE, to fix and import again: .csv or .xlsx
    ///
    /// The rows keep their own columns; further columns describe the error. An .xlsx file also keeps the formatting of
    /// the input, with the bad cells coloured and annotated. No file is written if every row was delivered.
    #[arg(long, value_name = "FILE", help_heading = RESULT)]
    pub(crate) rejects: Option<PathBuf>,
}

/// A directory to import from.
#[derive(Debug, Clone, Args)]
pub(crate) struct InboxArgs {
    /// Import the complete spreadsheets in DIR, then move them to DIR/done or DIR/failed
    ///
    /// The files are one batch. Each file is then moved to done/, or to failed/ if any of its rows was not delivered,
    /// together with the report; existing files are never overwritten. Files that the run did not finish stay for the
    /// next run. A file with the same content as one that was imported before is not sent again.
    #[arg(long, value_name = "DIR", conflicts_with = "inputs", help_heading = INBOX)]
    pub(crate) inbox: Option<PathBuf>,
    /// Import only files that have not changed for this long, such as 30s or 2m
    ///
    /// Scoreload waits once for files that changed more recently; files still changing are left for the next run.
    #[arg(long, value_name = "DURATION", env = "SCORELOAD_SETTLE", default_value = "30s", help_heading = INBOX)]
    pub(crate) settle: SettleTime,
    /// Exit with code 3 instead of 0 if the inbox has no file to import
    #[arg(long, env = "SCORELOAD_FAIL_IF_EMPTY", help_heading = INBOX)]
    pub(crate) fail_if_empty: bool,
}

/// Requires inputs unless `--inbox` is given.
pub(super) fn needs_input(inputs: clap::Arg) -> clap::Arg {
    inputs.required_unless_present("inbox")
}

/// Where and how updates are delivered.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct DeliveryArgs {
    /// Deliver to TARGET: sandbox, demo, production, or the URL of a gateway
    ///
    /// Without credentials, the default is the built-in sandbox: the API runs inside this process, and nothing leaves
    /// the machine. With credentials, the target must be named.
    #[arg(long, value_name = "TARGET", env = "SCORELOAD_TARGET", help_heading = DELIVERY)]
    pub(crate) target: Option<String>,
    /// Also trust the certificate authorities in FILE (PEM)
    ///
    /// They are trusted in addition to those of this machine, for the API and for a ledger in a database. Use it for a
    /// gateway or a proxy that has its own certificate authority.
    #[arg(long, value_name = "FILE", env = "SCORELOAD_CA_CERT", help_heading = DELIVERY)]
    pub(crate) ca_cert: Option<PathBuf>,
    /// Allow plain HTTP to other machines, which exposes credentials and scores to the network
    #[arg(long, env = "SCORELOAD_INSECURE_HTTP", help_heading = DELIVERY)]
    pub(crate) insecure_http: bool,
    /// Do not ask for confirmation before delivering to production
    #[arg(long, help_heading = DELIVERY)]
    pub(crate) yes: bool,
    /// Send nothing if any row has an error
    #[arg(long, env = "SCORELOAD_ALL_OR_NOTHING", help_heading = DELIVERY)]
    pub(crate) all_or_nothing: bool,
    /// Limit the requests per time window: `unlimited`, or a list such as 3/s,180/m
    ///
    /// The units are s, m and h; a window is a day at most. The default is what the API allows.
    #[arg(long, env = "SCORELOAD_RATE", default_value_t = Rate::default(), help_heading = DELIVERY)]
    pub(crate) rate: Rate,
    // Enough to use the whole rate of the API with responses that take over two seconds.
    /// Send at most N updates at the same time
    #[arg(long, value_name = "N", env = "SCORELOAD_CONCURRENCY", default_value_t = 8, value_parser = positive_number,
        help_heading = DELIVERY)]
    pub(crate) concurrency: usize,
    // Five retries wait up to 8 s in all, which is longer than a server's restart.
    /// Retry a failed update at most N times
    #[arg(long, value_name = "N", env = "SCORELOAD_RETRIES", default_value_t = 5, value_parser = whole_number::<u32>,
        help_heading = DELIVERY)]
    pub(crate) retries: u32,
    // Gateways commonly wait for 30 s themselves.
    /// Wait at most this long for a response
    #[arg(long, value_name = "SECONDS", env = "SCORELOAD_TIMEOUT", default_value = "30", value_parser = seconds,
        help_heading = DELIVERY)]
    pub(crate) timeout: Duration,
    /// Stop once more than N orders, or N% of them, are rejected, failed or unknown
    ///
    /// A percentage is of all orders to send, and allows at least one of them to fail.
    #[arg(long, value_name = "N|N%", env = "SCORELOAD_MAX_FAILURES", help_heading = DELIVERY)]
    pub(crate) max_failures: Option<MaxFailures>,
    /// Stop sending after this long, such as 2h, 90m, 45s or 1h30m
    #[arg(long, value_name = "DURATION", env = "SCORELOAD_MAX_DURATION", help_heading = DELIVERY)]
    pub(crate) max_duration: Option<MaxDuration>,
    /// Refuse to send if the number of orders differs from the last import by more than N%
    ///
    /// This catches an export that was cut short or doubled: after 100 orders, `--max-change 50%` refuses 40 or 160,
    /// whether or not they changed. The comparison is with the last import to this target that was not refused, apart
    /// from applied plans and corrected rows. Corrected rows are never refused.
    #[arg(long, value_name = "N%", env = "SCORELOAD_MAX_CHANGE", help_heading = DELIVERY)]
    pub(crate) max_change: Option<MaxChange>,
    /// Record deliveries in this file or PostgreSQL database, or `none`
    ///
    /// The default is scoreload/ledger.db in the user's state directory. A team can share a database, named as
    /// `postgres://USER@HOST/NAME`: see `scoreload help teams`. With `none`, and for the built-in sandbox, the record
    /// is discarded when the run ends.
    #[arg(long, value_name = "PATH|URL|none", env = "SCORELOAD_LEDGER", help_heading = DELIVERY)]
    pub(crate) ledger: Option<String>,
    /// Send report links again if the response was lost, or hold them for `scoreload resolve`
    #[arg(long, value_name = "ACTION", env = "SCORELOAD_ON_AMBIGUOUS", default_value = "resend", help_heading = DELIVERY)]
    pub(crate) on_ambiguous: Option<OnAmbiguous>,
    /// Send every order, including those that the ledger records as accepted
    #[arg(long, help_heading = DELIVERY)]
    pub(crate) resend: bool,
    /// Wait for another import that holds the ledger or the inbox, instead of exiting with code 6
    #[arg(long, env = "SCORELOAD_WAIT", help_heading = DELIVERY)]
    pub(crate) wait: bool,
    /// Send `testMode: true`: the server validates each update without storing it
    #[arg(long, env = "SCORELOAD_TEST_MODE", help_heading = DELIVERY)]
    pub(crate) test_mode: bool,
}

/// The files and output of a run.
#[derive(Debug, Args)]
pub(crate) struct ResultArgs {
    /// Write the report to FILE (repeatable): .html, .json, .csv, .xlsx or .md
    ///
    /// The default is scoreload-report-RUN.html and .json in the working directory. An existing file is never
    /// overwritten.
    #[arg(long = "report", value_name = "FILE", help_heading = RESULT)]
    pub(crate) reports: Vec<PathBuf>,
    /// Do not write a report
    #[arg(long, conflicts_with = "reports", env = "SCORELOAD_NO_REPORT", help_heading = RESULT)]
    pub(crate) no_report: bool,
    /// Serve a live report on this local address during the run, such as 127.0.0.1:0 for any free port
    ///
    /// The page follows the run and ends as the finished report. Its URL, which is printed on standard error, is
    /// secret. The run does not wait for a browser.
    #[arg(long, value_name = "ADDRESS", value_parser = loopback, help_heading = RESULT)]
    pub(crate) serve: Option<SocketAddr>,
    /// Write the results to FILE in Prometheus text format, for the node exporter's textfile collector
    ///
    /// The file is replaced after every run, including runs that fail before they start, unless a flag or a variable
    /// is invalid.
    #[arg(long, value_name = "FILE", env = "SCORELOAD_METRICS", help_heading = RESULT)]
    pub(crate) metrics: Option<PathBuf>,
    /// Run this command, without a shell, when the run has ended for any reason
    ///
    /// Its environment holds the path of the report and the totals, such as `SCORELOAD_EXIT_CODE` and
    /// `SCORELOAD_ROWS`, but no credentials: see `scoreload help nightly`. If it fails, a warning is printed and the
    /// exit code stays the same.
    #[arg(long, value_name = "COMMAND", env = "SCORELOAD_NOTIFY_COMMAND", help_heading = RESULT)]
    pub(crate) notify_command: Option<CommandLine>,
    /// Print for people, or print diagnostics and the result as JSON, one object per line
    #[arg(long, default_value = "human", help_heading = RESULT)]
    pub(crate) format: Format,
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address = text.parse().ok();
    let is_loopback = |address: &SocketAddr| address.ip().is_loopback();
    let address = address.filter(is_loopback);
    address.ok_or_else(|| "expected a loopback address and a port, such as 127.0.0.1:0".to_owned())
}
