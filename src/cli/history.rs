//! The arguments of the commands about earlier runs: `history`, `resolve`.

use clap::Args;

use super::ledger::LedgerArgs;
use super::values::Format;

pub(super) const HISTORY_EXAMPLES: &str = "\
Examples:
  scoreload history
  scoreload history 20261123-231502-abcd
  scoreload history --order ORD-1042 --format json";

pub(super) const RESOLVE_EXAMPLES: &str = "\
Look the orders up in Paylocity, then record their outcome:
  scoreload resolve 20261123-231502-abcd --mark-delivered
  scoreload resolve 20261123-231502-abcd --resend --order ORD-1042";

/// `scoreload history`
#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// List the orders of this run; without it, list the runs, latest first
    pub(crate) run: Option<String>,
    /// List only this order, in all runs
    #[arg(long, value_name = "ID")]
    pub(crate) order: Option<String>,
    /// The ledger.
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    /// Print for people, or as JSON, one object per line
    #[arg(long, default_value = "human")]
    pub(crate) format: Format,
}

/// `scoreload resolve`
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("outcome").required(true)))]
pub struct ResolveArgs {
    /// The id of the run, from its report or `scoreload history`
    pub(crate) run: String,
    /// Record the updates as lost: the next import of the file sends them again
    #[arg(long, group = "outcome")]
    pub(crate) resend: bool,
    /// Record the updates as delivered: they are not sent again
    #[arg(long, group = "outcome")]
    pub(crate) mark_delivered: bool,
    /// Settle only this order (repeatable); the default is every order of the run with an unknown outcome
    ///
    /// Use COMPANY/ID if two companies have an order with the same id.
    #[arg(long = "order", value_name = "ID")]
    pub(crate) orders: Vec<String>,
    /// The ledger.
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    /// Print the result for people, or as a JSON object
    #[arg(long, default_value = "human")]
    pub(crate) format: Format,
}
