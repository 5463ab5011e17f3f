//! The first stage of an import or a plan: everything that can be refused before the inputs are read.

use std::io::IsTerminal;

use jiff::Timestamp;

use super::inbox::InboxFiles;
use super::ledger_session::{LedgerSession, LockWait};
use super::run_id::new_run_id;
use super::signals::Interruptions;
use super::stages::{Inputs, Outputs, Prepared, Session, Source};
use super::{rejects, reports};
use crate::cli::ImportArgs;
use crate::config::environment::variable;
use crate::config::file::ConfigFile;
use crate::config::{self, Purpose, Target};
use crate::error::Error;
use crate::exit::ExitCode;
use crate::report::file::ReportFile;
use crate::report::model::{Mode, Requests, Run, Timing};
use crate::ui::{Screen, summary};

/// Resolves the settings, opens the ledger, checks the output paths and lists the inbox.
pub(crate) fn prepare(
    args: &ImportArgs,
    config: &ConfigFile,
    purpose: Purpose,
    screen: Screen,
    interruptions: Interruptions,
) -> Result<Prepared, Error> {
    let started_at = Timestamp::now();
    let reading = config::input_options(&args.input, config, started_at)?;
    let is_terminal = std::io::stdin().is_terminal();
    let setup = config::delivery(&args.delivery, config, &variable, (purpose, is_terminal))?;
    let mode = match purpose {
        Purpose::Deliver => Mode::Import,
        Purpose::Plan => Mode::Plan,
    };
    let mut run = new_run(new_run_id(started_at), mode, &setup, started_at);
    let is_reported = reports::is_wanted(&args.result);
    let reports = reserve_reports(args, purpose, &setup, is_reported, &run.id)?;
    let mut paths = args.input.inputs.clone();
    let rejects = rejects::reserve(args.rejects.as_deref(), &paths, &reports)?;
    let wait = LockWait::new(setup.is_waiting, screen);
    let ledger = LedgerSession::open(&setup, &run.id, purpose, wait)?;
    let inbox = InboxFiles::open(args, &setup, purpose, is_reported, screen)?;
    if let Some(inbox) = &inbox {
        paths = inbox.paths();
        // A trial leaves its files in the inbox.
        run.is_from_inbox = !setup.is_trial;
    }
    Ok(Prepared {
        session: Session {
            screen,
            format: args.result.format,
            interruptions,
            setup,
            ledger,
        },
        source: Source::Files(Box::new(Inputs {
            paths,
            reading,
            inbox,
        })),
        outputs: Outputs {
            reports,
            rejects,
            serve: args.result.serve,
        },
        run,
    })
}

/// Checks the paths of the reports. A plan has only the reports that are named; so has an import from an inbox, which
/// writes its default reports beside the files it moves.
fn reserve_reports(
    args: &ImportArgs,
    purpose: Purpose,
    setup: &config::Delivery,
    is_reported: bool,
    run: &str,
) -> Result<Vec<ReportFile>, Error> {
    let is_moving_files = args.inbox.inbox.is_some() && !setup.is_trial;
    if purpose == Purpose::Plan || is_moving_files {
        reports::reserve(&args.result.reports)
    } else {
        reports::reserve_for_delivery(&args.result, is_reported, run)
    }
}

/// Returns the report's entry of a run that has just started.
pub(crate) fn new_run(
    id: String,
    mode: Mode,
    setup: &config::Delivery,
    started_at: Timestamp,
) -> Run {
    Run {
        id,
        mode,
        target: Some(setup.target.name().to_owned()),
        notice: setup.notice(),
        corrects: None,
        stopped: None,
        next: Vec::new(),
        is_from_inbox: false,
        started_at,
        requests: Requests::default(),
        rate: Some(setup.policy.rate.to_string()),
        timing: Timing::default(),
    }
}

/// Prints the target, and a warning if the connection to it is not encrypted.
pub(crate) fn print_target(session: &Session) {
    let setup = &session.setup;
    let name = setup.target.name();
    let line = match (&setup.target, setup.test_mode) {
        (Target::BuiltInSandbox, _) => {
            format!("{name}: the built-in sandbox: nothing leaves this machine")
        }
        (Target::Server { .. }, true) => {
            format!("{name}: test mode: the server only pretends, nothing is changed there")
        }
        (Target::Server { .. }, false) => name.to_owned(),
    };
    session
        .screen
        .note(|mut out| summary::write_line(&mut out, "target", &line));
    if let Some(warning) = setup.exposure_notice() {
        session
            .screen
            .tell(|mut out| summary::write_line(&mut out, "warning", warning));
    }
}

/// Returns the exit code of a run whose inbox has no file to import, after printing that; else `None`.
pub(crate) fn exit_if_inbox_is_empty(prepared: &Prepared) -> Option<ExitCode> {
    let exit = prepared.source.inbox()?.exit_if_empty()?;
    let message = "there is no file to import";
    prepared
        .session
        .screen
        .note(|mut out| summary::write_line(&mut out, "inbox", message));
    Some(exit)
}
