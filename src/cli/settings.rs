//! The arguments of the commands that inspect settings: `config`, `doctor`.

use std::path::PathBuf;

use clap::Args;

use super::delivery::ImportArgs;

pub(super) const CONFIG_EXAMPLES: &str = "\
Examples:
  scoreload config                                         show every setting, its value and its source
  scoreload config --profile nightly --rate 1/s            show the settings of an import with these flags
  scoreload config --init                                  write scoreload.toml with every setting as a comment
  scoreload config --format json | jq -r 'select(.from != \"default\") | [.setting, .value] | @tsv'

Secrets are never shown, only whether they are set.

Exit codes: 0 shown or written; 2 wrong usage, or the file exists already.";

pub(super) const DOCTOR_EXAMPLES: &str = "\
Examples:
  scoreload doctor --target demo
  scoreload doctor --profile nightly --inbox /srv/scoreload/inbox
  scoreload doctor --profile nightly --format json | jq 'select(.status != \"ok\")'

Scoreload requests a token, but sends no update.

Exit codes: 0 ready; otherwise the exit code of an import: 2 wrong settings; 4 credentials refused;
5 the API cannot be reached; 6 another import holds the ledger.";

/// `scoreload config`
#[derive(Debug, Args)]
#[command(mut_args(hide_most_flags))]
pub struct ConfigArgs {
    /// The arguments of the import.
    #[command(flatten)]
    pub(crate) import: ImportArgs,
    /// Write a configuration file with every setting as a comment
    #[arg(long)]
    pub(crate) init: bool,
    /// Write it to FILE, or `-` for standard output; an existing file is never overwritten [default: scoreload.toml]
    #[arg(short, long, value_name = "FILE", requires = "init")]
    pub(crate) output: Option<PathBuf>,
}

/// `scoreload doctor`
#[derive(Debug, Args)]
#[command(mut_args(hide_most_flags))]
pub struct DoctorArgs {
    /// The arguments of the import.
    #[command(flatten)]
    pub(crate) import: ImportArgs,
}

/// Hides most flags of `import`. They are all accepted, but would bury the few that matter here.
fn hide_most_flags(arg: clap::Arg) -> clap::Arg {
    const SHOWN: [&str; 8] = [
        "config", "profile", "target", "ledger", "inbox", "format", "init", "output",
    ];
    let is_hidden = !SHOWN.contains(&arg.get_id().as_str());
    arg.hide(is_hidden)
}
