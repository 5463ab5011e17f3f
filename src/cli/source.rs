//! The arguments that name the configuration file and the profile.

use std::path::PathBuf;

use clap::Args;

const SETTINGS: &str = "Settings";

/// The configuration file.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct SourceArgs {
    /// Read the configuration from FILE
    ///
    /// The default is scoreload.toml in the working directory, then scoreload/scoreload.toml in the user's configuration
    /// directory.
    #[arg(long, value_name = "FILE", env = "SCORELOAD_CONFIG", help_heading = SETTINGS)]
    pub(crate) config: Option<PathBuf>,
    /// Use the settings of `[profiles.NAME]` in the configuration file; they override `[defaults]`
    #[arg(long, value_name = "NAME", env = "SCORELOAD_PROFILE", help_heading = SETTINGS)]
    pub(crate) profile: Option<String>,
}
