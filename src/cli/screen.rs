//! The arguments that every command takes: progress, colour and the log.

use std::path::PathBuf;

use clap::{ArgAction, Args, ColorChoice, ValueEnum};

const SCREEN: &str = "Screen";

/// Terminal output and logging.
#[derive(Debug, Clone, Args)]
pub(crate) struct ScreenArgs {
    /// Show progress in this style
    #[arg(long, global = true, value_name = "STYLE", env = "SCORELOAD_PROGRESS", default_value = "auto", help_heading = SCREEN)]
    pub(crate) progress: ProgressStyle,
    /// Use colour
    #[arg(long, global = true, value_name = "WHEN", env = "SCORELOAD_COLOR", default_value = "auto", help_heading = SCREEN)]
    pub(crate) color: ColorChoice,
    /// Print only problems
    #[arg(short, long, global = true, help_heading = SCREEN)]
    pub(crate) quiet: bool,
    /// Log requests; with -vv log everything. Scores, names and secrets are never logged
    #[arg(short, long, global = true, action = ArgAction::Count, help_heading = SCREEN)]
    pub(crate) verbose: u8,
    /// Write log lines in this format
    #[arg(long, global = true, value_name = "FORMAT", env = "SCORELOAD_LOG_FORMAT", default_value = "text", help_heading = SCREEN)]
    pub(crate) log_format: LogFormat,
    /// Append the log to FILE instead of stderr
    #[arg(long, global = true, value_name = "FILE", env = "SCORELOAD_LOG_FILE", help_heading = SCREEN)]
    pub(crate) log_file: Option<PathBuf>,
}

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressStyle {
    /// Bars on a terminal, plain lines elsewhere
    Auto,
    /// Bars
    Bar,
    /// A line every ten seconds
    Plain,
    /// No progress
    None,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    Text,
    /// One JSON object per line
    Json,
}
