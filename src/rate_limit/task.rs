//! The turns: requests that wait for the pace leave in the order in which they came.
//!
//! One task looks after them. It gathers what has happened, changes the budget once for all of it, and gives as many
//! turns as that allows; so a high rate costs no more than a low one.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, WeakUnboundedSender};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::delivery::Event;
use crate::ledger::error::StorageError;
use crate::rate_limit::limiter::{Held, Pauses, Permit};
use crate::rate_limit::rate::Rate;
use crate::rate_limit::state::Uses;
use crate::rate_limit::store::{Budget, Sharing};
use crate::rate_limit::window::Opening;
use crate::system::process::ProcessId;
use crate::system::wall_time::WallTime;

/// How often those are told of our requests, who cannot see whether this process lives.
const HOLD: Duration = Duration::from_secs(5);
/// A pause that is longer than we knew by less than this is no news.
const NOTEWORTHY: Duration = Duration::from_secs(1);
/// What has happened that is gathered at once, at most.
const GATHERED: usize = 256;

/// What the turns are told.
#[derive(Debug)]
pub(crate) enum Note {
    /// A request waits for its turn.
    Awaited(oneshot::Sender<Permit>),
    /// The request with this number was answered, after so long, or given up; and when.
    Ended(u64, Option<Duration>, Instant),
    /// The request with this number will not leave.
    Abandoned(u64),
    /// The server asked everybody to wait for so long.
    Paused(Duration),
    /// The server found us too fast, and is not to be asked for so long.
    Throttled(Duration),
    /// Somebody waits until all that was told is written down.
    Flushed(oneshot::Sender<()>),
}

/// How a budget is dealt with, by who shares it.
#[derive(Debug, Clone, Copy)]
struct Habit {
    /// By how much earlier a turn is given than the request may leave: its intent must be durable by then. Not more, as
    /// the token is taken then, and must be good still when the request arrives.
    lead: Duration,
    /// How often to look whether another process has ended its requests, where only that can help.
    look: Option<Duration>,
    /// How long nothing is changed after a change, at least, and at most where nothing can be had before: so a change,
    /// which may take round trips, is one for several requests.
    rest: (Duration, Duration),
}

impl Habit {
    const fn of(sharing: Sharing) -> Self {
        let millis = Duration::from_millis;
        match sharing {
            Sharing::Nobody => Self {
                lead: millis(20),
                look: None,
                rest: (Duration::ZERO, Duration::ZERO),
            },
            Sharing::Machine => Self {
                lead: millis(20),
                look: Some(millis(50)),
                rest: (Duration::ZERO, Duration::ZERO),
            },
            Sharing::Team => Self {
                lead: millis(100),
                look: Some(millis(250)),
                rest: (millis(20), millis(250)),
            },
        }
    }
}

/// Gives turns.
pub(crate) struct Turns {
    pub(crate) rate: Rate,
    pub(crate) budget: Arc<Mutex<Budget>>,
    pub(crate) inbox: UnboundedReceiver<Note>,
    /// For the permits, which tell what becomes of their requests.
    pub(crate) outbox: WeakUnboundedSender<Note>,
    pub(crate) pauses: Pauses,
    pub(crate) held: Held,
    pub(crate) events: WeakUnboundedSender<Event>,
    pub(crate) begun: Instant,
    pub(crate) waiting: VecDeque<oneshot::Sender<Permit>>,
    pub(crate) next_number: u64,
    /// The requests that have their turn and have not ended.
    pub(crate) outstanding: Vec<u64>,
}

/// What a change of the budget came to.
struct Changed {
    /// When each request may leave that has its turn now.
    granted: Vec<Instant>,
    /// When there may be turns for others; `None` where another must end first.
    next: Option<Instant>,
    /// How long everybody is asked to pause.
    pause: Duration,
}

impl Turns {
    /// Gives turns until nobody is left who could want one, or the budget is lost.
    pub(crate) async fn run(mut self) {
        let sharing = self.budget().sharing();
        let habit = Habit::of(sharing);
        let (mut next, mut rested) = (None, Instant::now());
        let mut notes = Vec::new();
        while self.gather(self.until(sharing, next), &mut notes).await {
            self.gather_more(rested, &mut notes).await;
            let flushed = self.keep_here(&mut notes);
            self.waiting.retain(|waiter| !waiter.is_closed());
            let began = Instant::now();
            let changed = self.change(std::mem::take(&mut notes), sharing).await;
            let Some(changed) = self.unless_lost(changed) else {
                return;
            };
            self.held.renew(sharing, began);
            self.pause(changed.pause);
            self.grant(&changed.granted);
            for done in flushed {
                // Whoever does not wait any more has no use for the answer.
                let _ = done.send(());
            }
            let (least, most) = habit.rest;
            let now = Instant::now();
            let wait = changed.next.unwrap_or(now).saturating_duration_since(now);
            rested = now + wait.clamp(least, most);
            next = changed
                .next
                .or(habit.look.map(|look| now + look))
                .filter(|_| !self.waiting.is_empty());
        }
    }

    /// Returns until when to wait for news: for the next turn, and no longer than others count on our requests.
    fn until(&self, sharing: Sharing, next: Option<Instant>) -> Option<Instant> {
        let must_hold = sharing == Sharing::Team && !self.outstanding.is_empty();
        let held = must_hold.then(|| Instant::now() + HOLD);
        match (next, held) {
            (Some(next), Some(held)) => Some(next.min(held)),
            (next, held) => next.or(held),
        }
    }

    /// Waits until something has happened, or until then; `false` when nobody is left.
    async fn gather(&mut self, until: Option<Instant>, notes: &mut Vec<Note>) -> bool {
        let gathered = self.inbox.recv_many(notes, GATHERED);
        match until {
            None => gathered.await > 0,
            Some(until) => tokio::time::timeout_at(until, gathered)
                .await
                .map_or(true, |count| count > 0),
        }
    }

    /// Gathers until then, unless somebody waits until all is written down.
    async fn gather_more(&mut self, until: Instant, notes: &mut Vec<Note>) {
        let is_urgent = |notes: &[Note]| notes.iter().any(|note| matches!(note, Note::Flushed(_)));
        while Instant::now() < until && !is_urgent(notes) {
            let more = self.inbox.recv_many(notes, GATHERED);
            match tokio::time::timeout_at(until, more).await {
                Ok(count) if count > 0 => {}
                _ => return,
            }
        }
    }

    /// Tells of a budget that is lost: nobody may send any more.
    fn unless_lost(&self, changed: Result<Changed, StorageError>) -> Option<Changed> {
        changed
            .map_err(|error| {
                if let Some(events) = self.events.upgrade() {
                    // Whoever stopped listening has no more use for events.
                    let _ = events.send(Event::BudgetLost(error));
                }
            })
            .ok()
    }

    /// Takes out of the notes what the budget need not know; returns who waits until it knows the rest.
    fn keep_here(&mut self, notes: &mut Vec<Note>) -> Vec<oneshot::Sender<()>> {
        let mut flushed = Vec::new();
        for note in std::mem::take(notes) {
            match note {
                Note::Awaited(waiter) => self.waiting.push_back(waiter),
                Note::Flushed(done) => flushed.push(done),
                other => {
                    if let Note::Ended(number, ..) | Note::Abandoned(number) = other {
                        self.outstanding
                            .retain(|outstanding| *outstanding != number);
                    }
                    notes.push(other);
                }
            }
        }
        flushed
    }

    /// Changes the budget. A shared one stands elsewhere, so that is done where waiting does no harm.
    async fn change(&self, notes: Vec<Note>, sharing: Sharing) -> Result<Changed, StorageError> {
        let (rate, since_begin) = (self.rate.clone(), self.begun.elapsed());
        let (wanted, first) = (self.waiting.len(), self.next_number);
        let (outstanding, lead) = (self.outstanding.clone(), Habit::of(sharing).lead);
        // Taken before anything is locked: what seems to have ended later than it did only costs time.
        let asked = Instant::now();
        let budget = Arc::clone(&self.budget);
        let change = move || {
            let mut budget = budget.lock().unwrap_or_else(PoisonError::into_inner);
            budget.change(since_begin, |uses, here, now| {
                // What is left to wait is counted from this moment, however long the file then takes.
                let present = Instant::now();
                for note in &notes {
                    take(note, uses, here, (now, asked));
                }
                uses.forget(now, rate.memory(&uses.throttle, now));
                let numbers = first..first + wanted as u64;
                let at = (here, now, present);
                let changed = claim(&rate, uses, at, lead, numbers.clone());
                if sharing == Sharing::Team {
                    let granted = numbers.take(changed.granted.len());
                    let ours: Vec<u64> = outstanding.iter().copied().chain(granted).collect();
                    uses.hold(here, &ours, now);
                }
                changed
            })
        };
        if sharing == Sharing::Nobody {
            return change();
        }
        // Where the task was cancelled the run has ended.
        tokio::task::spawn_blocking(change)
            .await
            .unwrap_or(Err(StorageError::Ended))
    }

    /// Pauses as everybody does, and tells it where that is news.
    fn pause(&self, pause: Duration) {
        let known = self.pauses.left().unwrap_or_default();
        let until = self.pauses.at_least(pause);
        let is_news = pause > known + NOTEWORTHY;
        if let Some(events) = self.events.upgrade().filter(|_| is_news) {
            // Whoever stopped listening has no more use for events.
            let _ = events.send(Event::Paused(until));
        }
    }

    fn grant(&mut self, openings: &[Instant]) {
        let first = self.next_number;
        self.next_number += openings.len() as u64;
        let waiters = self.waiting.drain(..openings.len());
        for ((number, waiter), opens) in (first..).zip(waiters).zip(openings) {
            if let Some(outbox) = self.outbox.upgrade() {
                self.outstanding.push(number);
                // A permit that nobody takes any more says so when it is dropped.
                let _ = waiter.send(Permit::new(number, Some(*opens), Some(outbox)));
            }
        }
    }

    fn budget(&self) -> std::sync::MutexGuard<'_, Budget> {
        self.budget.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn take(note: &Note, uses: &mut Uses, here: &ProcessId, (now, asked): (WallTime, Instant)) {
    match note {
        Note::Ended(number, took, at) => {
            let ago = asked.saturating_duration_since(*at);
            uses.end(here, *number, *took, now.minus(ago));
        }
        Note::Abandoned(number) => uses.abandon(here, *number),
        Note::Paused(wait) => uses.throttle.pause(*wait, now),
        Note::Throttled(wait) => {
            uses.throttle.slow_down(now);
            uses.throttle.pause(*wait, now);
        }
        Note::Awaited(_) | Note::Flushed(_) => {}
    }
}

/// Claims a place for as many requests as may leave now, which is `present` on this process's clock.
fn claim(
    rate: &Rate,
    uses: &mut Uses,
    (here, now, present): (&ProcessId, WallTime, Instant),
    lead: Duration,
    numbers: std::ops::Range<u64>,
) -> Changed {
    let mut changed = Changed {
        granted: Vec::new(),
        next: None,
        pause: uses.throttle.paused_until().since(now),
    };
    for number in numbers {
        match rate.opening(uses, now) {
            Opening::At(at) if at <= now.plus(lead) => {
                uses.begin(here, number, now);
                changed.granted.push(present + at.since(now));
            }
            Opening::At(at) => {
                changed.next = Some(present + at.since(now.plus(lead)));
                break;
            }
            Opening::AfterAnother => break,
        }
    }
    changed
}
