//! The arguments that say how inputs are read, and the commands that only read them: `validate`, `columns`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::source::SourceArgs;
use super::values::{Format, RESULT, whole_number};
use crate::input::csv::delimiter::Delimiter;
use crate::input::csv::encoding::Encoding;
use crate::input::values::timestamp::DateOrder;

const INPUT: &str = "Input";

pub(super) const VALIDATE_EXAMPLES: &str = "\
Examples:
  scoreload validate scores.csv
  scoreload validate results/*.xlsx --company-id B6001
  scoreload validate scores.csv --format json | jq -r .code | sort | uniq -c

Exit codes: 0 no errors; 1 errors; 2 wrong usage; 3 no usable input.";

pub(super) const COLUMNS_EXAMPLES: &str = "\
Examples:
  scoreload columns scores.xlsx
  scoreload columns export.csv --wide                      a row per person, a column per test
  scoreload columns export.csv --format toml >> scoreload.toml
  scoreload columns export.csv --format json | jq '.columns[]? | select(.status == \"ignored\") | .header'

Exit codes: 0 shown; 1 an input could not be read; 2 wrong usage; 3 no input has an order-id column.";

/// The files, and how their rows are read.
#[derive(Debug, Clone, Args)]
pub(crate) struct InputArgs {
    /// CSV files, workbooks, directories, or patterns such as 'in/*.csv'; `-` is standard input
    ///
    /// Several inputs are one batch: the rows of an order may be in different files. The format is detected from the
    /// content; .gz and .zst files are decompressed. A directory means the spreadsheets directly in it.
    #[arg(value_name = "INPUT")]
    pub(crate) inputs: Vec<PathBuf>,
    /// The configuration file.
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// Use ID as the company of rows in inputs that have no company column
    #[arg(long, value_name = "ID", env = "SCORELOAD_COMPANY_ID", help_heading = INPUT)]
    pub(crate) company_id: Option<String>,
    /// Read this sheet of workbooks, even if it is hidden (repeatable)
    ///
    /// The default is every visible sheet with an order-id header.
    #[arg(id = "sheet", long, value_name = "NAME", env = "SCORELOAD_SHEET", help_heading = INPUT)]
    pub(crate) sheets: Vec<String>,
    /// Read CSV with this delimiter: one character, or `tab`
    ///
    /// The default is detected from the first records of each file, or from a first line such as `sep=;`.
    #[arg(long, value_name = "CHAR", env = "SCORELOAD_DELIMITER", help_heading = INPUT)]
    pub(crate) delimiter: Option<Delimiter>,
    /// Read CSV without a byte order mark in this encoding
    ///
    /// The default is UTF-8, or Windows-1252 for a file that is not valid UTF-8.
    #[arg(long, env = "SCORELOAD_ENCODING", help_heading = INPUT)]
    pub(crate) encoding: Option<Encoding>,
    /// Read the column HEADER as COLUMN (repeatable), such as --map 'Candidate result=test_score'
    ///
    /// The value is split at its last `=`.
    #[arg(long = "map", value_name = "HEADER=COLUMN", help_heading = INPUT)]
    pub(crate) maps: Vec<String>,
    /// Read WORD as STATUS (repeatable), such as --status 'Graded=Complete'
    #[arg(long = "status", value_name = "WORD=STATUS", help_heading = INPUT)]
    pub(crate) statuses: Vec<String>,
    /// Read times without a time zone in this IANA zone
    #[arg(long, value_name = "ZONE", env = "SCORELOAD_TIMEZONE", default_value = "UTC", help_heading = INPUT)]
    pub(crate) timezone: String,
    /// Read dates such as 03/04/2026 in this order of month (m), day (d) and year (y)
    #[arg(long, value_name = "mdy|dmy|ymd", env = "SCORELOAD_DATE_ORDER", hide_possible_values = true, help_heading = INPUT)]
    pub(crate) date_order: Option<DateOrder>,
    /// Use N as the attempt of tests that have none
    #[arg(long, value_name = "N", env = "SCORELOAD_DEFAULT_ATTEMPT", value_parser = whole_number::<u32>, help_heading = INPUT)]
    pub(crate) default_attempt: Option<u32>,
    /// Treat warnings as errors
    #[arg(long, env = "SCORELOAD_DENY_WARNINGS", help_heading = INPUT)]
    pub(crate) deny_warnings: bool,
}

/// `scoreload validate`
#[derive(Debug, Args)]
#[command(mut_arg("inputs", |arg| arg.required(true)))]
pub struct ValidateArgs {
    /// The files, and how their rows are read.
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Write a report to FILE (repeatable): .html, .json, .csv, .xlsx or .md
    #[arg(long = "report", value_name = "FILE", help_heading = RESULT)]
    pub(crate) reports: Vec<PathBuf>,
    /// Write the rows of orders with errors to FILE, to fix and import: .csv or .xlsx
    #[arg(long, value_name = "FILE", help_heading = RESULT)]
    pub(crate) rejects: Option<PathBuf>,
    /// Print diagnostics for people, or as JSON, one object per line
    #[arg(long, default_value = "human", help_heading = RESULT)]
    pub(crate) format: Format,
}

/// `scoreload columns`
#[derive(Debug, Args)]
#[command(mut_arg("inputs", |arg| arg.required(true)))]
pub struct ColumnsArgs {
    /// The files, and how their rows are read.
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Propose a `[[wide]]` table for each column that looks like the scores of a test
    #[arg(long, help_heading = RESULT)]
    pub(crate) wide: bool,
    /// Print the columns in this format
    #[arg(long, default_value = "human", help_heading = RESULT)]
    pub(crate) format: ColumnsFormat,
}

/// How columns are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColumnsFormat {
    /// A table for people, followed by the configuration to paste
    Human,
    /// One JSON object per line for each sheet, and with --wide for each proposed table
    Json,
    /// The configuration to paste alone
    Toml,
}
