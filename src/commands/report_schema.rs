//! `scoreload report-schema`: the JSON Schema of the report.

use crate::error::Error;
use crate::exit::ExitCode;
use crate::report::model::Report;
use crate::ui;

pub(crate) fn run() -> Result<ExitCode, Error> {
    ui::answer(|out| {
        serde_json::to_writer_pretty(&mut *out, &Report::schema())?;
        writeln!(out)
    })?;
    Ok(ExitCode::Success)
}
