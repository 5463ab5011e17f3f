//! The checks of `scoreload doctor`, one per line, each with its remedy.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::{ERROR, HELP};
use crate::text::safe;

const OK: Style = AnsiColor::Green.on_default();
const WARN: Style = AnsiColor::Yellow.on_default().bold();

/// The result of a check.
#[derive(Debug)]
pub(crate) struct CheckLine<'a> {
    /// The subject of the check.
    pub(crate) name: &'a str,
    /// `ok`, `warn` or `fail`.
    pub(crate) status: &'a str,
    /// The finding.
    pub(crate) message: &'a str,
    /// The remedy.
    pub(crate) help: Option<&'a str>,
}

/// Writes a line for each check.
///
/// # Errors
/// Fails if the stream cannot be written.
pub(crate) fn write<'a>(
    out: &mut dyn Write,
    checks: impl Iterator<Item = CheckLine<'a>>,
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
