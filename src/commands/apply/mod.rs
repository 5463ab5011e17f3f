//! `scoreload apply`: delivers exactly what a plan says, or refuses where that does not hold any more.

mod settings;
mod verify;

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use crate::cli::{ApplyArgs, Format};
use crate::commands::apply::verify::Earlier;
use crate::config::Purpose;
use crate::config::file::ConfigFile;
use crate::delivery::Outcome;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::input;
use crate::pipeline::gather::initial_deliveries;
use crate::pipeline::hooks::{Ended, Hooks};
use crate::pipeline::ledger_session::{Memory, Patience};
use crate::pipeline::run_id::new_run_id;
use crate::pipeline::signals::{self, Interruptions};
use crate::pipeline::{Import, new_run};
use crate::pipeline::{max_change, reports};
use crate::plan::Plan;
use crate::plan::error::PlanError;
use crate::plan::inputs::PlanInput;
use crate::report::Mode;
use crate::ui::{self, Screen, summary};

/// Runs the command.
pub(crate) fn run(
    args: ApplyArgs,
    config: Result<ConfigFile, Error>,
    screen: Screen,
) -> Result<ExitCode, Error> {
    let hooks = Hooks::new(&args.result, config.as_ref().ok());
    hooks.run(config, screen, |config| {
        signals::guarded(screen, move |interruptions| {
            apply(&args, &config, screen, interruptions)
        })
    })
}

fn apply(
    args: &ApplyArgs,
    config: &ConfigFile,
    screen: Screen,
    interruptions: Interruptions,
) -> Result<Ended, Error> {
    let plan = Plan::read(&args.plan)?;
    check_inputs(&plan)?;
    let mut import = begin((args, config), &plan, screen, interruptions)?;
    import.tell_target();
    let earlier = Earlier::of(&plan, &import.memory)?;
    let updates = earlier.updates(&plan, &mut import)?;
    tell(&plan, updates.len(), &import, args.result.format)?;
    if import.is_refused() {
        return import.end(ExitCode::NoInput);
    }
    match max_change::refusal(&import)? {
        Some(refusal) => import.refuse(&refusal),
        None => import.send(updates),
    }
}

/// Refuses a plan of which an input is not as it was.
fn check_inputs(plan: &Plan) -> Result<(), PlanError> {
    let mut seen = HashSet::new();
    let files = plan.inputs.iter().filter(|input| seen.insert(&input.path));
    // What came on standard input cannot be read again; the bodies are the plan's own in any case.
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

/// Settles everything that can be refused before the ledger is asked.
fn begin(
    (args, config): (&ApplyArgs, &ConfigFile),
    plan: &Plan,
    screen: Screen,
    interruptions: Interruptions,
) -> Result<Import, Error> {
    let started_at = Timestamp::now();
    let setup = settings::of(args, config, &plan.target)?;
    let id = new_run_id(started_at);
    let is_reported = reports::is_wanted(&args.result, &config.defaults);
    let files = reports::of_delivery(&args.result, is_reported, &id)?;
    let mut run = new_run(id, Mode::Apply, &setup, started_at);
    run.corrects.clone_from(&plan.corrects);
    let patience = Patience::of(setup.is_waiting, screen);
    let memory = Memory::open(&setup, &run, Purpose::Deliver, patience)?;
    let batch = plan.batch();
    Ok(Import {
        screen,
        format: args.result.format,
        interruptions,
        setup,
        inputs: None,
        inbox: None,
        plan: Some(plan.plan.clone()),
        files,
        serve: args.result.serve,
        live: None,
        rejects: None,
        run,
        memory,
        deliveries: initial_deliveries(&batch, Outcome::NotSent),
        batch: Arc::new(batch),
    })
}

/// Tells what is about to be delivered.
fn tell(plan: &Plan, updates: usize, import: &Import, format: Format) -> Result<(), Error> {
    if format == Format::Json {
        ui::answer(|out| ui::write_json_lines(out, &import.batch.problems))?;
    }
    let words = format!(
        "{} of {}: {}, {} to send",
        plan.plan,
        plan.made_at.strftime("%Y-%m-%d %H:%M:%SZ"),
        summary::count(plan.orders.len(), "order", "orders"),
        summary::count(updates, "update", "updates"),
    );
    import
        .screen
        .note(|mut out| summary::write_line(&mut out, "plan", &words));
    Ok(())
}
