//! Which settings count where a flag or a variable does not say; and what looks at them: `config`, `doctor`.

use std::path::PathBuf;

use clap::Args;

use super::ImportArgs;

const SETTINGS: &str = "Settings";

pub(crate) const CONFIG_EXAMPLES: &str = "\
Examples:
  scoreload config                                         every setting, its value, and where that is from
  scoreload config --profile nightly --rate 1/s            what an import with these flags would take
  scoreload config --init                                  makes scoreload.toml, with every setting as a comment
  scoreload config --format json | jq -r 'select(.from != \"default\") | [.setting, .value] | @tsv'

Secrets are never shown, only whether they are set.

Exit codes: 0 shown or made; 2 wrong usage, or the file is there already.";

pub(crate) const DOCTOR_EXAMPLES: &str = "\
Examples:
  scoreload doctor --target demo
  scoreload doctor --profile nightly --inbox /srv/scoreload/inbox
  scoreload doctor --profile nightly --format json | jq 'select(.status != \"ok\")'

A token is asked for, and no order is touched.

Exit codes: 0 ready; otherwise the one that an import would end with: 2 wrong settings; 4 credentials refused;
5 the API cannot be reached; 6 another import holds the ledger.";

/// Which settings count where a flag or a variable does not say.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct SourceArgs {
    /// The configuration file
    ///
    /// Without it scoreload.toml in the working directory, or in the user's configuration directory, if there is one.
    #[arg(long, value_name = "FILE", env = "SCORELOAD_CONFIG", hide_env_values = true, help_heading = SETTINGS)]
    pub(crate) config: Option<PathBuf>,
    /// Take the settings of `[profiles.NAME]` in the configuration file before those of `[defaults]`
    #[arg(long, value_name = "NAME", env = "SCORELOAD_PROFILE", hide_env_values = true, help_heading = SETTINGS)]
    pub(crate) profile: Option<String>,
}

/// `scoreload config`
#[derive(Debug, Args)]
#[command(mut_args(show_what_matters))]
pub struct ConfigArgs {
    /// What would be imported, and how.
    #[command(flatten)]
    pub(crate) import: ImportArgs,
    /// Make a configuration file, with every setting as a comment
    #[arg(long)]
    pub(crate) init: bool,
    /// Where to make it; `-` is standard output; it never replaces a file [default: scoreload.toml]
    #[arg(short, long, value_name = "FILE", requires = "init")]
    pub(crate) output: Option<PathBuf>,
}

/// `scoreload doctor`
#[derive(Debug, Args)]
#[command(mut_args(show_what_matters))]
pub struct DoctorArgs {
    /// What would be imported, and how.
    #[command(flatten)]
    pub(crate) import: ImportArgs,
}

/// Leaves most flags of `import` out of the help of what takes them all.
fn show_what_matters(arg: clap::Arg) -> clap::Arg {
    const SHOWN: [&str; 8] = [
        "config", "profile", "target", "ledger", "inbox", "format", "init", "output",
    ];
    let is_hidden = !SHOWN.contains(&arg.get_id().as_str());
    arg.hide(is_hidden)
}
