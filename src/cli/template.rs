//! The arguments of `template` and `explain`.

use std::path::PathBuf;

use clap::Args;

use super::values::{Format, RESULT};

pub(super) const TEMPLATE_EXAMPLES: &str = "\
Examples:
  scoreload template                 write scoreload-template.xlsx
  scoreload template -o march.xlsx
  scoreload template -o march.csv
  scoreload template -o - > march.csv

Exit codes: 0 written; 2 wrong usage, or the file exists already.";

pub(super) const EXPLAIN_EXAMPLES: &str = "\
Examples:
  scoreload explain                      list all codes
  scoreload explain id-not-exact
  scoreload explain --format json | jq -r '[.code, .summary] | @tsv'";

/// `scoreload template`
#[derive(Debug, Args)]
pub struct TemplateArgs {
    /// Write to FILE, as .xlsx or .csv by its extension; `-` writes CSV to standard output
    #[arg(
        short,
        long,
        value_name = "FILE",
        default_value = "scoreload-template.xlsx"
    )]
    pub(crate) output: PathBuf,
    /// Print the result for people, or as a JSON object
    #[arg(long, default_value = "human")]
    pub(crate) format: Format,
}

/// `scoreload explain`
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The code of a diagnostic, such as attempt-invalid
    ///
    /// Without it, all codes are listed.
    pub(crate) code: Option<String>,
    /// Print for people, or as JSON, one object per line
    #[arg(long, default_value = "human", help_heading = RESULT)]
    pub(crate) format: Format,
}
