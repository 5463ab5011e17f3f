//! The tokens that the sandbox issues, and when they expire.

use std::collections::HashMap;
use std::iter::repeat_with;
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, StatusCode};
use fastrand::Rng;
use serde_json::json;

use super::Settings;
use super::credentials::Form;
use crate::paylocity::credentials::Credentials;
use crate::sandbox::response::Answer;

/// Length of a token: long enough never to be guessed or repeated.
const LENGTH: usize = 43;

/// All tokens that may still be valid, with their time of issue.
#[derive(Debug)]
pub(crate) struct Tokens {
    lifetime: Duration,
    known: Option<Credentials>,
    rng: Rng,
    issued: HashMap<String, Instant>,
}

impl Tokens {
    /// Creates an issuer with these settings.
    pub(crate) fn new(settings: &Settings, rng: Rng) -> Self {
        Self {
            lifetime: settings.token_lifetime,
            known: settings.credentials.clone(),
            rng,
            issued: HashMap::new(),
        }
    }

    /// Answers a token request.
    pub(crate) fn grant(&mut self, now: Instant, headers: &HeaderMap, body: &[u8]) -> Answer {
        let form = Form::read(body);
        if form.grant_type.as_deref() != Some("client_credentials") {
            return denied(StatusCode::BAD_REQUEST, "unsupported_grant_type");
        }
        let offered = form.credentials(headers);
        if !offered.is_some_and(|offered| self.knows(&offered)) {
            return denied(StatusCode::UNAUTHORIZED, "invalid_client");
        }
        let granted = json!({
            "access_token": self.issue(now),
            "token_type": "Bearer",
            "expires_in": self.lifetime.as_secs(),
        });
        Answer::json(StatusCode::OK, granted)
    }

    fn knows(&self, offered: &Credentials) -> bool {
        match &self.known {
            Some(known) => offered == known,
            None => !offered.client_id.is_empty() && !offered.client_secret.reveal().is_empty(),
        }
    }

    /// Issues a token; earlier ones stay valid until they expire.
    pub(crate) fn issue(&mut self, now: Instant) -> String {
        let lifetime = self.lifetime;
        self.issued
            .retain(|_, issued| now.saturating_duration_since(*issued) < lifetime);
        let token: String = repeat_with(|| self.rng.alphanumeric())
            .take(LENGTH)
            .collect();
        self.issued.insert(token.clone(), now);
        token
    }

    /// Returns whether a token is valid.
    pub(crate) fn accepts(&self, token: &str, now: Instant) -> bool {
        let live = |issued: &Instant| now.saturating_duration_since(*issued) < self.lifetime;
        self.issued.get(token).is_some_and(live)
    }

    /// Revokes a token.
    pub(crate) fn forget(&mut self, token: &str) {
        self.issued.remove(token);
    }
}

fn denied(status: StatusCode, error: &str) -> Answer {
    let description = "send grant_type=client_credentials with a known client_id and client_secret";
    Answer::json(
        status,
        json!({"error": error, "error_description": description}),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_tokens_are_accepted_until_each_ends() {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let settings = Settings {
            token_lifetime: 3 * second,
            ..Settings::default()
        };
        let mut tokens = Tokens::new(&settings, Rng::with_seed(7));
        let (first, later) = (tokens.issue(start), tokens.issue(start + second));
        assert_ne!(first, later);
        assert!(tokens.accepts(&first, start + 2 * second));
        assert!(!tokens.accepts(&first, start + 3 * second));
        assert!(tokens.accepts(&later, start + 3 * second));
        tokens.forget(&later);
        assert!(!tokens.accepts(&later, start + second));
        assert!(!tokens.accepts("", start));
    }
}
