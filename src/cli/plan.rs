//! What may be typed for `plan` and `apply`.

use std::path::PathBuf;

use clap::Args;

use super::{DeliveryArgs, ImportArgs, RESULT, ResultArgs, SourceArgs};

pub(crate) const PLAN_EXAMPLES: &str = "\
Examples:
  scoreload plan scores.xlsx --target demo                 + new  * changed  = unchanged  ! invalid  ? unknown
  scoreload plan scores.xlsx --target demo -o plan.json    keep it, for `scoreload apply plan.json`
  scoreload plan scores.xlsx --format json | jq -c 'select(.change == \"changed\") | [.order_id, .changes]'

With --format json each problem, then each order, then the sum of them is a JSON object on a line of its own:
  .code      a problem, as `validate` prints it
  .change    an order: new, changed, unchanged, invalid or unknown; .changes are the values of a changed one
             with what the server has acknowledged before, .body is what would be sent, to the byte; null where
             nothing would be
  .requests  the sum: .orders by their change, .bytes, and .seconds, the least time at the rate

Exit codes: 0 nothing is wrong; 1 some orders are invalid or unknown; 2 wrong usage, or --max-change refuses;
3 no usable input, or --all-or-nothing with errors.";

pub(crate) const APPLY_EXAMPLES: &str = "\
Examples:
  scoreload plan scores.xlsx --target demo -o plan.json
  scoreload apply plan.json
  scoreload apply plan.json --yes --report applied.json    unattended

Credentials come from the environment variables SCORELOAD_CLIENT_ID and SCORELOAD_CLIENT_SECRET, or from a profile in
the configuration file.

Exit codes: as for import; 2 also where the plan is refused: nothing is sent then.";

/// `scoreload plan`
#[derive(Debug, Args)]
#[command(mut_args(hide_what_sends))]
pub struct PlanArgs {
    /// What would be imported, and how.
    #[command(flatten)]
    pub(crate) import: ImportArgs,
    /// Keep the plan here, for `scoreload apply`; it never replaces a file
    #[arg(short, long, value_name = "FILE", help_heading = RESULT)]
    pub(crate) output: Option<PathBuf>,
}

/// Leaves flags out of the help that an import has and a plan follows by sending nothing.
fn hide_what_sends(arg: clap::Arg) -> clap::Arg {
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
            let help = "Take the spreadsheets that are complete from this directory; they stay where they are";
            arg.help(help).long_help(help)
        }
        id => {
            let is_hidden = SENDING.contains(&id);
            arg.hide(is_hidden)
        }
    }
}

/// Leaves flags out of the help that decide what is sent and where to: the plan has decided.
fn leave_to_the_plan(arg: clap::Arg) -> clap::Arg {
    const DECIDED: [&str; 3] = ["on_ambiguous", "resend", "test_mode"];
    match arg.get_id().as_str() {
        "target" => {
            let help =
                "Where the plan goes, to make sure: another target than the plan's is refused";
            arg.help(help).long_help(help)
        }
        id => {
            let is_hidden = DECIDED.contains(&id);
            arg.hide(is_hidden)
        }
    }
}

/// `scoreload apply`
#[derive(Debug, Args)]
#[command(mut_args(leave_to_the_plan))]
pub struct ApplyArgs {
    /// The plan, as `scoreload plan -o` made it
    #[arg(value_name = "PLAN")]
    pub(crate) plan: PathBuf,
    /// Which settings count where a flag or a variable does not say.
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// How updates are delivered; where to, the plan says.
    #[command(flatten)]
    pub(crate) delivery: DeliveryArgs,
    /// What is left behind.
    #[command(flatten)]
    pub(crate) result: ResultArgs,
}
