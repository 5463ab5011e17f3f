//! `scoreload help`: help about a command or a topic.

use clap::Command;

use crate::cli;
use crate::cli::error::CommandLineError;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::guide;
use crate::ui;

pub(crate) fn run(about: &[String]) -> Result<ExitCode, Error> {
    let mut cli = cli::command();
    cli.build();
    let text = match about {
        [] => cli.render_help().to_string(),
        [name] => match guide::guide(name) {
            Some(guide) => guide.text.to_owned(),
            None => command(&mut cli, about)?.render_long_help().to_string(),
        },
        names => command(&mut cli, names)?.render_long_help().to_string(),
    };
    ui::answer(|out| out.write_all(text.as_bytes()))?;
    Ok(ExitCode::Success)
}

/// Returns the command at a path of names, such as `ledger export`.
fn command<'a>(cli: &'a mut Command, names: &[String]) -> Result<&'a mut Command, Error> {
    let mut found = cli;
    for name in names {
        found = found
            .find_subcommand_mut(name)
            .ok_or_else(|| CommandLineError::UnknownTopic {
                topic: names.join(" "),
                known: guide::GUIDES.iter().map(|guide| guide.topic).collect(),
            })?;
    }
    Ok(found)
}
