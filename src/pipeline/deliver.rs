//! The middle of a job: the updates go to the target, once somebody has agreed.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::runtime::Builder;

use super::Import;
use crate::cli::error::CommandLineError;
use crate::config::Consent;
use crate::delivery::{End, Outcome, Update};
use crate::error::Error;
use crate::exit::ExitCode;
use crate::pipeline::connection;
use crate::pipeline::event_loop;
use crate::pipeline::event_loop::Delivered;
use crate::pipeline::hooks::Ended;
use crate::pipeline::live_feed::Following;
use crate::report::Report;
use crate::report::html::LivePage;
use crate::ui::progress::duration_text;
use crate::ui::{self, summary};
use crate::web::Live;

impl Import {
    /// Delivers the updates once somebody has agreed, and ends the run.
    pub(crate) fn send(mut self, updates: Vec<Update>) -> Result<Ended, Error> {
        if self.setup.consent == Consent::Ask && !self.is_agreed(&updates) {
            self.screen
                .tell(|mut out| summary::write_line(&mut out, "stopped", "nothing was sent"));
            return self.end(ExitCode::Interrupted);
        }
        if !self.interruptions.begin() {
            return Ok(ExitCode::Interrupted.into());
        }
        let end = self.deliver(updates)?;
        self.end_of_run(end.as_ref())
    }

    /// Asks whether so many updates are to go to the target.
    fn is_agreed(&self, updates: &[Update]) -> bool {
        let companies: HashSet<&str> = updates
            .iter()
            .map(|update| update.company_id.as_str())
            .collect();
        let requests = updates.len();
        let time = duration_text(self.setup.policy.rate.least_time(requests));
        let question = format!(
            "Deliver {} of {} to {}, by {} in at least {time}?",
            summary::count(requests, "order", "orders"),
            summary::count(companies.len(), "company", "companies"),
            self.setup.target.name(),
            summary::count(requests, "request", "requests"),
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
        // One thread: the work on a request is less than that of handing it to another.
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|source| Error::System {
            action: "start the delivery",
            source,
        })?;
        let delivered = runtime.block_on(async {
            let (client, sandbox) = connection::open(&self.setup, &self.run.id).await?;
            let delivered = event_loop::run(
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
            Ok::<_, Error>(delivered)
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
            CommandLineError::Listen {
                address,
                flag: "--serve",
                source,
            }
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
}
