//! `scoreload import`: read, check, deliver, report.

use super::plan;
use crate::cli::ImportArgs;
use crate::config::Purpose;
use crate::config::file::ConfigFile;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::pipeline::check::{check, is_refused};
use crate::pipeline::deliver::deliver;
use crate::pipeline::finish::{finish, refuse};
use crate::pipeline::hooks::Hooks;
use crate::pipeline::max_change;
use crate::pipeline::prepare::{exit_if_inbox_is_empty, prepare};
use crate::pipeline::signals::{Interruptions, run_interruptible};
use crate::pipeline::stages::Finished;
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
    let hooks = Hooks::new(&args.result);
    hooks.run(config, screen, |config| {
        run_interruptible(screen, move |interruptions| {
            import(&args, &config, screen, interruptions)
        })
    })
}

fn import(
    args: &ImportArgs,
    config: &ConfigFile,
    screen: Screen,
    interruptions: Interruptions,
) -> Result<Finished, Error> {
    let prepared = prepare(args, config, Purpose::Deliver, screen, interruptions)?;
    if let Some(exit) = exit_if_inbox_is_empty(&prepared) {
        return finish(prepared.without_inputs(), exit);
    }
    let mut checked = check(prepared, true)?;
    if is_refused(&checked) {
        return finish(checked, ExitCode::NoInput);
    }
    let session = &checked.session;
    let results = &mut checked.results;
    let updates =
        session
            .ledger
            .plan_updates(&results.batch, &session.setup, &mut results.deliveries)?;
    match max_change::refusal(&checked)? {
        Some(refusal) => refuse(checked, &refusal),
        None => deliver(checked, updates),
    }
}
