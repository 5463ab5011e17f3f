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
use crate::error::Error;
use crate::exit::ExitCode;
use crate::system::process;
use crate::ui::Screen;

/// Runs a command and returns the exit code.
///
/// # Errors
/// The error that ended the command.
pub fn run(cli: Cli) -> Result<ExitCode, Error> {
    process::disable_core_dumps();
    let config = match cli.command.source() {
        Some(source) => file::load(source, &variable).map_err(Error::from),
        None => Ok(ConfigFile::default()),
    };
    // An invalid file is an error of the command, which may report it in its own way.
    let cli = match &config {
        Ok(config) => config.complete(cli, std::env::args_os())?,
        Err(_) => cli,
    };
    let screen = Screen::begin(&cli.screen)?;
    match cli.command {
        Command::Import(args) => import::run(args, config, screen),
        Command::Apply(args) => apply::run(args, config, screen),
        Command::Doctor(args) => doctor::run(&args.import, config),
        Command::Plan(args) => plan::run(args, config?, screen),
        Command::Validate(args) => validate::run(args, config?, screen),
        Command::History(args) => {
            config?;
            history::run(&args, screen)
        }
        Command::Resolve(args) => {
            config?;
            resolve::run(&args, screen)
        }
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
