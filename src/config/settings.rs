//! Values of settings in the configuration file.
//!
//! A setting is declared as an argument of the command line ([`crate::cli::settings`]). A value in the file is turned
//! into the text that would follow the flag, and checked by the parser of the flag.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::ops::Range;

use clap::{Arg, ArgAction};
use toml::{Spanned, Value};

use super::file_error::FileProblem;
use crate::system::command::CommandLine;

/// A table of the configuration file with the position of each key.
pub(super) type RawTable = BTreeMap<Spanned<String>, Value>;

/// Settings of one table of the file, by key.
#[derive(Debug, Default)]
pub(crate) struct Settings(BTreeMap<String, SettingValue>);

/// The value of a setting in the file.
#[derive(Debug)]
pub(crate) struct SettingValue {
    /// As it would be typed after the flag; several if the flag is repeatable.
    pub(super) arguments: Vec<String>,
    /// As the file has it.
    pub(super) text: String,
}

impl Settings {
    /// Checks the keys and values of a table against the arguments that are settings.
    ///
    /// # Errors
    /// Returns the first problem, with the position of its key.
    pub(super) fn from_table(
        table: &RawTable,
        arguments: &[Arg],
    ) -> Result<Self, (FileProblem, Range<usize>)> {
        let check = |(key, value): (&Spanned<String>, &Value)| {
            let name = key.get_ref().as_str();
            let argument = arguments.iter().find(|arg| arg.get_id() == name);
            let value = match argument {
                Some(argument) => SettingValue::parse(argument, value),
                None => Err(FileProblem::unknown_setting(name, arguments)),
            };
            let value = value.map_err(|problem| (problem, key.span()))?;
            Ok((name.to_owned(), value))
        };
        table.iter().map(check).collect::<Result<_, _>>().map(Self)
    }

    /// Returns whether the table has no settings.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the value of a setting, if the table has it.
    pub(super) fn get(&self, key: &str) -> Option<&SettingValue> {
        self.0.get(key)
    }
}

impl SettingValue {
    fn parse(argument: &Arg, value: &Value) -> Result<Self, FileProblem> {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        let invalid = |reason: String| FileProblem::InvalidValue {
            key: argument.get_id().to_string(),
            value: text.clone(),
            reason,
        };
        let arguments = arguments(argument, value);
        let arguments = arguments.map_err(|expected| invalid(format!("expected {expected}")))?;
        check(argument, &arguments).map_err(invalid)?;
        Ok(Self { arguments, text })
    }
}

/// Returns what would be typed after the flag, or what kind of value is expected.
fn arguments(argument: &Arg, value: &Value) -> Result<Vec<String>, &'static str> {
    let is_list = matches!(argument.get_action(), ArgAction::Append);
    let is_command = argument.get_value_parser().type_id() == TypeId::of::<CommandLine>();
    match (argument.get_action(), value) {
        (ArgAction::SetTrue, Value::Boolean(is_on)) => Ok(vec![is_on.to_string()]),
        (ArgAction::SetTrue, _) => Err("true or false"),
        (_, Value::Array(items)) if is_list || is_command => {
            let texts = items.iter().map(Value::as_str).collect::<Option<Vec<_>>>();
            let texts = texts.ok_or("a list of strings")?;
            Ok(if is_command {
                let quote = |word: &str| format!("'{}'", word.replace('\'', r"'\''"));
                vec![texts.into_iter().map(quote).collect::<Vec<_>>().join(" ")]
            } else {
                texts.into_iter().map(str::to_owned).collect()
            })
        }
        (_, Value::String(text)) => Ok(vec![text.clone()]),
        (_, Value::Integer(number)) => Ok(vec![number.to_string()]),
        (_, Value::Float(number)) => Ok(vec![number.to_string()]),
        _ if is_list || is_command => Err("a list of strings"),
        _ => Err("a string or a number"),
    }
}

/// Checks values with the parser of their flag.
fn check(argument: &Arg, values: &[String]) -> Result<(), String> {
    if matches!(argument.get_action(), ArgAction::SetTrue) {
        return Ok(());
    }
    // A copy of what concerns the value: clap refuses references to other arguments.
    let copy = Arg::new("value")
        .long("value")
        .action(argument.get_action().clone())
        .ignore_case(argument.is_ignore_case_set())
        .value_parser(argument.get_value_parser().clone());
    let command = clap::Command::new("setting").no_binary_name(true).arg(copy);
    let line = values.iter().map(|value| format!("--value={value}"));
    let Err(error) = command.try_get_matches_from(line) else {
        return Ok(());
    };
    let choices = argument.get_possible_values();
    let choices: Vec<&str> = choices
        .iter()
        .map(clap::builder::PossibleValue::get_name)
        .collect();
    let reason = std::error::Error::source(&error).map(ToString::to_string);
    Err(match reason {
        Some(reason) if choices.is_empty() => reason,
        _ => format!("expected one of {}", choices.join(", ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli;

    fn parse(text: &str) -> Result<Settings, String> {
        let table = toml::from_str(text).unwrap();
        let settings = Settings::from_table(&table, &cli::settings());
        settings.map_err(|(problem, _)| problem.to_string())
    }

    #[test]
    fn values_are_read_as_the_text_after_the_flag() {
        let table = [
            ("company_id = \"B6001\"", &["B6001"][..]),
            ("concurrency = 3", &["3"]),
            ("timeout = 2.5", &["2.5"]),
            ("max_failures = 5", &["5"]),
            ("wait = false", &["false"]),
            ("sheet = [\"A\", \"B C\"]", &["A", "B C"]),
            ("sheet = \"A\"", &["A"]),
            (
                "notify_command = [\"tell\", \"it's\"]",
                &[r"'tell' 'it'\''s'"],
            ),
            ("encoding = \"UTF8\"", &["UTF8"]),
        ];
        for (text, expected) in table {
            let settings = parse(text).unwrap();
            let key = text.split(' ').next().unwrap();
            assert_eq!(settings.get(key).unwrap().arguments, expected, "{text}");
        }
    }

    #[test]
    fn an_invalid_value_is_named_with_what_is_expected() {
        let table = [
            ("concurrency = 0", "expected a whole number of 1 or more"),
            ("retries = -1", "expected a whole number of 0 or more"),
            ("timeout = \"x\"", "expected a number of seconds above 0"),
            ("wait = 1", "expected true or false"),
            ("company_id = true", "expected a string or a number"),
            ("sheet = [1]", "expected a list of strings"),
            ("color = \"pink\"", "expected one of auto, always, never"),
        ];
        for (text, expected) in table {
            let message = parse(text).unwrap_err();
            let (key, value) = text.split_once(" = ").unwrap();
            let value = value.trim_matches('"');
            assert_eq!(
                message,
                format!("invalid value `{value}` for `{key}`: {expected}")
            );
        }
    }
}
