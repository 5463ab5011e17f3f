//! Which files, and how their rows are understood; what only looks at them: `validate`, `columns`.

use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum};

use super::{Format, RESULT, SourceArgs, whole_number};
use crate::input::csv::delimiter::Delimiter;
use crate::input::csv::encoding::Encoding;
use crate::input::values::timestamp::DateOrder;

pub(crate) const INPUT: &str = "Input";

pub(crate) const VALIDATE_EXAMPLES: &str = "\
Examples:
  scoreload validate scores.csv
  scoreload validate results/*.xlsx --company-id B6001
  scoreload validate scores.csv --format json | jq -r .code | sort | uniq -c

Exit codes: 0 no errors; 1 errors; 2 wrong usage; 3 no usable input.";
pub(crate) const COLUMNS_EXAMPLES: &str = "\
Examples:
  scoreload columns scores.xlsx
  scoreload columns export.csv --wide                      a row per person, a column per test
  scoreload columns export.csv --format toml >> scoreload.toml
  scoreload columns export.csv --format json | jq '.columns[]? | select(.status == \"ignored\") | .header'

Exit codes: 0 shown; 1 an input could not be read; 2 wrong usage; 3 no input with a column for the order id.";
/// Which files, and how their rows are understood.
#[derive(Debug, Clone, Args)]
pub struct InputArgs {
    /// CSV files and workbooks, directories of them, or patterns such as 'in/*.csv'; `-` is standard input
    ///
    /// Several inputs are one batch: rows of an order may stand in different files. What a file is, its content
    /// decides; .gz and .zst are read as they are. A directory stands for the spreadsheets directly in it.
    #[arg(value_name = "INPUT")]
    pub(crate) inputs: Vec<PathBuf>,
    /// Which settings count where a flag or a variable does not say.
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// Read this sheet of workbooks, hidden or not (repeatable)
    ///
    /// Without it every visible sheet with an order-id header is read.
    #[arg(id = "sheet", long, value_name = "NAME", env = "SCORELOAD_SHEET", hide_env_values = true, help_heading = INPUT)]
    pub(crate) sheets: Vec<String>,
    /// What stands between the columns of CSV: one sign, or `tab`
    ///
    /// Without it each file's first records tell, or a first line such as `sep=;`.
    #[arg(long, value_name = "SIGN", env = "SCORELOAD_DELIMITER", hide_env_values = true, help_heading = INPUT)]
    pub(crate) delimiter: Option<Delimiter>,
    /// The encoding of CSV without byte order mark
    ///
    /// Without it that is UTF-8, and Windows-1252 where a file is not UTF-8.
    #[arg(long, env = "SCORELOAD_ENCODING", hide_env_values = true, ignore_case = true, help_heading = INPUT)]
    pub(crate) encoding: Option<Encoding>,
    /// Take a header as a column (repeatable)
    ///
    /// The text is split at its last `=`, as in `--map 'Candidate result=test_score'`.
    #[arg(long = "map", value_name = "HEADER=COLUMN", help_heading = INPUT)]
    pub(crate) maps: Vec<String>,
    /// Take a word as a status (repeatable): --status 'Graded=Complete'
    #[arg(long = "status", value_name = "WORD=STATUS", help_heading = INPUT)]
    pub(crate) statuses: Vec<String>,
    /// The company of rows in inputs without that column
    #[arg(long, value_name = "ID", env = "SCORELOAD_COMPANY_ID", hide_env_values = true, help_heading = INPUT)]
    pub(crate) company_id: Option<String>,
    /// The zone of times that name none [default: UTC]
    #[arg(long, value_name = "IANA", env = "SCORELOAD_TIMEZONE", hide_env_values = true, help_heading = INPUT)]
    pub(crate) timezone: Option<String>,
    /// How to read a date such as 03/04/2026
    #[arg(long, env = "SCORELOAD_DATE_ORDER", hide_env_values = true, help_heading = INPUT)]
    pub(crate) date_order: Option<DateOrder>,
    /// The attempt of tests that name none
    #[arg(long, value_name = "N", env = "SCORELOAD_DEFAULT_ATTEMPT", hide_env_values = true, value_parser = whole_number::<u32>,
        help_heading = INPUT)]
    pub(crate) default_attempt: Option<u32>,
    /// Treat warnings as errors
    #[arg(long, env = "SCORELOAD_DENY_WARNINGS", hide_env_values = true, value_parser = FalseyValueParser::new(), help_heading = INPUT)]
    pub(crate) deny_warnings: bool,
}
/// `scoreload validate`
#[derive(Debug, Args)]
#[command(mut_arg("inputs", |arg| arg.required(true)))]
pub struct ValidateArgs {
    /// Which files, and how their rows are understood.
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Write a report here (repeatable); the format by the extension: .html, .json, .csv, .xlsx, .md
    #[arg(long = "report", value_name = "FILE", help_heading = RESULT)]
    pub(crate) reports: Vec<PathBuf>,
    /// Write the rows with errors, and their orders' other rows, here, to fix and import: .csv or .xlsx
    #[arg(long, value_name = "FILE", help_heading = RESULT)]
    pub(crate) rejects: Option<PathBuf>,
    /// How problems are shown: for people, or as one JSON object a line
    #[arg(long, default_value = "human", help_heading = RESULT)]
    pub(crate) format: Format,
}
/// `scoreload columns`
#[derive(Debug, Args)]
#[command(mut_arg("inputs", |arg| arg.required(true)))]
pub struct ColumnsArgs {
    /// Which files, and how their rows are understood.
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Propose a `[[wide]]` table for each column that looks like the scores of a test
    #[arg(long, help_heading = RESULT)]
    pub(crate) wide: bool,
    /// How the columns are shown
    #[arg(long, default_value = "human", help_heading = RESULT)]
    pub(crate) format: ColumnsFormat,
}
/// How columns are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColumnsFormat {
    /// For people: a table, then what to paste into the config
    Human,
    /// One JSON object a line, for each sheet; with --wide one more for each table
    Json,
    /// What to paste into the config, alone
    Toml,
}
