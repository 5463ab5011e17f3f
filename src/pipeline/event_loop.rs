//! The loop that owns the outcomes, the counts and the progress bar of a delivery. The workers only send events.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use super::live_feed::LiveFeed;
use super::signals::Interruptions;
use crate::delivery;
use crate::delivery::{
    Delivery, Event, FailureMonitor, Journal, Outcome, Policy, StopReason, StopSignal, Update,
};
use crate::ledger::LedgerError;
use crate::paylocity::client::Client;
use crate::rate_limit;
use crate::report::model::Requests;
use crate::ui::progress::{DeliveryProgress, INTERVAL, Style};

/// The number of events that are handled per turn of the loop, at most.
const BATCH_SIZE: usize = 64;

/// The result of a delivery.
#[derive(Debug)]
pub(crate) struct Sent {
    /// The fate of each update; `None` if it was never sent.
    pub(crate) deliveries: Vec<Option<Delivery>>,
    pub(crate) requests: Requests,
    /// The time in which at least one request waited for the rate limiter.
    pub(crate) waited_for_rate: Duration,
    /// Why the delivery ended early, if it did.
    pub(crate) stop: Option<StopReason>,
}

/// Delivers updates until each has an outcome or the run is stopped. Nothing is sent after the deadline.
pub(crate) async fn run(
    updates: Vec<Update>,
    client: Client,
    journal: Journal,
    policy: &Policy,
    (style, live_feed): (Style, Option<LiveFeed>),
    mut interruptions: Interruptions,
    deadline: Option<Instant>,
) -> Sent {
    let stop = StopSignal::default();
    if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
        stop.request(StopReason::OutOfTime);
    }
    let (sender, mut events) = mpsc::unbounded_channel();
    let updates: Arc<[Update]> = Arc::from(updates);
    let mut state = DeliveryState::new(&updates, &journal, style, live_feed, policy);
    let (policy, workers_stop) = (policy.clone(), stop.clone());
    let workers = tokio::spawn(async move {
        delivery::deliver(updates, client, journal, &policy, &workers_stop, sender).await;
    });
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    let mut is_stopping = false;
    let mut batch = Vec::with_capacity(BATCH_SIZE);
    loop {
        tokio::select! {
            count = events.recv_many(&mut batch, BATCH_SIZE) => {
                if count == 0 {
                    break;
                }
                for event in batch.drain(..) {
                    state.handle(event, &stop);
                }
            }
            () = interruptions.next() => {
                if is_stopping {
                    break;
                }
                is_stopping = true;
                state.journal.ledger.begin_shutdown();
                stop.request(StopReason::Interrupted);
                state.progress.stopping();
            }
            () = until(deadline), if !stop.is_requested() => stop.request(StopReason::OutOfTime),
            _ = ticks.tick() => state.tick(),
        }
    }
    workers.abort();
    // No worker is left after this. Events that they sent before still count.
    let _ = workers.await;
    while let Ok(event) = events.try_recv() {
        state.handle(event, &stop);
    }
    if let Err(error) = state.journal.ledger.flush().await {
        stop.request(StopReason::from(&error));
    }
    state.finish(&stop)
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}

/// Measures the time in which at least one request waits for the rate limiter.
#[derive(Default)]
struct RateWaits {
    waiting: usize,
    since: Option<Instant>,
    total: Duration,
}

impl RateWaits {
    fn begin(&mut self, now: Instant) {
        self.waiting += 1;
        self.since.get_or_insert(now);
    }

    fn end(&mut self, now: Instant) {
        self.waiting = self.waiting.saturating_sub(1);
        if let Some(since) = self.since.take_if(|_| self.waiting == 0) {
            self.total += now - since;
        }
    }
}

/// The state of a delivery.
struct DeliveryState {
    updates: Arc<[Update]>,
    journal: Journal,
    deliveries: Vec<Option<Delivery>>,
    /// The number of attempts of each update.
    attempts: Vec<u32>,
    requests: Requests,
    rate_waits: RateWaits,
    monitor: FailureMonitor,
    progress: DeliveryProgress,
    live_feed: Option<LiveFeed>,
}

impl DeliveryState {
    fn new(
        updates: &Arc<[Update]>,
        journal: &Journal,
        style: Style,
        live_feed: Option<LiveFeed>,
        policy: &Policy,
    ) -> Self {
        let count = updates.len();
        let max_failures = policy.limits.failures.map(|limit| limit.count_of(count));
        Self {
            updates: Arc::clone(updates),
            journal: journal.clone(),
            deliveries: vec![None; count],
            attempts: vec![0; count],
            requests: Requests::default(),
            rate_waits: RateWaits::default(),
            monitor: FailureMonitor::new(max_failures),
            progress: DeliveryProgress::begin(style, count, &policy.rate),
            live_feed,
        }
    }

    fn tick(&mut self) {
        self.progress.tick();
        if let Some(live_feed) = &mut self.live_feed {
            live_feed.flush(&self.requests);
        }
    }

    fn handle(&mut self, event: Event, stop: &StopSignal) {
        match event {
            Event::TokenRequested => self.requests.token += 1,
            Event::Sent(index) => {
                self.requests.sent += 1;
                self.attempts[index] += 1;
                if self.attempts[index] > 1 {
                    self.requests.retried += 1;
                    self.progress.retried();
                }
            }
            Event::Throttled(until) => {
                self.requests.throttled += 1;
                self.progress.throttled(until.into_std());
            }
            Event::RateLimit(rate_limit::Event::Paused(until)) => {
                self.progress.throttled(until.into_std());
            }
            Event::RateLimit(rate_limit::Event::StateLost(error)) => {
                let location = self.journal.ledger.location().clone();
                let error = LedgerError::Failed { location, error };
                stop.request(StopReason::from(&error));
            }
            Event::WaitingForOtherImporters => self.progress.elsewhere(),
            Event::RateWaitStarted => {
                self.rate_waits.begin(Instant::now());
                self.progress.paced(self.rate_waits.since);
            }
            Event::RateWaitEnded => {
                self.rate_waits.end(Instant::now());
                self.progress.paced(self.rate_waits.since);
            }
            Event::Finished {
                index,
                delivery,
                order_state,
                handled,
            } => {
                // Recorded at once, so that a killed run loses no outcome.
                self.journal
                    .settle(&self.updates[index], &delivery, order_state);
                // The outcome of an order that another importer delivered says nothing about our requests.
                let is_ours = delivery.attempts > 0;
                if let Some(reason) = self.monitor.record(&delivery).filter(|_| is_ours) {
                    stop.request(reason);
                }
                drop(handled);
                self.progress.finished(delivery.outcome);
                if let Some(live_feed) = &mut self.live_feed {
                    live_feed.add(index, &delivery);
                }
                self.deliveries[index] = Some(delivery);
            }
        }
    }

    /// Ends the delivery. An update that was sent and has no outcome may have been applied, so it becomes `Unknown`.
    fn finish(mut self, stop: &StopSignal) -> Sent {
        for (delivery, attempts) in self.deliveries.iter_mut().zip(&self.attempts) {
            if delivery.is_none() && *attempts > 0 {
                *delivery = Some(Delivery {
                    outcome: Outcome::Unknown,
                    attempts: *attempts,
                    message: Some("the run was stopped before the answer came".to_owned()),
                    ..Delivery::not_sent()
                });
            }
        }
        let never_answered = || {
            let last = self.deliveries.iter().flatten().last();
            let words = last
                .and_then(|delivery| delivery.message.clone())
                .unwrap_or_default();
            self.monitor
                .never_answered()
                .then_some(StopReason::Unreachable(words))
        };
        let stop = stop.reason().or_else(never_answered);
        self.progress.end();
        Sent {
            deliveries: self.deliveries,
            requests: self.requests,
            waited_for_rate: self.rate_waits.total,
            stop,
        }
    }
}
