//! The commands: one file each. This file only selects the command.

mod apply;
mod columns;
mod completions;
mod config;
mod doctor;
mod explain;
mod help;
mod history;
mod import;
mod ledger;
mod man;
mod plan;
mod report_schema;
mod resolve;
mod sandbox;
mod template;
mod validate;

use crate::cli::{Cli, Command};
use crate::config::environment::variable;
use crate::config::file::{self, ConfigFile};
use crate::config::settings::Settings;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::system::core_dumps;
use crate::ui::Screen;

/// Runs a command and returns the exit code.
///
/// # Errors
/// The error that ended the command.
pub fn run(cli: Cli) -> Result<ExitCode, Error> {
    core_dumps::disable();
    let config = match cli.command.source() {
        Some(source) => file::load(source, &variable),
        None => Ok(ConfigFile::default()),
    };
    let settings = config.as_ref().map(|config| &config.defaults);
    let screen = Screen::begin(&cli.screen, settings.unwrap_or(&Settings::default()))?;
    match cli.command {
        Command::Import(args) => import::run(args, config, screen),
        Command::Apply(args) => apply::run(args, config, screen),
        Command::Doctor(args) => doctor::run(&args.import, config),
        Command::Plan(args) => plan::run(args, config?, screen),
        Command::Validate(args) => validate::run(args, config?, screen),
        Command::History(args) => history::run(&args, &config?, screen),
        Command::Resolve(args) => resolve::run(&args, &config?, screen),
        Command::Ledger(command) => ledger::run(&command, &config?, screen),
        Command::Sandbox(args) => sandbox::run(args, screen),
        Command::Template(args) => template::run(&args, screen),
        Command::Columns(args) => columns::run(&args, &config?, screen),
        Command::Explain(args) => explain::run(&args),
        Command::Config(args) => config::run(&args, &config?, screen),
        Command::Help { about } => help::run(&about),
        Command::Completions { shell } => completions::run(shell),
        Command::Man => man::run(),
        Command::ReportSchema => report_schema::run(),
    }
}
