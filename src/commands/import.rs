//! `scoreload import`: read, check, deliver, report.

use super::plan;
use crate::cli::ImportArgs;
use crate::config::Purpose;
use crate::config::file::ConfigFile;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::pipeline::Import;
use crate::pipeline::hooks::{Ended, Hooks};
use crate::pipeline::max_change;
use crate::pipeline::signals::{self, Interruptions};
use crate::ui::Screen;

/// Runs the command; `--dry-run` makes it the same as `plan`.
pub(crate) fn run(
    args: ImportArgs,
    config: Result<ConfigFile, Error>,
    screen: Screen,
) -> Result<ExitCode, Error> {
    if args.dry_run {
        return plan::run_without_file(args, config?, screen);
    }
    let hooks = Hooks::new(&args.result, config.as_ref().ok());
    hooks.run(config, screen, |config| {
        signals::guarded(screen, move |interruptions| {
            import(&args, &config, screen, interruptions)
        })
    })
}

fn import(
    args: &ImportArgs,
    config: &ConfigFile,
    screen: Screen,
    interruptions: Interruptions,
) -> Result<Ended, Error> {
    let mut import = Import::begin(args, config, Purpose::Deliver, screen, interruptions)?;
    if let Some(exit) = import.has_nothing_to_do() {
        return import.end(exit);
    }
    import.read(true)?;
    if import.is_refused() {
        return import.end(ExitCode::NoInput);
    }
    let updates = import
        .memory
        .updates(&import.batch, &import.setup, &mut import.deliveries)?;
    match max_change::refusal(&import)? {
        Some(refusal) => import.refuse(&refusal),
        None => import.send(updates),
    }
}
