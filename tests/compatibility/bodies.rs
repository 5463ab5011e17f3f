//! The same inputs give the same requests, byte for byte.

use std::fs;

use crate::recorder::Recorder;
use crate::world::{World, fixture, repository};

/// Imports a file and compares the requests with those of the earlier version.
#[track_caller]
fn sends(expected: &str, input: &str, flags: &[&str]) {
    let (world, recorder) = (World::new(), Recorder::start());
    let input = match repository(input) {
        path if path.exists() => path.display().to_string(),
        _ => input.to_owned(),
    };
    let fixed = ["--ledger", "none", input.as_str()];
    let run = world.import(&recorder.url, &[&fixed, flags].concat());
    let sent: Vec<u8> = recorder
        .updates()
        .iter()
        .flat_map(|update| [update.path.as_bytes(), b"\n", &update.body, b"\n"].concat())
        .collect();
    let path = fixture(&format!("bodies/{expected}.txt"));
    if sent != fs::read(&path).unwrap() {
        let sent = String::from_utf8_lossy(&sent);
        panic!(
            "{} differs from what is sent:\n{sent}{}",
            path.display(),
            run.stderr
        );
    }
}

#[test]
fn rows_of_a_csv_file() {
    sends("scores", "samples/scores.csv", &[]);
}

#[test]
fn rows_of_a_workbook() {
    sends("workbook", "samples/scores.xlsx", &[]);
}

#[test]
fn rows_without_mistakes_among_rows_with_mistakes() {
    sends("mistakes", "samples/mistakes.csv", &[]);
}

#[test]
fn a_wide_sheet() {
    let config = repository("samples/wide.toml").display().to_string();
    sends("wide", "samples/wide.csv", &["--config", &config]);
}

#[test]
fn every_column_with_repeated_reports_and_unusual_texts() {
    sends("all_columns", "all_columns.csv", &["--date-order", "mdy"]);
}

#[test]
fn a_semicolon_file_read_by_its_configuration() {
    sends("options", "options.csv", &["--config", "options.toml"]);
}

#[test]
fn cells_of_every_workbook_format() {
    for format in ["xlsx", "xlsb", "xls", "ods"] {
        let input = format!("tests/cli/workbooks/meanings.{format}");
        sends(&format!("meanings_{format}"), &input, &[]);
    }
}
