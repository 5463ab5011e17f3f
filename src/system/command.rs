//! Commands that the user configures: run without a shell and with a time limit.

use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::str::FromStr;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;
use wait_timeout::ChildExt;

/// A program and its arguments.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub(crate) struct CommandLine(Vec<String>);

impl TryFrom<Vec<String>> for CommandLine {
    type Error = &'static str;

    fn try_from(words: Vec<String>) -> Result<Self, Self::Error> {
        match words.first() {
            Some(program) if !program.is_empty() => Ok(Self(words)),
            _ => Err("expected a program and its arguments"),
        }
    }
}

/// Replaces `#` while a line is split; a private-use character that no command contains.
const NUMBER_SIGN: &str = "\u{e023}";

impl FromStr for CommandLine {
    type Err = &'static str;

    /// Splits a line into words by the quoting rules of a POSIX shell, without expansions or comments.
    fn from_str(line: &str) -> Result<Self, Self::Err> {
        // shlex drops a word that begins with `#`, such as a channel's name, as a comment.
        let words = shlex::split(&line.replace('#', NUMBER_SIGN))
            .ok_or("a quote is not closed, or the last `\\` escapes nothing")?;
        let words = words.iter().map(|word| word.replace(NUMBER_SIGN, "#"));
        Self::try_from(words.collect::<Vec<_>>())
    }
}

impl CommandLine {
    /// Returns the name of the program.
    pub(crate) fn program(&self) -> &str {
        &self.0[0]
    }

    /// Returns the command to run, without standard input.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(self.program());
        command.args(&self.0[1..]).stdin(Stdio::null());
        command
    }
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    /// The program cannot be started or its output cannot be read.
    #[error("cannot run it: {0}")]
    NotRun(io::Error),
    /// It exited with a failure status.
    #[error("it ended with {0}")]
    Failed(ExitStatus),
    /// It was killed at the time limit.
    #[error("it did not end within {} s", .0.as_secs())]
    TimedOut(Duration),
}

/// The longest output that is read, in bytes.
const MAX_OUTPUT: u64 = 64 * 1024;

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command, limit: Duration) -> Result<(), CommandError> {
    let child = command.spawn().map_err(CommandError::NotRun)?;
    wait(child, Instant::now() + limit, limit)
}

/// Runs a command to its end and returns its standard output.
pub(crate) fn output(command: &mut Command, limit: Duration) -> Result<Vec<u8>, CommandError> {
    let deadline = Instant::now() + limit;
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(CommandError::NotRun)?;
    let (sender, receiver) = mpsc::channel();
    let mut stdout = child.stdout.take();
    // A background process that inherits standard output keeps it open after the command has ended, so this thread is
    // never joined.
    thread::spawn(move || {
        let mut text = Vec::new();
        let read = stdout.as_mut().map_or(Ok(0), |stdout| {
            stdout.take(MAX_OUTPUT).read_to_end(&mut text)
        });
        let _ = sender.send(read.map(|_| text));
    });
    let text = receiver.recv_timeout(deadline.saturating_duration_since(Instant::now()));
    let Ok(text) = text else {
        kill(&mut child);
        return Err(CommandError::TimedOut(limit));
    };
    wait(child, deadline, limit)?;
    text.map_err(CommandError::NotRun)
}

fn wait(mut child: Child, deadline: Instant, limit: Duration) -> Result<(), CommandError> {
    let left = deadline.saturating_duration_since(Instant::now());
    match child.wait_timeout(left).map_err(CommandError::NotRun)? {
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(CommandError::Failed(status)),
        None => {
            kill(&mut child);
            Err(CommandError::TimedOut(limit))
        }
    }
}

fn kill(child: &mut Child) {
    // It may have ended in the meantime.
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_split_by_the_quoting_rules_of_a_shell() {
        let table: [(&str, &[&str]); 7] = [
            ("mail -s done", &["mail", "-s", "done"]),
            (
                "sh -c 'echo \"$HOME\" | cat'",
                &["sh", "-c", "echo \"$HOME\" | cat"],
            ),
            (r#"  a\ b  "c \"d\"" '' "#, &["a b", "c \"d\"", ""]),
            ("x'y'\"z\"", &["xyz"]),
            ("post #ops a#b", &["post", "#ops", "a#b"]),
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

    fn command(line: &str) -> Command {
        line.parse::<CommandLine>().unwrap().command()
    }

    #[test]
    fn output_is_returned_only_if_the_command_succeeds_in_time() {
        let minute = Duration::from_secs(60);
        let printed = output(&mut command("echo 'a b'"), minute);
        assert_eq!(printed.unwrap(), b"a b\n");
        let failed = output(&mut command("sh -c 'echo x; exit 3'"), minute).unwrap_err();
        assert_eq!(failed.to_string(), "it ended with exit status: 3");
        let short = Duration::from_millis(1);
        assert!(matches!(
            output(&mut command("sleep 60"), short),
            Err(CommandError::TimedOut(_))
        ));
        assert!(matches!(
            run(&mut command("sleep 60"), short),
            Err(CommandError::TimedOut(_))
        ));
        let missing = run(&mut command("/nowhere/at-all"), minute);
        assert!(matches!(missing, Err(CommandError::NotRun(_))));
    }
}
