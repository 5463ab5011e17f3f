//! Checks, a line each, with what to do where something is not as it should be.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::{ERROR, HELP};
use crate::text::safe;

const OK: Style = AnsiColor::Green.on_default();
const WARN: Style = AnsiColor::Yellow.on_default().bold();

/// A check as it is told.
#[derive(Debug)]
pub(crate) struct Told<'a> {
    /// What was looked at.
    pub(crate) name: &'a str,
    /// `ok`, `warn` or `fail`.
    pub(crate) status: &'a str,
    /// What was found.
    pub(crate) message: &'a str,
    /// What to do.
    pub(crate) help: Option<&'a str>,
}

/// Writes a line for each check.
///
/// # Errors
/// Those of the stream.
pub(crate) fn write<'a>(
    out: &mut dyn Write,
    checks: impl Iterator<Item = Told<'a>>,
) -> io::Result<()> {
    for check in checks {
        let style = match check.status {
            "ok" => OK,
            "warn" => WARN,
            _ => ERROR,
        };
        writeln!(
            out,
            "{style}{:<4}{style:#}  {:<12}  {}",
            check.status,
            check.name,
            safe(check.message)
        )?;
        if let Some(help) = check.help {
            writeln!(out, "{:20}{HELP}help{HELP:#}: {}", "", safe(help))?;
        }
    }
    Ok(())
}
