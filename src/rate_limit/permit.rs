//! Permits, and the commands that they and the limiter send to the task.

use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

/// A command to the rate limiter's task.
#[derive(Debug)]
pub(super) enum Command {
    /// Grant a permit as soon as one is available.
    Acquire(oneshot::Sender<Permit>),
    /// The request has arrived at `at` at the latest. The latency is `None` unless it was answered.
    Finish {
        id: u64,
        latency: Option<Duration>,
        at: Instant,
    },
    /// The request will not be sent.
    Cancel { id: u64 },
    /// The server asked everybody to pause.
    Pause(Duration),
    /// The server reported too many requests, and asked for a pause.
    SlowDown(Duration),
    /// Reply once all earlier commands are in the shared state.
    Flush(oneshot::Sender<()>),
}

/// The permission to send one request. Dropping it reports the end of the request.
#[derive(Debug)]
pub(crate) struct Permit {
    id: u64,
    not_before: Option<Instant>,
    sent_at: Option<Instant>,
    /// `None` once the end is reported, and if the rate is unlimited.
    commands: Option<UnboundedSender<Command>>,
}

impl Permit {
    pub(super) const fn new(
        id: u64,
        not_before: Instant,
        commands: UnboundedSender<Command>,
    ) -> Self {
        Self {
            id,
            not_before: Some(not_before),
            sent_at: None,
            commands: Some(commands),
        }
    }

    /// Returns a permit that is valid immediately and reports nothing.
    pub(super) const fn unlimited() -> Self {
        Self {
            id: 0,
            not_before: None,
            sent_at: None,
            commands: None,
        }
    }

    /// Waits for the time at which the request may be sent, which is very soon.
    pub(crate) async fn departure(&mut self) {
        // Even a sleep of zero length waits for the timer's next tick.
        if let Some(time) = self.not_before.filter(|time| *time > Instant::now()) {
            sleep_until(time).await;
        }
        self.sent_at = Some(Instant::now());
    }

    /// Reports that the request was answered, which proves that it has arrived and how long that took.
    pub(crate) fn answered(mut self) {
        let latency = self.sent_at.map(|sent_at| sent_at.elapsed());
        self.finish(latency);
    }

    fn finish(&mut self, latency: Option<Duration>) {
        let (id, at) = (self.id, Instant::now());
        self.send(Command::Finish { id, latency, at });
    }

    fn send(&mut self, command: Command) {
        if let Some(commands) = self.commands.take() {
            // Without a task no further permits are granted, so nobody needs the command.
            let _ = commands.send(command);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        match self.sent_at {
            Some(_) => self.finish(None),
            None => self.send(Command::Cancel { id: self.id }),
        }
    }
}
