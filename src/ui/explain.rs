//! The pages of `scoreload explain`, and the list of codes.

use std::io::{self, Write};

use anstyle::Style;

use crate::diagnostics::diagnostic::{Code, Severity};
use crate::diagnostics::explain::Page;
use crate::ui::diagnostics::style_of;

const STRONG: Style = Style::new().bold();

/// Writes a page.
///
/// # Errors
/// Fails if the stream cannot be written.
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
/// Fails if the stream cannot be written.
pub(crate) fn write_table(out: &mut dyn Write, pages: &[Page]) -> io::Result<()> {
    let width = pages.iter().map(|page| page.code.len()).max().unwrap_or(0);
    let parts = [
        (
            Severity::Error,
            "errors",
            "the order or the file is not sent",
        ),
        (
            Severity::Warning,
            "warnings",
            "everything is sent, unless --deny-warnings is given",
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
    writeln!(out, "`scoreload explain CODE` explains a code")
}

/// Converts bold Markdown to bold terminal text.
fn styled(text: &str) -> String {
    let part = |(index, part): (usize, &str)| match index % 2 {
        0 => part.to_owned(),
        _ => format!("{STRONG}{part}{STRONG:#}"),
    };
    text.split("**").enumerate().map(part).collect()
}
