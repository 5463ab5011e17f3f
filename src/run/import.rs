//! `scoreload import`: read, check, deliver, report.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::delivery::{self, Delivered};
use super::following::Following;
use super::interruption::Interruptions;
use super::memory::{Memory, Patience};
use super::next::{self, Ending, Next};
use super::rejects::{self, RejectsFile};
use super::{
    before_delivery, change_limit, connection, environment, gather, plan, reports, run_id,
};
use crate::cli::{Format, ImportArgs, InputArgs};
use crate::config::{self, Consent, PartialDelivery, Purpose, Reading};
use crate::deliver::{Delivery, End, Outcome, Update};
use crate::error::Error;
use crate::exit::ExitCode;
use crate::live::Live;
use crate::order::Batch;
use crate::report::file::ReportFile;
use crate::report::html::LivePage;
use crate::report::{Mode, Report, Requests, Run, Timing, Totals};
use crate::ui::progress::duration_text;
use crate::ui::{self, Screen, problems, summary};

pub(super) fn run(
    args: &ImportArgs,
    screen: Screen,
    interruptions: Interruptions,
) -> Result<ExitCode, Error> {
    if args.dry_run {
        return plan::run(args, None, screen, interruptions);
    }
    let mut import = Import::begin(args, Purpose::Deliver, screen, interruptions)?;
    import.read()?;
    if import.is_refused() {
        return import.end(ExitCode::NoInput);
    }
    let updates = import
        .memory
        .updates(&import.batch, &import.setup, &mut import.deliveries)?;
    change_limit::check(&import, updates.len())?;
    import.send(updates)
}

/// An import on its way, from whatever its updates are.
pub(super) struct Import<'a> {
    pub(super) screen: Screen,
    /// How results are shown.
    pub(super) format: Format,
    pub(super) interruptions: Interruptions,
    pub(super) setup: config::Delivery,
    /// The inputs and how they are read; `None` where a plan stands for them.
    pub(super) inputs: Option<(&'a InputArgs, Reading)>,
    /// The id of the plan that is applied, where one is.
    pub(super) plan: Option<String>,
    pub(super) files: Vec<ReportFile>,
    /// Where the page is served that follows the delivery, if it is.
    pub(super) serve: Option<SocketAddr>,
    pub(super) live: Option<Live>,
    pub(super) rejects: Option<RejectsFile>,
    pub(super) run: Run,
    pub(super) memory: Memory,
    pub(super) batch: Batch,
    /// By order: what became of it.
    pub(super) deliveries: Vec<Delivery>,
}

impl<'a> Import<'a> {
    /// Settles everything that can be refused before the inputs are read.
    pub(super) fn begin(
        args: &'a ImportArgs,
        purpose: Purpose,
        screen: Screen,
        interruptions: Interruptions,
    ) -> Result<Self, Error> {
        let started_at = Timestamp::now();
        let config = config::file::load(args.input.config.as_deref(), &environment)?;
        let reading = config::reading(&args.input, &config, started_at)?;
        let how = (purpose, std::io::stdin().is_terminal());
        let setup = config::delivery(&args.delivery, &config, &environment, how)?;
        let id = run_id(started_at);
        let files = match (purpose, args.result.reports.as_slice()) {
            (Purpose::Plan, []) => Vec::new(),
            _ => reports::of_delivery(&args.result, &id)?,
        };
        let rejects = rejects::reserve(args.rejects.as_deref(), &args.input.inputs, &files)?;
        let mode = match purpose {
            Purpose::Deliver => Mode::Import,
            Purpose::Plan => Mode::Plan,
        };
        let run = new_run(id, mode, &setup, started_at);
        let patience = Patience::of(args.delivery.wait, screen);
        let memory = Memory::open(&setup, &run, purpose, patience)?;
        let import = Self {
            memory,
            screen,
            format: args.result.format,
            interruptions,
            setup,
            inputs: Some((&args.input, reading)),
            plan: None,
            files,
            serve: args.result.serve,
            live: None,
            rejects,
            run,
            batch: Batch::default(),
            deliveries: Vec::new(),
        };
        Ok(import)
    }

    /// Reads and checks the inputs, and tells what is wrong with them.
    pub(super) fn read(&mut self) -> Result<(), Error> {
        let Some((args, reading)) = &self.inputs else {
            return Ok(());
        };
        self.tell_target();
        let began = Instant::now();
        self.batch = gather(args, reading, self.screen);
        self.run.timing.read_s = began.elapsed().as_secs_f64();
        self.run.corrects = rejects::corrected((args, reading), &self.batch);
        rejects::tell_corrected(self.run.corrects.as_deref(), self.screen);
        let otherwise = match self.run.mode {
            Mode::Plan => Outcome::Valid,
            _ => Outcome::NotSent,
        };
        self.deliveries = before_delivery(&self.batch, otherwise);
        let problems = &self.batch.problems;
        match self.format {
            Format::Json => ui::answer(|out| ui::write_json_lines(out, problems))?,
            Format::Human => self
                .screen
                .tell(|mut out| problems::write(&mut out, problems)),
        }
        let totals = Totals::of(&self.batch, &self.deliveries);
        self.screen
            .note(|mut out| summary::write_input(&mut out, &self.batch, &totals));
        Ok(())
    }

    /// Tells where updates go.
    pub(super) fn tell_target(&self) {
        let target = match &self.run.notice {
            Some(notice) => format!(
                "{}: {}",
                self.setup.target.name(),
                notice.replace("left", "leaves")
            ),
            None => self.setup.target.name().to_owned(),
        };
        self.screen
            .note(|mut out| summary::write_line(&mut out, "target", &target));
    }

    /// Tells whether nothing may be sent: there is nothing to send, or not everything can be.
    pub(super) fn is_refused(&self) -> bool {
        if self.batch.is_unusable() {
            return true;
        }
        let is_refused = self.setup.partial == PartialDelivery::Refused && self.batch.errors() > 0;
        if is_refused {
            let words = "there are errors, and --all-or-nothing: nothing was sent";
            self.screen
                .tell(|mut out| summary::write_line(&mut out, "stopped", words));
        }
        is_refused
    }

    /// Delivers the updates once somebody has agreed, and ends the run.
    pub(super) fn send(mut self, updates: Vec<Update>) -> Result<ExitCode, Error> {
        if self.setup.consent == Consent::Ask && !self.is_agreed(updates.len()) {
            self.screen
                .tell(|mut out| summary::write_line(&mut out, "stopped", "nothing was sent"));
            return self.end(ExitCode::Interrupted);
        }
        if !self.interruptions.begin() {
            return Ok(ExitCode::Interrupted);
        }
        let end = self.deliver(updates)?;
        self.end_of_run(end.as_ref())
    }

    /// Asks whether so many updates are to go to the target.
    fn is_agreed(&self, updates: usize) -> bool {
        let mut companies: Vec<&str> = self
            .batch
            .orders
            .iter()
            .map(|order| order.company_id.as_str())
            .collect();
        companies.sort_unstable();
        companies.dedup();
        let time = duration_text(self.setup.policy.rate.least_time(updates));
        let question = format!(
            "Deliver {} of {} to {}, in at least {time}?",
            summary::count(updates, "order", "orders"),
            summary::count(companies.len(), "company", "companies"),
            self.setup.target.name()
        );
        ui::confirms(&question)
    }

    /// Delivers the updates; returns why that ended early, if it did.
    fn deliver(&mut self, updates: Vec<Update>) -> Result<Option<End>, Error> {
        let journal = self.memory.begin(
            &self.run,
            &self.batch,
            &self.deliveries,
            self.plan.as_deref(),
        )?;
        let following = self.begin_live()?;
        let began = Instant::now();
        let runtime = Runtime::new().map_err(|source| Error::System {
            action: "start the delivery",
            source,
        })?;
        let delivered = runtime.block_on(async {
            let (client, sandbox) = connection::open(&self.setup, &self.run.id).await?;
            let delivered = delivery::run(
                updates,
                client,
                journal,
                &self.setup.policy,
                (self.screen.progress, following),
                self.interruptions.clone(),
                self.deadline(),
            )
            .await;
            if let Some(sandbox) = sandbox {
                sandbox.stop().await;
            }
            Ok(delivered)
        })?;
        // A request that nobody waits for any more must not keep the process.
        runtime.shutdown_timeout(Duration::ZERO);
        let Delivered {
            deliveries,
            requests,
            waited_for_pace,
            end,
        } = delivered;
        let sent = self
            .deliveries
            .iter_mut()
            .filter(|delivery| delivery.outcome == Outcome::NotSent);
        for (slot, delivery) in sent.zip(deliveries) {
            if let Some(delivery) = delivery {
                *slot = delivery;
            }
        }
        self.run.requests = requests;
        self.run.timing.deliver_s = began.elapsed().as_secs_f64();
        self.run.timing.waited_for_rate_s = waited_for_pace.as_secs_f64();
        Ok(end)
    }

    /// Begins to serve the page that follows the delivery, where it is asked for.
    fn begin_live(&mut self) -> Result<Option<Following>, Error> {
        let Some(address) = self.serve else {
            return Ok(None);
        };
        let report = Report::new(self.run.clone(), &self.batch, &self.deliveries, 0);
        let live = Live::start(address, LivePage::new(report, &self.batch)).map_err(|source| {
            let help = "choose another address with --serve; port 0 takes a free one";
            Error::usage(format!("cannot listen on `{address}`: {source}"), help)
        })?;
        self.screen
            .tell(|mut out| summary::write_line(&mut out, "live", live.url()));
        let following = Following::new(live.feed(), &self.deliveries);
        self.live = Some(live);
        Ok(Some(following))
    }

    /// Returns when the time is over that the run may last, counted from its start.
    fn deadline(&self) -> Option<Instant> {
        let allowed = self.setup.policy.limits.duration?.0;
        let lasted = Timestamp::now().duration_since(self.run.started_at);
        let left = allowed.saturating_sub(lasted.try_into().unwrap_or_default());
        Instant::now().checked_add(left)
    }

    /// Ends a run that came to its end, early or not.
    pub(super) fn end_of_run(mut self, end: Option<&End>) -> Result<ExitCode, Error> {
        let totals = Totals::of(&self.batch, &self.deliveries);
        let mut exit = ExitCode::of_run(end, &totals, self.batch.errors());
        if self.run.mode != Mode::Plan {
            let finished = self.memory.finish(&totals, exit);
            match (finished, end) {
                // It stopped the delivery, and that is told.
                (Ok(()), _) | (Err(_), Some(End::LedgerFailed(_) | End::LedgerLost(_))) => {}
                (Err(error), _) => {
                    ui::tell_error(&error);
                    exit = exit.or_incomplete();
                }
            }
        }
        if let Some(words) = end.map(ToString::to_string) {
            self.screen
                .tell(|mut out| summary::write_line(&mut out, "stopped", &words));
            self.run.stopped = Some(words);
        }
        self.end(exit)
    }

    /// Tells what became of the orders, and writes the report.
    pub(super) fn end(mut self, exit: ExitCode) -> Result<ExitCode, Error> {
        if !self.interruptions.begin() {
            return Ok(ExitCode::Interrupted);
        }
        let outcomes: Vec<Outcome> = self
            .deliveries
            .iter()
            .map(|delivery| delivery.outcome)
            .collect();
        self.screen
            .tell(|mut out| summary::write_undelivered(&mut out, &self.batch, &self.deliveries));
        self.screen
            .tell(|mut out| summary::write_perhaps_twice(&mut out, &self.deliveries));
        self.screen.note(|mut out| {
            summary::write_outcomes(&mut out, &self.batch, &outcomes)?;
            match self.run.requests.sent {
                0 => Ok(()),
                _ => summary::write_requests(&mut out, &self.run.requests, &self.run.timing),
            }
        });
        let next = self.next(exit);
        self.run.next = next.iter().map(Next::line).collect();
        let id = self.run.id.clone();
        let result = self.result(exit);
        let results = (&self.batch, self.deliveries.as_slice());
        let reported = reports::write(self.files, self.run, results, exit, self.screen, self.live);
        let rejected = match &self.inputs {
            Some((args, reading)) => {
                rejects::write(self.rejects, (args, reading), &id, results, self.screen)
            }
            None => Ok(()),
        };
        if let Some(result) = result {
            ui::answer(|out| ui::write_json_line(out, &result))?;
        }
        for next in &next {
            self.screen.tell(|mut out| {
                summary::write_next(&mut out, &next.command, next.first.as_deref())
            });
        }
        if exit == ExitCode::Success {
            return reported.and(rejected).map(|()| exit);
        }
        // How the delivery ended says more than that a file about it is missing.
        for error in [reported.err(), rejected.err()].into_iter().flatten() {
            ui::tell_error(&error);
        }
        Ok(exit)
    }

    /// Returns what a delivery came to, for scripts that ask for it.
    fn result(&self, exit: ExitCode) -> Option<Value> {
        let run = &self.run;
        let reports = self.files.iter().map(ReportFile::path);
        (self.format == Format::Json && run.mode.delivers()).then(|| {
            json!({
                "run": run.id,
                "mode": run.mode,
                "target": run.target,
                "exit_code": exit.number(),
                "totals": Totals::of(&self.batch, &self.deliveries),
                "requests": run.requests,
                "timing": run.timing,
                "reports": reports.collect::<Vec<_>>(),
                "next": run.next,
            })
        })
    }

    /// Returns what is left to do.
    fn next(&self, exit: ExitCode) -> Vec<Next> {
        if self.run.mode == Mode::Plan {
            return Vec::new();
        }
        let inputs = self.inputs.iter().flat_map(|(args, _)| &args.inputs);
        let written = self.rejects.as_ref();
        next::commands(&Ending {
            has_inputs: self.inputs.is_some(),
            is_piped: inputs.into_iter().any(|input| input == "-"),
            settings: &self.setup,
            run: &self.run.id,
            deliveries: &self.deliveries,
            totals: &Totals::of(&self.batch, &self.deliveries),
            exit,
            rejects: written.and_then(|file| file.filled(&self.batch, &self.deliveries)),
        })
    }
}

/// Returns a run of which nothing is known but how it begins.
pub(super) fn new_run(
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
        started_at,
        requests: Requests::default(),
        rate: Some(setup.policy.rate.to_string()),
        timing: Timing::default(),
    }
}
