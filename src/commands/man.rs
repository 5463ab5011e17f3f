//! `scoreload man`: the manual pages of the tool and of its commands.

use crate::cli;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::ui;

pub(crate) fn run() -> Result<ExitCode, Error> {
    let mut command = cli::command();
    command.build();
    let mut pages = Vec::new();
    collect_pages(command, &mut pages);
    ui::answer(|out| {
        for page in pages {
            clap_mangen::Man::new(page).render(out)?;
        }
        Ok(())
    })?;
    Ok(ExitCode::Success)
}

/// Collects a command, followed by its subcommands.
fn collect_pages(command: clap::Command, pages: &mut Vec<clap::Command>) {
    let subcommands: Vec<clap::Command> = command
        .get_subcommands()
        .filter(|command| command.get_name() != "help")
        .cloned()
        .collect();
    pages.push(command);
    for subcommand in subcommands {
        collect_pages(subcommand, pages);
    }
}
