//! The log of received requests, which `GET /sandbox/requests` returns.

use std::time::Instant;

use jiff::Timestamp;
use serde::Serialize;

use super::fault::Fault;
use crate::sandbox::request::Arrival;
use crate::sandbox::response::Answer;

/// A log entry.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Entry {
    number: usize,
    method: &'static str,
    path: String,
    company_id: Option<String>,
    order_id: Option<String>,
    at_ms: f64,
    at: String,
    status: Option<u16>,
    applied: bool,
    fault: Option<&'static str>,
    test_mode: bool,
    body: Option<String>,
}

impl Entry {
    /// Creates the entry of a token request, without its body, which holds a secret.
    pub(crate) fn token(path: &str) -> Self {
        Self {
            method: "POST",
            path: path.to_owned(),
            ..Self::default()
        }
    }

    /// Creates the entry of an update, with the fault that it met and whether it was stored.
    pub(crate) fn update(arrival: &Arrival, fault: Option<Fault>, applied: bool) -> Self {
        let text = |body: &_| String::from_utf8_lossy(body).into_owned();
        Self {
            method: "PATCH",
            path: arrival.path.clone(),
            company_id: Some(arrival.company_id.clone()),
            order_id: Some(arrival.order_id.clone()),
            applied,
            fault: fault.map(Fault::name),
            test_mode: arrival.test_mode,
            body: arrival.body.as_deref().ok().map(text),
            ..Self::default()
        }
    }
}

/// All requests since the sandbox started, by arrival.
#[derive(Debug)]
pub(crate) struct Requests {
    started: Instant,
    started_at: Timestamp,
    entries: Vec<Entry>,
}

impl Requests {
    /// Creates an empty log; times are relative to now.
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            started_at: Timestamp::now(),
            entries: Vec::new(),
        }
    }

    /// Adds a request that arrived `now`, with its response.
    pub(crate) fn add(&mut self, now: Instant, answer: &Answer, entry: Entry) {
        let since = now.saturating_duration_since(self.started);
        // Both times come from the same monotonic clock, so they agree even if the wall clock is set.
        let at = self.started_at.saturating_add(since);
        self.entries.push(Entry {
            number: self.entries.len() + 1,
            at_ms: (since.as_secs_f64() * 1e6).round() / 1e3,
            at: at.map(|at| format!("{at:.3}")).unwrap_or_default(),
            status: answer.status.map(|status| status.as_u16()),
            ..entry
        });
    }

    /// Returns the requests, by arrival.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }
}
