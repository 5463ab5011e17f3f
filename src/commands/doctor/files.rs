//! Checks of this machine: the ledger, the rate limit, output files and permissions.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Check;
use crate::cli::ImportArgs;
use crate::config::file::ConfigFile;
use crate::config::{Delivery, Target};
use crate::exit::ExitCode;
use crate::ledger::{Ledger, Location};
use crate::pipeline::ledger_session::LockWait;
use crate::pipeline::ledger_session::lock::lock;
use crate::pipeline::reports;
use crate::rate_limit::rate::Rate;
use crate::rate_limit::store::StateStore;
use crate::system::permissions;
use crate::ui::progress::duration_text;

/// Checks that the ledger can be opened and is not locked.
pub(crate) fn ledger(setup: &Delivery, run: &str) -> Check {
    const NAME: &str = "ledger";
    let place = &setup.ledger;
    match (place, &setup.target) {
        (Location::Memory, Target::BuiltInSandbox) => {
            let message = "not needed: a trial is forgotten when the run ends";
            return Check::ok(NAME, message);
        }
        (Location::Memory, Target::Server { .. }) => {
            let message = "no ledger: importing the same file again sends everything again";
            let help = "remove --ledger none and --test-mode unless this is intended";
            return Check::warn(NAME, message, help);
        }
        (Location::File(path), _) if !path.exists() => return missing(path),
        _ => {}
    }
    let opened = Ledger::open(place).map_err(crate::error::Error::Ledger);
    let target = setup.target.key();
    let free = opened.and_then(|_| lock(place, target, run, LockWait::No));
    match free {
        Ok(_) => Check::ok(NAME, format!("{place}, not in use")),
        Err(error) => Check::of_error(NAME, &error),
    }
}

/// Checks that a missing ledger file can be created in its directory, or in the nearest one that exists.
fn missing(path: &Path) -> Check {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let existing = absolute.ancestors().skip(1).find(|path| path.exists());
    match try_writing(existing.unwrap_or(Path::new("/"))) {
        Ok(()) => Check::ok(
            "ledger",
            format!("{}, created by the first import", path.display()),
        ),
        Err(error) => Check::fail(
            ("ledger", ExitCode::Usage),
            format!("cannot create {}: {error}", path.display()),
            "name another file with --ledger, in a directory that you may write to",
        ),
    }
}

fn try_writing(directory: &Path) -> io::Result<()> {
    tempfile::tempfile_in(directory).map(drop)
}

/// Checks that the output files can be written, and that others cannot change the configuration file.
pub(crate) fn files(args: &ImportArgs, config: &ConfigFile) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut writable = |what: &str, directory: &Path| {
        if let Err(error) = try_writing(directory) {
            let message = format!("cannot write {what} to {}: {error}", directory.display());
            let help = "name another directory, or make this one writable for the user who runs the import";
            checks.push(Check::fail(("files", ExitCode::Usage), message, help));
        }
    };
    match &args.inbox.inbox {
        Some(inbox) => {
            for directory in [inbox.clone(), inbox.join("done"), inbox.join("failed")] {
                if directory == *inbox || directory.exists() {
                    writable("files of the inbox", &directory);
                }
            }
        }
        None if reports::is_wanted(&args.result) => {
            let named = args.result.reports.iter();
            let mut directories: Vec<PathBuf> = named.map(|path| directory_of(path)).collect();
            if directories.is_empty() {
                directories.push(PathBuf::from("."));
            }
            for directory in directories {
                writable("reports", &directory);
            }
        }
        None => {}
    }
    if let Some(path) = &args.result.metrics {
        writable("metrics", &directory_of(path));
    }
    checks.extend(config.path.as_deref().and_then(open_to_others));
    if checks.is_empty() {
        checks.push(Check::ok("files", "all output files can be written"));
    }
    checks
}

fn directory_of(path: &Path) -> PathBuf {
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new(".")).to_owned()
}

/// Warns if others may change the configuration file, which names the target and the commands to run.
fn open_to_others(path: &Path) -> Option<Check> {
    let mode = permissions::mode(&fs::metadata(path).ok()?)?;
    (mode & 0o022 != 0).then(|| {
        Check::warn(
            "files",
            format!(
                "{} is writable by others: its mode is {mode:03o}",
                path.display()
            ),
            format!("restrict its permissions: chmod go-w {}", path.display()),
        )
    })
}

/// Reports how much of the rate is used, and whether the server has requested a pause.
pub(crate) fn pace(setup: &Delivery, rate: &Rate) -> Check {
    let location = &setup.policy.rate_state;
    if !location.exists() {
        return Check::ok("pace", format!("{rate}, unused"));
    }
    let usage = match StateStore::open(location).usage() {
        Ok(usage) => usage,
        Err(error) => {
            return Check::fail(
                ("pace", ExitCode::Unreachable),
                format!("cannot read the state of the rate limit: {error}"),
                "check the connection to the ledger's database",
            );
        }
    };
    let (pause, recent) = (usage.pause_left, usage.requests_last_minute);
    if pause.is_zero() {
        return Check::ok(
            "pace",
            format!("{rate}, {recent} requests in the last minute"),
        );
    }
    Check::warn(
        "pace",
        format!(
            "the server has requested a pause, {} left",
            duration_text(pause)
        ),
        "nothing to do: an import waits until the pause is over",
    )
}
