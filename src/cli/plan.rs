//! The arguments of `plan` and `apply`.

use std::path::PathBuf;

use clap::Args;

use super::delivery::{DeliveryArgs, ImportArgs, ResultArgs};
use super::source::SourceArgs;
use super::values::RESULT;

pub(super) const PLAN_EXAMPLES: &str = "\
Examples:
  scoreload plan scores.xlsx --target demo                 + new  * changed  = unchanged  ! invalid  ? unknown
  scoreload plan scores.xlsx --target demo -o plan.json    keep it, for `scoreload apply plan.json`
  scoreload plan scores.xlsx --format json | jq -c 'select(.change == \"changed\") | [.order_id, .changes]'

With --format json, each diagnostic, each order and the summary is a JSON object on its own line:
  .code      a diagnostic, as `validate` prints it
  .change    an order: new, changed, unchanged, invalid or unknown; .changes lists the values of a changed order
             with those that the server accepted before; .body is the exact request body, null if nothing is sent
  .requests  the summary: .orders by change, .bytes, and .seconds, the shortest time at the rate

Exit codes: 0 no problems; 1 some orders are invalid or unknown; 2 wrong usage, or refused by --max-change;
3 no usable input, or --all-or-nothing with errors.";

pub(super) const APPLY_EXAMPLES: &str = "\
Examples:
  scoreload plan scores.xlsx --target demo -o plan.json
  scoreload apply plan.json
  scoreload apply plan.json --yes --report applied.json    unattended

Credentials come from the environment variables SCORELOAD_CLIENT_ID and SCORELOAD_CLIENT_SECRET, or from a profile in
the configuration file.

Exit codes: as for import; also 2 if the plan is refused, and nothing is sent.";

/// `scoreload plan`
#[derive(Debug, Args)]
#[command(mut_args(hide_sending_flags))]
pub struct PlanArgs {
    /// The arguments of the import.
    #[command(flatten)]
    pub(crate) import: ImportArgs,
    /// Write the plan to FILE, for `scoreload apply`; an existing file is never overwritten
    #[arg(short, long, value_name = "FILE", help_heading = RESULT)]
    pub(crate) output: Option<PathBuf>,
}

/// Hides the flags of `import` that only matter for sending.
fn hide_sending_flags(arg: clap::Arg) -> clap::Arg {
    const SENDING: [&str; 11] = [
        "dry_run",
        "yes",
        "concurrency",
        "retries",
        "timeout",
        "wait",
        "no_report",
        "serve",
        "metrics",
        "notify_command",
        "fail_if_empty",
    ];
    match arg.get_id().as_str() {
        "inbox" => {
            let help = "Plan the import of the complete spreadsheets in DIR, which are not moved";
            arg.help(help).long_help(help)
        }
        id => {
            let is_hidden = SENDING.contains(&id);
            arg.hide(is_hidden)
        }
    }
}

/// Settings whose value is the plan's, whatever the configuration file says.
pub(super) const DECIDED_BY_THE_PLAN: [&str; 2] = ["target", "on_ambiguous"];

/// Hides the flags whose values the plan holds. They are accepted if they agree with the plan.
fn hide_planned_flags(arg: clap::Arg) -> clap::Arg {
    match arg.get_id().as_str() {
        "target" => {
            let help = "Refuse the plan unless this is its target";
            arg.help(help).long_help(help)
        }
        "on_ambiguous" => arg.default_value(None::<&str>).hide(true),
        "resend" | "test_mode" => arg.hide(true),
        _ => arg,
    }
}

/// `scoreload apply`
#[derive(Debug, Args)]
#[command(mut_args(hide_planned_flags))]
pub struct ApplyArgs {
    /// A file that `scoreload plan -o` wrote
    #[arg(value_name = "PLAN")]
    pub(crate) plan: PathBuf,
    /// The configuration file.
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// How updates are delivered; the plan says where to.
    #[command(flatten)]
    pub(crate) delivery: DeliveryArgs,
    /// The files and output of the run.
    #[command(flatten)]
    pub(crate) result: ResultArgs,
}
