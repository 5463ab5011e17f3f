//! `scoreload config`: prints the effective settings and their sources, or writes a configuration file to start from.

use std::io::{self, Write};
use std::path::Path;

use serde_json::json;

use crate::cli::{ConfigArgs, Format};
use crate::config::effective;
use crate::config::effective::EffectiveSetting;
use crate::config::environment::variable;
use crate::config::file::ConfigFile;
use crate::config::template;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::system::atomic_file::NewFile;
use crate::ui::{self, Screen, settings as table, summary};

/// The default path of a new configuration file, which is the first one that commands look for.
const DEFAULT_PATH: &str = "scoreload.toml";

pub(crate) fn run(
    args: &ConfigArgs,
    config: &ConfigFile,
    screen: Screen,
) -> Result<ExitCode, Error> {
    if args.init {
        return init(
            args.output.as_deref().unwrap_or(Path::new(DEFAULT_PATH)),
            screen,
        );
    }
    let all = effective::all(std::env::args_os(), config, &variable)?;
    ui::answer(|out| match args.import.result.format {
        Format::Human => table::write(out, config, &all),
        Format::Json => all.iter().try_for_each(|one| write_json(out, one)),
    })?;
    Ok(ExitCode::Success)
}

fn write_json(out: &mut dyn Write, one: &EffectiveSetting) -> io::Result<()> {
    let (from, name) = one.source.parts();
    let line = json!({"setting": one.setting, "value": one.value, "from": from, "name": name});
    ui::write_json_line(out, &line)
}

/// Writes a file that has every setting as a comment. Never replaces a file.
fn init(path: &Path, screen: Screen) -> Result<ExitCode, Error> {
    let text = template::text();
    if path == Path::new("-") {
        ui::answer(|out| out.write_all(text.as_bytes()))?;
        return Ok(ExitCode::Success);
    }
    let file = NewFile::reserve(path, "a configuration file")?;
    let path = file.write(|file| file.write_all(text.as_bytes()))?;
    let words = format!("{}: uncomment the settings that you need", path.display());
    screen.note(|mut out| summary::write_line(&mut out, "made", &words));
    Ok(ExitCode::Success)
}
