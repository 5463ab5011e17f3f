//! What each worker does: takes the next update and brings it to its end.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::outcome::{Delivery, Outcome};
use super::queue::{Queue, Turn};
use super::retry::{self, Verdict};
use super::{Event, Journal, Policy, Update};
use crate::delivery::attempts::Course;
use crate::delivery::first_order;
use crate::delivery::first_order::Gate;
use crate::delivery::shutdown::{End, Stop};
use crate::delivery::token_source::{Token, TokenSource};
use crate::ledger::entry::Intent;
use crate::ledger::{Due, Intended, LedgerError, OnAmbiguous, OrderState, plan};
use crate::paylocity::client::{Answer, Client};
use crate::paylocity::model::OrderUpdate;
use crate::rate_limit::limiter::{Pace, Permit};
use crate::rate_limit::store::Budget;
use crate::text::safe;

/// What the workers share.
pub(crate) struct Workers {
    updates: Arc<[Update]>,
    queue: Queue,
    gate: Gate,
    client: Client,
    tokens: TokenSource,
    pace: Pace,
    retries: u32,
    on_ambiguous: OnAmbiguous,
    resend: bool,
    exactly: bool,
    journal: Journal,
    stop: Stop,
    events: UnboundedSender<Event>,
}

impl Workers {
    pub(crate) fn new(
        updates: Arc<[Update]>,
        client: Client,
        journal: Journal,
        policy: &Policy,
        stop: &Stop,
        events: UnboundedSender<Event>,
    ) -> Self {
        Self {
            tokens: TokenSource::new(client.clone(), policy.retries, events.clone(), stop.clone()),
            pace: Pace::new(&policy.rate, Budget::at(&policy.budget), &events),
            retries: policy.retries,
            on_ambiguous: policy.on_ambiguous,
            resend: policy.resend,
            exactly: policy.exactly,
            journal,
            queue: Queue::new(updates.len()),
            gate: Gate::default(),
            stop: stop.clone(),
            updates,
            client,
            events,
        }
    }

    /// Waits until what was used of the rate is written down.
    pub(crate) async fn end(&self) {
        self.pace.flush().await;
    }

    /// Brings updates to their end until none is left or a stop is requested. The first worker goes ahead, the others
    /// follow once the API has shown that it works.
    pub(crate) async fn work(self: Arc<Self>, is_first: bool) {
        if !is_first {
            self.gate.opened(&self.stop).await;
        }
        self.take_updates().await;
        // Where nothing is left there is nothing to wait for.
        self.gate.open();
    }

    async fn take_updates(&self) {
        while !self.stop.is_requested() {
            let Some(Turn {
                index,
                is_waited_for,
            }) = self.queue.take()
            else {
                return;
            };
            let update = &self.updates[index];
            let asked = Asked {
                update,
                wanted: &update.wanted.body(),
            };
            let Some(known) = self.lease(asked).await else {
                self.queue.put_back(index);
                if is_waited_for {
                    self.tell(Event::Elsewhere);
                    self.stop.sleep(ELSEWHERE).await;
                }
                continue;
            };
            self.take_update(index, asked, known).await;
            self.journal.release(update);
        }
    }

    async fn take_update(&self, index: usize, asked: Asked<'_>, mut known: OrderState) {
        let delivery = if self.is_stale(asked, &known) {
            Some(stale())
        } else {
            self.deliver(index, asked, &mut known).await
        };
        if let Some(delivery) = delivery {
            let (judging, judged) = oneshot::channel();
            let known = known.to_json();
            self.tell(Event::Finished(index, delivery, known, judging));
            // It is dropped, not used.
            let _ = judged.await;
        }
    }

    /// Takes the lease of an update's order, and returns what is known of it now; `None` where another importer has
    /// it, or the ledger fails.
    async fn lease(&self, asked: Asked<'_>) -> Option<OrderState> {
        match self.journal.lease(asked.update, asked.wanted).await {
            Ok(known) => known,
            Err(error) => {
                self.stop.request(End::of_ledger(&error));
                None
            }
        }
    }

    /// Takes the lease again that had ended: as soon as nobody else has it. `None` when a stop was requested first.
    async fn lease_again(&self, asked: Asked<'_>) -> Option<OrderState> {
        loop {
            if let Some(known) = self.lease(asked).await {
                return Some(known);
            }
            if self.stop.is_requested() {
                return None;
            }
            self.tell(Event::Elsewhere);
            self.stop.sleep(ELSEWHERE).await;
        }
    }

    /// Tells whether another importer has changed what is to be sent of an order that is to be sent as it was planned.
    fn is_stale(&self, Asked { update, wanted }: Asked<'_>, known: &OrderState) -> bool {
        let due =
            |known: &OrderState| plan(wanted, Some(known), self.on_ambiguous, self.resend).due;
        let before = || update.remembered.known(wanted);
        let is_other = || match due(known) {
            Due::Nothing => false,
            now => now != due(&before()),
        };
        self.exactly && *known != before() && is_other()
    }

    /// Brings one update to its end; `None` where it was stopped before it left.
    async fn deliver(
        &self,
        index: usize,
        asked: Asked<'_>,
        known: &mut OrderState,
    ) -> Option<Delivery> {
        let Asked { update, wanted } = asked;
        let mut course = Course::default();
        let mut planned = plan(wanted, Some(known), self.on_ambiguous, self.resend);
        loop {
            let held = std::mem::take(&mut planned.held_reports);
            let Some(body) = planned.body(wanted) else {
                return Some(course.end_unsent(planned.change, held));
            };
            let sending = Sending {
                index,
                update,
                body,
                in_doubt: planned.in_doubt,
            };
            let (verdict, token) = match self.attempt(sending, &mut course, known).await {
                Attempt::Answered(verdict, token) => (verdict, token),
                Attempt::Stopped => {
                    return (course.attempts > 0).then(|| course.give_up(held));
                }
                Attempt::LeaseEnded => {
                    let Some(now) = self.lease_again(asked).await else {
                        return (course.attempts > 0).then(|| course.give_up(held));
                    };
                    *known = now;
                    planned = plan(wanted, Some(known), self.on_ambiguous, self.resend);
                    continue;
                }
            };
            match verdict {
                Verdict::Accepted => {
                    token.accept();
                    let outcome = if held.is_empty() {
                        Outcome::Accepted
                    } else {
                        Outcome::Unknown
                    };
                    return Some(course.end(outcome, held));
                }
                Verdict::Final => return Some(course.end(Outcome::Rejected, held)),
                Verdict::TokenRefused if !token.refuse() => {
                    self.stop.request(End::Refused(course.words()));
                    return Some(course.give_up(held));
                }
                _ if !course.may_go_on(self.retries) => return Some(course.give_up(held)),
                _ => self.wait(verdict, &course).await,
            }
            // After a lost answer there are reports in doubt, and those that were accepted before still are.
            let resend = self.resend && verdict != Verdict::Ambiguous;
            planned = plan(wanted, Some(known), self.on_ambiguous, resend);
        }
    }

    /// Sends an update once; or says why it did not leave.
    async fn attempt(
        &self,
        sending: Sending<'_>,
        course: &mut Course,
        known: &mut OrderState,
    ) -> Attempt {
        let Some((mut permit, token)) = self.admission().await else {
            return Attempt::Stopped;
        };
        let json = sending.body.to_json();
        known.intend(sending.body);
        let intended = match self.intend(sending.update, &json, known).await {
            Ok(intended) => intended,
            Err(error) => {
                known.refuse(sending.body);
                self.stop.request(End::of_ledger(&error));
                return Attempt::Stopped;
            }
        };
        permit.leave().await;
        // Asked last: whoever was held up since, by whatever it may be, must not send what others may have taken over.
        if !intended.may_leave(std::time::Instant::now()) {
            known.refuse(sending.body);
            // It did not leave; where it is not ours to say so any more, it stays in doubt.
            let so_far = course.clone().give_up(Vec::new());
            self.journal
                .settle(sending.update, &so_far, known.to_json());
            return Attempt::LeaseEnded;
        }
        let verdict = self
            .send(sending, json, (permit, &token), course, known)
            .await;
        Attempt::Answered(verdict, token)
    }

    /// Waits for the permission to send, and tells of it where that takes time; `None` when a stop was requested first.
    async fn permit(&self) -> Option<Permit> {
        if let Some(permit) = self.pace.permit_at_once() {
            return Some(permit);
        }
        self.tell(Event::PaceAwaited);
        let permit = self.pace.permit(&self.stop).await;
        self.tell(Event::PaceGranted);
        permit
    }

    /// Waits for the permission to send, and for a token; `None` when a stop was requested first.
    async fn admission(&self) -> Option<(Permit, Token)> {
        let permit = self.permit().await?;
        // Taken last: a token can wear out while its request waits for the pace.
        let token = self.tokens.current().await?;
        self.pace.unpaused(&self.stop).await?;
        Some((permit, token))
    }

    /// Sends an update whose intent is durable and whose moment has come, and takes what comes back.
    async fn send(
        &self,
        sending: Sending<'_>,
        json: Vec<u8>,
        (permit, token): (Permit, &Token),
        course: &mut Course,
        known: &mut OrderState,
    ) -> Verdict {
        let Sending {
            index,
            update,
            body,
            in_doubt,
        } = sending;
        self.tell(Event::Sent(index));
        course.attempts += 1;
        let sent = Instant::now();
        let answer = self.client.update(token.text(), update, json).await;
        match answer {
            Answer::Response { .. } => permit.answered(),
            _ => permit.ended(),
        }
        let verdict = retry::verdict(&answer);
        match verdict {
            Verdict::Accepted => known.accept(body),
            Verdict::Ambiguous => known.doubt(body),
            _ => known.refuse(body),
        }
        course.take(&answer, verdict, sent.elapsed(), in_doubt);
        if first_order::is_working(verdict, &answer) {
            self.gate.open();
        }
        if verdict.puts_off() {
            // A crash while the update waits must not count as doubt.
            let so_far = course.clone().give_up(Vec::new());
            self.journal.settle(update, &so_far, known.to_json());
        }
        log(update, course.attempts, &answer, sent.elapsed());
        verdict
    }

    /// Makes an intent durable: whatever happens after this, the update is known to have been about to leave.
    async fn intend(
        &self,
        update: &Update,
        body: &[u8],
        known: &OrderState,
    ) -> Result<Intended, LedgerError> {
        let intent = Intent {
            run: self.journal.run.clone(),
            order: self.journal.order(update),
            body: String::from_utf8_lossy(body).into_owned(),
            known: known.to_json(),
            at: Timestamp::now(),
        };
        self.journal.ledger.intend(intent).await
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

/// How long to wait before another look at an order that another importer is sending.
const ELSEWHERE: Duration = Duration::from_millis(500);

/// What is said of an order that a plan does not hold for any more.
const STALE: &str =
    "another import has delivered to it since the plan was made: make the plan again";

fn stale() -> Delivery {
    Delivery {
        message: Some(STALE.to_owned()),
        ..Delivery::not_sent()
    }
}

/// What came of an attempt.
enum Attempt {
    /// It left, and this came back.
    Answered(Verdict, Token),
    /// It did not leave: a stop was requested first.
    Stopped,
    /// It did not leave: another importer may be sending the order.
    LeaseEnded,
}

/// An update and all that the inputs say of its order.
#[derive(Clone, Copy)]
struct Asked<'a> {
    update: &'a Update,
    wanted: &'a OrderUpdate,
}

/// One attempt at an update.
struct Sending<'a> {
    index: usize,
    update: &'a Update,
    body: &'a OrderUpdate,
    /// Whether the body carries reports that may have been appended already.
    in_doubt: bool,
}

/// Logs an attempt: never a score, a name or a secret.
fn log(update: &Update, attempt: u32, answer: &Answer, latency: Duration) {
    tracing::debug!(
        company_id = %safe(&update.company_id),
        order_id = %safe(&update.order_id),
        attempt,
        status = answer.status(),
        latency_ms = latency.as_millis(),
        "update sent"
    );
}
