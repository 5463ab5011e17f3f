//! What each worker does: takes the next update and brings it to its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use super::client::{Answer, Client};
use super::course::Course;
use super::outcome::{Delivery, Outcome};
use super::pace::Pace;
use super::retry::{self, Verdict};
use super::stop::{End, Stop};
use super::token::{Token, TokenSource};
use super::{Event, Policy, Update};

/// What the workers share.
pub(super) struct Workers {
    updates: Arc<[Update]>,
    next: AtomicUsize,
    client: Client,
    tokens: TokenSource,
    pace: Pace,
    retries: u32,
    stop: Stop,
    events: UnboundedSender<Event>,
}

impl Workers {
    pub(super) fn new(
        updates: Arc<[Update]>,
        client: Client,
        policy: &Policy,
        stop: &Stop,
        events: UnboundedSender<Event>,
    ) -> Self {
        Self {
            tokens: TokenSource::new(client.clone(), policy.retries, events.clone(), stop.clone()),
            pace: Pace::new(&policy.rate),
            retries: policy.retries,
            next: AtomicUsize::new(0),
            stop: stop.clone(),
            updates,
            client,
            events,
        }
    }

    /// Brings updates to their end until none is left or a stop is requested.
    pub(super) async fn work(self: Arc<Self>) {
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
            let Some((verdict, token)) = self.attempt(index, update, &mut course).await else {
                return (course.attempts > 0).then(|| course.give_up(update.has_reports));
            };
            match verdict {
                Verdict::Accepted => {
                    token.accept();
                    return Some(course.end(Outcome::Accepted, update.has_reports));
                }
                Verdict::Final => return Some(course.end(Outcome::Rejected, update.has_reports)),
                Verdict::TokenRefused if !token.refuse() => {
                    self.stop.request(End::Refused(course.words()));
                    return Some(course.give_up(update.has_reports));
                }
                _ if !course.may_go_on(self.retries) => {
                    return Some(course.give_up(update.has_reports));
                }
                _ => self.wait(verdict, &course).await,
            }
        }
    }

    /// Sends an update once; `None` where it was stopped before it left.
    async fn attempt(
        &self,
        index: usize,
        update: &Update,
        course: &mut Course,
    ) -> Option<(Verdict, Token)> {
        self.tell(Event::PaceAwaited);
        let permit = self.pace.permit(&self.stop).await;
        self.tell(Event::PaceGranted);
        let permit = permit?;
        // Taken last: a token can wear out while its request waits for the pace.
        let token = self.tokens.current().await?;
        self.pace.unpaused(&self.stop).await?;
        self.tell(Event::Sent(index));
        course.attempts += 1;
        let sent = Instant::now();
        let answer = self.client.update(&token, update).await;
        permit.answered();
        let verdict = retry::verdict(&answer);
        course.take(&answer, verdict, sent.elapsed());
        log(update, course.attempts, &answer, sent.elapsed());
        Some((verdict, token))
    }

    /// Waits before the next attempt. What the server asks for holds for everybody, and shows in the pace.
    async fn wait(&self, verdict: Verdict, course: &Course) {
        match verdict {
            Verdict::Throttled(wait) => {
                let wait = retry::back_off(course.throttled()).max(wait.unwrap_or_default());
                self.tell(Event::Throttled(self.pace.throttle(wait)));
            }
            Verdict::NotApplied(Some(wait)) => {
                self.pace.pause(wait);
                self.stop.sleep(retry::back_off(course.failures())).await;
            }
            // A new token is there at once.
            Verdict::TokenRefused => {}
            _ => self.stop.sleep(retry::back_off(course.failures())).await,
        }
    }

    fn tell(&self, event: Event) {
        // Whoever stopped listening has no more use for events.
        let _ = self.events.send(event);
    }
}

/// Logs an attempt: never a score, a name or a secret.
fn log(update: &Update, attempt: u32, answer: &Answer, latency: Duration) {
    tracing::debug!(
        company_id = %update.company_id,
        order_id = %update.order_id,
        attempt,
        status = answer.status(),
        latency_ms = latency.as_millis(),
        "update sent"
    );
}
