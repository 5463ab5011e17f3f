//! `scoreload config`: every setting in force and where it is from; or a file to begin with.

use std::io::{self, Write};
use std::path::Path;

use clap::CommandFactory;
use serde_json::json;

use crate::cli::{Cli, ConfigArgs, Format};
use crate::config::effective;
use crate::config::effective::InForce;
use crate::config::environment::variable;
use crate::config::file::ConfigFile;
use crate::config::template;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::system::atomic_file::NewFile;
use crate::ui::{self, Screen, settings as table, summary};

/// Where the file is made when nothing else is said: where it is looked for first.
const NAME: &str = "scoreload.toml";

pub(crate) fn run(
    args: &ConfigArgs,
    config: &ConfigFile,
    screen: Screen,
) -> Result<ExitCode, Error> {
    if args.init {
        return init(args.output.as_deref().unwrap_or(Path::new(NAME)), screen);
    }
    let cli = Cli::command();
    // What was typed was read before, so it can be read again.
    let matches = cli.clone().try_get_matches_from(std::env::args_os());
    let (matches, mut cli) = (matches.unwrap_or_default(), cli);
    cli.build();
    let matches = matches
        .subcommand()
        .map_or(&matches, |(_, matches)| matches);
    let command = cli.find_subcommand("config").unwrap_or(&cli);
    let all = effective::all(matches, command, config, &variable)?;
    ui::answer(|out| match args.import.result.format {
        Format::Human => table::write(out, config, &all),
        Format::Json => all.iter().try_for_each(|one| write_json(out, one)),
    })?;
    Ok(ExitCode::Success)
}

fn write_json(out: &mut dyn Write, one: &InForce) -> io::Result<()> {
    let (from, name) = one.source.parts();
    let told = json!({"setting": one.setting, "value": one.value, "from": from, "name": name});
    ui::write_json_line(out, &told)
}

/// Makes a file with every setting as a comment; one that is there is never replaced.
fn init(path: &Path, screen: Screen) -> Result<ExitCode, Error> {
    let text = template::text();
    if path == Path::new("-") {
        ui::answer(|out| out.write_all(text.as_bytes()))?;
        return Ok(ExitCode::Success);
    }
    let file = NewFile::reserve(path, "a configuration file")?;
    let path = file.write(|file| file.write_all(text.as_bytes()))?;
    let words = format!(
        "{}: take the comment sign from what you need",
        path.display()
    );
    screen.note(|mut out| summary::write_line(&mut out, "made", &words));
    Ok(ExitCode::Success)
}
