//! The rate limiter, as workers use it.

use std::time::Duration;

use tokio::sync::mpsc::{self, UnboundedSender};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use super::event::Event;
use super::gate::Gate;
use super::location::StateLocation;
use super::permit::{Command, Permit};
use super::rate::Rate;
use super::store::StateStore;
use super::task::Task;

/// Time limit for writing the state at the end of a run.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(10);

/// Grants permits to send requests, first come, first served.
#[derive(Debug)]
pub(crate) struct RateLimiter {
    /// `None` if the rate is unlimited.
    commands: Option<UnboundedSender<Command>>,
    gate: Gate,
}

impl RateLimiter {
    /// Creates a limiter and spawns its task. The task calls `on_event` until the limiter and all permits are dropped.
    pub(crate) fn new(
        rate: &Rate,
        location: &StateLocation,
        on_event: impl Fn(Event) + Send + Sync + 'static,
    ) -> Self {
        let gate = Gate::default();
        let commands = (!rate.is_unlimited()).then(|| {
            let (sender, receiver) = mpsc::unbounded_channel();
            let permits = sender.downgrade();
            let store = StateStore::open(location);
            let task = Task::new(rate, store, receiver, permits, gate.clone(), on_event);
            tokio::spawn(task.run());
            sender
        });
        Self { commands, gate }
    }

    /// Returns a permit if no request has to wait, which is the case only without a limit and without a pause.
    pub(crate) fn try_acquire(&self) -> Option<Permit> {
        let is_open = self.commands.is_none() && self.gate.pause_left().is_none();
        is_open.then(Permit::unlimited)
    }

    /// Waits for a permit. Returns `None` if the shared state is lost. Cancel safe.
    pub(crate) async fn acquire(&self) -> Option<Permit> {
        let permit = match &self.commands {
            None => Permit::unlimited(),
            Some(commands) => {
                let (sender, receiver) = oneshot::channel();
                commands.send(Command::Acquire(sender)).ok()?;
                receiver.await.ok()?
            }
        };
        self.gate.opened().await;
        Some(permit)
    }

    /// Waits while requests are held back that already have a permit. Cancel safe.
    pub(crate) async fn ready(&self) {
        self.gate.opened().await;
    }

    /// Pauses all processes that share the state, as the server asked.
    pub(crate) fn pause(&self, wait: Duration) {
        self.gate.pause(wait);
        self.send(Command::Pause(wait));
    }

    /// Pauses all processes and slows down for a while, because the server reported too many requests. Returns the end
    /// of the pause.
    pub(crate) fn slow_down(&self, wait: Duration) -> Instant {
        let until = self.gate.pause(wait);
        self.send(Command::SlowDown(wait));
        until
    }

    /// Waits until the shared state holds everything that was reported, for whichever process sends next.
    pub(crate) async fn flush(&self) {
        let (sender, receiver) = oneshot::channel();
        self.send(Command::Flush(sender));
        // A database that is lost, or a task that has ended, must not delay the end of the run.
        let _ = timeout(FLUSH_TIMEOUT, receiver).await;
    }

    fn send(&self, command: Command) {
        if let Some(commands) = &self.commands {
            // Without a task no further permits are granted, so nobody needs the command.
            let _ = commands.send(command);
        }
    }
}

#[cfg(test)]
impl RateLimiter {
    pub(super) fn pause_left(&self) -> Option<Duration> {
        self.gate.pause_left()
    }
}
