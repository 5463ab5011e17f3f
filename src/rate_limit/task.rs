//! The rate limiter's task. Requests get permits first come, first served.
//!
//! The task drains all pending commands, updates the shared state once per batch, and grants as many permits as fit, so
//! the cost per batch does not depend on the rate.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, WeakUnboundedSender};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::event::Event;
use super::gate::Gate;
use super::permit::{Command, Permit};
use super::rate::Rate;
use super::state::WindowState;
use super::store::{Sharing, StateStore};
use super::window::{self, NextSlot};
use crate::storage::error::StorageError;
use crate::system::clock::WallTime;
use crate::system::process::ProcessId;

/// Heartbeat interval for peers that cannot check whether this process is alive.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(5);
/// Reports a pause of another process only if it exceeds the known one by this much.
const MIN_NEW_PAUSE: Duration = Duration::from_secs(1);
/// Maximum number of commands per batch.
const MAX_BATCH: usize = 256;

/// Timing that depends on who shares the state.
#[derive(Debug, Clone, Copy)]
struct SharingPolicy {
    /// How long before its departure a request gets its permit. Its intent must be made durable in that time. A longer
    /// lead would not help, as the token is taken then and must still be valid on arrival.
    lead: Duration,
    /// How often to look for a free slot while requests of other processes block it.
    poll_interval: Option<Duration>,
}

impl SharingPolicy {
    const fn new(sharing: Sharing) -> Self {
        let (lead, poll) = match sharing {
            Sharing::Process => (20, None),
            Sharing::Machine => (20, Some(50)),
            Sharing::Team => (100, Some(250)),
        };
        Self {
            lead: Duration::from_millis(lead),
            poll_interval: match poll {
                Some(millis) => Some(Duration::from_millis(millis)),
                None => None,
            },
        }
    }
}

/// The rate limiter's task.
pub(super) struct Task<F> {
    rate: Rate,
    store: Arc<Mutex<StateStore>>,
    sharing: Sharing,
    policy: SharingPolicy,
    commands: UnboundedReceiver<Command>,
    /// For permits, which report the end of their requests. Weak, as the task ends when all others are dropped.
    permit_commands: WeakUnboundedSender<Command>,
    gate: Gate,
    on_event: F,
    started_at: Instant,
    waiting: VecDeque<oneshot::Sender<Permit>>,
    next_id: u64,
    /// Requests that have a permit and have not ended.
    in_flight: Vec<u64>,
}

/// The result of one update of the shared state.
struct Update {
    /// When each request that gets a permit now may be sent.
    departures: Vec<Instant>,
    /// When the next permit may be granted; `None` if a request must end first.
    next_grant: Option<Instant>,
    /// The rest of the pause.
    pause: Duration,
}

impl<F: Fn(Event)> Task<F> {
    pub(super) fn new(
        rate: &Rate,
        store: StateStore,
        commands: UnboundedReceiver<Command>,
        permit_commands: WeakUnboundedSender<Command>,
        gate: Gate,
        on_event: F,
    ) -> Self {
        let sharing = store.sharing();
        Self {
            rate: rate.clone(),
            store: Arc::new(Mutex::new(store)),
            sharing,
            policy: SharingPolicy::new(sharing),
            commands,
            permit_commands,
            gate,
            on_event,
            started_at: Instant::now(),
            waiting: VecDeque::new(),
            // A random start, so that several limiters in one process have different ids.
            next_id: fastrand::u64(..u64::MAX / 2),
            in_flight: Vec::new(),
        }
    }

    /// Runs until the limiter and all permits are dropped, or the shared state is lost.
    pub(super) async fn run(mut self) {
        let mut next_grant = None;
        let mut batch = Vec::new();
        while self.receive(self.deadline(next_grant), &mut batch).await {
            let flushes = self.take_local_commands(&mut batch);
            self.waiting.retain(|waiter| !waiter.is_closed());
            let began = Instant::now();
            let update = match self.update(std::mem::take(&mut batch)).await {
                Ok(update) => update,
                Err(error) => return (self.on_event)(Event::StateLost(error)),
            };
            if self.sharing == Sharing::Team {
                self.gate.record_heartbeat(began);
            }
            self.apply_pause(update.pause);
            self.grant(&update.departures);
            for done in flushes {
                // The receiver may have given up waiting.
                let _ = done.send(());
            }
            let poll = || Some(Instant::now() + self.policy.poll_interval?);
            next_grant = update.next_grant.or_else(poll);
            next_grant = next_grant.filter(|_| !self.waiting.is_empty());
        }
    }

    /// Returns when to update the state even without a command.
    fn deadline(&self, next_grant: Option<Instant>) -> Option<Instant> {
        let needs_heartbeat = self.sharing == Sharing::Team && !self.in_flight.is_empty();
        let heartbeat = needs_heartbeat.then(|| Instant::now() + HEARTBEAT_INTERVAL);
        next_grant.into_iter().chain(heartbeat).min()
    }

    /// Receives commands until the deadline. Returns `false` if there will be no more.
    async fn receive(&mut self, deadline: Option<Instant>, batch: &mut Vec<Command>) -> bool {
        let received = self.commands.recv_many(batch, MAX_BATCH);
        match deadline {
            None => received.await > 0,
            Some(deadline) => timeout_at(deadline, received)
                .await
                .map_or(true, |count| count > 0),
        }
    }

    /// Removes the commands that do not concern the shared state, and returns the flushes among them.
    fn take_local_commands(&mut self, batch: &mut Vec<Command>) -> Vec<oneshot::Sender<()>> {
        let mut flushes = Vec::new();
        for command in std::mem::take(batch) {
            match command {
                Command::Acquire(waiter) => self.waiting.push_back(waiter),
                Command::Flush(done) => flushes.push(done),
                command => {
                    if let Command::Finish { id, .. } | Command::Cancel { id } = command {
                        self.in_flight.retain(|other| *other != id);
                    }
                    batch.push(command);
                }
            }
        }
        flushes
    }

    /// Updates the state. A shared one needs I/O, which must not block the runtime.
    async fn update(&self, commands: Vec<Command>) -> Result<Update, StorageError> {
        let rate = self.rate.clone();
        let (sharing, lead) = (self.sharing, self.policy.lead);
        let ids = self.next_id..self.next_id + self.waiting.len() as u64;
        let in_flight = self.in_flight.clone();
        let since_start = self.started_at.elapsed();
        // Read before any lock: commands then seem younger than they are, which only costs time.
        let requested_at = Instant::now();
        let store = Arc::clone(&self.store);
        let update = move || {
            let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
            store.update(since_start, |state, process, now| {
                // Departures are counted from here, however long writing the state takes.
                let present = Instant::now();
                for command in &commands {
                    apply(command, state, process, now, requested_at);
                }
                state.prune(now, window::retention(&rate, &state.throttle, now));
                let update = reserve(&rate, state, process, now, present, lead, ids.clone());
                if sharing == Sharing::Team {
                    let granted = ids.clone().take(update.departures.len());
                    let in_flight: Vec<u64> = in_flight.iter().copied().chain(granted).collect();
                    state.renew(process, &in_flight, now);
                }
                update
            })
        };
        if sharing == Sharing::Process {
            return update();
        }
        // The blocking task is cancelled only when the runtime shuts down.
        tokio::task::spawn_blocking(update)
            .await
            .unwrap_or(Err(StorageError::WriterEnded))
    }

    /// Applies a pause of the shared state, and reports it if it is news.
    fn apply_pause(&self, pause: Duration) {
        let known = self.gate.pause_left().unwrap_or_default();
        let until = self.gate.pause(pause);
        if pause > known + MIN_NEW_PAUSE {
            (self.on_event)(Event::Paused(until));
        }
    }

    fn grant(&mut self, departures: &[Instant]) {
        let waiters = self.waiting.drain(..departures.len());
        for (waiter, departure) in waiters.zip(departures) {
            let id = self.next_id;
            self.next_id += 1;
            if let Some(commands) = self.permit_commands.upgrade() {
                self.in_flight.push(id);
                // If the receiver has given up waiting, dropping the permit cancels it.
                let _ = waiter.send(Permit::new(id, *departure, commands));
            }
        }
    }
}

fn apply(
    command: &Command,
    state: &mut WindowState,
    process: &ProcessId,
    now: WallTime,
    requested_at: Instant,
) {
    match command {
        Command::Finish { id, latency, at } => {
            let age = requested_at.saturating_duration_since(*at);
            state.finish(process, *id, *latency, now.minus(age));
        }
        Command::Cancel { id } => state.cancel(process, *id),
        Command::Pause(wait) => state.throttle.pause(*wait, now),
        Command::SlowDown(wait) => {
            state.throttle.slow_down(now);
            state.throttle.pause(*wait, now);
        }
        Command::Acquire(_) | Command::Flush(_) => {}
    }
}

/// Reserves slots for as many of the waiting requests as may be sent within `lead`. `present` is `now` on the clock of
/// this process.
fn reserve(
    rate: &Rate,
    state: &mut WindowState,
    process: &ProcessId,
    now: WallTime,
    present: Instant,
    lead: Duration,
    ids: std::ops::Range<u64>,
) -> Update {
    let mut update = Update {
        departures: Vec::new(),
        next_grant: None,
        pause: state.throttle.paused_until().since(now),
    };
    for id in ids {
        match window::next_slot(rate, state, now) {
            NextSlot::At(at) if at <= now.plus(lead) => {
                state.start(process, id, now);
                update.departures.push(present + at.since(now));
            }
            NextSlot::At(at) => {
                update.next_grant = Some(present + at.since(now.plus(lead)));
                break;
            }
            NextSlot::AfterInFlight => break,
        }
    }
    update
}
