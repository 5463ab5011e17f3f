//! Programs of the user's that are run along the way: without a shell, and for a limited time.

use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::str::FromStr;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;

/// A program with its arguments.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub(crate) struct CommandLine(Vec<String>);

impl TryFrom<Vec<String>> for CommandLine {
    type Error = &'static str;

    fn try_from(words: Vec<String>) -> Result<Self, Self::Error> {
        match words.first() {
            Some(program) if !program.is_empty() => Ok(Self(words)),
            _ => Err("a program is expected, and its arguments behind it"),
        }
    }
}

impl FromStr for CommandLine {
    type Err = String;

    /// Splits a line at its blanks. Quotes hold a word together, and a backslash keeps the sign behind it, as for a
    /// shell; nothing else has a meaning of its own.
    fn from_str(line: &str) -> Result<Self, String> {
        let mut words: Vec<String> = Vec::new();
        let mut word: Option<String> = None;
        let mut quote = None;
        let mut signs = line.chars();
        while let Some(sign) = signs.next() {
            match (quote, sign) {
                (Some(open), sign) if sign == open => quote = None,
                (None, '\'' | '"') => {
                    quote = Some(sign);
                    word.get_or_insert_default();
                }
                (None | Some('"'), '\\') => {
                    let kept = signs
                        .next()
                        .ok_or("there is nothing behind the last `\\`")?;
                    word.get_or_insert_default().push(kept);
                }
                (None, sign) if sign.is_whitespace() => words.extend(word.take()),
                (_, sign) => word.get_or_insert_default().push(sign),
            }
        }
        if let Some(open) = quote {
            return Err(format!("there is no second `{open}`"));
        }
        words.extend(word);
        Self::try_from(words).map_err(str::to_owned)
    }
}

impl CommandLine {
    /// Returns the program's name.
    pub(crate) fn program(&self) -> &str {
        &self.0[0]
    }

    /// Returns the command, ready to be run.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(self.program());
        command.args(&self.0[1..]).stdin(Stdio::null());
        command
    }
}

/// Why a program did not do what it was run for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    /// It could not be run.
    #[error("it cannot be run: {0}")]
    NotRun(io::Error),
    /// It ended as programs do that fail.
    #[error("it ended with {0}")]
    Failed(ExitStatus),
    /// It was ended, as it took too long.
    #[error("it did not end within {} s", .0.as_secs())]
    TooLong(Duration),
}

/// The most that is read of what a program prints.
const LONGEST_OUTPUT: u64 = 64 * 1024;
/// How often it is looked whether a program has ended.
const GLANCE: Duration = Duration::from_millis(10);

/// Runs a program to its end.
///
/// # Errors
/// When it cannot be run, fails, or takes too long.
pub(crate) fn run(command: &mut Command, limit: Duration) -> Result<(), CommandError> {
    let child = command.spawn().map_err(CommandError::NotRun)?;
    wait(child, Instant::now() + limit, limit)
}

/// Runs a program to its end, and returns what it prints.
///
/// # Errors
/// When it cannot be run, fails, or takes too long.
pub(crate) fn output(command: &mut Command, limit: Duration) -> Result<Vec<u8>, CommandError> {
    let deadline = Instant::now() + limit;
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(CommandError::NotRun)?;
    let (sender, printed) = mpsc::channel();
    let mut stdout = child.stdout.take();
    // Where the program leaves another behind that keeps the stream open, nobody waits for this thread.
    thread::spawn(move || {
        let mut text = Vec::new();
        let read = stdout.as_mut().map_or(Ok(0), |stdout| {
            stdout.take(LONGEST_OUTPUT).read_to_end(&mut text)
        });
        // Where nobody waits any more the program took too long.
        let _ = sender.send(read.map(|_| text));
    });
    let text = printed.recv_timeout(deadline.saturating_duration_since(Instant::now()));
    let Ok(text) = text else {
        end(&mut child);
        return Err(CommandError::TooLong(limit));
    };
    wait(child, deadline, limit)?;
    text.map_err(CommandError::NotRun)
}

fn wait(mut child: Child, deadline: Instant, limit: Duration) -> Result<(), CommandError> {
    loop {
        match child.try_wait().map_err(CommandError::NotRun)? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(CommandError::Failed(status)),
            None if Instant::now() >= deadline => {
                end(&mut child);
                return Err(CommandError::TooLong(limit));
            }
            None => thread::sleep(GLANCE),
        }
    }
}

fn end(child: &mut Child) {
    // One that has ended by itself in this moment is ended too.
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_split_as_a_shell_splits_it_and_nothing_else_is_done_to_it() {
        let table: [(&str, &[&str]); 6] = [
            ("mail -s done", &["mail", "-s", "done"]),
            (
                "sh -c 'echo \"$HOME\" | cat'",
                &["sh", "-c", "echo \"$HOME\" | cat"],
            ),
            (r#"  a\ b  "c \"d\"" '' "#, &["a b", "c \"d\"", ""]),
            ("x'y'\"z\"", &["xyz"]),
            (r"'a\b' $X *", &[r"a\b", "$X", "*"]),
            ("caf\u{e9}\tx", &["caf\u{e9}", "x"]),
        ];
        for (line, words) in table {
            assert_eq!(line.parse::<CommandLine>().unwrap().0, words, "{line}");
        }
        for line in ["", "  ", "'a", "a\\", "''"] {
            assert!(line.parse::<CommandLine>().is_err(), "{line}");
        }
    }

    fn words(line: &str) -> Command {
        line.parse::<CommandLine>().unwrap().command()
    }

    #[test]
    fn what_a_program_prints_counts_only_where_it_succeeds_in_time() {
        let minute = Duration::from_secs(60);
        assert_eq!(output(&mut words("echo 'a b'"), minute).unwrap(), b"a b\n");
        let failed = output(&mut words("sh -c 'echo x; exit 3'"), minute).unwrap_err();
        assert_eq!(failed.to_string(), "it ended with exit status: 3");
        let short = Duration::from_millis(1);
        assert!(matches!(
            output(&mut words("sleep 60"), short),
            Err(CommandError::TooLong(_))
        ));
        assert!(matches!(
            run(&mut words("sleep 60"), short),
            Err(CommandError::TooLong(_))
        ));
        let none = run(&mut words("/nowhere/at-all"), minute);
        assert!(matches!(none, Err(CommandError::NotRun(_))));
    }
}
