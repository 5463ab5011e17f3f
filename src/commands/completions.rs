//! `scoreload completions`: the completion script of a shell.

use clap_complete::Shell;

use crate::cli;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::ui;

pub(crate) fn run(shell: Shell) -> Result<ExitCode, Error> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut cli::command(), "scoreload", &mut script);
    ui::answer(|out| out.write_all(&script))?;
    Ok(ExitCode::Success)
}
