//! The arguments of `ledger` and its subcommands.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::delivery::{DELIVERY, DeliveryArgs};
use super::input::InputArgs;
use super::source::SourceArgs;
use super::values::{Format, RESULT};

/// The subcommands of `ledger`.
#[derive(Debug, Subcommand)]
pub enum LedgerCommand {
    /// Write the whole ledger to a file
    ///
    /// The file has one JSON object per line and is readable by its owner alone, because it holds scores and names. Its
    /// last line shows that it is complete.
    #[command(after_long_help = EXPORT_EXAMPLES)]
    Export(ExportArgs),
    /// Merge another ledger from a file that `export` wrote
    ///
    /// New entries are added; for entries in both ledgers the later one is kept. The file is merged completely or not
    /// at all: a file that is damaged, incomplete or of a later version is refused before anything is changed.
    #[command(after_long_help = IMPORT_EXAMPLES)]
    Import(MergeArgs),
    /// Delete the history of old runs, but not the state of orders
    ///
    /// Deletes the runs that started before the given age, with their settled deliveries. The accepted values of each
    /// order are kept, so nothing is sent again. Deliveries with an unknown outcome are kept until they are settled.
    #[command(after_long_help = PRUNE_EXAMPLES)]
    Prune(PruneArgs),
    /// Check, order by order, whether files match the deliveries
    ///
    /// Builds every update from the files and compares it with what the server has accepted. An order is delivered,
    /// different, missing, or in doubt because no response arrived. Sends nothing and needs no credentials.
    #[command(after_long_help = VERIFY_EXAMPLES, mut_args(hide_delivery_flags))]
    Verify(Box<VerifyArgs>),
}

const EXPORT_EXAMPLES: &str = "\
Examples:
  scoreload ledger export -o ledger.jsonl
  scoreload ledger export | scoreload ledger import - --ledger postgres://importer@db.example/scoreload

Exit codes: 0 written; 1 the ledger or the file failed; 2 wrong usage, or there is no ledger; 5 its database cannot be
reached.";

const IMPORT_EXAMPLES: &str = "\
Examples:
  scoreload ledger import ledger.jsonl
  scoreload ledger import ledger.jsonl --ledger postgres://importer@db.example/scoreload

Exit codes: 0 merged; 1 the ledger failed; 2 wrong usage, or the file is refused; 6 an import holds the ledger.";

const PRUNE_EXAMPLES: &str = "\
Examples:
  scoreload ledger prune --older-than 400d

Exit codes: 0 pruned; 1 the ledger failed; 2 wrong usage, or there is no ledger; 6 an import holds the ledger.";

const VERIFY_EXAMPLES: &str = "\
Examples:
  scoreload ledger verify march.xlsx --target production
  scoreload ledger verify march.xlsx --target production --format json | jq -c 'select(.verdict == \"differs\")'

Exit codes: 0 everything was delivered; 1 an order is missing, different or in doubt; 2 wrong usage, or there is no
ledger; 3 no usable input.";

/// `scoreload ledger export`
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Write to FILE instead of standard output; an existing file is never overwritten
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// The ledger.
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
}

/// `scoreload ledger import`
#[derive(Debug, Args)]
pub struct MergeArgs {
    /// A file that `export` wrote; `-` is standard input
    pub(crate) file: PathBuf,
    /// The ledger.
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    /// Print the result for people, or as a JSON object
    #[arg(long, default_value = "human")]
    pub(crate) format: Format,
}

/// `scoreload ledger prune`
#[derive(Debug, Args)]
pub struct PruneArgs {
    /// Delete runs that started longer ago than this, in days, weeks or years: 400d, 8w, 2y
    #[arg(long, value_name = "AGE", value_parser = age)]
    pub(crate) older_than: jiff::SignedDuration,
    /// The ledger.
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    /// Print the result for people, or as a JSON object
    #[arg(long, default_value = "human")]
    pub(crate) format: Format,
}

/// `scoreload ledger verify`
#[derive(Debug, Args)]
#[command(mut_arg("inputs", |arg| arg.required(true)))]
pub struct VerifyArgs {
    /// The files, and how their rows are read.
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// The target and the ledger.
    #[command(flatten)]
    pub(crate) delivery: DeliveryArgs,
    /// Print each order for people, or as JSON, one object per line
    #[arg(long, default_value = "human", help_heading = RESULT)]
    pub(crate) format: Format,
}

impl LedgerCommand {
    /// Returns the arguments that name the configuration file.
    pub(crate) const fn source(&self) -> &SourceArgs {
        match self {
            Self::Export(args) => &args.ledger.source,
            Self::Import(args) => &args.ledger.source,
            Self::Prune(args) => &args.ledger.source,
            Self::Verify(args) => &args.input.source,
        }
    }
}

/// The ledger.
#[derive(Debug, Args)]
pub(crate) struct LedgerArgs {
    /// Use the ledger in this file or PostgreSQL database, instead of the one in the user's state directory
    #[arg(long, value_name = "PATH|URL", env = "SCORELOAD_LEDGER")]
    pub(crate) ledger: Option<String>,
    /// Also trust the certificate authorities in FILE (PEM), for a ledger in a database
    #[arg(long, value_name = "FILE", env = "SCORELOAD_CA_CERT")]
    pub(crate) ca_cert: Option<PathBuf>,
    /// The configuration file.
    #[command(flatten)]
    pub(crate) source: SourceArgs,
}

/// Hides the flags that only matter for sending. They are accepted, so that the arguments of an import work as they
/// are.
fn hide_delivery_flags(arg: clap::Arg) -> clap::Arg {
    let is_of_delivery = arg.get_help_heading() == Some(DELIVERY);
    let is_shown = ["target", "ledger", "ca_cert", "profile"].contains(&arg.get_id().as_str());
    arg.hide(is_of_delivery && !is_shown)
}

fn age(text: &str) -> Result<jiff::SignedDuration, String> {
    let expected = || "expected days, weeks or years, such as 400d, 8w or 2y".to_owned();
    let split = text.len().saturating_sub(1);
    let (number, unit) = text.split_at_checked(split).ok_or_else(expected)?;
    let number: u32 = number.parse().map_err(|_| expected())?;
    let days = match unit {
        "d" => 1,
        "w" => 7,
        "y" => 365,
        _ => return Err(expected()),
    };
    Ok(jiff::SignedDuration::from_hours(
        24 * days * i64::from(number),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_a_number_of_days_weeks_or_years() {
        let days = |text| age(text).map(|age| age.as_hours() / 24);
        assert_eq!(days("400d"), Ok(400));
        assert_eq!(days("8w"), Ok(56));
        assert_eq!(days("2y"), Ok(730));
        for text in ["", "d", "400", "-1d", "1.5y", "4294967296d", "4日"] {
            assert!(age(text).is_err(), "{text}");
        }
    }
}
