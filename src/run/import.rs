//! `scoreload import`: read, check, deliver, report.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::runtime::Runtime;

use super::delivery::{self, Delivered};
use super::interruption::Interruptions;
use super::memory::{Memory, Patience};
use super::next::{self, Ending, Next};
use super::rejects::{self, RejectsFile};
use super::{before_delivery, environment, gather, reports, run_id};
use crate::cli::{Format, ImportArgs};
use crate::config::{self, Consent, PartialDelivery, Reading, Target};
use crate::deliver::client::Client;
use crate::deliver::credentials::{Credentials, Secret};
use crate::deliver::{Delivery, End, Outcome, Update};
use crate::error::Error;
use crate::exit::ExitCode;
use crate::ledger::plan;
use crate::order::Batch;
use crate::report::file::ReportFile;
use crate::report::{Mode, Requests, Run, Timing, Totals};
use crate::sandbox::{self, Sandbox};
use crate::ui::progress::duration_text;
use crate::ui::{self, Screen, problems, summary};

/// The built-in sandbox answers like a server not far away.
const SANDBOX_LATENCY: &str = "20ms..80ms";

pub(super) fn run(
    args: &ImportArgs,
    screen: Screen,
    interruptions: Interruptions,
) -> Result<ExitCode, Error> {
    let mut import = Import::begin(args, screen, interruptions)?;
    import.read()?;
    if import.batch.is_unusable() {
        return import.end(ExitCode::NoInput);
    }
    if import.setup.partial == PartialDelivery::Refused && import.batch.errors() > 0 {
        screen.tell(|mut out| {
            summary::write_line(
                &mut out,
                "stopped",
                "there are errors, and --all-or-nothing: nothing was sent",
            )
        });
        return import.end(ExitCode::NoInput);
    }
    let updates = import
        .memory
        .updates(&import.batch, &import.setup, &mut import.deliveries)?;
    if args.dry_run {
        import.plan(&updates)?;
        return import.end_of_run(None);
    }
    if import.setup.consent == Consent::Ask && !import.is_agreed(updates.len()) {
        screen.tell(|mut out| summary::write_line(&mut out, "stopped", "nothing was sent"));
        return import.end(ExitCode::Interrupted);
    }
    if !import.interruptions.begin() {
        return Ok(ExitCode::Interrupted);
    }
    let end = import.deliver(updates)?;
    import.end_of_run(end.as_ref())
}

/// An import on its way.
struct Import<'a> {
    args: &'a ImportArgs,
    screen: Screen,
    interruptions: Interruptions,
    reading: Reading,
    setup: config::Delivery,
    files: Vec<ReportFile>,
    rejects: Option<RejectsFile>,
    run: Run,
    memory: Memory,
    batch: Batch,
    /// By order: what became of it.
    deliveries: Vec<Delivery>,
}

impl<'a> Import<'a> {
    /// Settles everything that can be refused before the inputs are read.
    fn begin(
        args: &'a ImportArgs,
        screen: Screen,
        interruptions: Interruptions,
    ) -> Result<Self, Error> {
        let started_at = Timestamp::now();
        let config = config::file::load(args.input.config.as_deref(), &environment)?;
        let reading = config::reading(&args.input, &config, started_at)?;
        let setup = config::delivery(args, &config, &environment, std::io::stdin().is_terminal())?;
        let id = run_id(started_at);
        let files = match (args.no_report, args.reports.as_slice()) {
            (true, _) => Vec::new(),
            (false, []) if args.dry_run => Vec::new(),
            (false, []) => reports::reserve(&reports::default_paths(&id))?,
            (false, paths) => reports::reserve(paths)?,
        };
        let rejects = rejects::reserve(args.rejects.as_deref(), &args.input.inputs, &files)?;
        let run = Run {
            id,
            mode: if args.dry_run {
                Mode::Plan
            } else {
                Mode::Import
            },
            target: Some(setup.target.name().to_owned()),
            notice: setup.notice(),
            corrects: None,
            next: Vec::new(),
            started_at,
            requests: Requests::default(),
            rate: Some(setup.policy.rate.to_string()),
            timing: Timing::default(),
        };
        let patience = Patience::of(args.wait, screen);
        let memory = Memory::open(&setup, &run, args.dry_run, patience)?;
        let import = Self {
            memory,
            args,
            screen,
            interruptions,
            reading,
            setup,
            files,
            rejects,
            run,
            batch: Batch::default(),
            deliveries: Vec::new(),
        };
        Ok(import)
    }

    /// Reads and checks the inputs, and tells what is wrong with them.
    fn read(&mut self) -> Result<(), Error> {
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
        let began = Instant::now();
        self.batch = gather(&self.args.input, &self.reading, self.screen);
        self.run.timing.read_s = began.elapsed().as_secs_f64();
        self.run.corrects = rejects::corrected((&self.args.input, &self.reading), &self.batch);
        rejects::tell_corrected(self.run.corrects.as_deref(), self.screen);
        let otherwise = if self.args.dry_run {
            Outcome::Valid
        } else {
            Outcome::NotSent
        };
        self.deliveries = before_delivery(&self.batch, otherwise);
        let problems = &self.batch.problems;
        match self.args.format {
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

    /// Tells what would be sent, on standard output: it is what was asked for.
    fn plan(&self, updates: &[Update]) -> Result<(), Error> {
        if self.args.format == Format::Json {
            return Ok(());
        }
        let bodies: Vec<usize> = updates.iter().map(|update| self.size(update)).collect();
        let target = self.setup.target.name();
        ui::answer(|mut out| {
            summary::write_plan(&mut out, target, &bodies, &self.setup.policy.rate)
        })
    }

    /// Returns how many bytes an update's body has.
    fn size(&self, update: &Update) -> usize {
        let policy = &self.setup.policy;
        let planned = plan(
            &update.wanted,
            Some(&update.known),
            policy.on_ambiguous,
            policy.resend,
        );
        planned.body.map_or(0, |body| body.to_json().len())
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
        let journal = self
            .memory
            .begin(&self.run, &self.batch, &self.deliveries)?;
        let began = Instant::now();
        let runtime = Runtime::new().map_err(|source| Error::System {
            action: "start the delivery",
            source,
        })?;
        let delivered = runtime.block_on(async {
            let (client, sandbox) = self.connect().await?;
            let delivered = delivery::run(
                updates,
                client,
                journal,
                &self.setup.policy,
                self.screen.progress,
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

    /// Returns when the time is over that the run may last, counted from its start.
    fn deadline(&self) -> Option<Instant> {
        let allowed = self.setup.policy.limits.duration?.0;
        let lasted = Timestamp::now().duration_since(self.run.started_at);
        let left = allowed.saturating_sub(lasted.try_into().unwrap_or_default());
        Instant::now().checked_add(left)
    }

    /// Makes the client of the target, and starts the built-in sandbox where that is the target.
    async fn connect(&self) -> Result<(Client, Option<Sandbox>), Error> {
        let (base, credentials, sandbox) = match &self.setup.target {
            Target::Server {
                base,
                credentials: Some(credentials),
                ..
            } => (base.clone(), credentials.clone(), None),
            Target::Server {
                name,
                credentials: None,
                ..
            } => {
                return Err(Error::usage(
                    format!("the target `{name}` needs credentials"),
                    "set them in the environment",
                ));
            }
            Target::BuiltInSandbox => {
                let latency = SANDBOX_LATENCY.parse().unwrap_or_default();
                let settings = sandbox::Settings {
                    latency,
                    ..sandbox::Settings::default()
                };
                let unstarted = |source| Error::System {
                    action: "start the built-in sandbox",
                    source,
                };
                let sandbox = Sandbox::start(settings).await.map_err(unstarted)?;
                let base = config::base(&sandbox.url())?;
                let credentials = Credentials {
                    client_id: "sandbox".into(),
                    client_secret: Secret::new(&self.run.id),
                };
                (base, credentials, Some(sandbox))
            }
        };
        let client = Client::new(self.setup.endpoint(base, credentials)).map_err(|words| {
            Error::usage(
                format!("no client can be made: {words}"),
                "check the proxy settings of the environment",
            )
        })?;
        Ok((client, sandbox))
    }

    /// Ends a run that came to its end, early or not.
    fn end_of_run(self, end: Option<&End>) -> Result<ExitCode, Error> {
        let totals = Totals::of(&self.batch, &self.deliveries);
        let mut exit = ExitCode::of_run(end, &totals, self.batch.errors());
        if self.run.mode == Mode::Import {
            let finished = self.memory.finish(&totals, exit);
            match (finished, end) {
                // It stopped the delivery, and that is told.
                (Ok(()), _) | (Err(_), Some(End::LedgerFailed(_))) => {}
                (Err(error), _) => {
                    ui::tell_error(&error);
                    exit = exit.or_incomplete();
                }
            }
        }
        if let Some(words) = end.map(ToString::to_string) {
            self.screen
                .tell(|mut out| summary::write_line(&mut out, "stopped", &words));
        }
        self.end(exit)
    }

    /// Tells what became of the orders, and writes the report.
    fn end(mut self, exit: ExitCode) -> Result<ExitCode, Error> {
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
        self.screen.note(|mut out| {
            summary::write_outcomes(&mut out, &self.batch, &outcomes)?;
            match self.run.requests.sent {
                0 => Ok(()),
                _ => summary::write_requests(&mut out, &self.run.requests),
            }
        });
        let next = self.next(exit);
        self.run.next = next.iter().map(|next| next.command.clone()).collect();
        let id = self.run.id.clone();
        let results = (&self.batch, self.deliveries.as_slice());
        let reported = reports::write(self.files, self.run, results, exit, self.screen);
        let input = (&self.args.input, &self.reading);
        let rejected = rejects::write(self.rejects, input, &id, results, self.screen);
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

    /// Returns what is left to do.
    fn next(&self, exit: ExitCode) -> Vec<Next> {
        let written = self.rejects.as_ref();
        next::commands(&Ending {
            args: self.args,
            settings: &self.setup,
            run: &self.run.id,
            deliveries: &self.deliveries,
            totals: &Totals::of(&self.batch, &self.deliveries),
            exit,
            rejects: written.and_then(|file| file.filled(&self.batch, &self.deliveries)),
        })
    }
}
