//! What the sandbox answers, and what its faults look like to a client.

use std::time::Duration;

use axum::Json;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use serde_json::{Value, json};

use super::fault::Fault;
use crate::sandbox::violations::Flaw;

/// How late a `slow` answer is: later than a client's patience.
const SLOW: Duration = Duration::from_secs(30);

/// How long a client is asked to wait by faults that say so.
const PAUSE: Duration = Duration::from_secs(1);

/// An answer, or that there is none.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// The status; `None` ends the connection with no answer.
    pub(crate) status: Option<StatusCode>,
    /// How long the server thinks before it answers.
    pub(crate) delay: Duration,
    retry_after: Option<Duration>,
    content: Content,
}

#[derive(Debug, Clone)]
enum Content {
    Nothing,
    Json(Value),
    Html(String),
}

impl Answer {
    const fn new(status: Option<StatusCode>, content: Content) -> Self {
        Self {
            status,
            delay: Duration::ZERO,
            retry_after: None,
            content,
        }
    }

    /// The update was taken.
    pub(crate) const fn accepted() -> Self {
        Self::new(Some(StatusCode::NO_CONTENT), Content::Nothing)
    }

    /// No answer at all: the connection ends.
    pub(crate) const fn dropped() -> Self {
        Self::new(None, Content::Nothing)
    }

    /// An answer of JSON.
    pub(crate) const fn json(status: StatusCode, value: Value) -> Self {
        Self::new(Some(status), Content::Json(value))
    }

    /// A refusal with its reasons.
    pub(crate) fn flawed(status: StatusCode, flaws: &[Flaw]) -> Self {
        Self::json(status, json!({ "errors": flaws }))
    }

    /// A refusal for one reason.
    pub(crate) fn refused(status: StatusCode, code: &'static str, message: &str) -> Self {
        let flaw = Flaw {
            code,
            field: None,
            message: message.to_owned(),
        };
        Self::flawed(status, &[flaw])
    }

    /// Too many requests: the client is to wait, in whole seconds that are never too few.
    pub(crate) fn throttled(wait: Duration) -> Self {
        let message = "the rate limit is exceeded";
        Self::refused(StatusCode::TOO_MANY_REQUESTS, "rate_limit", message).retry_after(wait)
    }

    /// No live token came with the request.
    pub(crate) fn unauthorized() -> Self {
        let message = "the access token is missing, unknown or expired";
        Self::refused(StatusCode::UNAUTHORIZED, "invalid_token", message)
    }

    /// There is nothing under this path.
    pub(crate) fn not_found() -> Self {
        let message = "there is nothing under this path";
        Self::refused(StatusCode::NOT_FOUND, "not_found", message)
    }

    fn broken() -> Self {
        let message = "an unexpected error occurred";
        Self::refused(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    }

    fn unavailable() -> Self {
        let message = "the service is unavailable for the moment";
        Self::refused(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message).retry_after(PAUSE)
    }

    fn forbidden() -> Self {
        let message = "this client may not update assessment orders of this company";
        Self::refused(StatusCode::FORBIDDEN, "forbidden", message)
    }

    fn gateway(status: StatusCode) -> Self {
        let page = format!(
            "<html>\n<head><title>{status}</title></head>\n<body><h1>{status}</h1></body>\n</html>\n"
        );
        Self::new(Some(status), Content::Html(page))
    }

    fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    fn late(mut self) -> Self {
        self.delay = SLOW;
        self
    }

    /// Returns what a fault answers before the update is looked at, if it is one that applies nothing.
    pub(crate) fn instead(fault: Fault) -> Option<Self> {
        Some(match fault {
            Fault::DropBefore => Self::dropped(),
            Fault::Throttled => Self::throttled(PAUSE),
            Fault::Failed => Self::broken(),
            Fault::BadGateway => Self::gateway(StatusCode::BAD_GATEWAY),
            Fault::Unavailable => Self::unavailable(),
            Fault::GatewayTimeout => Self::gateway(StatusCode::GATEWAY_TIMEOUT),
            Fault::TokenExpired => Self::unauthorized(),
            Fault::Forbidden => Self::forbidden(),
            Fault::DropAfter | Fault::FailedAfter | Fault::Slow => return None,
        })
    }

    /// Returns what is answered once an update was taken, with the fault that then happens.
    pub(crate) fn after(fault: Option<Fault>) -> Self {
        match fault {
            Some(Fault::DropAfter) => Self::dropped(),
            Some(Fault::FailedAfter) => Self::broken(),
            Some(Fault::Slow) => Self::accepted().late(),
            _ => Self::accepted(),
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        // With no status, the connection is already cut, and nothing of this reaches the client.
        let status = self.status.unwrap_or(StatusCode::NO_CONTENT);
        let mut response = match self.content {
            Content::Nothing => status.into_response(),
            Content::Json(value) => (status, Json(value)).into_response(),
            Content::Html(page) => (status, Html(page)).into_response(),
        };
        let headers = response.headers_mut();
        if let Some(wait) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// Rounded up: a client that comes back after as long is let in.
const fn whole_seconds(wait: Duration) -> u64 {
    if wait.subsec_nanos() > 0 {
        wait.as_secs() + 1
    } else {
        wait.as_secs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_rounded_up_to_whole_seconds() {
        for (millis, seconds) in [(1, 1), (999, 1), (1000, 1), (1001, 2), (58_500, 59)] {
            assert_eq!(whole_seconds(Duration::from_millis(millis)), seconds);
        }
    }

    #[test]
    fn only_faults_that_apply_nothing_answer_before_the_update_is_looked_at() {
        let status = |fault| Answer::instead(fault).map(|answer| answer.status.map(|s| s.as_u16()));
        assert_eq!(status(Fault::DropBefore), Some(None));
        assert_eq!(status(Fault::GatewayTimeout), Some(Some(504)));
        for fault in [Fault::DropAfter, Fault::FailedAfter, Fault::Slow] {
            assert_eq!(status(fault), None);
        }
        assert_eq!(Answer::after(Some(Fault::Slow)).delay, SLOW);
        assert_eq!(Answer::after(None).status, Some(StatusCode::NO_CONTENT));
    }

    #[test]
    fn a_throttled_answer_says_for_how_long() {
        let response = Answer::throttled(Duration::from_millis(300)).into_response();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()[RETRY_AFTER], "1");
    }
}
