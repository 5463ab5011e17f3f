//! `scoreload plan`, and `import --dry-run`: read, check, look into the ledger, say what would be sent. No network,
//! no credentials.

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
use crate::pipeline::Import;
use crate::pipeline::hooks::Ended;
use crate::pipeline::ledger_session::{Looked, settled};
use crate::pipeline::max_change;
use crate::pipeline::signals::{self, Interruptions};
use crate::plan::inputs::{Finding, PlanInput, UsableSheets};
use crate::plan::{Plan, PlanOrder, PlanTarget, SCHEMA, fingerprint};
use crate::report::file::ReportFile;
use crate::system::atomic_file::{NewFile, is_same_place};
use crate::ui::{Answer, Screen, plan as plan_text, summary};

/// Runs the command.
pub(crate) fn run(args: PlanArgs, config: ConfigFile, screen: Screen) -> Result<ExitCode, Error> {
    interruptible(args.import, args.output, config, screen)
}

/// Runs `import --dry-run`.
pub(crate) fn run_without_file(
    args: ImportArgs,
    config: ConfigFile,
    screen: Screen,
) -> Result<ExitCode, Error> {
    interruptible(args, None, config, screen)
}

fn interruptible(
    args: ImportArgs,
    output: Option<PathBuf>,
    config: ConfigFile,
    screen: Screen,
) -> Result<ExitCode, Error> {
    let ended = signals::guarded(screen, move |interruptions| {
        plan(&args, &config, output.as_deref(), screen, interruptions)
    })?;
    Ok(ended.exit)
}

fn plan(
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
    let is_kept = file.is_some() || !import.files.is_empty() || import.rejects.is_some();
    import.read(is_kept)?;
    if import.is_refused() {
        return import.end(ExitCode::NoInput);
    }
    let plan = make(&mut import, file.is_some(), args.result.format)?;
    if let Some(refusal) = max_change::refusal(&import)? {
        return import.refuse(&refusal);
    }
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
        return Err(CommandLineError::PathTaken {
            path: path.to_owned(),
            other: "the file of a report",
            help: "give the plan a file of its own",
        }
        .into());
    }
    Ok(NewFile::reserve(path, "a plan")?)
}

fn keep(file: NewFile, plan: &Plan, screen: Screen) -> Result<(), Error> {
    let path = file.write(|file| plan.write(file))?;
    let words = format!("{0}: deliver it with `scoreload apply {0}`", path.display());
    screen.note(|mut out| summary::write_line(&mut out, "plan", &words));
    Ok(())
}

/// Makes and tells the plan of everything that was read, and brings each order to the outcome that it has as long as
/// nothing is sent.
fn make(import: &mut Import, is_kept: bool, format: Format) -> Result<Plan, Error> {
    let Import {
        setup,
        batch,
        run,
        memory,
        deliveries,
        screen,
        ..
    } = import;
    let sheets = UsableSheets::of(batch);
    let turning = Turning {
        batch,
        sheets: &sheets,
        inputs: PlanInput::all(batch),
        format,
        is_kept,
    };
    let mut told = Told::begin(batch.orders.len(), format);
    memory.each(
        batch,
        setup,
        |looked| (looked.index, turning.good(looked)),
        |(index, (order, line, delivery))| {
            deliveries[index] = delivery;
            told.held_back_until(index, &turning)?;
            told.add(order, line)
        },
    )?;
    told.held_back_until(batch.orders.len(), &turning)?;
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
        inputs: turning.inputs,
        orderless: sheets.row_refs(&batch.orderless),
        orders: told.orders,
        diagnostics: batch.problems.iter().map(Finding::from).collect(),
        checksum: String::new(),
    };
    let mut answer = told.answer;
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

/// What turns orders into those of a plan, on all cores.
struct Turning<'a> {
    batch: &'a Batch,
    sheets: &'a UsableSheets,
    inputs: Vec<PlanInput>,
    format: Format,
    is_kept: bool,
}

impl Turning<'_> {
    /// Returns a good order, its line for scripts, and what the report says of it. What the ledger knew of it and its
    /// body are noted where the plan is kept; else the body is only told, as all of them would fill the memory.
    fn good(&self, looked: Looked) -> (PlanOrder, Option<Vec<u8>>, Delivery) {
        let order = &self.batch.orders[looked.index];
        let rows = self.sheets.row_refs(&order.rows);
        let Looked {
            remembered,
            planned,
            text,
            ..
        } = looked;
        let wanted = self.batch.body(order);
        let mut of_plan = PlanOrder::valid(order, rows, &remembered, &planned, &wanted);
        let line = self.line(&of_plan, planned.body(&wanted));
        if self.is_kept {
            let fingerprint = text.as_deref().map(fingerprint);
            of_plan = of_plan.kept(fingerprint, wanted, &planned);
        }
        (of_plan, line, as_long_as_unsent(planned))
    }

    fn held_back(&self, index: usize) -> (PlanOrder, Option<Vec<u8>>) {
        let order = &self.batch.orders[index];
        let order = PlanOrder::invalid(order, self.sheets.row_refs(&order.rows));
        let line = self.line(&order, None);
        (order, line)
    }

    fn line(&self, order: &PlanOrder, body: Option<&OrderUpdate>) -> Option<Vec<u8>> {
        let is_told = self.format == Format::Json;
        is_told.then(|| plan_text::json_line(order, body, &self.inputs))
    }
}

/// The orders of a plan so far; scripts are told of each at once.
struct Told {
    orders: Vec<PlanOrder>,
    answer: Answer,
}

impl Told {
    fn begin(orders: usize, format: Format) -> Self {
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

    /// Adds the orders that are held back, up to one that is not.
    fn held_back_until(&mut self, index: usize, turning: &Turning<'_>) -> Result<(), Error> {
        for held_back in self.orders.len()..index {
            let (order, line) = turning.held_back(held_back);
            self.add(order, line)?;
        }
        Ok(())
    }
}

/// Returns what the report says of an order that was planned.
fn as_long_as_unsent(planned: Planned) -> Delivery {
    if planned.is_open() {
        Delivery {
            outcome: Outcome::Valid,
            held_reports: planned.held_reports,
            ..Delivery::not_sent()
        }
    } else {
        settled(planned)
    }
}
