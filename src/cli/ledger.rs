//! What may be typed for `ledger`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::delivery::DELIVERY;
use super::{DeliveryArgs, Format, InputArgs, RESULT, SourceArgs};

/// What to do with a ledger.
#[derive(Debug, Subcommand)]
pub enum LedgerCommand {
    /// Write everything that a ledger holds into a file
    ///
    /// The file has a JSON object a line and is readable by its owner alone: it holds scores and names. Its last line
    /// tells whether it is whole.
    #[command(after_long_help = EXPORT_EXAMPLES)]
    Export(ExportArgs),
    /// Take over what another ledger holds, from a file that `export` wrote
    ///
    /// What is new is added; of what both know the later word counts. All of it is taken over or nothing: a file that
    /// is foreign, damaged or of a later version is refused before anything is changed.
    #[command(after_long_help = IMPORT_EXAMPLES)]
    Import(MergeArgs),
    /// Take away the history of old runs; what is known of each order stays
    ///
    /// What was settled in runs that began before then is taken away, and the runs too. What the server holds of each
    /// order stays, so nothing is sent again; deliveries whose outcome is unknown stay until they are settled.
    #[command(after_long_help = PRUNE_EXAMPLES)]
    Prune(PruneArgs),
    /// Say of files, order by order, whether they are what was delivered
    ///
    /// Every update is made again from the files and compared with what the server has acknowledged: it is delivered,
    /// differs, was not delivered, or is in doubt, as no answer came. Nothing is sent, and no credentials are needed.
    #[command(after_long_help = VERIFY_EXAMPLES, mut_args(hide_what_delivers))]
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

Exit codes: 0 taken over; 1 the ledger failed; 2 wrong usage, or the file is refused; 6 an import holds the ledger.";

const PRUNE_EXAMPLES: &str = "\
Examples:
  scoreload ledger prune --older-than 400d

Exit codes: 0 done; 1 the ledger failed; 2 wrong usage, or there is no ledger; 6 an import holds the ledger.";

const VERIFY_EXAMPLES: &str = "\
Examples:
  scoreload ledger verify march.xlsx --target production
  scoreload ledger verify march.xlsx --target production --format json | jq -c 'select(.verdict == \"differs\")'

Exit codes: 0 all of it was delivered; 1 something was not, or differs, or is in doubt; 2 wrong usage, or there is no
ledger; 3 no usable input.";

/// `scoreload ledger export`
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Write it here; without it to standard output. A file that is there is never replaced
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Which ledger.
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
}

/// `scoreload ledger import`
#[derive(Debug, Args)]
pub struct MergeArgs {
    /// The file that `export` wrote; `-` is standard input
    pub(crate) file: PathBuf,
    /// Which ledger.
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    /// How it is told what was taken over: for people, or as a JSON object on standard output
    #[arg(long, default_value = "human")]
    pub(crate) format: Format,
}

/// `scoreload ledger prune`
#[derive(Debug, Args)]
pub struct PruneArgs {
    /// Runs that began longer ago than this: days, weeks or years, such as 400d, 8w, 2y
    #[arg(long, value_name = "AGE", value_parser = age)]
    pub(crate) older_than: jiff::SignedDuration,
    /// Which ledger.
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    /// How it is told what was taken away: for people, or as a JSON object on standard output
    #[arg(long, default_value = "human")]
    pub(crate) format: Format,
}

/// `scoreload ledger verify`
#[derive(Debug, Args)]
#[command(mut_arg("inputs", |arg| arg.required(true)))]
pub struct VerifyArgs {
    /// Which files, and how their rows are understood.
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Where they were delivered, and the ledger.
    #[command(flatten)]
    pub(crate) delivery: DeliveryArgs,
    /// How each order is told: a line each, or as one JSON object a line
    #[arg(long, default_value = "human", help_heading = RESULT)]
    pub(crate) format: Format,
}

impl LedgerCommand {
    /// Returns which settings count where a flag or a variable does not say.
    pub(crate) const fn source(&self) -> &SourceArgs {
        match self {
            Self::Export(args) => &args.ledger.source,
            Self::Import(args) => &args.ledger.source,
            Self::Prune(args) => &args.ledger.source,
            Self::Verify(args) => &args.input.source,
        }
    }
}

/// Which ledger.
#[derive(Debug, Args)]
pub(crate) struct LedgerArgs {
    /// The ledger, where it is not in the user's state directory: a file, or postgres://…
    #[arg(
        long = "ledger",
        value_name = "PLACE",
        env = "SCORELOAD_LEDGER",
        hide_env_values = true
    )]
    pub(crate) place: Option<String>,
    /// Trust the authorities whose certificates this file holds too, in PEM: for a ledger in a database
    #[arg(
        long,
        value_name = "FILE",
        env = "SCORELOAD_CA_CERT",
        hide_env_values = true
    )]
    pub(crate) ca_cert: Option<PathBuf>,
    /// Which settings count where a flag or a variable does not say.
    #[command(flatten)]
    pub(crate) source: SourceArgs,
}

/// Leaves flags out of the help that an import has: a look at the ledger follows them by doing nothing.
fn hide_what_delivers(arg: clap::Arg) -> clap::Arg {
    let is_of_delivery = arg.get_help_heading() == Some(DELIVERY);
    let is_shown = ["target", "ledger", "ca_cert", "profile"].contains(&arg.get_id().as_str());
    arg.hide(is_of_delivery && !is_shown)
}

fn age(text: &str) -> Result<jiff::SignedDuration, String> {
    let expected = || "days, weeks or years are expected, such as 400d, 8w or 2y".to_owned();
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
