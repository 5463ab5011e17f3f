//! The delivery of an import: one loop owns the outcomes, the counts and the bar; the workers only send events.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use crate::delivery;
use crate::delivery::{Delivery, End, Event, Journal, Outcome, Policy, Stop, Update, Watch};
use crate::ledger::LedgerError;
use crate::paylocity::client::Client;
use crate::pipeline::live_feed::Following;
use crate::pipeline::signals::Interruptions;
use crate::report::Requests;
use crate::ui::progress::{DeliveryProgress, INTERVAL, Style};

/// Events that are taken at once, at most.
const AT_ONCE: usize = 64;

/// What a delivery came to.
#[derive(Debug)]
pub(crate) struct Delivered {
    /// By update: how it ended; `None` where it never left.
    pub(crate) deliveries: Vec<Option<Delivery>>,
    pub(crate) requests: Requests,
    pub(crate) waited_for_pace: Duration,
    /// Why it ended early, if it did.
    pub(crate) end: Option<End>,
}

/// Delivers updates until each has an outcome, or the run is stopped. After `deadline` nothing is sent any more.
pub(crate) async fn run(
    updates: Vec<Update>,
    client: Client,
    journal: Journal,
    policy: &Policy,
    (style, following): (Style, Option<Following>),
    mut interruptions: Interruptions,
    deadline: Option<Instant>,
) -> Delivered {
    let stop = Stop::default();
    if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
        stop.request(End::OutOfTime);
    }
    let (sender, mut events) = mpsc::unbounded_channel();
    let updates: Arc<[Update]> = Arc::from(updates);
    let mut state = State::new(&updates, &journal, style, policy);
    state.following = following;
    let (policy, workers_stop) = (policy.clone(), stop.clone());
    let workers = tokio::spawn(async move {
        delivery::deliver(updates, client, journal, &policy, &workers_stop, sender).await;
    });
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    let mut is_stopping = false;
    let mut news = Vec::with_capacity(AT_ONCE);
    loop {
        tokio::select! {
            count = events.recv_many(&mut news, AT_ONCE) => {
                if count == 0 {
                    break;
                }
                for event in news.drain(..) {
                    state.take(event, &stop);
                }
            }
            () = interruptions.next() => {
                if is_stopping {
                    break;
                }
                is_stopping = true;
                state.journal.ledger.begin_shutdown();
                stop.request(End::Interrupted);
                state.progress.stopping();
            }
            () = until(deadline), if !stop.is_requested() => stop.request(End::OutOfTime),
            _ = ticks.tick() => state.tick(),
        }
    }
    workers.abort();
    // Cancelled or not, no worker is left after this, and what they told last still counts.
    let _ = workers.await;
    while let Ok(event) = events.try_recv() {
        state.take(event, &stop);
    }
    if let Err(error) = state.journal.ledger.flush().await {
        stop.request(End::of_ledger(&error));
    }
    state.finish(&stop)
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}

/// The time in which at least one request waited for the pace.
#[derive(Default)]
struct PaceWaits {
    waiting: usize,
    since: Option<Instant>,
    total: Duration,
}

impl PaceWaits {
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

/// Everything that the loop keeps.
struct State {
    updates: Arc<[Update]>,
    journal: Journal,
    deliveries: Vec<Option<Delivery>>,
    /// By update: how often it has left.
    attempts: Vec<u32>,
    requests: Requests,
    pace_waits: PaceWaits,
    watch: Watch,
    progress: DeliveryProgress,
    following: Option<Following>,
}

impl State {
    fn new(updates: &Arc<[Update]>, journal: &Journal, style: Style, policy: &Policy) -> Self {
        let count = updates.len();
        let most_failures = policy.limits.failures.map(|most| most.of(count));
        Self {
            updates: Arc::clone(updates),
            journal: journal.clone(),
            deliveries: vec![None; count],
            attempts: vec![0; count],
            requests: Requests::default(),
            pace_waits: PaceWaits::default(),
            watch: Watch::new(most_failures),
            progress: DeliveryProgress::begin(style, count, &policy.rate),
            following: None,
        }
    }

    fn tick(&mut self) {
        self.progress.tick();
        if let Some(following) = &mut self.following {
            following.tell(&self.requests);
        }
    }

    fn take(&mut self, event: Event, stop: &Stop) {
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
            Event::Paused(until) => self.progress.throttled(until.into_std()),
            Event::BudgetLost(error) => {
                let location = self.journal.ledger.location().clone();
                stop.request(End::of_ledger(&LedgerError::Failed { location, error }));
            }
            Event::Elsewhere => self.progress.elsewhere(),
            Event::PaceAwaited => {
                self.pace_waits.begin(Instant::now());
                self.progress.paced(self.pace_waits.since);
            }
            Event::PaceGranted => {
                self.pace_waits.end(Instant::now());
                self.progress.paced(self.pace_waits.since);
            }
            Event::Finished(index, delivery, known, judging) => {
                // The moment that it is known, not at the end.
                self.journal.settle(&self.updates[index], &delivery, known);
                // What another importer has delivered tells nothing of how the API answers us.
                let is_ours = delivery.attempts > 0;
                if let Some(end) = self.watch.see(&delivery).filter(|_| is_ours) {
                    stop.request(end);
                }
                drop(judging);
                self.progress.finished(delivery.outcome);
                if let Some(following) = &mut self.following {
                    following.note(index, &delivery);
                }
                self.deliveries[index] = Some(delivery);
            }
        }
    }

    /// Ends the delivery: an update that has left and has no outcome may have been applied.
    fn finish(mut self, stop: &Stop) -> Delivered {
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
            self.watch
                .never_answered()
                .then_some(End::Unreachable(words))
        };
        let end = stop.reason().or_else(never_answered);
        self.progress.end();
        Delivered {
            deliveries: self.deliveries,
            requests: self.requests,
            waited_for_pace: self.pace_waits.total,
            end,
        }
    }
}
