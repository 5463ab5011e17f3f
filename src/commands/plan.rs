//! `scoreload plan` and `import --dry-run`: reads the inputs, compares them with the ledger, and prints what an import
//! would send. Uses no network and no credentials.

use std::path::{Path, PathBuf};

use crate::cli::error::CommandLineError;
use crate::cli::{Format, ImportArgs, PlanArgs};
use crate::config::Purpose;
use crate::config::file::ConfigFile;
use crate::delivery::{Delivery, Outcome};
use crate::error::Error;
use crate::exit::ExitCode;
use crate::ledger::Planned;
use crate::orders::Batch;
use crate::paylocity::model::OrderUpdate;
use crate::pipeline::check::{check, is_refused};
use crate::pipeline::finish::{finish, finish_plan, refuse};
use crate::pipeline::ledger_session::planning::{PlannedOrder, unsent_delivery};
use crate::pipeline::max_change;
use crate::pipeline::prepare::{exit_if_inbox_is_empty, prepare};
use crate::pipeline::signals::{Interruptions, run_interruptible};
use crate::pipeline::stages::{Checked, Finished};
use crate::plan::inputs::{Finding, PlanInput, UsableSheets};
use crate::plan::{Plan, PlanOrder, PlanTarget, SCHEMA, fingerprint};
use crate::report::file::ReportFile;
use crate::system::atomic_file::{NewFile, is_same_path};
use crate::ui::{Answer, Screen, plan as plan_text, summary};

/// Runs the command.
pub(crate) fn run(args: PlanArgs, config: ConfigFile, screen: Screen) -> Result<ExitCode, Error> {
    plan_interruptibly(args.import, args.output, config, screen)
}

/// Runs `import --dry-run`.
pub(crate) fn run_without_file(
    args: ImportArgs,
    config: ConfigFile,
    screen: Screen,
) -> Result<ExitCode, Error> {
    plan_interruptibly(args, None, config, screen)
}

fn plan_interruptibly(
    args: ImportArgs,
    output: Option<PathBuf>,
    config: ConfigFile,
    screen: Screen,
) -> Result<ExitCode, Error> {
    let finished = run_interruptible(screen, move |interruptions| {
        plan(&args, &config, output.as_deref(), screen, interruptions)
    })?;
    Ok(finished.exit)
}

fn plan(
    args: &ImportArgs,
    config: &ConfigFile,
    output: Option<&Path>,
    screen: Screen,
    interruptions: Interruptions,
) -> Result<Finished, Error> {
    let prepared = prepare(args, config, Purpose::Plan, screen, interruptions)?;
    let outputs = &prepared.outputs;
    let file = output
        .map(|path| reserve(path, &outputs.reports))
        .transpose()?;
    if let Some(exit) = exit_if_inbox_is_empty(&prepared) {
        return finish(prepared.without_inputs(), exit);
    }
    let is_kept = file.is_some() || !outputs.reports.is_empty() || outputs.rejects.is_some();
    let mut checked = check(prepared, is_kept)?;
    if is_refused(&checked) {
        return finish(checked, ExitCode::NoInput);
    }
    let plan = make(&mut checked, file.is_some())?;
    if let Some(refusal) = max_change::refusal(&checked)? {
        return refuse(checked, &refusal);
    }
    if let Some(file) = file
        && checked.session.interruptions.begin()
    {
        write_file(file, &plan.sealed(), screen)?;
    }
    finish_plan(checked)
}

/// Checks the path of the plan file.
fn reserve(path: &Path, reports: &[ReportFile]) -> Result<NewFile, Error> {
    let mut reports = reports.iter().map(ReportFile::path);
    if reports.any(|report| is_same_path(report, path)) {
        return Err(CommandLineError::PathTaken {
            path: path.to_owned(),
            other: "the file of a report",
            help: "give the plan a file of its own",
        }
        .into());
    }
    Ok(NewFile::reserve(path, "a plan")?)
}

fn write_file(file: NewFile, plan: &Plan, screen: Screen) -> Result<(), Error> {
    let path = file.write(|file| plan.write(file))?;
    let message = format!("{0}: deliver it with `scoreload apply {0}`", path.display());
    screen.note(|mut out| summary::write_line(&mut out, "plan", &message));
    Ok(())
}

/// Makes and prints the plan, and sets the outcome that each order has without a delivery. `has_file` is true if the
/// plan is kept in a file, which has the bodies.
fn make(checked: &mut Checked, has_file: bool) -> Result<Plan, Error> {
    let Checked {
        session,
        run,
        results,
        ..
    } = checked;
    let (format, screen, setup) = (session.format, session.screen, &session.setup);
    let batch = &results.batch;
    let sheets = UsableSheets::of(batch);
    let entries = Entries {
        batch,
        sheets: &sheets,
        inputs: PlanInput::all(batch),
        format,
        has_file,
    };
    let mut printer = Printer::new(batch.orders.len(), format);
    session.ledger.plan_each(
        batch,
        setup,
        |planned| (planned.index, entries.valid(planned)),
        |(index, (order, line, delivery))| {
            results.deliveries[index] = delivery;
            printer.add_invalid_until(index, &entries)?;
            printer.add(order, line)
        },
    )?;
    printer.add_invalid_until(batch.orders.len(), &entries)?;
    let plan = Plan {
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
        inputs: entries.inputs,
        orderless: sheets.row_refs(&batch.orderless),
        orders: printer.orders,
        diagnostics: batch.problems.iter().map(Finding::from).collect(),
        checksum: String::new(),
    };
    let mut answer = printer.answer;
    answer.go_on(|out| match format {
        Format::Json => plan_text::write_json_sum(out, &plan, &setup.policy.rate),
        Format::Human if screen.is_quiet => Ok(()),
        Format::Human => {
            plan_text::write(out, &plan, screen.is_verbose)?;
            plan_text::write_sum(out, &plan, &setup.policy.rate)
        }
    })?;
    answer.end()?;
    Ok(plan)
}

/// Makes the plan's entries from the orders of a batch, on all cores.
struct Entries<'a> {
    batch: &'a Batch,
    sheets: &'a UsableSheets,
    inputs: Vec<PlanInput>,
    format: Format,
    has_file: bool,
}

impl Entries<'_> {
    /// Returns the entry of a valid order, its line of JSON and its outcome without a delivery. The entry has the body
    /// only if the plan is kept in a file; otherwise all bodies together would fill the memory.
    fn valid(&self, order: PlannedOrder) -> (PlanOrder, Option<Vec<u8>>, Delivery) {
        let PlannedOrder {
            index,
            remembered,
            planned,
            text,
        } = order;
        let order = &self.batch.orders[index];
        let rows = self.sheets.row_refs(&order.rows);
        let wanted = self.batch.body(order);
        let mut entry = PlanOrder::valid(order, rows, &remembered, &planned, &wanted);
        let line = self.line(&entry, planned.body(&wanted));
        if self.has_file {
            let fingerprint = text.as_deref().map(fingerprint);
            entry = entry.kept(fingerprint, wanted, &planned);
        }
        (entry, line, planned_delivery(planned))
    }

    /// Returns the entry of an invalid order and its line of JSON.
    fn invalid(&self, index: usize) -> (PlanOrder, Option<Vec<u8>>) {
        let order = &self.batch.orders[index];
        let entry = PlanOrder::invalid(order, self.sheets.row_refs(&order.rows));
        let line = self.line(&entry, None);
        (entry, line)
    }

    fn line(&self, entry: &PlanOrder, body: Option<&OrderUpdate>) -> Option<Vec<u8>> {
        (self.format == Format::Json).then(|| plan_text::json_line(entry, body, &self.inputs))
    }
}

/// Collects the orders of a plan, and prints their lines of JSON at once.
struct Printer {
    orders: Vec<PlanOrder>,
    answer: Answer,
}

impl Printer {
    fn new(orders: usize, format: Format) -> Self {
        Self {
            orders: Vec::with_capacity(orders),
            answer: match format {
                Format::Json => Answer::plain(),
                Format::Human => Answer::styled(),
            },
        }
    }

    fn add(&mut self, order: PlanOrder, line: Option<Vec<u8>>) -> Result<(), Error> {
        self.orders.push(order);
        match line {
            Some(line) => self.answer.go_on(|out| out.write_all(&line)),
            None => Ok(()),
        }
    }

    /// Adds the invalid orders before the order at `end`.
    fn add_invalid_until(&mut self, end: usize, entries: &Entries<'_>) -> Result<(), Error> {
        for index in self.orders.len()..end {
            let (order, line) = entries.invalid(index);
            self.add(order, line)?;
        }
        Ok(())
    }
}

/// Returns the outcome of a planned order that is not delivered.
fn planned_delivery(planned: Planned) -> Delivery {
    if planned.is_open() {
        Delivery {
            outcome: Outcome::Valid,
            held_reports: planned.held_reports,
            ..Delivery::not_sent()
        }
    } else {
        unsent_delivery(planned)
    }
}
