//! `scoreload template`: writes an empty input file.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use serde_json::json;

use crate::cli::{Format, TemplateArgs};
use crate::error::Error;
use crate::exit::ExitCode;
use crate::system::atomic_file::NewFileError;
use crate::template;
use crate::ui::{self, Screen, text::safe};

pub(crate) fn run(args: &TemplateArgs, screen: Screen) -> Result<ExitCode, Error> {
    let path = &*args.output;
    if path == Path::new("-") {
        ui::answer(|out| out.write_all(template::csv().as_bytes()))?;
        return Ok(ExitCode::Success);
    }
    create(path, &content(path)?)?;
    let shown = path.display().to_string();
    if args.format == Format::Json {
        ui::answer(|out| ui::write_json_line(out, &json!({"template": shown})))?;
        return Ok(ExitCode::Success);
    }
    screen.note(|out| {
        writeln!(
            out,
            "made {0}: fill it in, then check it with `scoreload validate {0}`",
            safe(&shown)
        )
    });
    Ok(ExitCode::Success)
}

/// Returns the content of the file, according to its extension.
fn content(path: &Path) -> Result<Vec<u8>, NewFileError> {
    let extension = path
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default();
    match extension.to_ascii_lowercase().as_str() {
        "csv" => Ok(template::csv().into_bytes()),
        "xlsx" => template::workbook().map_err(|error| NewFileError::Write {
            path: path.to_owned(),
            source: io::Error::other(error),
        }),
        _ => Err(NewFileError::UnknownFormat {
            path: path.to_owned(),
            kind: "a template",
            known: vec![".xlsx".to_owned(), ".csv".to_owned()],
        }),
    }
}

/// Writes a new file. Never replaces a file, and removes a file that it could not complete.
fn create(path: &Path, content: &[u8]) -> Result<(), NewFileError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => NewFileError::Exists {
            path: path.to_owned(),
            kind: "a template",
        },
        _ => NewFileError::Write {
            path: path.to_owned(),
            source,
        },
    };
    let mut file = File::create_new(path).map_err(failed)?;
    file.write_all(content).map_err(|source| {
        // The write error is reported; an incomplete file that cannot be removed adds nothing to it.
        let _ = std::fs::remove_file(path);
        failed(source)
    })
}
