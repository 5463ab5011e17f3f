//! The settings as a table: name, value, source.

use std::io::{self, Write};

use anstyle::Style;

use crate::config::effective::EffectiveSetting;
use crate::config::file::ConfigFile;
use crate::config::source::Source;
use crate::text::safe;

const STRONG: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();

/// Longer values do not widen the column.
const MAX_VALUE_WIDTH: usize = 40;

/// Writes every setting. Defaults are dimmed.
///
/// # Errors
/// Fails if the stream cannot be written.
pub(crate) fn write(
    out: &mut dyn Write,
    config: &ConfigFile,
    all: &[EffectiveSetting],
) -> io::Result<()> {
    match (&config.path, config.profile()) {
        (None, _) => writeln!(out, "no configuration file\n")?,
        (Some(path), None) => writeln!(out, "{}\n", safe(&path.display().to_string()))?,
        (Some(path), Some(profile)) => {
            writeln!(
                out,
                "{}, profile {}\n",
                safe(&path.display().to_string()),
                safe(profile)
            )?;
        }
    }
    let value = |one: &EffectiveSetting| one.value.clone().unwrap_or_else(|| "not set".to_owned());
    let width = |text: &str| console::measure_text_width(text);
    let names = all.iter().map(|one| width(&one.setting)).max();
    let values = all.iter().map(|one| width(&value(one)));
    let values = values.filter(|width| *width <= MAX_VALUE_WIDTH).max();
    let (names, values) = (names.unwrap_or_default(), values.unwrap_or_default());
    for one in all {
        let style = match one.source {
            Source::Default => FAINT,
            _ => STRONG,
        };
        let (setting, value, source) = (&one.setting, value(one), one.source.to_string());
        writeln!(
            out,
            "{style}{:names$}{style:#}  {:values$}  {}",
            safe(setting),
            safe(&value),
            safe(&source)
        )?;
    }
    Ok(())
}
