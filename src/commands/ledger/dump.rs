//! `scoreload ledger export` and `import`: copies a ledger.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufWriter, Seek};
use std::path::Path;

use serde_json::json;

use super::lock_targets;
use crate::cli::error::CommandLineError;
use crate::cli::{ExportArgs, Format, MergeArgs};
use crate::error::Error;
use crate::exit::ExitCode;
use crate::ledger::dump;
use crate::ledger::dump::{Counts, DumpError};
use crate::ledger::entry::Entry;
use crate::ledger::{Ledger, LedgerError};
use crate::pipeline::open_ledger::{open_ledger, open_or_create_ledger};
use crate::system::atomic_file::{NewFile, NewFileError};
use crate::ui::{self, Screen, summary};

/// Writes the whole ledger to a file or to stdout.
pub(crate) fn export(args: &ExportArgs, screen: Screen) -> Result<ExitCode, Error> {
    let counts = match &args.output {
        Some(path) => {
            let file = NewFile::reserve(path, "an export")?;
            to_file(&open_ledger(&args.ledger)?, &file)?
        }
        None => to_standard_output(&open_ledger(&args.ledger)?)?,
    };
    screen.note(|mut out| summary::write_line(&mut out, "exported", &words(&counts)));
    Ok(ExitCode::Success)
}

fn to_file(ledger: &Ledger, file: &NewFile) -> Result<Counts, Error> {
    file.write_with(|out| {
        let out = out.try_clone().map_err(|source| NewFileError::Write {
            path: file.path().to_owned(),
            source,
        })?;
        Ok(fill(ledger, out)?)
    })
}

/// Exports to a temporary file first, so that a slow reader of stdout does not block the ledger.
fn to_standard_output(ledger: &Ledger) -> Result<Counts, Error> {
    let unmade = |source| Error::System {
        action: "make a temporary file",
        source,
    };
    let mut file = tempfile::tempfile().map_err(unmade)?;
    let counts = fill(ledger, file.try_clone().map_err(unmade)?).map_err(Error::Ledger)?;
    file.rewind().map_err(unmade)?;
    ui::answer(|out| io::copy(&mut file, out).map(drop))?;
    Ok(counts)
}

fn fill(ledger: &Ledger, file: File) -> Result<Counts, LedgerError> {
    dump::write(ledger, BufWriter::new(file)).map(|(_, counts)| counts)
}

/// Merges a dump into the ledger.
pub(crate) fn import(args: &MergeArgs, screen: Screen) -> Result<ExitCode, Error> {
    let invalid = |error: DumpError| CommandLineError::InvalidDump {
        path: args.file.clone(),
        message: error.to_string(),
        help: error.help().into(),
    };
    let file = if args.file == Path::new("-") {
        keep_standard_input()?
    } else {
        File::open(&args.file).map_err(|error| invalid(error.into()))?
    };
    let counts = dump::check(&file).map_err(invalid)?;
    let ledger = open_or_create_ledger(&args.ledger)?;
    let _locks = lock_targets(&ledger, &targets(&file))?;
    let merged = ledger
        .merge(move || dump::entries(&file))
        .map_err(Error::Ledger)?;
    if args.format == Format::Json {
        let result = json!({
            "read": counts,
            "changed": {"runs": merged.runs, "orders": merged.orders, "deliveries": merged.deliveries},
        });
        ui::answer(|out| ui::write_json_line(out, &result))?;
        return Ok(ExitCode::Success);
    }
    let changed = Counts {
        runs: merged.runs as u64,
        orders: merged.orders as u64,
        deliveries: merged.deliveries as u64,
    };
    let line = format!("{}; of these new: {}", words(&counts), words(&changed));
    screen.note(|mut out| summary::write_line(&mut out, "imported", &line));
    Ok(ExitCode::Success)
}

/// Copies stdin to a temporary file, because the dump is read twice.
fn keep_standard_input() -> Result<File, Error> {
    let keep = || {
        let mut file = tempfile::tempfile()?;
        io::copy(&mut io::stdin().lock(), &mut file)?;
        Ok(file)
    };
    keep().map_err(|source| Error::System {
        action: "keep standard input",
        source,
    })
}

/// Returns the targets in a dump.
fn targets(file: &File) -> BTreeSet<String> {
    let mut targets = BTreeSet::new();
    let entries = dump::entries(file).into_iter().flatten();
    for entry in entries.flatten() {
        match entry {
            Entry::Run(run) => targets.insert(run.record.target),
            Entry::Order(order) => targets.insert(order.key.target),
            Entry::Delivery(_) => false,
        };
    }
    targets
}

fn words(counts: &Counts) -> String {
    let count = |number: u64, one, many| {
        let number = usize::try_from(number).unwrap_or(usize::MAX);
        summary::count(number, one, many)
    };
    format!(
        "{}, {}, {}",
        count(counts.runs, "run", "runs"),
        count(counts.orders, "order", "orders"),
        count(counts.deliveries, "delivery", "deliveries"),
    )
}
