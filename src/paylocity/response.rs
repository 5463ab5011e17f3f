//! What an answer says: its body, read up to a limit of length and time, and the headers that matter.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{DATE, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use tokio::time::{Instant, timeout_at};

use crate::paylocity::error_body;
use crate::paylocity::redact::Traces;

/// Bytes of a body that are read, unpacked; more than that tells a person nothing.
const BODY_LIMIT: usize = 64 * 1024;

/// Reads a body up to its limit, for so long at most; what cannot be read any more does not count.
pub(crate) async fn bounded(mut response: Response, patience: Duration) -> String {
    let until = Instant::now() + patience;
    let mut body = Vec::new();
    while let Ok(Ok(Some(chunk))) = timeout_at(until, response.chunk()).await {
        let left = BODY_LIMIT - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(left)]);
        if body.len() == BODY_LIMIT {
            break;
        }
    }
    String::from_utf8_lossy(&body).into_owned()
}

/// Returns the useful part of a body, or what its status says where there is none.
pub(crate) async fn words(response: Response, patience: Duration, secrets: &Traces) -> String {
    let status = response.status();
    let words = error_body::of_body(&bounded(response, patience).await, secrets);
    words.unwrap_or_else(|| default_words(status))
}

fn default_words(status: StatusCode) -> String {
    let reason = status
        .canonical_reason()
        .unwrap_or("an answer without a reason");
    if status.is_redirection() {
        format!("{reason}: redirects are not followed")
    } else {
        reason.to_owned()
    }
}

/// Reads `Retry-After`: seconds, or a date.
pub(crate) fn retry_after(response: &Response) -> Option<Duration> {
    let text = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    wait_of(text, Timestamp::now())
}

fn wait_of(text: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(text.trim()).ok()?.timestamp();
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
}

/// Reads what the server's clock shows.
pub(crate) fn date_of(response: &Response) -> Option<Timestamp> {
    let text = response.headers().get(DATE)?.to_str().ok()?;
    let date = jiff::fmt::rfc2822::parse(text.trim()).ok()?;
    Some(date.timestamp())
}

/// Reads a text as each part of an answer that has a form of its own.
#[cfg(any(test, fuzzing))]
pub(crate) fn read_answer(text: &str) {
    const SECRET: &str = "s3cr3t";
    let credentials = crate::paylocity::credentials::Credentials {
        client_id: String::new(),
        client_secret: crate::paylocity::credentials::Secret::new(SECRET),
    };
    if let Some(words) = error_body::of_body(text, &Traces::of(&credentials, None)) {
        assert!(words.chars().count() <= 500, "{words}");
        assert!(!words.contains(SECRET) && !words.contains('\n'), "{words}");
    }
    let _ = wait_of(text, Timestamp::UNIX_EPOCH);
    crate::paylocity::auth::read_token(text);
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
            assert_eq!(
                wait_of(text, now),
                seconds.map(Duration::from_secs),
                "{text}"
            );
        }
    }
}
