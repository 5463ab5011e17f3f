//! Fuzz targets for every parser of outside data. A target panics if an invariant is violated.
//!
//! `tests/fuzz` calls them with generated input, the test below with the files of the corpus. The invariants: nothing
//! panics, written data reads back, totals close, and a CSV file has the same rows whole and in chunks.

mod files;
mod memory;
mod words;

use std::ffi::OsString;
use std::sync::OnceLock;

use crate::cli::{self, Command};
use crate::config::error::ConfigError;
use crate::config::file::{self, ConfigFile};
use crate::config::{self, InputOptions};
use crate::input::Options;

/// The name of a corpus in `tests/fuzz/corpus`, and its target.
pub(crate) type Entry = (&'static str, fn(&[u8]));

/// All targets.
pub(crate) const ENTRIES: [Entry; 13] = [
    ("csv", files::csv),
    ("packed", files::csv),
    ("xlsx", files::workbook),
    ("xlsb", files::workbook),
    ("xls", files::workbook),
    ("ods", files::workbook),
    ("header", words::header),
    ("time", words::time),
    ("answer", words::answer),
    ("config", words::config),
    ("setting", words::setting),
    ("plan", memory::plan_file),
    ("ledger", memory::ledger),
];

/// The time of the run: later timestamps are warnings.
const NOW: &str = "2026-03-04T17:06:00Z";

/// A configuration with wide tests.
const CONFIG: &str = r#"
[defaults]
date_order = "mdy"
timezone = "America/New_York"
company_id = "B1"
default_attempt = 1
[columns]
Punkte = "test_score"
[statuses]
Graded = "Complete"
[[wide]]
test_id = "W"
score = "W"
status = "S"
attempt = "N"
updated_at = "T"
report_url = "U"
[[wide]]
test_id = "V"
score = "V"
status = { const = "Complete" }
description = "D"
assessment_id = "A"
"#;

/// The input options by default, and with [`CONFIG`].
fn readings() -> &'static [InputOptions; 2] {
    static READINGS: OnceLock<[InputOptions; 2]> = OnceLock::new();
    READINGS.get_or_init(|| {
        let configs = [ConfigFile::default(), file::parse(CONFIG).unwrap()];
        configs.map(|config| reading(&config).unwrap())
    })
}

fn reading(config: &ConfigFile) -> Result<InputOptions, ConfigError> {
    let line = ["scoreload", "validate", "input"].map(OsString::from);
    let cli = cli::parse(line.clone()).unwrap();
    let cli = config.complete(cli, line).unwrap();
    let Command::Validate(args) = cli.command else {
        unreachable!("that is what was parsed");
    };
    config::input_options(&args.input, config, NOW.parse().unwrap())
}

fn options(reading: &InputOptions) -> Options<'static> {
    Options {
        names: reading.names.clone(),
        wide: reading.wide.clone(),
        warnings: reading.rules.warnings,
        // The fuzzer must not start itself as the workbook reader.
        program: Some("/bin/false".into()),
        ..Options::default()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::{fs, panic};

    use super::ENTRIES;

    #[test]
    fn the_fuzz_corpus_violates_no_invariant() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
        for (name, entry) in ENTRIES {
            let files = fs::read_dir(corpus.join(name)).unwrap();
            let files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
            assert!(!files.is_empty(), "{name}");
            for file in files {
                let bytes = fs::read(&file).unwrap();
                let read = panic::catch_unwind(|| entry(&bytes));
                assert!(read.is_ok(), "{}", file.display());
            }
        }
        let names = fs::read_dir(&corpus).unwrap().count();
        assert_eq!(names, ENTRIES.len(), "every corpus has an entry");
    }
}
