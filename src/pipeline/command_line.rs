//! The command line of this process, parsed so that a similar one can be suggested.

use std::ffi::{OsStr, OsString};

use crate::cli;
use crate::storage::postgres::redact::redact_password;

/// The kind of a part of a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// A flag and its value, by its long name.
    Flag(String),
    /// An input.
    Operand,
    /// The program, the command or `--`.
    Fixed,
}

/// A command line as it was typed.
#[derive(Debug, Clone)]
pub(crate) struct TypedCommand(Vec<(Kind, Vec<OsString>)>);

impl TypedCommand {
    /// Parses the command line of this process.
    pub(crate) fn current() -> Self {
        Self::parse(std::env::args_os().map(without_secret))
    }

    fn parse(words: impl Iterator<Item = OsString>) -> Self {
        let mut cli = cli::command();
        cli.build();
        let mut words = words.peekable();
        let mut parts = Vec::new();
        parts.extend(words.next().map(|program| (Kind::Fixed, vec![program])));
        let (mut scope, mut is_command_known, mut only_operands) = (&cli, false, false);
        while let Some(word) = words.next() {
            let flag = flag_of(&word, scope).filter(|_| !only_operands);
            let command = word.to_str().and_then(|name| cli.find_subcommand(name));
            if word == "--" && !only_operands {
                only_operands = true;
                parts.push((Kind::Fixed, vec![word]));
            } else if let Some((name, has_more)) = flag {
                let value = words.next_if(|_| has_more);
                let texts = std::iter::once(word).chain(value).collect();
                parts.push((Kind::Flag(name), texts));
            } else if let Some(command) = command.filter(|_| !is_command_known) {
                (scope, is_command_known) = (command, true);
                parts.push((Kind::Fixed, vec![word]));
            } else {
                parts.push((Kind::Operand, vec![word]));
            }
        }
        Self(parts)
    }

    /// Removes flags and their values.
    pub(crate) fn without(mut self, flags: &[&str]) -> Self {
        self.0.retain(
            |(kind, _)| !matches!(kind, Kind::Flag(name) if flags.contains(&name.as_str())),
        );
        self
    }

    /// Replaces all inputs by one.
    pub(crate) fn with_input(mut self, input: &OsStr) -> Self {
        let mut is_first = true;
        self.0
            .retain(|(kind, _)| *kind != Kind::Operand || std::mem::take(&mut is_first));
        for (_, texts) in self.0.iter_mut().filter(|(kind, _)| *kind == Kind::Operand) {
            *texts = vec![input.to_owned()];
        }
        self
    }

    /// Returns the words.
    pub(crate) fn words(&self) -> Vec<&OsStr> {
        let texts = self.0.iter().flat_map(|(_, texts)| texts);
        texts.map(OsString::as_os_str).collect()
    }

    /// Returns the program as it was called.
    pub(crate) fn program(&self) -> &OsStr {
        self.words()
            .first()
            .copied()
            .unwrap_or(OsStr::new("scoreload"))
    }
}

/// Returns the name of a flag and whether its value is the next word.
fn flag_of(word: &OsStr, scope: &clap::Command) -> Option<(String, bool)> {
    let text = word.to_string_lossy();
    let takes_value = |arg: &clap::Arg| arg.get_action().takes_values();
    if let Some(long) = text.strip_prefix("--") {
        let (name, has_value) = long
            .split_once('=')
            .map_or((long, false), |(name, _)| (name, true));
        let arg = scope
            .get_arguments()
            .find(|arg| arg.get_long() == Some(name));
        return Some((name.to_owned(), !has_value && arg.is_some_and(takes_value)));
    }
    let short = text.strip_prefix('-')?.chars().last()?;
    let arg = scope
        .get_arguments()
        .find(|arg| arg.get_short() == Some(short));
    Some((short.to_string(), arg.is_some_and(takes_value)))
}

/// Removes the password from a word that names a ledger, because others may read the output.
fn without_secret(word: OsString) -> OsString {
    let Some(text) = word.to_str() else {
        return word;
    };
    match text.strip_prefix("--ledger=") {
        Some(place) => format!("--ledger={}", redact_password(place)).into(),
        None => redact_password(text).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(line: &str) -> TypedCommand {
        TypedCommand::parse(line.split(' ').map(OsString::from))
    }

    fn text(typed: &TypedCommand) -> String {
        typed.words().join(OsStr::new(" ")).into_string().unwrap()
    }

    #[test]
    fn the_password_of_a_ledger_is_not_repeated() {
        let url = "postgres://ada:s3cret@db/x";
        for word in [url.to_owned(), format!("--ledger={url}")] {
            let word = without_secret(word.into());
            assert!(word.to_str().unwrap().ends_with("postgres://ada@db/x"));
        }
    }

    #[test]
    fn flags_are_removed_with_their_values() {
        let table = [
            (
                "./scoreload -q import a.csv --report r.json --resend --report=s.json --rate 3/s b.csv",
                "./scoreload -q import a.csv --rate 3/s b.csv",
            ),
            (
                "scoreload import --report - - -vv",
                "scoreload import - -vv",
            ),
            (
                "scoreload import --color never -- --resend --report",
                "scoreload import --color never -- --resend --report",
            ),
        ];
        for (line, expected) in table {
            let rest = typed(line).without(&["report", "resend"]);
            assert_eq!(text(&rest), expected);
        }
    }

    #[test]
    fn one_input_replaces_all() {
        let table = [
            (
                "scoreload --progress none import a.csv --target demo b.csv --map A=a.csv",
                "scoreload --progress none import bad.csv --target demo --map A=a.csv",
            ),
            ("scoreload import import", "scoreload import bad.csv"),
            ("scoreload import -- -x -y", "scoreload import -- bad.csv"),
        ];
        for (line, expected) in table {
            let other = typed(line).with_input(OsStr::new("bad.csv"));
            assert_eq!(text(&other), expected);
        }
    }
}
