//! One file per command; each reads like the product's summary.

mod apply;
mod columns;
mod config;
mod doctor;
mod explain;
mod help;
mod history;
mod import;
mod ledger;
mod plan;
mod resolve;
mod sandbox;
mod template;
mod validate;

use std::path::PathBuf;

use clap::CommandFactory;
use jiff::Timestamp;
use rlimit::Resource;

use crate::cli::{Cli, Command, ImportArgs, LedgerArgs};
use crate::config::file::{self, ConfigFile};
use crate::config::settings::Settings;
use crate::config::{Ledgers, Reading, authorities};
use crate::delivery::{Delivery, Outcome};
use crate::error::Error;
use crate::exit::ExitCode;
use crate::input::{self, Extent};
use crate::ledger::location::users_path;
use crate::ledger::{Ledger, Location};
use crate::orders;
use crate::orders::Batch;
use crate::pipeline::hooks::{Aftermath, Ended};
use crate::report::Report;
use crate::ui::progress::ReadingProgress;
use crate::ui::{self, Screen};

/// Carries out a command.
///
/// # Errors
/// What stops it before it has come to a result.
pub fn run(cli: Cli) -> Result<ExitCode, Error> {
    leave_no_core();
    let config = match cli.command.source() {
        Some(source) => file::load(source, &environment),
        None => Ok(ConfigFile::default()),
    };
    let settings = config.as_ref().map(|config| &config.defaults);
    let screen = Screen::begin(&cli.screen, settings.unwrap_or(&Settings::default()))?;
    match cli.command {
        Command::Import(args) if args.dry_run => import(args, config?, screen).map(|it| it.exit),
        Command::Import(args) => {
            let mut aftermath = Aftermath::of(&args.result, config.as_ref().ok());
            let checked = aftermath.check().and(config);
            let ended = checked.and_then(|config| import(args, config, screen));
            aftermath.follow(ended, screen)
        }
        Command::Apply(args) => {
            let mut aftermath = Aftermath::of(&args.result, config.as_ref().ok());
            let checked = aftermath.check().and(config);
            let apply = |config| {
                crate::pipeline::signals::guarded(screen, move |interruptions| {
                    apply::run(&args, &config, screen, interruptions)
                })
            };
            aftermath.follow(checked.and_then(apply), screen)
        }
        // What is wrong with the configuration is a finding like others.
        Command::Doctor(args) => doctor::run(&args.import, config),
        command => look(command, config?, screen),
    }
}

/// Keeps a crash from leaving the memory behind in a file: secrets and scores are in it.
fn leave_no_core() {
    // Where there is no such limit, there is none to set.
    if let Ok((_, most)) = Resource::CORE.get() {
        let _ = Resource::CORE.set(0, most);
    }
}

fn import(args: ImportArgs, config: ConfigFile, screen: Screen) -> Result<Ended, Error> {
    crate::pipeline::signals::guarded(screen, move |interruptions| {
        import::run(&args, &config, screen, interruptions)
    })
}

/// Carries out a command that delivers nothing.
fn look(command: Command, config: ConfigFile, screen: Screen) -> Result<ExitCode, Error> {
    match command {
        // Those are carried out above.
        Command::Import(_) | Command::Apply(_) | Command::Doctor(_) => Err(Error::Unaccounted),
        Command::Plan(args) => crate::pipeline::signals::guarded(screen, move |interruptions| {
            let output = args.output.as_deref();
            plan::run(&args.import, &config, output, screen, interruptions).map(|it| it.exit)
        }),
        Command::Validate(args) => {
            crate::pipeline::signals::guarded(screen, move |interruptions| {
                validate::run(&args, &config, screen, &interruptions)
            })
        }
        Command::History(args) => history::run(&args, &config, screen),
        Command::Resolve(args) => resolve::run(&args, &config, screen),
        Command::Ledger(command) => ledger::run(&command, &config, screen),
        Command::Sandbox(args) => sandbox::run(args, screen),
        Command::Template(args) => template::run(&args, screen),
        Command::Columns(args) => columns::run(&args, &config, screen),
        Command::Explain(args) => explain::run(&args),
        Command::Config(args) => config::run(&args, &config, screen),
        Command::Help { about } => help::run(&about),
        Command::Completions { shell } => {
            print(|out| clap_complete::generate(shell, &mut Cli::command(), "scoreload", out))
        }
        Command::Man => manual(),
        Command::ReportSchema => print(|out| {
            // Writing into memory does not fail.
            let _ = serde_json::to_writer_pretty(&mut *out, &Report::schema());
            out.push(b'\n');
        }),
    }
}

fn print(make: impl FnOnce(&mut Vec<u8>)) -> Result<ExitCode, Error> {
    let mut text = Vec::new();
    make(&mut text);
    ui::answer(|out| out.write_all(&text))?;
    Ok(ExitCode::Success)
}

/// Prints the manual page of the tool, then those of its commands.
fn manual() -> Result<ExitCode, Error> {
    let mut command = Cli::command();
    command.build();
    let mut pages = Vec::new();
    collect_pages(command, &mut pages);
    print(|out| {
        for page in pages {
            // Writing into memory does not fail.
            let _ = clap_mangen::Man::new(page).render(out);
        }
    })
}

/// Collects a command and, behind it, those below it.
fn collect_pages(command: clap::Command, pages: &mut Vec<clap::Command>) {
    let below: Vec<clap::Command> = command
        .get_subcommands()
        .filter(|command| command.get_name() != "help")
        .cloned()
        .collect();
    pages.push(command);
    for command in below {
        collect_pages(command, pages);
    }
}

/// Reads an environment variable without the blanks around it; a blank one counts as none.
pub(crate) fn environment(name: &str) -> Option<String> {
    let value = std::env::var(name).ok()?.trim().to_owned();
    (!value.is_empty()).then_some(value)
}

/// Reads and checks the inputs, showing how far it is.
pub(crate) fn gather(
    paths: &[PathBuf],
    reading: &Reading,
    fingerprints: bool,
    screen: Screen,
) -> Batch {
    let progress = ReadingProgress::begin(screen.progress);
    let on_rows = |rows| progress.add(rows);
    let options = reading_options(reading, fingerprints, &on_rows);
    let mut batch = orders::gather(paths, &options, &reading.rules);
    progress.end();
    let unmet = crate::pipeline::unused_mappings::notes(reading, &batch.heads);
    batch.notes.extend(unmet);
    batch
}

/// Returns how the inputs are read: the same whenever they are.
pub(crate) fn reading_options<'a>(
    reading: &Reading,
    fingerprints: bool,
    on_rows: &'a (dyn Fn(usize) + Sync),
) -> input::Options<'a> {
    input::Options {
        names: reading.names.clone(),
        wide: reading.wide.clone(),
        sheets: reading.sheets.clone(),
        delimiter: reading.delimiter,
        encoding: reading.encoding,
        warnings: reading.rules.warnings,
        extent: Extent::Whole,
        program: None,
        fingerprints,
        on_rows,
    }
}

/// Opens the ledger of earlier runs; to look into a file that is not there would make it.
fn open_ledger(args: &LedgerArgs, config: &ConfigFile) -> Result<Ledger, Error> {
    let place = ledger_place(args, config)?.filter(|place| match place {
        Location::File(path) => path.exists(),
        Location::Database(_) => true,
        Location::Memory => false,
    });
    let Some(place) = place else {
        let help = "name the ledger with --ledger PATH; an import makes one";
        return Err(Error::usage("there is no ledger", help));
    };
    Ledger::open(&place).map_err(Error::Ledger)
}

/// Opens a ledger, and makes it first where there is none.
fn make_ledger(args: &LedgerArgs, config: &ConfigFile) -> Result<Ledger, Error> {
    let Some(place) = ledger_place(args, config)? else {
        let message = "there is no home directory to keep the ledger in";
        return Err(Error::usage(message, "name the ledger with --ledger"));
    };
    Ledger::open(&place).map_err(Error::Ledger)
}

/// Returns where the ledger is that is named, or the user's.
fn ledger_place(args: &LedgerArgs, config: &ConfigFile) -> Result<Option<Location>, Error> {
    let authorities = authorities(args.ca_cert.as_deref(), config)?;
    let ledgers = Ledgers {
        authorities: &authorities,
        environment: &environment,
    };
    let named = args.place.as_deref().or(config.defaults.ledger.as_deref());
    match named.map(str::trim).filter(|place| !place.is_empty()) {
        Some(place) => ledgers.named(place).map(Some),
        None => Ok(users_path(&environment).map(Location::File)),
    }
}

/// Returns the outcome of each order before anything is sent: held back, or the one that is given.
pub(crate) fn before_delivery(batch: &Batch, otherwise: Outcome) -> Vec<Delivery> {
    let of = |order: &orders::Order| match order.errors {
        0 => Delivery {
            outcome: otherwise,
            ..Delivery::not_sent()
        },
        errors => {
            let words = if errors == 1 {
                "1 error in its rows"
            } else {
                &format!("{errors} errors in its rows")
            };
            Delivery {
                outcome: Outcome::Invalid,
                message: Some(format!("held back: {words}")),
                ..Delivery::not_sent()
            }
        }
    };
    batch.orders.iter().map(of).collect()
}

/// Makes the id of a run: when it began, and a little chance.
pub fn run_id(started_at: Timestamp) -> String {
    let chance: String = std::iter::repeat_with(fastrand::lowercase)
        .take(4)
        .collect();
    format!("{}-{chance}", started_at.strftime("%Y%m%d-%H%M%S"))
}

/// Tells whether a text is the id of a run: in a row that is out of step another text may stand in its place.
pub(crate) fn is_run_id(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [day, time, chance] = parts[..] else {
        return false;
    };
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    (day.len(), time.len(), chance.len()) == (8, 6, 4)
        && is_number(day)
        && is_number(time)
        && chance.bytes().all(|byte| byte.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_run_is_told_from_other_texts() {
        assert!(is_run_id(&run_id(Timestamp::UNIX_EPOCH)));
        for text in [
            "",
            "row-malformed",
            "the row has more cells",
            "20261124-012809-x",
        ] {
            assert!(!is_run_id(text), "{text}");
        }
    }
}
