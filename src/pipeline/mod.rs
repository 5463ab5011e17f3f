//! A job: what `import`, `plan` and `apply` have in common, from its settings to its report.

pub(crate) mod command_line;
pub(crate) mod connection;
pub(crate) mod event_loop;
pub(crate) mod gather;
pub(crate) mod hooks;
pub(crate) mod ledger_session;
pub(crate) mod live_feed;
pub(crate) mod max_change;
pub(crate) mod next_steps;
pub(crate) mod open_ledger;
pub(crate) mod rejects;
pub(crate) mod reports;
pub(crate) mod run_id;
pub(crate) mod signals;
pub(crate) mod unused_mappings;

mod deliver;
mod finish;
mod inbox;

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;

use self::inbox::FromInbox;
use crate::cli::{Format, ImportArgs};
use crate::config::environment::variable;
use crate::config::file::ConfigFile;
use crate::config::{self, PartialDelivery, Purpose, Reading};
use crate::delivery::{Delivery, Outcome};
use crate::error::Error;
use crate::orders::Batch;
use crate::pipeline::gather::{gather, initial_deliveries};
use crate::pipeline::ledger_session::{Memory, Patience};
use crate::pipeline::rejects::RejectsFile;
use crate::pipeline::run_id::new_run_id;
use crate::pipeline::signals::Interruptions;
use crate::report::file::ReportFile;
use crate::report::{Mode, Requests, Run, Timing, Totals};
use crate::ui;
use crate::ui::{Screen, diagnostics, summary};
use crate::web::Live;

/// An import on its way, from whatever its updates are.
pub(crate) struct Import {
    pub(crate) screen: Screen,
    /// How results are shown.
    pub(crate) format: Format,
    pub(crate) interruptions: Interruptions,
    pub(crate) setup: config::Delivery,
    /// The inputs and how they are read; `None` where a plan stands for them.
    pub(crate) inputs: Option<(Vec<PathBuf>, Reading)>,
    /// The directory that the inputs are taken from, where they are not named.
    pub(crate) inbox: Option<FromInbox>,
    /// The id of the plan that is applied, where one is.
    pub(crate) plan: Option<String>,
    pub(crate) files: Vec<ReportFile>,
    /// Where the page is served that follows the delivery, if it is.
    pub(crate) serve: Option<SocketAddr>,
    pub(crate) live: Option<Live>,
    pub(crate) rejects: Option<RejectsFile>,
    pub(crate) run: Run,
    pub(crate) memory: Memory,
    pub(crate) batch: Arc<Batch>,
    /// By order: what became of it.
    pub(crate) deliveries: Vec<Delivery>,
}

impl Import {
    /// Settles everything that can be refused before the inputs are read.
    pub(crate) fn begin(
        args: &ImportArgs,
        config: &ConfigFile,
        purpose: Purpose,
        screen: Screen,
        interruptions: Interruptions,
    ) -> Result<Self, Error> {
        let started_at = Timestamp::now();
        let reading = config::reading(&args.input, config, started_at)?;
        let how = (purpose, std::io::stdin().is_terminal());
        let setup = config::delivery(&args.delivery, config, &variable, how)?;
        let id = new_run_id(started_at);
        let is_reported = reports::is_wanted(&args.result, &config.defaults);
        let files = match (purpose, &args.inbox.inbox) {
            // Where none is named there is none of a plan, and that of an inbox comes to stand in it.
            (Purpose::Plan, _) => reports::reserve(&args.result.reports)?,
            (_, Some(_)) if !setup.is_trial => reports::reserve(&args.result.reports)?,
            _ => reports::of_delivery(&args.result, is_reported, &id)?,
        };
        let mut paths = args.input.inputs.clone();
        let rejects = rejects::reserve(args.rejects.as_deref(), &paths, &files)?;
        let mode = match purpose {
            Purpose::Deliver => Mode::Import,
            Purpose::Plan => Mode::Plan,
        };
        let mut run = new_run(id, mode, &setup, started_at);
        let patience = Patience::of(setup.is_waiting, screen);
        let memory = Memory::open(&setup, &run, purpose, patience)?;
        let inbox = FromInbox::open(args, config, &setup, (purpose, is_reported), screen)?;
        if let Some(inbox) = &inbox {
            paths = inbox.paths();
            // A trial leaves its files where they are.
            run.is_from_inbox = !setup.is_trial;
        }
        Ok(Self {
            memory,
            screen,
            format: args.result.format,
            interruptions,
            setup,
            inputs: Some((paths, reading)),
            inbox,
            plan: None,
            files,
            serve: args.result.serve,
            live: None,
            rejects,
            run,
            batch: Arc::default(),
            deliveries: Vec::new(),
        })
    }

    /// Reads and checks the inputs, and tells what is wrong with them. What is kept of them names their fingerprints.
    pub(crate) fn read(&mut self, is_kept: bool) -> Result<(), Error> {
        let Some((paths, reading)) = &self.inputs else {
            return Ok(());
        };
        self.tell_target();
        let began = Instant::now();
        self.batch = Arc::new(gather(paths, reading, is_kept, self.screen));
        self.run.timing.read_s = began.elapsed().as_secs_f64();
        self.run.corrects = rejects::corrected(reading, &self.batch);
        rejects::tell_corrected(self.run.corrects.as_deref(), self.screen);
        let otherwise = match self.run.mode {
            Mode::Plan => Outcome::Valid,
            _ => Outcome::NotSent,
        };
        self.deliveries = initial_deliveries(&self.batch, otherwise);
        let problems = &self.batch.problems;
        match self.format {
            Format::Json => ui::answer(|out| ui::write_json_lines(out, problems))?,
            Format::Human => self
                .screen
                .tell(|mut out| diagnostics::write(&mut out, problems)),
        }
        let totals = Totals::of(&self.batch, &self.deliveries);
        self.screen
            .note(|mut out| summary::write_input(&mut out, &self.batch, &totals));
        Ok(())
    }

    /// Tells where updates go.
    pub(crate) fn tell_target(&self) {
        let target = match self.setup.pretence() {
            Some(notice) => format!(
                "{}: {}",
                self.setup.target.name(),
                notice.replace("left", "leaves")
            ),
            None => self.setup.target.name().to_owned(),
        };
        self.screen
            .note(|mut out| summary::write_line(&mut out, "target", &target));
        if let Some(words) = self.setup.exposure() {
            self.screen
                .tell(|mut out| summary::write_line(&mut out, "warning", words));
        }
    }

    /// Tells whether nothing may be sent: there is nothing to send, or not everything can be.
    pub(crate) fn is_refused(&self) -> bool {
        if self.batch.is_unusable() {
            return true;
        }
        let is_refused = self.is_held_back_whole();
        if is_refused {
            let words = "there are errors, and --all-or-nothing: nothing was sent";
            self.screen
                .tell(|mut out| summary::write_line(&mut out, "stopped", words));
        }
        is_refused
    }

    /// Tells whether the good orders are kept back with the others.
    fn is_held_back_whole(&self) -> bool {
        self.setup.partial == PartialDelivery::Refused && self.batch.errors() > 0
    }
}

/// Returns a run of which nothing is known but how it begins.
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
