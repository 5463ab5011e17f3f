//! The log of what the sandbox was sent, as `GET /sandbox/requests` shows it.

use std::time::Instant;

use jiff::Timestamp;
use serde::Serialize;

use super::fault::Fault;
use crate::sandbox::request::Arrival;
use crate::sandbox::response::Answer;

/// One request, in the words of the log.
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
    /// Writes down a request for a token; its body is left out, as it holds a secret.
    pub(crate) fn token(path: &str) -> Self {
        Self {
            method: "POST",
            path: path.to_owned(),
            ..Self::default()
        }
    }

    /// Writes down an update, what went wrong with it, and whether it was stored.
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

/// Every request since the sandbox started, in order of arrival.
#[derive(Debug)]
pub(crate) struct Requests {
    started: Instant,
    started_at: Timestamp,
    entries: Vec<Entry>,
}

impl Requests {
    /// Begins a log: times are counted from now on.
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            started_at: Timestamp::now(),
            entries: Vec::new(),
        }
    }

    /// Adds a request that arrived `now`, with what is answered.
    pub(crate) fn add(&mut self, now: Instant, answer: &Answer, entry: Entry) {
        let since = now.saturating_duration_since(self.started);
        // Both times come from the one monotonic clock, so that they agree whatever is done to the wall clock.
        let at = self.started_at.saturating_add(since);
        self.entries.push(Entry {
            number: self.entries.len() + 1,
            at_ms: (since.as_secs_f64() * 1e6).round() / 1e3,
            at: at.map(|at| format!("{at:.3}")).unwrap_or_default(),
            status: answer.status.map(|status| status.as_u16()),
            ..entry
        });
    }

    /// Lists the requests in order of arrival.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }
}
