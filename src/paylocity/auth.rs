//! The token call and the classification of its responses.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::client::Client;
use super::credentials::Credentials;
use super::error;
use super::redact::Redactor;
use super::response;
use crate::tls::UntrustedServer;

const TOKEN_PATH: &str = "/public/security/v1/token";

/// Lifetime of a token if the server states none ([documented](crate::paylocity): 3600 s).
const DEFAULT_LIFETIME: Duration = Duration::from_secs(3600);

/// The result of one token request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum TokenResponse {
    Issued {
        token: String,
        lifetime: Duration,
    },
    /// The server checked the credentials and refused them.
    Refused(String),
    /// The address has no token endpoint, or its server is not trusted. A retry would end the same way.
    NoEndpoint(String),
    /// Temporary failure; a retry may succeed, not before `retry_after` if the server states it.
    Failed {
        message: String,
        retry_after: Option<Duration>,
    },
}

impl TokenResponse {
    fn failed(message: impl Into<String>) -> Self {
        Self::Failed {
            message: message.into(),
            retry_after: None,
        }
    }
}

/// The state of a server as seen by a token request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Probe {
    /// No response; the cause.
    Unreachable(String),
    /// The certificate is not trusted, so nothing was sent.
    Untrusted(UntrustedServer),
    Answered {
        /// The server's clock, if the response has a `Date`.
        date: Option<Timestamp>,
        token: TokenResponse,
    },
}

/// The meaning of a token response's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StatusClass {
    Issued,
    Refused,
    NoEndpoint,
    Failed,
}

/// Only statuses that show that the credentials were checked count as a refusal of them.
const fn classify(status: u16) -> StatusClass {
    match status {
        200..=299 => StatusClass::Issued,
        300..=399 | 404 | 405 | 410 | 421 | 501 => StatusClass::NoEndpoint,
        400..=499 if !matches!(status, 408 | 425 | 429) => StatusClass::Refused,
        _ => StatusClass::Failed,
    }
}

impl Client {
    /// Requests a token once.
    pub(crate) async fn token(&self, timeout: Duration) -> TokenResponse {
        match self.request_token(timeout).await {
            Ok(response) => self.read_token_response(response, timeout).await,
            Err(error) => {
                let message = error::message(&error, timeout);
                match error::untrusted_server(&error) {
                    Some(_) => TokenResponse::NoEndpoint(message),
                    None => TokenResponse::failed(message),
                }
            }
        }
    }

    /// Requests a token once to examine the server. It does not touch any order.
    pub(crate) async fn probe(&self, timeout: Duration) -> Probe {
        match self.request_token(timeout).await {
            Ok(response) => Probe::Answered {
                date: response::date(&response),
                token: self.read_token_response(response, timeout).await,
            },
            Err(error) => match error::untrusted_server(&error) {
                Some(untrusted) => Probe::Untrusted(untrusted),
                None => Probe::Unreachable(error::message(&error, timeout)),
            },
        }
    }

    /// Sends the client credentials both as form fields and as basic authorization: the vendor's samples differ, and
    /// the vendor accepts both together.
    async fn request_token(&self, timeout: Duration) -> reqwest::Result<reqwest::Response> {
        let Credentials {
            client_id,
            client_secret,
        } = &self.endpoint.credentials;
        let secret = client_secret.reveal();
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", client_id),
            ("client_secret", secret),
        ];
        self.http
            .post(self.url(TOKEN_PATH))
            .basic_auth(client_id, Some(secret))
            .form(&form)
            .timeout(timeout)
            .send()
            .await
    }

    async fn read_token_response(
        &self,
        response: reqwest::Response,
        timeout: Duration,
    ) -> TokenResponse {
        let status = response.status().as_u16();
        let retry_after = response::retry_after(&response);
        tracing::debug!(status, "token requested");
        let class = classify(status);
        if class == StatusClass::Issued {
            return self.parse_token(&response::read_body(response, timeout).await);
        }
        let redactor = Redactor::new(&self.endpoint.credentials, None);
        let answer = response::error_message(response, timeout, &redactor).await;
        let message = format!("{status} from the token endpoint: {answer}");
        match class {
            StatusClass::NoEndpoint => self.no_endpoint(&format!("it answers {status}: {answer}")),
            StatusClass::Refused => TokenResponse::Refused(message),
            StatusClass::Issued | StatusClass::Failed => TokenResponse::Failed {
                message,
                retry_after,
            },
        }
    }

    fn no_endpoint(&self, reason: &str) -> TokenResponse {
        TokenResponse::NoEndpoint(format!(
            "there is no token endpoint at {}: {reason}; check the target's URL",
            self.url(TOKEN_PATH)
        ))
    }

    fn parse_token(&self, body: &str) -> TokenResponse {
        #[derive(Deserialize)]
        struct Issued {
            access_token: String,
            expires_in: Option<Value>,
        }
        match serde_json::from_str::<Issued>(body) {
            Ok(issued) if is_header_value(&issued.access_token) => TokenResponse::Issued {
                lifetime: issued
                    .expires_in
                    .as_ref()
                    .and_then(parse_lifetime)
                    .unwrap_or(DEFAULT_LIFETIME),
                token: issued.access_token,
            },
            Ok(_) => TokenResponse::failed(
                "the token endpoint answered with a token that is not a valid header value",
            ),
            Err(_) if body.trim_start().starts_with('<') => {
                self.no_endpoint("it answers with a web page")
            }
            Err(_) => TokenResponse::failed("the token endpoint answered without a token"),
        }
    }
}

/// Parses a positive number of seconds, which some servers send as text. Zero and negative lifetimes are ignored: the
/// server has just issued the token, so they cannot be right.
fn parse_lifetime(value: &Value) -> Option<Duration> {
    let number = value
        .as_f64()
        .or_else(|| value.as_str()?.trim().parse().ok())?;
    Duration::try_from_secs_f64(number)
        .ok()
        .filter(|lifetime| !lifetime.is_zero())
}

/// Returns whether a token is valid in a header.
fn is_header_value(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Parses a text as every part of a response that the client parses, and checks what must always hold.
#[cfg(any(test, fuzzing))]
pub(crate) fn read_answer(text: &str) {
    response::check_parsers(text);
    let value = serde_json::from_str(text).ok();
    let lifetime = value.as_ref().and_then(parse_lifetime);
    assert!(lifetime.is_none_or(|lifetime| !lifetime.is_zero()));
    let header = reqwest::header::HeaderValue::from_str(text);
    assert!(!is_header_value(text) || header.is_ok(), "{text:?}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_server_that_checked_the_credentials_can_refuse_them() {
        let table = [
            (StatusClass::Issued, &[200, 201, 204][..]),
            (StatusClass::Refused, &[400, 401, 403, 407, 415, 422]),
            (
                StatusClass::NoEndpoint,
                &[301, 302, 307, 404, 405, 410, 421, 501],
            ),
            (
                StatusClass::Failed,
                &[101, 408, 425, 429, 500, 502, 503, 504, 600],
            ),
        ];
        for (expected, statuses) in table {
            for status in statuses {
                assert_eq!(classify(*status), expected, "{status}");
            }
        }
    }

    #[test]
    fn a_token_that_would_end_its_header_is_invalid() {
        for text in ["", "a b", "a\r\nX-Evil: 1", "a\n", "a\u{0}", "ü", "a\u{7f}"] {
            assert!(!is_header_value(text), "{text:?}");
        }
        assert!(is_header_value("eyJhbGciOi.J9-_~+/="));
    }

    #[test]
    fn a_lifetime_is_a_positive_number_of_seconds() {
        let table = [
            ("3600", Some(3600.0)),
            ("\" 60 \"", Some(60.0)),
            ("0.5", Some(0.5)),
            ("0", None),
            ("-1", None),
            ("-1e308", None),
            ("1e400", None),
            ("99999999999999999999999999", None),
            ("\"soon\"", None),
            ("\"NaN\"", None),
            ("\"inf\"", None),
            ("null", None),
            ("[1]", None),
        ];
        for (text, expected) in table {
            let value = serde_json::from_str(text).unwrap_or(Value::Null);
            let lifetime = parse_lifetime(&value).map(|lifetime| lifetime.as_secs_f64());
            assert_eq!(lifetime, expected, "{text}");
        }
    }
}
