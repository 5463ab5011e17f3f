//! Parses the command line.
//!
//! A setting is declared once, as an argument with a `SCORELOAD_*` variable. Its id is also its key in the
//! configuration file, and the file's values become the argument's defaults, so that clap itself decides: a flag wins
//! over a variable, a variable over the file, the file over the built-in default.

use std::ffi::OsString;

use clap::builder::FalseyValueParser;
use clap::{Arg, ArgAction, Command, CommandFactory, FromArgMatches};

use super::commands::Cli;
use super::plan::DECIDED_BY_THE_PLAN;

/// Returns the values that replace the built-in default of a setting, if there are any.
pub(crate) type Defaults<'a> = &'a dyn Fn(&str) -> Option<Vec<String>>;

/// Parses a command line without a configuration file.
///
/// # Errors
/// Returns clap's error, which is also how `--help` and `--version` end.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    parse_with(&|_| None, arguments)
}

/// Parses a command line whose settings have other defaults.
pub(crate) fn parse_with(
    defaults: Defaults<'_>,
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<Cli, clap::Error> {
    let matches = command_with(defaults).try_get_matches_from(arguments)?;
    Cli::from_arg_matches(&matches)
}

/// Returns the definition of the command line.
pub(crate) fn command() -> Command {
    command_with(&|_| None)
}

/// Returns the definition of the command line with other defaults for its settings.
pub(crate) fn command_with(defaults: Defaults<'_>) -> Command {
    complete(Cli::command(), defaults)
}

/// Returns whether an argument is a setting: it has a variable, and may be set in the configuration file.
pub(crate) fn is_setting(arg: &Arg) -> bool {
    arg.get_env().is_some() && !["config", "profile"].contains(&arg.get_id().as_str())
}

/// Returns the arguments that are settings, in the order of the help of `import`.
pub(crate) fn settings() -> Vec<Arg> {
    let mut cli = command();
    cli.build();
    let import = cli.find_subcommand("import").into_iter();
    let arguments = import.flat_map(Command::get_arguments);
    arguments.filter(|arg| is_setting(arg)).cloned().collect()
}

/// Adds to a command and its subcommands what all settings have in common.
fn complete(command: Command, defaults: Defaults<'_>) -> Command {
    let is_apply = command.get_name() == "apply";
    let default = |id: &str| {
        let is_decided = is_apply && DECIDED_BY_THE_PLAN.contains(&id);
        if is_decided { None } else { defaults(id) }
    };
    command
        .mut_args(|arg| complete_argument(arg, &default))
        .mut_subcommands(|command| complete(command, defaults))
}

fn complete_argument(arg: Arg, defaults: Defaults<'_>) -> Arg {
    if arg.get_env().is_none() {
        return arg;
    }
    let arg = arg.hide_env_values(true);
    let arg = match arg.get_action() {
        ArgAction::SetTrue => arg.value_parser(FalseyValueParser::new()),
        _ => arg.ignore_case(true),
    };
    match defaults(arg.get_id().as_str()).filter(|_| is_setting(&arg)) {
        Some(values) => arg.default_values(values),
        None => arg,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn a_setting_has_one_name_as_flag_variable_and_key() {
        for arg in settings() {
            let id = arg.get_id().as_str();
            let variable = format!("SCORELOAD_{}", id.to_uppercase());
            assert_eq!(arg.get_long(), Some(&*id.replace('_', "-")));
            assert_eq!(arg.get_env().unwrap().to_str(), Some(&*variable));
            assert!(arg.get_help().is_some(), "{id}");
        }
    }
}
