//! The delivery of an import: one loop owns the outcomes, the counts and the bar; the workers only send events.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use crate::deliver::client::Client;
use crate::deliver::rate::Rate;
use crate::deliver::{self, Delivery, End, Event, Journal, Outcome, Policy, Stop, Update, Watch};
use crate::error::Error;
use crate::ledger::Known;
use crate::ledger::entry::Settlement;
use crate::report::Requests;
use crate::ui::progress::{DeliveryProgress, PLAIN_INTERVAL, Style};

/// What a delivery came to.
#[derive(Debug)]
pub(super) struct Delivered {
    /// By update: how it ended; `None` where it never left.
    pub(super) deliveries: Vec<Option<Delivery>>,
    pub(super) requests: Requests,
    pub(super) waited_for_pace: Duration,
    /// Why it ended early, if it did.
    pub(super) end: Option<End>,
}

/// Delivers updates until each has an outcome, or the run is stopped.
pub(super) async fn run(
    updates: Vec<Update>,
    client: Client,
    journal: Journal,
    policy: &Policy,
    style: Style,
) -> Result<Delivered, Error> {
    let mut interruptions = Interruptions::listen()?;
    let stop = Stop::default();
    let (sender, mut events) = mpsc::unbounded_channel();
    let updates: Arc<[Update]> = Arc::from(updates);
    let mut state = State::new(&updates, &journal, style, &policy.rate);
    let (policy, workers_stop) = (policy.clone(), stop.clone());
    let workers = tokio::spawn(async move {
        deliver::deliver(updates, client, journal, &policy, &workers_stop, sender).await;
    });
    let mut ticks = interval(PLAIN_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    let mut is_stopping = false;
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Some(event) => state.take(event, &stop),
                None => break,
            },
            () = interruptions.next() => {
                if is_stopping {
                    break;
                }
                is_stopping = true;
                stop.request(End::Interrupted);
                state.progress.stopping();
            }
            _ = ticks.tick() => state.progress.tick(),
        }
    }
    workers.abort();
    // Cancelled or not, no worker is left after this, and what they told last still counts.
    let _ = workers.await;
    while let Ok(event) = events.try_recv() {
        state.take(event, &stop);
    }
    state.journal.ledger.flush().await.map_err(Error::Ledger)?;
    Ok(state.finish(&stop))
}

/// Ctrl-C, and the system's request to end.
pub(super) struct Interruptions {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl Interruptions {
    pub(super) fn listen() -> Result<Self, Error> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| {
            signal(kind).map_err(|source| Error::System {
                action: "listen for signals",
                source,
            })
        };
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
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
}

impl State {
    fn new(updates: &Arc<[Update]>, journal: &Journal, style: Style, rate: &Rate) -> Self {
        let count = updates.len();
        Self {
            updates: Arc::clone(updates),
            journal: journal.clone(),
            deliveries: vec![None; count],
            attempts: vec![0; count],
            requests: Requests::default(),
            pace_waits: PaceWaits::default(),
            watch: Watch::default(),
            progress: DeliveryProgress::begin(style, count, rate),
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
            Event::PaceAwaited => self.pace_waits.begin(Instant::now()),
            Event::PaceGranted => self.pace_waits.end(Instant::now()),
            Event::Finished(index, delivery, known) => {
                self.settle(index, &delivery, &known);
                if let Some(end) = self.watch.see(&delivery) {
                    stop.request(end);
                }
                self.progress.finished(delivery.outcome);
                self.deliveries[index] = Some(delivery);
            }
        }
    }

    /// Writes down what became of an order, the moment that it is known.
    fn settle(&self, index: usize, delivery: &Delivery, known: &Known) {
        let update = &self.updates[index];
        self.journal.ledger.settle(Settlement {
            run: self.journal.run.clone(),
            company_id: update.company_id.clone(),
            order_id: update.order_id.clone(),
            outcome: delivery.outcome.words().to_owned(),
            http_status: delivery.http_status,
            attempts: delivery.attempts,
            message: delivery.message.clone(),
            known: Some(known.to_json()),
            at: Timestamp::now(),
        });
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
