//! `scoreload import`: read, check, deliver, report.

use crate::cli::ImportArgs;
use crate::commands::plan;
use crate::config::Purpose;
use crate::config::file::ConfigFile;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::pipeline::Import;
use crate::pipeline::hooks::Ended;
use crate::pipeline::max_change;
use crate::pipeline::signals::Interruptions;
use crate::ui::Screen;

pub(crate) fn run(
    args: &ImportArgs,
    config: &ConfigFile,
    screen: Screen,
    interruptions: Interruptions,
) -> Result<Ended, Error> {
    if args.dry_run {
        return plan::run(args, config, None, screen, interruptions);
    }
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
