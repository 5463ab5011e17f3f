//! `scoreload apply`: delivers exactly the updates of a plan, or refuses if the plan is stale.

mod settings;
mod verify;

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use crate::cli::{ApplyArgs, Format};
use crate::commands::apply::verify::EarlierRuns;
use crate::config::Purpose;
use crate::config::file::ConfigFile;
use crate::delivery::Outcome;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::input;
use crate::pipeline::check::is_refused;
use crate::pipeline::deliver::deliver;
use crate::pipeline::finish::{finish, refuse};
use crate::pipeline::gather::initial_deliveries;
use crate::pipeline::hooks::Hooks;
use crate::pipeline::ledger_session::{LedgerSession, LockWait};
use crate::pipeline::prepare::{new_run, print_target};
use crate::pipeline::results::Results;
use crate::pipeline::run_id::new_run_id;
use crate::pipeline::signals::{Interruptions, run_interruptible};
use crate::pipeline::stages::{Checked, Finished, Outputs, Session, Source};
use crate::pipeline::{max_change, reports};
use crate::plan::Plan;
use crate::plan::error::PlanError;
use crate::plan::inputs::PlanInput;
use crate::report::model::Mode;
use crate::ui::{self, Screen, summary};

/// Runs the command.
pub(crate) fn run(
    args: ApplyArgs,
    config: Result<ConfigFile, Error>,
    screen: Screen,
) -> Result<ExitCode, Error> {
    let hooks = Hooks::new(&args.result);
    hooks.run(config, screen, |config| {
        run_interruptible(screen, move |interruptions| {
            apply(&args, &config, screen, interruptions)
        })
    })
}

fn apply(
    args: &ApplyArgs,
    config: &ConfigFile,
    screen: Screen,
    interruptions: Interruptions,
) -> Result<Finished, Error> {
    let plan = Plan::read(&args.plan)?;
    check_inputs(&plan)?;
    let mut checked = prepare(args, config, &plan, screen, interruptions)?;
    print_target(&checked.session);
    let earlier = EarlierRuns::of_plan(&plan, &checked.session.ledger)?;
    let updates = earlier.updates(&plan, &mut checked)?;
    print_plan(&plan, updates.len(), &checked)?;
    if is_refused(&checked) {
        return finish(checked, ExitCode::NoInput);
    }
    match max_change::refusal(&checked)? {
        Some(refusal) => refuse(checked, &refusal),
        None => deliver(checked, updates),
    }
}

/// Checks that the plan's inputs are unchanged.
fn check_inputs(plan: &Plan) -> Result<(), PlanError> {
    let mut seen = HashSet::new();
    let files = plan.inputs.iter().filter(|input| seen.insert(&input.path));
    // Standard input cannot be read again. The plan has the bodies in any case.
    for input in files.filter(|input| input.path != "-") {
        check_input(input)?;
    }
    Ok(())
}

fn check_input(input: &PlanInput) -> Result<(), PlanError> {
    let path = input.path.clone();
    match input::fingerprint(Path::new(&path)) {
        Ok(sha256) if sha256 == input.sha256 => Ok(()),
        Ok(_) => Err(PlanError::InputChanged { path }),
        Err(source) => Err(PlanError::InputUnreadable { path, source }),
    }
}

/// Resolves the settings, opens the ledger and checks the output paths.
fn prepare(
    args: &ApplyArgs,
    config: &ConfigFile,
    plan: &Plan,
    screen: Screen,
    interruptions: Interruptions,
) -> Result<Checked, Error> {
    let started_at = Timestamp::now();
    let setup = settings::resolve(args, config, &plan.target)?;
    let id = new_run_id(started_at);
    let is_reported = reports::is_wanted(&args.result);
    let reports = reports::reserve_for_delivery(&args.result, is_reported, &id)?;
    let mut run = new_run(id, Mode::Apply, &setup, started_at);
    run.corrects.clone_from(&plan.corrects);
    let wait = LockWait::new(setup.is_waiting, screen);
    let ledger = LedgerSession::open(&setup, &run.id, Purpose::Deliver, wait)?;
    let batch = plan.batch();
    Ok(Checked {
        session: Session {
            screen,
            format: args.result.format,
            interruptions,
            setup,
            ledger,
        },
        source: Source::Plan(plan.plan.clone()),
        outputs: Outputs {
            reports,
            rejects: None,
            serve: args.result.serve,
        },
        run,
        results: Results {
            deliveries: initial_deliveries(&batch, Outcome::NotSent),
            batch: Arc::new(batch),
        },
    })
}

/// Prints the plan and the number of updates that are left to send.
fn print_plan(plan: &Plan, updates: usize, checked: &Checked) -> Result<(), Error> {
    if checked.session.format == Format::Json {
        ui::answer(|out| ui::write_json_lines(out, &checked.results.batch.problems))?;
    }
    let message = format!(
        "{} of {}: {}, {} to send",
        plan.plan,
        plan.made_at.strftime("%Y-%m-%d %H:%M:%SZ"),
        summary::count(plan.orders.len(), "order", "orders"),
        summary::count(updates, "update", "updates"),
    );
    let screen = checked.session.screen;
    screen.note(|mut out| summary::write_line(&mut out, "plan", &message));
    Ok(())
}
