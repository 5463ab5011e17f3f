//! `scoreload explain`: explains diagnostic codes.

use crate::cli::error::CommandLineError;
use crate::cli::{ExplainArgs, Format};
use crate::diagnostics::diagnostic::Code;
use crate::diagnostics::explain;
use crate::diagnostics::explain::Page;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::ui::{self, explain as screen};

pub(crate) fn run(args: &ExplainArgs) -> Result<ExitCode, Error> {
    let asked = args.code.as_deref().map(code).transpose()?;
    let pages = match asked {
        Some(code) => Vec::from_iter(explain::page(code)),
        None => explain::pages(),
    };
    ui::answer(|out| match (args.format, asked, &pages[..]) {
        (Format::Json, ..) => write_json(out, &pages),
        (Format::Human, Some(code), [page]) => screen::write_page(out, code, page),
        (Format::Human, ..) => screen::write_table(out, &pages),
    })?;
    Ok(ExitCode::Success)
}

fn write_json(out: &mut dyn std::io::Write, pages: &[Page]) -> std::io::Result<()> {
    for page in pages {
        ui::write_json_line(out, page)?;
    }
    Ok(())
}

fn code(word: &str) -> Result<Code, Error> {
    explain::code_named(word).map_err(|similar| {
        let code = word.to_owned();
        let similar = similar.map(Code::name);
        CommandLineError::UnknownCode { code, similar }.into()
    })
}
