//! What may be typed before the first import: `template`, `explain`.

use std::path::PathBuf;

use clap::Args;

use super::{Format, RESULT};

pub(crate) const TEMPLATE_EXAMPLES: &str = "\
Examples:
  scoreload template                 makes scoreload-template.xlsx
  scoreload template -o march.xlsx
  scoreload template -o march.csv
  scoreload template -o - > march.csv

Exit codes: 0 made; 2 wrong usage, or the file is there already.";
pub(crate) const EXPLAIN_EXAMPLES: &str = "\
Examples:
  scoreload explain                      all codes, a line each
  scoreload explain id-not-exact
  scoreload explain --format json | jq -r '[.code, .summary] | @tsv'";
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
    pub(crate) output: PathBuf,
    /// How it is told what was made: for people, or as a JSON object on standard output
    #[arg(long, default_value = "human")]
    pub(crate) format: Format,
}
/// `scoreload explain`
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The code of the problem, as it stands in brackets: attempt-invalid
    ///
    /// Without it all codes are listed, a line each.
    pub(crate) code: Option<String>,
    /// How the page is shown: for people, or as one JSON object a line
    #[arg(long, default_value = "human", help_heading = RESULT)]
    pub(crate) format: Format,
}
