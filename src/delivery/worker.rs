//! The workers. Each takes updates from the queue and delivers them one at a time.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::attempts::AttemptHistory;
use super::events::Event;
use super::first_order::{self, StartGate};
use super::journal::Journal;
use super::outcome::{Delivery, Outcome};
use super::policy::Policy;
use super::queue::{Item, Queue};
use super::retry::RetryAction;
use super::shutdown::{StopReason, StopSignal};
use super::update::Update;
use crate::ledger::{Due, OrderState, Planned, plan};
use crate::paylocity::backoff;
use crate::paylocity::client::Client;
use crate::paylocity::model::OrderUpdate;
use crate::paylocity::response::Response;
use crate::paylocity::token_source::{Token, TokenSource};
use crate::rate_limit::{Permit, RateLimiter};
use crate::text::safe;

/// Interval of checks for an order that another importer is sending.
const LEASE_POLL_INTERVAL: Duration = Duration::from_millis(500);

const STALE: &str =
    "another import has changed this order since the plan was made: make a new plan";

/// Delivers updates until each has an outcome or a stop is requested, and then waits for the requests in flight.
pub(crate) async fn deliver(
    updates: Arc<[Update]>,
    client: Client,
    journal: Journal,
    policy: &Policy,
    stop: &StopSignal,
    events: UnboundedSender<Event>,
) {
    let count = policy.concurrency.min(updates.len());
    let shared = Arc::new(Shared::new(updates, client, journal, policy, stop, events));
    let mut workers = JoinSet::new();
    for number in 0..count {
        workers.spawn(Arc::clone(&shared).work(number == 0));
    }
    while let Some(worker) = workers.join_next().await {
        if worker.is_err_and(|error| error.is_panic()) {
            let message = "a worker panicked; this is a bug in Scoreload".to_owned();
            stop.request(StopReason::Unreachable(message));
        }
    }
    shared.limiter.flush().await;
}

/// What the workers share.
struct Shared {
    updates: Arc<[Update]>,
    queue: Queue,
    start_gate: StartGate,
    client: Client,
    tokens: TokenSource,
    limiter: RateLimiter,
    policy: Policy,
    journal: Journal,
    stop: StopSignal,
    events: UnboundedSender<Event>,
}

/// An order on its way: its update, and the full body from the input.
#[derive(Clone, Copy)]
struct Job<'a> {
    index: usize,
    update: &'a Update,
    wanted: &'a OrderUpdate,
}

/// One request for an order.
#[derive(Clone, Copy)]
struct Request<'a> {
    job: Job<'a>,
    /// The part of the order that the server may lack.
    body: &'a OrderUpdate,
    /// The body contains reports that the server may already have.
    resends_reports: bool,
}

/// How an attempt ended.
enum Attempted {
    /// The request was sent.
    Sent(RetryAction, Token),
    /// It was not sent, because a stop was requested.
    Stopped,
    /// It was not sent, because another importer may be sending the order.
    LeaseEnded,
}

impl Shared {
    fn new(
        updates: Arc<[Update]>,
        client: Client,
        journal: Journal,
        policy: &Policy,
        stop: &StopSignal,
        events: UnboundedSender<Event>,
    ) -> Self {
        let token_events = events.clone();
        let on_token_request = move || {
            let _ = token_events.send(Event::TokenRequested);
        };
        // Weak, because the limiter's task may outlive the workers for a moment, and the caller waits until all senders
        // are dropped.
        let rate_events = events.downgrade();
        let on_rate_event = move |event| {
            if let Some(events) = rate_events.upgrade() {
                let _ = events.send(Event::RateLimit(event));
            }
        };
        let (timeout, retries) = (policy.timeout, policy.retries);
        Self {
            tokens: TokenSource::new(client.clone(), timeout, retries, on_token_request),
            limiter: RateLimiter::new(&policy.rate, &policy.rate_state, on_rate_event),
            queue: Queue::new(updates.len()),
            start_gate: StartGate::default(),
            policy: policy.clone(),
            stop: stop.clone(),
            updates,
            client,
            journal,
            events,
        }
    }

    /// Delivers updates until none is left or a stop is requested. All workers but the first wait until a response has
    /// shown that the API works.
    async fn work(self: Arc<Self>, is_first: bool) {
        if !is_first {
            self.stop.or_stopped(self.start_gate.opened()).await;
        }
        self.process_queue().await;
        // If nothing is left, workers that wait at the gate can end too.
        self.start_gate.open();
    }

    async fn process_queue(&self) {
        while !self.stop.is_requested() {
            let Some(Item {
                index,
                was_deferred,
            }) = self.queue.take()
            else {
                return;
            };
            let update = &self.updates[index];
            let wanted = update.payload.body();
            let job = Job {
                index,
                update,
                wanted: &wanted,
            };
            let Some(state) = self.lease(job).await else {
                self.queue.defer(index);
                if was_deferred {
                    self.wait_for_lease().await;
                }
                continue;
            };
            self.process(job, state).await;
            self.journal.release(update);
        }
    }

    /// Delivers one order, and waits until its outcome is handled.
    async fn process(&self, job: Job<'_>, mut state: OrderState) {
        let delivery = if self.is_stale(job, &state) {
            Some(Delivery {
                message: Some(STALE.to_owned()),
                ..Delivery::not_sent()
            })
        } else {
            self.deliver(job, &mut state).await
        };
        if let Some(delivery) = delivery {
            let (handled, receiver) = oneshot::channel();
            self.send_event(Event::Finished {
                index: job.index,
                delivery,
                order_state: state.to_json(),
                handled,
            });
            // The sender is dropped without sending.
            let _ = receiver.await;
        }
    }

    /// Takes the order's lease and returns the order's state; `None` if another importer has the lease or the ledger
    /// fails.
    async fn lease(&self, job: Job<'_>) -> Option<OrderState> {
        match self.journal.lease(job.update, job.wanted).await {
            Ok(state) => state,
            Err(error) => {
                self.stop.request((&error).into());
                None
            }
        }
    }

    /// Takes the order's lease again after it ended, waiting until no other importer has it. Returns `None` if a stop
    /// is requested first.
    async fn renew_lease(&self, job: Job<'_>) -> Option<OrderState> {
        loop {
            if let Some(state) = self.lease(job).await {
                return Some(state);
            }
            if self.stop.is_requested() {
                return None;
            }
            self.wait_for_lease().await;
        }
    }

    async fn wait_for_lease(&self) {
        self.send_event(Event::WaitingForOtherImporters);
        self.stop.sleep(LEASE_POLL_INTERVAL).await;
    }

    fn plan(&self, job: Job<'_>, state: &OrderState, resend: bool) -> Planned {
        plan(job.wanted, Some(state), self.policy.on_ambiguous, resend)
    }

    /// Returns whether another importer has changed what would be sent of an order that must be sent as planned.
    fn is_stale(&self, job: Job<'_>, state: &OrderState) -> bool {
        let before = job.update.remembered.known(job.wanted);
        if !self.policy.exactly || *state == before {
            return false;
        }
        let due = |state: &OrderState| self.plan(job, state, self.policy.resend).due;
        match due(state) {
            Due::Nothing => false,
            now => now != due(&before),
        }
    }

    /// Delivers one order. Returns `None` if a stop was requested before it was sent.
    async fn deliver(&self, job: Job<'_>, state: &mut OrderState) -> Option<Delivery> {
        let mut history = AttemptHistory::default();
        let mut planned = self.plan(job, state, self.policy.resend);
        loop {
            let held = std::mem::take(&mut planned.held_reports);
            let Some(body) = planned.body(job.wanted) else {
                return Some(history.finish_without_sending(planned.change, held));
            };
            let request = Request {
                job,
                body,
                resends_reports: planned.in_doubt,
            };
            let (action, token) = match self.attempt(request, &mut history, state).await {
                Attempted::Sent(action, token) => (action, token),
                Attempted::Stopped => {
                    return (history.count() > 0).then(|| history.give_up(held));
                }
                Attempted::LeaseEnded => {
                    let Some(current) = self.renew_lease(job).await else {
                        return (history.count() > 0).then(|| history.give_up(held));
                    };
                    *state = current;
                    planned = self.plan(job, state, self.policy.resend);
                    continue;
                }
            };
            match action {
                RetryAction::Accept => {
                    token.mark_accepted();
                    let outcome = if held.is_empty() {
                        Outcome::Accepted
                    } else {
                        Outcome::Unknown
                    };
                    return Some(history.finish(outcome, held));
                }
                RetryAction::Reject => return Some(history.finish(Outcome::Rejected, held)),
                RetryAction::RefreshToken if !token.mark_refused() => {
                    let message = history.last_message().unwrap_or_default().to_owned();
                    self.stop.request(StopReason::Refused(message));
                    return Some(history.give_up(held));
                }
                _ if !history.may_retry(self.policy.retries) => return Some(history.give_up(held)),
                _ => self.wait_before_retry(action, &history).await,
            }
            // `--resend` must not override `--on-ambiguous`: after an ambiguous attempt, the reports are in doubt, and
            // earlier ones are accepted.
            let resend = self.policy.resend && action != RetryAction::RetryAmbiguous;
            planned = self.plan(job, state, resend);
        }
    }

    /// Sends an update once, if nothing prevents it.
    async fn attempt(
        &self,
        request: Request<'_>,
        history: &mut AttemptHistory,
        state: &mut OrderState,
    ) -> Attempted {
        let update = request.job.update;
        let Some((mut permit, token)) = self.admit().await else {
            return Attempted::Stopped;
        };
        let json = request.body.to_json();
        state.intend(request.body);
        let intended = match self.journal.intend(update, &json, state).await {
            Ok(intended) => intended,
            Err(error) => {
                state.refuse(request.body);
                self.stop.request((&error).into());
                return Attempted::Stopped;
            }
        };
        permit.departure().await;
        // Checked last: after any delay the lease may have ended, and another importer may be sending the order.
        if !intended.may_leave(std::time::Instant::now()) {
            state.refuse(request.body);
            // If the lease has ended, the ledger ignores this, and the order remains in doubt.
            let so_far = history.clone().give_up(Vec::new());
            self.journal.settle(update, &so_far, state.to_json());
            return Attempted::LeaseEnded;
        }
        let action = self
            .send(request, json, permit, &token, history, state)
            .await;
        Attempted::Sent(action, token)
    }

    /// Waits for a permit and a token. Returns `None` if a stop is requested first.
    async fn admit(&self) -> Option<(Permit, Token)> {
        let permit = self.acquire_permit().await?;
        // Taken after the permit: a token could expire while its request waits.
        let token = match self.stop.or_stopped(self.tokens.token()).await? {
            Ok(token) => token,
            Err(error) => {
                self.stop.request(error.into());
                return None;
            }
        };
        // A pause may have begun while the token was requested.
        self.stop.or_stopped(self.limiter.ready()).await?;
        Some((permit, token))
    }

    async fn acquire_permit(&self) -> Option<Permit> {
        if let Some(permit) = self.limiter.try_acquire() {
            return Some(permit);
        }
        self.send_event(Event::RateWaitStarted);
        let permit = self.stop.or_stopped(self.limiter.acquire()).await;
        self.send_event(Event::RateWaitEnded);
        permit.flatten()
    }

    /// Sends an update whose intent is durable, and records the result.
    async fn send(
        &self,
        request: Request<'_>,
        json: Vec<u8>,
        permit: Permit,
        token: &Token,
        history: &mut AttemptHistory,
        state: &mut OrderState,
    ) -> RetryAction {
        let Request { job, body, .. } = request;
        let update = job.update;
        self.send_event(Event::Sent(job.index));
        let sent_at = Instant::now();
        let (company, order) = (&update.company_id, &update.order_id);
        let response = self
            .client
            .update(token.text(), company, order, json, self.policy.timeout)
            .await;
        match response {
            Response::Answered { .. } => permit.answered(),
            Response::NotSent(_) | Response::Lost(_) => drop(permit),
        }
        let latency = sent_at.elapsed();
        let action = RetryAction::from_response(&response);
        match action {
            RetryAction::Accept => state.accept(body),
            RetryAction::RetryAmbiguous => state.doubt(body),
            _ => state.refuse(body),
        }
        history.record(&response, action, latency, request.resends_reports);
        if first_order::shows_working_api(action, &response) {
            self.start_gate.open();
        }
        if action.is_not_applied() {
            // Otherwise a crash during the wait would leave the order in doubt.
            let so_far = history.clone().give_up(Vec::new());
            self.journal.settle(update, &so_far, state.to_json());
        }
        log(update, history.count(), &response, latency);
        action
    }

    /// Waits before a retry. What the server asks for applies to all workers.
    async fn wait_before_retry(&self, action: RetryAction, history: &AttemptHistory) {
        match action {
            RetryAction::Throttle(retry_after) => {
                let delay = backoff::delay(history.throttled());
                let until = self
                    .limiter
                    .slow_down(delay.max(retry_after.unwrap_or_default()));
                self.send_event(Event::Throttled(until));
            }
            // A new token is requested immediately.
            RetryAction::RefreshToken => {}
            RetryAction::RetryNotApplied(retry_after) => {
                if let Some(wait) = retry_after {
                    self.limiter.pause(wait);
                }
                self.stop.sleep(backoff::delay(history.failures())).await;
            }
            RetryAction::RetryAmbiguous | RetryAction::Accept | RetryAction::Reject => {
                self.stop.sleep(backoff::delay(history.failures())).await;
            }
        }
    }

    fn send_event(&self, event: Event) {
        // The receiver may have stopped listening after a second interruption.
        let _ = self.events.send(event);
    }
}

/// Logs an attempt without scores, names or secrets.
fn log(update: &Update, attempt: u32, response: &Response, latency: Duration) {
    tracing::debug!(
        company_id = %safe(&update.company_id),
        order_id = %safe(&update.order_id),
        attempt,
        status = response.status(),
        latency_ms = latency.as_millis(),
        "update sent"
    );
}
