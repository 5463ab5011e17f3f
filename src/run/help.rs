//! `scoreload help`: a command, or a way of use that takes more than one of them.

use clap::CommandFactory;

use crate::cli::Cli;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::guide;
use crate::ui;

pub(super) fn run(about: Option<&str>) -> Result<ExitCode, Error> {
    let mut cli = Cli::command();
    cli.build();
    let text = match about {
        None => cli.render_help().to_string(),
        Some(name) => match (guide::text(name), cli.find_subcommand_mut(name)) {
            (Some(text), _) => text.to_owned(),
            (None, Some(command)) => command.render_long_help().to_string(),
            (None, None) => return Err(unknown(name)),
        },
    };
    ui::answer(|out| out.write_all(text.as_bytes()))?;
    Ok(ExitCode::Success)
}

fn unknown(name: &str) -> Error {
    let topics = guide::names().join(", ");
    let help = format!("`scoreload help` lists the commands; there is also help about {topics}");
    Error::usage(format!("there is no help about `{name}`"), help)
}
