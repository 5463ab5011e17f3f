//! What may be typed about earlier runs: `history`, `resolve`.

use clap::Args;

use super::Format;
use super::ledger::LedgerArgs;

pub(crate) const HISTORY_EXAMPLES: &str = "\
Examples:
  scoreload history
  scoreload history 20261123-231502-abcd
  scoreload history --order ORD-1042 --format json";
pub(crate) const RESOLVE_EXAMPLES: &str = "\
Look at the orders in Paylocity, then say what became of them:
  scoreload resolve 20261123-231502-abcd --mark-delivered
  scoreload resolve 20261123-231502-abcd --resend --order ORD-1042";
/// `scoreload history`
#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// The run whose orders are listed; without it the runs themselves, the latest first
    pub(crate) run: Option<String>,
    /// Only this order, in every run
    #[arg(long, value_name = "ID")]
    pub(crate) order: Option<String>,
    /// Which ledger.
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    /// For people, or as one JSON object a line
    #[arg(long, default_value = "human")]
    pub(crate) format: Format,
}

/// `scoreload resolve`
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("fate").required(true)))]
pub struct ResolveArgs {
    /// The run, as its report and `scoreload history` name it
    pub(crate) run: String,
    /// What was sent counts as lost: the next import of the file sends it again
    #[arg(long, group = "fate")]
    pub(crate) resend: bool,
    /// What was sent counts as delivered: it is not sent again
    #[arg(long, group = "fate")]
    pub(crate) mark_delivered: bool,
    /// Only this order (repeatable); without it all of the run whose outcome is unknown
    ///
    /// Two companies may have an order of the same id: COMPANY/ID names one.
    #[arg(long = "order", value_name = "ID")]
    pub(crate) orders: Vec<String>,
    /// Which ledger.
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    /// How it is told what was settled: for people, or as a JSON object on standard output
    #[arg(long, default_value = "human")]
    pub(crate) format: Format,
}
