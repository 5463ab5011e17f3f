//! Updates to outcomes: bounded concurrency, one pace, one token, one retry layer.
//!
//! Workers take the updates in their order and only send [`Event`]s; whoever calls owns all state. Nothing here
//! prints, and an update is in flight at most once at any time.

pub mod client;
mod message;
pub mod outcome;
pub mod pace;
pub mod rate;
pub mod retry;
pub mod stop;
pub mod token;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinSet;
use tokio::time::Instant;

use self::client::{Answer, Client};
pub use self::outcome::{Delivery, Outcome};
use self::pace::Pace;
use self::retry::Verdict;
pub use self::stop::{End, Stop, Watch};
use self::token::{Token, TokenSource};
use crate::order::model::Text;

/// One order's update, ready to be sent.
#[derive(Debug)]
pub struct Update {
    /// The company, one path segment once encoded.
    pub company_id: Text,
    /// The order, one path segment once encoded.
    pub order_id: Text,
    /// The body, as JSON.
    pub body: Vec<u8>,
    /// Whether the body carries reports: the server appends them anew each time it takes the body.
    pub has_reports: bool,
}

/// How updates are delivered.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The most requests in any window of time.
    pub rate: rate::Rate,
    /// The most updates in flight at once.
    pub concurrency: usize,
    /// How often an update is sent again, at most.
    pub retries: u32,
}

/// What the workers tell.
#[derive(Debug)]
pub enum Event {
    /// A token was asked for.
    TokenRequested,
    /// The update with this index is about to leave.
    Sent(usize),
    /// The server answered 429: nobody sends until then.
    Throttled(Instant),
    /// The update with this index has come to its end.
    Finished(usize, Delivery),
    /// A request begins to wait for the pace.
    PaceAwaited,
    /// A request has waited for the pace, and goes on or is given up.
    PaceGranted,
}

/// Delivers updates until each has an outcome or `stop` is requested; then those in flight are waited for.
///
/// Updates that never left have no [`Event::Finished`].
pub async fn deliver(
    updates: Arc<[Update]>,
    client: Client,
    policy: &Policy,
    stop: &Stop,
    events: UnboundedSender<Event>,
) {
    let worker = Arc::new(Worker {
        tokens: TokenSource::new(client.clone(), policy.retries, events.clone(), stop.clone()),
        pace: Pace::new(&policy.rate),
        retries: policy.retries,
        next: AtomicUsize::new(0),
        stop: stop.clone(),
        updates,
        client,
        events,
    });
    let mut workers = JoinSet::new();
    for _ in 0..policy.concurrency.min(worker.updates.len()) {
        workers.spawn(Arc::clone(&worker).run());
    }
    while workers.join_next().await.is_some() {}
}

/// What the workers share.
struct Worker {
    updates: Arc<[Update]>,
    next: AtomicUsize,
    client: Client,
    tokens: TokenSource,
    pace: Pace,
    retries: u32,
    stop: Stop,
    events: UnboundedSender<Event>,
}

/// What is known of an update while it is being delivered.
#[derive(Default)]
struct Course {
    attempts: u32,
    /// Whether an earlier attempt may have been applied.
    ambiguous: bool,
    /// Whether it was sent again after such an attempt.
    sent_in_doubt: bool,
    http_status: Option<u16>,
    latency: Option<Duration>,
    message: Option<String>,
}

impl Course {
    fn end(self, outcome: Outcome, has_reports: bool) -> Delivery {
        Delivery {
            outcome,
            http_status: self.http_status,
            attempts: self.attempts,
            latency: self.latency,
            possible_duplicate_reports: self.sent_in_doubt && has_reports,
            message: self.message,
        }
    }

    /// The outcome when no answer settles it any more.
    fn unsettled(&self) -> Outcome {
        if self.ambiguous {
            Outcome::Unknown
        } else {
            Outcome::Failed
        }
    }
}

impl Worker {
    async fn run(self: Arc<Self>) {
        while !self.stop.is_requested() {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(update) = self.updates.get(index) else {
                return;
            };
            if let Some(delivery) = self.deliver(index, update).await {
                self.tell(Event::Finished(index, delivery));
            }
        }
    }

    /// Brings one update to its end; `None` where it was stopped before it left.
    async fn deliver(&self, index: usize, update: &Update) -> Option<Delivery> {
        let mut course = Course::default();
        loop {
            let Some((answer, token)) = self.send(index, update, &mut course).await else {
                let outcome = course.unsettled();
                return (course.attempts > 0).then(|| course.end(outcome, update.has_reports));
            };
            let verdict = retry::verdict(&answer);
            course.take(&answer);
            match verdict {
                Verdict::Accepted => {
                    token.accept();
                    return Some(course.end(Outcome::Accepted, update.has_reports));
                }
                Verdict::Final => return Some(course.end(Outcome::Rejected, update.has_reports)),
                Verdict::TokenRefused if !token.refuse() => {
                    self.stop
                        .request(End::Refused(course.message.clone().unwrap_or_default()));
                    let outcome = course.unsettled();
                    return Some(course.end(outcome, update.has_reports));
                }
                Verdict::Throttled(wait) => self.throttle(wait, course.attempts),
                Verdict::Ambiguous => course.ambiguous = true,
                Verdict::TokenRefused | Verdict::NotApplied(_) => {}
            }
            if course.attempts > self.retries {
                let outcome = course.unsettled();
                return Some(course.end(outcome, update.has_reports));
            }
            self.stop
                .sleep(retry::delay(&verdict, course.attempts))
                .await;
        }
    }

    /// Sends an update once; `None` where it was stopped before it left.
    async fn send(
        &self,
        index: usize,
        update: &Update,
        course: &mut Course,
    ) -> Option<(Answer, Token)> {
        self.tell(Event::PaceAwaited);
        let permit = self.pace.permit(&self.stop).await;
        self.tell(Event::PaceGranted);
        let permit = permit?;
        // Taken last: a token can wear out while its request waits for the pace.
        let token = self.tokens.current().await?;
        self.tell(Event::Sent(index));
        course.attempts += 1;
        course.sent_in_doubt |= course.ambiguous;
        let sent = Instant::now();
        let answer = self.client.update(&token, update).await;
        permit.answered();
        course.latency = Some(sent.elapsed());
        tracing::debug!(
            company_id = %update.company_id,
            order_id = %update.order_id,
            attempt = course.attempts,
            status = answer.status(),
            latency_ms = sent.elapsed().as_millis(),
            "update sent"
        );
        Some((answer, token))
    }

    fn throttle(&self, wait: Option<Duration>, attempts: u32) {
        let wait = wait.unwrap_or_else(|| retry::back_off(attempts));
        self.tell(Event::Throttled(self.pace.pause(wait)));
    }

    fn tell(&self, event: Event) {
        // Whoever stopped listening has no more use for events.
        let _ = self.events.send(event);
    }
}

impl Course {
    fn take(&mut self, answer: &Answer) {
        self.http_status = answer.status();
        self.message = answer.message();
    }
}
