//! The call for a token, and what its answer means.

use std::time::Duration;

use reqwest::Response;
use serde::Deserialize;
use serde_json::Value;

use crate::paylocity::client::{Checkup, Client, TOKEN_PATH, TokenFailure};
use crate::paylocity::credentials::Credentials;
use crate::paylocity::error::{distrust_of, words_of};
use crate::paylocity::redact::Traces;
use crate::paylocity::response::{bounded, date_of, retry_after, words};

/// A token's life where the server does not tell it (API.md: 3600 s).
const TOKEN_LIFETIME: Duration = Duration::from_secs(3600);

/// What came back for a request for a token.
pub(crate) enum TokenAnswer {
    /// It came.
    Issued { text: String, lifetime: Duration },
    /// The credentials are not good.
    Refused(String),
    /// There is no way to a token at this address, or none that can be trusted; another try would end the same way.
    Misplaced(String),
    /// No token came; another try may get one, after so long if the server says.
    Failed {
        words: String,
        wait: Option<Duration>,
    },
}

impl TokenAnswer {
    fn failed(words: impl Into<String>) -> Self {
        Self::Failed {
            words: words.into(),
            wait: None,
        }
    }
}

/// What a status says of the credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Issued,
    Refused,
    /// Nobody looked at them: the address is another's, or has moved.
    Misplaced,
    /// Nobody looked at them, this time.
    Failed,
}

const fn kind(status: u16) -> Kind {
    match status {
        200..=299 => Kind::Issued,
        300..=399 | 404 | 405 | 410 | 421 | 501 => Kind::Misplaced,
        400..=499 if !matches!(status, 408 | 425 | 429) => Kind::Refused,
        _ => Kind::Failed,
    }
}

impl Client {
    /// Asks for a token once.
    pub(crate) async fn token(&self) -> TokenAnswer {
        match self.ask_for_token().await {
            Ok(response) => self.judge_token(response).await,
            Err(error) => {
                let words = words_of(&error, self.endpoint.timeout);
                match distrust_of(&error) {
                    Some(_) => TokenAnswer::Misplaced(words),
                    None => TokenAnswer::failed(words),
                }
            }
        }
    }

    /// Asks for a token once, to see how the server does; no order is touched.
    pub(crate) async fn check_up(&self) -> Checkup {
        let response = match self.ask_for_token().await {
            Ok(response) => response,
            Err(error) => {
                return match distrust_of(&error) {
                    Some(distrust) => Checkup::Untrusted(distrust),
                    None => Checkup::Unreachable(words_of(&error, self.endpoint.timeout)),
                };
            }
        };
        let date = date_of(&response);
        let token = match self.judge_token(response).await {
            TokenAnswer::Issued { .. } => Ok(()),
            TokenAnswer::Refused(words) => Err((TokenFailure::Refused, words)),
            TokenAnswer::Misplaced(words) => Err((TokenFailure::Misplaced, words)),
            TokenAnswer::Failed { words, .. } => Err((TokenFailure::Broken, words)),
        };
        Checkup::Answered { date, token }
    }

    /// Asks for a token by client credentials both in the form and as basic authorization: vendor's samples show the
    /// one, its script the other, and sending both satisfies either.
    async fn ask_for_token(&self) -> reqwest::Result<Response> {
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
        let request = self
            .http
            .post(self.url(TOKEN_PATH))
            .basic_auth(client_id, Some(secret))
            .form(&form);
        request.send().await
    }

    /// Says what an answer to a request for a token means.
    async fn judge_token(&self, response: Response) -> TokenAnswer {
        let (status, wait) = (response.status().as_u16(), retry_after(&response));
        let patience = self.endpoint.timeout;
        tracing::debug!(status, "token requested");
        let kind = kind(status);
        if kind == Kind::Issued {
            return self.issued(&bounded(response, patience).await);
        }
        let said = words(
            response,
            patience,
            &Traces::of(&self.endpoint.credentials, None),
        )
        .await;
        let words = format!("{status} from the token endpoint: {said}");
        match kind {
            Kind::Misplaced => self.misplaced(&format!("it answers {status}: {said}")),
            Kind::Refused => TokenAnswer::Refused(words),
            Kind::Issued | Kind::Failed => TokenAnswer::Failed { words, wait },
        }
    }

    /// Says that what answers is no token endpoint.
    fn misplaced(&self, what: &str) -> TokenAnswer {
        TokenAnswer::Misplaced(format!(
            "there is no token endpoint at {}: {what}; see whether the target's URL is right",
            self.url(TOKEN_PATH)
        ))
    }

    fn issued(&self, body: &str) -> TokenAnswer {
        #[derive(Deserialize)]
        struct Issued {
            access_token: String,
            expires_in: Option<Value>,
        }
        match serde_json::from_str::<Issued>(body) {
            Ok(issued) if is_header_text(&issued.access_token) => TokenAnswer::Issued {
                lifetime: issued
                    .expires_in
                    .as_ref()
                    .and_then(seconds)
                    .unwrap_or(TOKEN_LIFETIME),
                text: issued.access_token,
            },
            Ok(_) => TokenAnswer::failed(
                "the token endpoint answered with a token that no header can carry",
            ),
            Err(_) if body.trim_start().starts_with('<') => {
                self.misplaced("it answers with a page")
            }
            Err(_) => TokenAnswer::failed("the token endpoint answered without a token"),
        }
    }
}

/// Reads a number of seconds above 0, which some servers write as text: a token that has no life is told wrong, for it
/// is good when it comes.
fn seconds(value: &Value) -> Option<Duration> {
    let number = value
        .as_f64()
        .or_else(|| value.as_str()?.trim().parse().ok())?;
    Duration::try_from_secs_f64(number)
        .ok()
        .filter(|lifetime| !lifetime.is_zero())
}

/// Tells whether a token can stand in a header.
fn is_header_text(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Reads a text as the parts of an answer with a token that have a form of their own.
#[cfg(any(test, fuzzing))]
pub(crate) fn read_token(text: &str) {
    let value = serde_json::from_str(text).ok();
    let lifetime = value.as_ref().and_then(seconds);
    assert!(lifetime.is_none_or(|lifetime| !lifetime.is_zero()));
    let header = reqwest::header::HeaderValue::from_str(text);
    assert!(!is_header_text(text) || header.is_ok(), "{text:?}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_looked_at_the_credentials_can_refuse_them() {
        let table = [
            (Kind::Issued, &[200, 201, 204][..]),
            (Kind::Refused, &[400, 401, 403, 407, 415, 422]),
            (Kind::Misplaced, &[301, 302, 307, 404, 405, 410, 421, 501]),
            (Kind::Failed, &[101, 408, 425, 429, 500, 502, 503, 504, 600]),
        ];
        for (expected, statuses) in table {
            for status in statuses {
                assert_eq!(kind(*status), expected, "{status}");
            }
        }
    }

    #[test]
    fn a_token_that_would_end_its_header_is_none() {
        for text in ["", "a b", "a\r\nX-Evil: 1", "a\n", "a\u{0}", "ü", "a\u{7f}"] {
            assert!(!is_header_text(text), "{text:?}");
        }
        assert!(is_header_text("eyJhbGciOi.J9-_~+/="));
    }

    #[test]
    fn a_life_that_is_none_does_not_count() {
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
            assert_eq!(
                seconds(&value).map(|life| life.as_secs_f64()),
                expected,
                "{text}"
            );
        }
    }
}
