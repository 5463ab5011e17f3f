//! What a kind of finding means, as a page to read; and the table of all of them.

use std::io::{self, Write};

use anstyle::Style;

use crate::diagnostics::diagnostic::{Code, Severity};
use crate::diagnostics::explain::Page;
use crate::ui::diagnostics::style_of;

const STRONG: Style = Style::new().bold();

/// Writes a page.
///
/// # Errors
/// Those of the stream.
pub(crate) fn write_page(out: &mut dyn Write, code: Code, page: &Page) -> io::Result<()> {
    let style = style_of(code.severity());
    writeln!(
        out,
        "{style}{}[{}]{style:#}: {STRONG}{}{STRONG:#}\n",
        page.severity, page.code, page.summary
    )?;
    writeln!(out, "{}", styled(page.text))
}

/// Writes a line for each code: errors, then warnings.
///
/// # Errors
/// Those of the stream.
pub(crate) fn write_table(out: &mut dyn Write, pages: &[Page]) -> io::Result<()> {
    let width = pages.iter().map(|page| page.code.len()).max().unwrap_or(0);
    let parts = [
        (Severity::Error, "errors", "hold an order or a file back"),
        (
            Severity::Warning,
            "warnings",
            "hold nothing back, unless --deny-warnings",
        ),
    ];
    for (severity, title, meaning) in parts {
        let style = style_of(severity);
        writeln!(out, "{style}{title}{style:#} ({meaning})")?;
        let of_part = pages
            .iter()
            .filter(|page| page.severity == severity.to_string());
        for page in of_part {
            writeln!(
                out,
                "  {STRONG}{:width$}{STRONG:#}  {}",
                page.code, page.summary
            )?;
        }
        writeln!(out)?;
    }
    writeln!(out, "`scoreload explain CODE` says more of one")
}

/// Turns the strong parts of Markdown into those of a terminal, which fall away where it is none.
fn styled(text: &str) -> String {
    let part = |(index, part): (usize, &str)| match index % 2 {
        0 => part.to_owned(),
        _ => format!("{STRONG}{part}{STRONG:#}"),
    };
    text.split("**").enumerate().map(part).collect()
}
