//! Responses: the result of an update, and the parts of an HTTP response that matter.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::StatusCode;
use reqwest::header::{DATE, RETRY_AFTER};
use tokio::time::{Instant, timeout_at};

use super::error_body;
use super::redact::Redactor;

/// Upper bound of the body that is read, after decompression. Longer error bodies are not useful to anybody.
const BODY_LIMIT: usize = 64 * 1024;

/// The result of sending an update once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Response {
    /// The server answered.
    Answered {
        status: u16,
        /// How long the server asks to wait before the next request.
        retry_after: Option<Duration>,
        /// The useful part of the body, unless the status is a success.
        message: Option<String>,
    },
    /// No connection was established, so the server has certainly not seen the request; the cause.
    NotSent(String),
    /// The request may have reached the server, but no answer came; the cause.
    Lost(String),
}

impl Response {
    /// Returns the HTTP status, if the server answered.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Answered { status, .. } => Some(*status),
            Self::NotSent(_) | Self::Lost(_) => None,
        }
    }

    /// Returns the server's message, or the cause of the failure.
    pub(crate) fn message(&self) -> Option<String> {
        match self {
            Self::Answered { message, .. } => message.clone(),
            Self::NotSent(cause) | Self::Lost(cause) => Some(cause.clone()),
        }
    }
}

/// Reads a body until its end, the size limit, an error or the time limit, and returns the part that was read.
pub(super) async fn read_body(mut response: reqwest::Response, time_limit: Duration) -> String {
    let deadline = Instant::now() + time_limit;
    let mut body = Vec::new();
    while let Ok(Ok(Some(chunk))) = timeout_at(deadline, response.chunk()).await {
        let left = BODY_LIMIT - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(left)]);
        if body.len() == BODY_LIMIT {
            break;
        }
    }
    String::from_utf8_lossy(&body).into_owned()
}

/// Returns the useful part of an error body, or the status's standard reason.
pub(super) async fn error_message(
    response: reqwest::Response,
    time_limit: Duration,
    redactor: &Redactor,
) -> String {
    let status = response.status();
    let body = read_body(response, time_limit).await;
    error_body::message(&body, redactor).unwrap_or_else(|| default_message(status))
}

fn default_message(status: StatusCode) -> String {
    let reason = status
        .canonical_reason()
        .unwrap_or("an answer without a reason");
    if status.is_redirection() {
        format!("{reason}: redirects are not followed")
    } else {
        reason.to_owned()
    }
}

/// Parses `Retry-After`: seconds, or a date.
pub(super) fn retry_after(response: &reqwest::Response) -> Option<Duration> {
    let text = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    parse_retry_after(text, Timestamp::now())
}

fn parse_retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(text.trim()).ok()?.timestamp();
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
}

/// Parses `Date`, the server's clock.
pub(super) fn date(response: &reqwest::Response) -> Option<Timestamp> {
    let text = response.headers().get(DATE)?.to_str().ok()?;
    let date = jiff::fmt::rfc2822::parse(text.trim()).ok()?;
    Some(date.timestamp())
}

/// Parses a text as an error body and as `Retry-After`.
#[cfg(any(test, fuzzing))]
pub(super) fn check_parsers(text: &str) {
    use super::credentials::{Credentials, Secret};
    const SECRET: &str = "s3cr3t";
    let credentials = Credentials {
        client_id: String::new(),
        client_secret: Secret::new(SECRET),
    };
    if let Some(message) = error_body::message(text, &Redactor::new(&credentials, None)) {
        assert!(message.chars().count() <= 500, "{message}");
        let is_safe = !message.contains(SECRET) && !message.contains('\n');
        assert!(is_safe, "{message}");
    }
    let _ = parse_retry_after(text, Timestamp::UNIX_EPOCH);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now: Timestamp = "2026-03-04T17:06:00Z".parse().unwrap();
        let table = [
            ("7", Some(7)),
            (" 0 ", Some(0)),
            ("Wed, 04 Mar 2026 17:06:30 GMT", Some(30)),
            ("Wed, 04 Mar 2026 17:00:00 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
        ];
        for (text, seconds) in table {
            let expected = seconds.map(Duration::from_secs);
            assert_eq!(parse_retry_after(text, now), expected, "{text}");
        }
    }
}
