//! `scoreload plan`, and `import --dry-run`: read, check, look into the ledger, say what would be sent. No network,
//! no credentials.

use std::path::Path;

use super::aftermath::Ended;
use super::change_limit;
use super::interruption::Interruptions;
use super::job::Import;
use super::memory::{Looked, settled};
use crate::cli::{Format, ImportArgs};
use crate::config::Purpose;
use crate::config::file::ConfigFile;
use crate::deliver::{Delivery, Outcome};
use crate::error::Error;
use crate::exit::ExitCode;
use crate::new_file::{NewFile, is_same_place};
use crate::plan::inputs::{Finding, PlanInput, RowRef, UsableSheets};
use crate::plan::{Plan, PlanOrder, PlanTarget, SCHEMA, fingerprint};
use crate::report::file::ReportFile;
use crate::ui::{self, Screen, plan as plan_text, summary};

pub(super) fn run(
    args: &ImportArgs,
    config: &ConfigFile,
    output: Option<&Path>,
    screen: Screen,
    interruptions: Interruptions,
) -> Result<Ended, Error> {
    let mut import = Import::begin(args, config, Purpose::Plan, screen, interruptions)?;
    let file = output
        .map(|path| reserve(path, &import.files))
        .transpose()?;
    if let Some(exit) = import.has_nothing_to_do() {
        return import.end(exit);
    }
    import.read()?;
    if import.is_refused() {
        return import.end(ExitCode::NoInput);
    }
    let plan = make(&mut import, file.is_some())?;
    tell(&plan, &import, args.result.format)?;
    change_limit::check(&import.memory, &import.setup, screen, plan.bodies().count())?;
    if let Some(file) = file
        && import.interruptions.begin()
    {
        keep(file, &plan.sealed(), screen)?;
    }
    import.end_of_run(None)
}

/// Takes the place of the plan.
fn reserve(path: &Path, reports: &[ReportFile]) -> Result<NewFile, Error> {
    let mut reports = reports.iter().map(ReportFile::path);
    if reports.any(|report| is_same_place(report, path)) {
        let message = format!("`{}` is the file of a report too", path.display());
        return Err(Error::usage(message, "give the plan a file of its own"));
    }
    NewFile::reserve(path, "a plan")
}

fn keep(file: NewFile, plan: &Plan, screen: Screen) -> Result<(), Error> {
    let path = file.write(|file| plan.write(file))?;
    let words = format!("{0}: deliver it with `scoreload apply {0}`", path.display());
    screen.note(|mut out| summary::write_line(&mut out, "plan", &words));
    Ok(())
}

/// Makes the plan of everything that was read, and brings each order to the outcome that it has as long as nothing is
/// sent. What the ledger knew is noted where the plan is kept.
fn make(import: &mut Import, is_kept: bool) -> Result<Plan, Error> {
    let Import {
        setup,
        batch,
        run,
        memory,
        deliveries,
        ..
    } = import;
    let (batch, sheets) = (&*batch, UsableSheets::of(batch));
    let looked = memory.each(batch, setup, |looked| {
        let rows = sheets.row_refs(&batch.orders[looked.index].rows);
        (
            looked.index,
            as_long_as_unsent(&looked),
            standing(looked, rows, is_kept),
        )
    })?;
    let invalid = |order| PlanOrder::invalid(order, sheets.row_refs(&order.rows));
    let mut orders: Vec<PlanOrder> = batch.orders.iter().map(invalid).collect();
    for (index, delivery, order) in looked {
        deliveries[index] = delivery;
        orders[index] = order;
    }
    Ok(Plan {
        schema: SCHEMA.to_owned(),
        plan: run.id.clone(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: run.started_at,
        target: PlanTarget {
            name: setup.target.name().to_owned(),
            base: setup.target.key().to_owned(),
            on_ambiguous: setup.policy.on_ambiguous,
            resend: setup.policy.resend,
            test_mode: setup.test_mode,
        },
        corrects: run.corrects.clone(),
        inputs: PlanInput::all(batch),
        orderless: sheets.row_refs(&batch.orderless),
        orders,
        diagnostics: batch.problems.iter().map(Finding::from).collect(),
        checksum: String::new(),
    })
}

/// Returns what the report says of an order that was planned.
fn as_long_as_unsent(looked: &Looked) -> Delivery {
    let planned = looked.planned.clone();
    match planned.body {
        Some(_) => Delivery {
            outcome: Outcome::Valid,
            held_reports: planned.held_reports,
            ..Delivery::not_sent()
        },
        None => settled(planned),
    }
}

fn standing(looked: Looked, rows: Vec<RowRef>, is_kept: bool) -> PlanOrder {
    let Looked {
        update, planned, ..
    } = looked;
    let noted = looked.text.filter(|_| is_kept);
    PlanOrder::of(update, rows, planned, noted.as_deref().map(fingerprint))
}

/// Tells the plan on standard output: it is what was asked for.
fn tell(plan: &Plan, import: &Import, format: Format) -> Result<(), Error> {
    let rate = &import.setup.policy.rate;
    match format {
        Format::Json => ui::answer(|out| plan_text::write_json(out, plan, rate)),
        Format::Human => {
            if !import.screen.is_quiet {
                ui::answer(|out| plan_text::write(out, plan, import.screen.is_verbose))?;
            }
            ui::answer(|out| plan_text::write_sum(out, plan, rate))
        }
    }
}
