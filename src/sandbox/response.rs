//! The responses of the sandbox, and how its faults appear to a client.

use std::time::Duration;

use axum::Json;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use serde_json::{Value, json};

use super::fault::Fault;
use crate::sandbox::violations::Violation;

/// The delay of a `slow` response: longer than a client's timeout.
const SLOW: Duration = Duration::from_secs(30);

/// The `Retry-After` of faults that send one.
const PAUSE: Duration = Duration::from_secs(1);

/// A response, or the end of the connection without one.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// The status; `None` ends the connection without a response.
    pub(crate) status: Option<StatusCode>,
    /// How long the server waits before it responds.
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

    /// Returns the response to an accepted update.
    pub(crate) const fn accepted() -> Self {
        Self::new(Some(StatusCode::NO_CONTENT), Content::Nothing)
    }

    /// Returns the end of the connection without a response.
    pub(crate) const fn dropped() -> Self {
        Self::new(None, Content::Nothing)
    }

    /// Returns a JSON response.
    pub(crate) const fn json(status: StatusCode, value: Value) -> Self {
        Self::new(Some(status), Content::Json(value))
    }

    /// Returns a refusal with its violations.
    pub(crate) fn flawed(status: StatusCode, violations: &[Violation]) -> Self {
        Self::json(status, json!({ "errors": violations }))
    }

    /// Returns a refusal for one reason.
    pub(crate) fn refused(status: StatusCode, code: &'static str, message: &str) -> Self {
        let flaw = Violation {
            code,
            field: None,
            message: message.to_owned(),
        };
        Self::flawed(status, &[flaw])
    }

    /// Returns a 429 whose `Retry-After` is rounded up to whole seconds.
    pub(crate) fn throttled(wait: Duration) -> Self {
        let message = "the rate limit is exceeded";
        Self::refused(StatusCode::TOO_MANY_REQUESTS, "rate_limit", message).retry_after(wait)
    }

    /// Returns the response to a request without a valid token.
    pub(crate) fn unauthorized() -> Self {
        let message = "the access token is missing, unknown or expired";
        Self::refused(StatusCode::UNAUTHORIZED, "invalid_token", message)
    }

    /// Returns the response for an unknown path.
    pub(crate) fn not_found() -> Self {
        let message = "no such path";
        Self::refused(StatusCode::NOT_FOUND, "not_found", message)
    }

    fn broken() -> Self {
        let message = "an unexpected error occurred";
        Self::refused(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    }

    fn unavailable() -> Self {
        let message = "the service is temporarily unavailable";
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

    /// Returns the response of a fault that happens before the update is examined and that applies nothing.
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

    /// Returns the response to an applied update, with the fault that happens afterwards, if any.
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
        // Without a status the connection has already been cut, so the client never sees this response.
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

/// Rounds up, so that a client that waits this long is admitted.
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
    fn waits_are_rounded_up_to_whole_seconds() {
        for (millis, seconds) in [(1, 1), (999, 1), (1000, 1), (1001, 2), (58_500, 59)] {
            assert_eq!(whole_seconds(Duration::from_millis(millis)), seconds);
        }
    }

    #[test]
    fn only_faults_that_apply_nothing_precede_validation() {
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
    fn a_429_says_how_long_to_wait() {
        let response = Answer::throttled(Duration::from_millis(300)).into_response();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()[RETRY_AFTER], "1");
    }
}
