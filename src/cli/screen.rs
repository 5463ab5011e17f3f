//! What the screen shows, whatever is done.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

const SCREEN: &str = "Screen";

/// What the screen shows.
#[derive(Debug, Clone, Args)]
pub(crate) struct ScreenArgs {
    /// How progress is shown; auto is bars on a terminal and plain lines elsewhere [default: auto]
    #[arg(long, global = true, env = "SCORELOAD_PROGRESS", hide_env_values = true, help_heading = SCREEN)]
    pub(crate) progress: Option<ProgressStyle>,
    /// When to use colour [default: auto]
    #[arg(long, global = true, env = "SCORELOAD_COLOR", hide_env_values = true, help_heading = SCREEN)]
    pub(crate) color: Option<clap::ColorChoice>,
    /// Say only what is wrong
    #[arg(short, long, global = true, help_heading = SCREEN)]
    pub(crate) quiet: bool,
    /// Log requests, -vv everything; never scores, names or secrets
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = SCREEN)]
    pub(crate) verbose: u8,
    /// How log lines are written [default: text]
    #[arg(long, global = true, env = "SCORELOAD_LOG_FORMAT", hide_env_values = true, help_heading = SCREEN)]
    pub(crate) log_format: Option<LogFormat>,
    /// Write the log here, behind what the file holds, and not on the screen
    #[arg(long, global = true, value_name = "FILE", env = "SCORELOAD_LOG_FILE", hide_env_values = true, help_heading = SCREEN)]
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
    /// Nothing
    None,
}
/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}
