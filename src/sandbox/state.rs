//! The state of the sandbox (orders, tokens, rate windows, log), and the effect of each request on it.

use std::time::Instant;

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use fastrand::Rng;

use super::fault::Fault;
use super::latency::Journey;
use super::orders::{HeldOrder, Orders};
use super::requests::{Entry, Requests};
use super::token::Tokens;
use super::windows::Windows;
use super::{Settings, check};
use crate::paylocity::model::OrderUpdate;
use crate::sandbox::request::Arrival;
use crate::sandbox::response::Answer;

/// The state of a sandbox.
#[derive(Debug)]
pub(crate) struct Held {
    settings: Settings,
    windows: Windows,
    tokens: Tokens,
    // Each purpose has its own generator, so that an additional token does not change which update fails.
    latency_rng: Rng,
    fault_rng: Rng,
    orders: Orders,
    requests: Requests,
}

/// The decision about an update.
struct Decision {
    answer: Answer,
    fault: Option<Fault>,
    applied: bool,
}

impl Held {
    /// Creates an empty state.
    pub(crate) fn new(settings: Settings) -> Self {
        let mut rng = Rng::with_seed(settings.seed);
        Self {
            windows: Windows::new(&settings.rate),
            tokens: Tokens::new(&settings, rng.fork()),
            latency_rng: rng.fork(),
            fault_rng: rng.fork(),
            orders: Orders::default(),
            requests: Requests::new(),
            settings,
        }
    }

    /// Draws the latency of one request and its response.
    pub(crate) fn journey(&mut self) -> Journey {
        self.settings.latency.draw(&mut self.latency_rng)
    }

    /// Answers a token request.
    pub(crate) fn token(
        &mut self,
        now: Instant,
        headers: &HeaderMap,
        body: &[u8],
        path: &str,
    ) -> Answer {
        let answer = self.tokens.grant(now, headers, body);
        self.requests.add(now, &answer, Entry::token(path));
        answer
    }

    /// Answers an update that arrives `now`, stores it unless it is refused, and logs it.
    pub(crate) fn update(&mut self, now: Instant, arrival: &Arrival) -> Answer {
        let decision = self.decide(now, arrival);
        let entry = Entry::update(arrival, decision.fault, decision.applied);
        self.requests.add(now, &decision.answer, entry);
        decision.answer
    }

    fn decide(&mut self, now: Instant, arrival: &Arrival) -> Decision {
        if let Err(wait) = self.windows.admit(now) {
            return Decision::refusal(Answer::throttled(wait));
        }
        let fault = self.settings.faults.draw(&mut self.fault_rng);
        if fault == Some(Fault::TokenExpired) {
            self.tokens
                .forget(arrival.bearer.as_deref().unwrap_or_default());
        }
        if let Some(answer) = fault.and_then(Answer::instead) {
            return Decision {
                fault,
                ..Decision::refusal(answer)
            };
        }
        match self.check(now, arrival) {
            Err(answer) => Decision::refusal(answer),
            Ok(update) => self.accept(arrival, update, fault),
        }
    }

    fn check(&self, now: Instant, arrival: &Arrival) -> Result<OrderUpdate, Answer> {
        let token = arrival.bearer.as_deref().unwrap_or_default();
        if !self.tokens.accepts(token, now) {
            return Err(Answer::unauthorized());
        }
        if !arrival.is_json {
            let (status, message) = (StatusCode::UNSUPPORTED_MEDIA_TYPE, "send application/json");
            return Err(Answer::refused(status, "unsupported_media_type", message));
        }
        let flawed = |violations: Vec<_>| Answer::flawed(StatusCode::BAD_REQUEST, &violations);
        check::company(&arrival.company_id).map_err(flawed)?;
        check::update(readable(&arrival.body)?).map_err(flawed)
    }

    fn accept(&mut self, arrival: &Arrival, update: OrderUpdate, fault: Option<Fault>) -> Decision {
        let applied = !arrival.test_mode;
        if applied {
            self.orders.apply(arrival, update);
        }
        Decision {
            answer: Answer::after(fault),
            fault,
            applied,
        }
    }

    /// Returns the orders, by first update.
    pub(crate) fn orders(&self) -> Vec<&HeldOrder> {
        self.orders.list()
    }

    /// Returns the requests, by arrival.
    pub(crate) fn requests(&self) -> &[Entry] {
        self.requests.entries()
    }
}

impl Decision {
    const fn refusal(answer: Answer) -> Self {
        Self {
            answer,
            fault: None,
            applied: false,
        }
    }
}

fn readable(body: &Result<Bytes, StatusCode>) -> Result<&[u8], Answer> {
    let unread = |status| Answer::refused(status, "body_unread", "the body cannot be read");
    body.as_deref().map_err(|status| unread(*status))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use serde_json::{Value, json};

    fn held(faults: &str) -> (Held, String) {
        let settings = Settings {
            faults: faults.parse().unwrap(),
            ..Settings::default()
        };
        let mut held = Held::new(settings);
        let token = held.tokens.issue(Instant::now());
        (held, token)
    }

    fn arrival(token: &str, body: &'static str) -> Arrival {
        Arrival {
            path: "/the/path".to_owned(),
            company_id: "B6001".to_owned(),
            order_id: "O-1".to_owned(),
            bearer: Some(token.to_owned()),
            is_json: true,
            test_mode: false,
            body: Ok(Bytes::from_static(body.as_bytes())),
        }
    }

    /// Sends one update under a fault that always happens. Returns its log entry and the number of stored orders.
    fn logged(fault: &str) -> (Value, usize) {
        let (mut held, token) = held(&format!("{fault}=100%"));
        held.update(Instant::now(), &arrival(&token, "{}"));
        let entry = serde_json::to_value(&held.requests()[0]).unwrap();
        (entry, held.orders().len())
    }

    #[test]
    fn each_fault_applies_and_answers_as_it_says() {
        for (fault, status, applied) in [
            ("drop-before", None, false),
            ("drop-after", None, true),
            ("429", Some(429), false),
            ("500", Some(500), false),
            ("500-after", Some(500), true),
            ("502", Some(502), false),
            ("503", Some(503), false),
            ("504", Some(504), false),
            ("401", Some(401), false),
            ("403", Some(403), false),
            ("slow", Some(204), true),
        ] {
            let (entry, orders) = logged(fault);
            assert_eq!(entry["fault"], fault);
            assert_eq!(entry["status"], json!(status), "{fault}");
            assert_eq!(entry["applied"], applied, "{fault}");
            assert_eq!(orders, usize::from(applied), "{fault}");
        }
    }

    #[test]
    fn refused_updates_meet_no_later_faults() {
        let (mut held, _) = held("drop-after=100%");
        let answer = held.update(Instant::now(), &arrival("unknown", "{}"));
        assert_eq!(answer.status, Some(StatusCode::UNAUTHORIZED));
        assert!(serde_json::to_value(&held.requests()[0]).unwrap()["fault"].is_null());
    }

    #[test]
    fn a_token_that_expired_by_fault_stays_expired() {
        let (mut held, token) = held("401=100%");
        let now = Instant::now();
        held.update(now, &arrival(&token, "{}"));
        assert!(!held.tokens.accepts(&token, now));
    }

    #[test]
    fn refused_updates_count_for_the_rate_and_throttled_ones_do_not() {
        let (mut held, token) = held("none");
        let start = Instant::now();
        let mut status = |after: u64, body| {
            let now = start + Duration::from_millis(after);
            let answer = held.update(now, &arrival(&token, body));
            answer.status.unwrap().as_u16()
        };
        let answers = [0, 10, 20, 30, 999].map(|after| status(after, "[]"));
        assert_eq!(answers, [400, 400, 400, 429, 429]);
        assert_eq!(status(1000, "{}"), 204);
    }

    #[test]
    fn unreadable_bodies_are_refused_with_their_status() {
        let (mut held, token) = held("none");
        let arrival = Arrival {
            body: Err(StatusCode::PAYLOAD_TOO_LARGE),
            ..arrival(&token, "")
        };
        let answer = held.update(Instant::now(), &arrival);
        assert_eq!(answer.status, Some(StatusCode::PAYLOAD_TOO_LARGE));
    }

    #[test]
    fn the_same_seed_gives_the_same_faults_whatever_the_tokens() {
        let row = |tokens: usize| {
            let (mut held, _) = held("500=30%,502=30%");
            for _ in 0..tokens {
                held.tokens.issue(Instant::now());
            }
            let draw = |_| held.settings.faults.draw(&mut held.fault_rng);
            (0..50).map(draw).collect::<Vec<_>>()
        };
        assert_eq!(row(0), row(3));
    }
}
