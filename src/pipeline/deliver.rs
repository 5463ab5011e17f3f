//! The third stage: sends the updates, after confirmation.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::runtime::Builder;

use super::event_loop::{self, Sent};
use super::live_feed::LiveFeed;
use super::results::Results;
use super::stages::{Checked, Delivered, Finished, Session};
use super::{connection, finish};
use crate::cli::error::CommandLineError;
use crate::config::Consent;
use crate::delivery::{Outcome, Update};
use crate::error::Error;
use crate::exit::ExitCode;
use crate::report::html::LivePage;
use crate::report::model::{Report, Run};
use crate::ui::progress::duration_text;
use crate::ui::{self, summary};
use crate::web::Live;

/// Sends the updates after confirmation, and finishes the run.
pub(crate) fn deliver(checked: Checked, updates: Vec<Update>) -> Result<Finished, Error> {
    let session = &checked.session;
    if session.setup.consent == Consent::Ask && !is_confirmed(session, &updates) {
        session
            .screen
            .tell(|mut out| summary::write_line(&mut out, "stopped", "nothing was sent"));
        return finish::finish(checked, ExitCode::Interrupted);
    }
    if !session.interruptions.begin() {
        return Ok(ExitCode::Interrupted.into());
    }
    finish::finish_delivery(send(checked, updates)?)
}

/// Asks on the terminal whether the updates are to be sent to the target.
fn is_confirmed(session: &Session, updates: &[Update]) -> bool {
    let companies: HashSet<&str> = updates
        .iter()
        .map(|update| update.company_id.as_str())
        .collect();
    let requests = updates.len();
    let time = duration_text(session.setup.policy.rate.min_time(requests));
    let question = format!(
        "Deliver {} of {} to {}, by {} in at least {time}?",
        summary::count(requests, "order", "orders"),
        summary::count(companies.len(), "company", "companies"),
        session.setup.target.name(),
        summary::count(requests, "request", "requests"),
    );
    ui::confirms(&question)
}

/// Sends the updates and records their outcomes.
fn send(mut checked: Checked, updates: Vec<Update>) -> Result<Delivered, Error> {
    let plan = checked.source.plan_id();
    let journal = checked
        .session
        .ledger
        .begin(&checked.run, &checked.results, plan)?;
    let live = start_live_report(&checked)?;
    let feed = live
        .as_ref()
        .map(|live| LiveFeed::new(live.feed(), &checked.results.deliveries));
    let started = Instant::now();
    // One thread: handing a request to another one would cost more than the work on it.
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|source| Error::System {
        action: "start the delivery",
        source,
    })?;
    let session = &checked.session;
    let sent = runtime.block_on(async {
        let (client, sandbox) = connection::open(&session.setup, &checked.run.id).await?;
        let sent = event_loop::run(
            updates,
            client,
            journal,
            &session.setup.policy,
            (session.screen.progress, feed),
            session.interruptions.clone(),
            deadline(session, &checked.run),
        )
        .await;
        if let Some(sandbox) = sandbox {
            sandbox.stop().await;
        }
        Ok::<_, Error>(sent)
    })?;
    // An abandoned request must not keep the process alive.
    runtime.shutdown_timeout(Duration::ZERO);
    let Sent {
        deliveries,
        requests,
        waited_for_rate,
        stop,
    } = sent;
    record(&mut checked.results, deliveries);
    checked.run.requests = requests;
    checked.run.timing.deliver_s = started.elapsed().as_secs_f64();
    checked.run.timing.waited_for_rate_s = waited_for_rate.as_secs_f64();
    Ok(Delivered {
        checked,
        live,
        stop,
    })
}

/// Puts the outcomes of the updates into the results. The updates are the orders that were not sent, in order.
fn record(results: &mut Results, deliveries: Vec<Option<crate::delivery::Delivery>>) {
    let pending = results
        .deliveries
        .iter_mut()
        .filter(|delivery| delivery.outcome == Outcome::NotSent);
    for (slot, delivery) in pending.zip(deliveries) {
        if let Some(delivery) = delivery {
            *slot = delivery;
        }
    }
}

/// Starts the server of the live report, if `--serve` asks for it.
fn start_live_report(checked: &Checked) -> Result<Option<Live>, Error> {
    let Some(address) = checked.outputs.serve else {
        return Ok(None);
    };
    let Results { batch, deliveries } = &checked.results;
    let report = Report::new(checked.run.clone(), batch, deliveries, 0);
    let live = Live::start(address, LivePage::new(report, batch)).map_err(|source| {
        CommandLineError::Listen {
            address,
            flag: "--serve",
            source,
        }
    })?;
    checked
        .session
        .screen
        .tell(|mut out| summary::write_line(&mut out, "live", live.url()));
    Ok(Some(live))
}

/// Returns when `--max-duration`, counted from the start of the run, is over.
fn deadline(session: &Session, run: &Run) -> Option<Instant> {
    let allowed = session.setup.policy.limits.duration?.0;
    let elapsed = Timestamp::now().duration_since(run.started_at);
    let left = allowed.saturating_sub(elapsed.try_into().unwrap_or_default());
    Instant::now().checked_add(left)
}
