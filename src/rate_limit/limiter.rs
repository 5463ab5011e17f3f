//! The pace: never more requests in any sliding window than the rate allows, as the server sees it.
//!
//! What counts is when requests reach the server, and the network may delay one and not the next. A request has
//! certainly arrived once it is answered; so its place in each window is given to another only a whole window after
//! the answer, or earlier by what answers certainly take.
//!
//! What is used of the rate stands in a [`Budget`], which other processes may share. `rule` says when the next
//! request may leave, `margin` how much of the time to answer counts, and `turns` gives the permits, in the order
//! in which they were asked for.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::{self, UnboundedSender};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::rate::Rate;
use crate::delivery::Event;
use crate::delivery::shutdown::Stop;
use crate::rate_limit::store::{Budget, Sharing};
use crate::rate_limit::task::{Note, Turns};

/// No pause is longer, whatever a server asks: a day is as good as never.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 60 * 60);

/// Who has permission and has not told others of it for so long waits until they are told: they may not count on it
/// any more.
const UNHELD: Duration = Duration::from_secs(20);
/// How often to look whether they are.
const LOOK: Duration = Duration::from_millis(100);

/// How long the end of a run may wait for that.
const FLUSH: Duration = Duration::from_secs(10);

/// Hands out the permission to send.
#[derive(Debug)]
pub(crate) struct Pace {
    /// `None` where the rate has no limit: nobody waits for a turn then.
    notes: Option<UnboundedSender<Note>>,
    pauses: Pauses,
    held: Held,
}

/// When others who cannot see this process were told last of what it is about to send; `None` where there are none.
#[derive(Debug, Clone, Default)]
pub(crate) struct Held(Arc<Mutex<Option<Instant>>>);

/// Until when nobody sends, as this process knows it: it matters at once, also for those who have their permit.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pauses(Arc<Mutex<Option<Instant>>>);

/// The permission to send one request.
#[derive(Debug)]
pub(crate) struct Permit {
    number: u64,
    /// When the request may leave: very soon, or at once.
    opens: Option<Instant>,
    sent: Option<Instant>,
    /// `None` once it is told what became of the request, and where nobody wants to know.
    notes: Option<UnboundedSender<Note>>,
}

impl Pace {
    /// Makes the pace of a rate, with what is used of it. It needs a runtime to live in, and tells of pauses that
    /// others were asked for.
    pub(crate) fn new(rate: &Rate, budget: Budget, events: &UnboundedSender<Event>) -> Self {
        if rate.is_unlimited() {
            return Self {
                notes: None,
                pauses: Pauses::default(),
                held: Held::default(),
            };
        }
        let (notes, inbox) = mpsc::unbounded_channel();
        let (pauses, held) = (Pauses::default(), Held::default());
        let turns = Turns {
            rate: rate.clone(),
            budget: Arc::new(Mutex::new(budget)),
            inbox,
            outbox: notes.downgrade(),
            pauses: pauses.clone(),
            held: held.clone(),
            // Turns must not keep those waiting who listen until everybody has ended.
            events: events.downgrade(),
            begun: Instant::now(),
            waiting: VecDeque::new(),
            // Told apart from those of another pace in this process.
            next_number: fastrand::u64(..u64::MAX / 2),
            outstanding: Vec::new(),
        };
        tokio::spawn(turns.run());
        Self {
            notes: Some(notes),
            pauses,
            held,
        }
    }

    /// Returns the permission to send where it need not be waited for: without a limit, and with nobody to pause for.
    pub(crate) fn permit_at_once(&self) -> Option<Permit> {
        (self.notes.is_none() && self.pauses.left().is_none()).then(|| Permit::new(0, None, None))
    }

    /// Waits for the permission to send, very soon; `None` when a stop was requested first.
    pub(crate) async fn permit(&self, stop: &Stop) -> Option<Permit> {
        let Some(notes) = &self.notes else {
            self.unpaused(stop).await?;
            return Some(Permit::new(0, None, None));
        };
        let (waiter, turn) = oneshot::channel();
        notes.send(Note::Awaited(waiter)).ok()?;
        let permit = tokio::select! {
            permit = turn => permit.ok()?,
            () = stop.requested() => return None,
        };
        self.unpaused(stop).await?;
        Some(permit)
    }

    /// Waits until nobody is asked to pause, and others count on what we send; `None` when a stop was requested first.
    pub(crate) async fn unpaused(&self, stop: &Stop) -> Option<()> {
        while let Some(wait) = self.pauses.left().or_else(|| self.held.wait()) {
            stop.sleep(wait).await;
            if stop.is_requested() {
                return None;
            }
        }
        (!stop.is_requested()).then_some(())
    }

    /// Keeps everybody from sending for so long, as the server asks.
    pub(crate) fn pause(&self, wait: Duration) {
        self.pauses.at_least(wait);
        self.note(Note::Paused(wait));
    }

    /// Keeps everybody from sending for so long, and slows the pace down: the server found us too fast.
    /// Returns until when.
    pub(crate) fn throttle(&self, wait: Duration) -> Instant {
        let until = self.pauses.at_least(wait);
        self.note(Note::Throttled(wait));
        until
    }

    fn note(&self, note: Note) {
        if let Some(notes) = &self.notes {
            // Where nobody gives turns any more, nobody sends.
            let _ = notes.send(note);
        }
    }

    /// Waits until what became of the requests is written down, for whoever sends next.
    pub(crate) async fn flush(&self) {
        let (done, flushed) = oneshot::channel();
        let is_told = |notes: &UnboundedSender<Note>| notes.send(Note::Flushed(done)).is_ok();
        if self.notes.as_ref().is_some_and(is_told) {
            // An error means that nobody gives turns any more; a database that is lost is not waited for.
            let _ = tokio::time::timeout(FLUSH, flushed).await;
        }
    }
}

impl Pauses {
    /// Pauses for so long, or longer where that was asked for already. Returns until when.
    pub(crate) fn at_least(&self, wait: Duration) -> Instant {
        let now = Instant::now();
        let mut paused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let until = (now + wait.min(LONGEST_PAUSE)).max(paused.unwrap_or(now));
        *paused = Some(until);
        until
    }

    pub(crate) fn left(&self) -> Option<Duration> {
        let until = (*self.0.lock().unwrap_or_else(PoisonError::into_inner))?;
        let left = until.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }
}

impl Held {
    pub(crate) fn renew(&self, sharing: Sharing, at: Instant) {
        if sharing == Sharing::Team {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(at);
        }
    }

    fn wait(&self) -> Option<Duration> {
        let held = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.filter(|at| at.elapsed() > UNHELD).map(|_| LOOK)
    }
}

impl Permit {
    pub(crate) const fn new(
        number: u64,
        opens: Option<Instant>,
        notes: Option<UnboundedSender<Note>>,
    ) -> Self {
        Self {
            number,
            opens,
            sent: None,
            notes,
        }
    }

    /// Waits for the moment at which the request may leave, and notes that it does.
    pub(crate) async fn leave(&mut self) {
        // Even a sleep of no time waits for the timer's next tick.
        if let Some(opens) = self.opens.filter(|opens| *opens > Instant::now()) {
            tokio::time::sleep_until(opens).await;
        }
        self.sent = Some(Instant::now());
    }

    /// Says that the request was answered: it has arrived by now, and how long it took tells of the way.
    pub(crate) fn answered(mut self) {
        let took = self.sent.map(|sent| sent.elapsed());
        self.tell(Note::Ended(self.number, took, Instant::now()));
    }

    /// Says that no answer is waited for any more, or that it tells nothing of the way: the request may have arrived at
    /// any time until now.
    pub(crate) fn ended(mut self) {
        self.tell(Note::Ended(self.number, None, Instant::now()));
    }

    fn tell(&mut self, note: Note) {
        if let Some(notes) = self.notes.take() {
            // Where nobody gives turns any more, nobody sends.
            let _ = notes.send(note);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let note = match self.sent {
            Some(_) => Note::Ended(self.number, None, Instant::now()),
            None => Note::Abandoned(self.number),
        };
        self.tell(note);
    }
}
