//! What an import finds and leaves on this machine: the ledger, the pace, files and their permissions.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
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
use crate::ui::progress::duration_text;

/// Looks whether the ledger can be used, and is free.
pub(crate) fn ledger(setup: &Delivery, run: &str) -> Check {
    const NAME: &str = "ledger";
    let place = &setup.ledger;
    match (place, &setup.target) {
        (Location::Memory, Target::BuiltInSandbox) => {
            let message = "none is needed: what is tried is forgotten when the run ends";
            return Check::ok(NAME, message);
        }
        (Location::Memory, Target::Server { .. }) => {
            let message = "what is sent is not remembered: the same file is sent again";
            let help = "leave out --ledger none and --test-mode where that is not meant";
            return Check::warn(NAME, message, help);
        }
        (Location::File(path), _) if !path.exists() => return unmade(path),
        _ => {}
    }
    let opened = Ledger::open(place).map_err(crate::error::Error::Ledger);
    let target = setup.target.key();
    let free = opened.and_then(|_| lock(place, target, run, LockWait::No));
    match free {
        Ok(_) => Check::ok(NAME, format!("{place}, and nobody else uses it")),
        Err(error) => Check::of_error(NAME, &error),
    }
}

/// Looks whether a ledger can be made where there is none: in its directory, or the nearest that is there.
fn unmade(path: &Path) -> Check {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let there = absolute.ancestors().skip(1).find(|path| path.exists());
    match try_writing(there.unwrap_or(Path::new("/"))) {
        Ok(()) => Check::ok(
            "ledger",
            format!("{}, made by the first import", path.display()),
        ),
        Err(error) => Check::fail(
            ("ledger", ExitCode::Usage),
            format!("{} cannot be made: {error}", path.display()),
            "name another file with --ledger, in a directory that you may write to",
        ),
    }
}

fn try_writing(directory: &Path) -> io::Result<()> {
    tempfile::tempfile_in(directory).map(drop)
}

/// Looks whether the files that an import leaves can be written, and whether others can change its settings.
pub(crate) fn files(args: &ImportArgs, config: &ConfigFile) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut writable = |what: &str, directory: &Path| {
        if let Err(error) = try_writing(directory) {
            let message = format!(
                "{what} cannot be written to {}: {error}",
                directory.display()
            );
            let help =
                "name another place, or make that directory writable for who runs the import";
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
        checks.push(Check::ok(
            "files",
            "what an import leaves behind can be written",
        ));
    }
    checks
}

fn directory_of(path: &Path) -> PathBuf {
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new(".")).to_owned()
}

/// Warns where others may change the settings: with them they choose the target, and a command that is run.
fn open_to_others(path: &Path) -> Option<Check> {
    let mode = fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & 0o022 != 0).then(|| {
        Check::warn(
            "files",
            format!(
                "others may change {}: its mode is {mode:03o}",
                path.display()
            ),
            format!("take that from them: chmod go-w {}", path.display()),
        )
    })
}

/// Looks what is used of the rate, and whether the server has asked everybody to wait.
pub(crate) fn pace(setup: &Delivery, rate: &Rate) -> Check {
    let location = &setup.policy.rate_state;
    if !location.exists() {
        return Check::ok("pace", format!("{rate}, and nothing of it is used"));
    }
    let usage = match StateStore::open(location).usage() {
        Ok(usage) => usage,
        Err(error) => {
            return Check::fail(
                ("pace", ExitCode::Unreachable),
                format!("the rate-limit state cannot be read: {error}"),
                "check that the ledger's database can be reached",
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
            "the server has asked to wait, for {} more",
            duration_text(pause)
        ),
        "nothing to do: an import waits for so long, and begins then",
    )
}
