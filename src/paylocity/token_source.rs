//! The token of a run: requested once for all workers, renewed in the background before it expires, and replaced if
//! the server refuses it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};
use tokio::time::{Instant, sleep, timeout_at};

use super::auth::TokenResponse;
use super::backoff;
use super::client::Client;
use crate::text::safe;

/// Renews a token when less than this is left of its lifetime, or a fifth of the lifetime if that is less.
const RENEWAL_MARGIN: Duration = Duration::from_secs(60);
/// Treats a token as expired when less than this is left, or a fiftieth of the lifetime if that is less: the request
/// that carries it has yet to arrive.
const EXPIRY_MARGIN: Duration = Duration::from_secs(1);
/// Upper bound of a lifetime, whatever the server states.
const MAX_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
/// A run without a token does not wait longer than this for one; it ends and can be repeated later.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(10 * 60);

/// Why the run cannot get a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TokenError {
    /// The server refuses the credentials; its message.
    Refused(String),
    /// The token endpoint cannot be reached or keeps failing; the cause.
    Unavailable(String),
}

/// A bearer token. Clones share its state.
#[derive(Clone)]
pub(crate) struct Token(Arc<Issued>);

struct Issued {
    text: String,
    renew_at: Instant,
    expires_at: Instant,
    /// It replaced a token that the server had refused.
    is_replacement: bool,
    is_accepted: AtomicBool,
    is_refused: AtomicBool,
}

impl Token {
    /// `requested_at` is the earliest time at which the lifetime can have begun.
    fn new(text: String, requested_at: Instant, lifetime: Duration, is_replacement: bool) -> Self {
        let lifetime = lifetime.min(MAX_LIFETIME);
        Self(Arc::new(Issued {
            text,
            renew_at: requested_at + lifetime - RENEWAL_MARGIN.min(lifetime / 5),
            expires_at: requested_at + lifetime - EXPIRY_MARGIN.min(lifetime / 50),
            is_replacement,
            is_accepted: AtomicBool::new(false),
            is_refused: AtomicBool::new(false),
        }))
    }

    /// Returns the value for the authorization header.
    pub(crate) fn text(&self) -> &str {
        &self.0.text
    }

    /// Records that the server accepted an update with this token.
    pub(crate) fn mark_accepted(&self) {
        self.0.is_accepted.store(true, Ordering::Relaxed);
    }

    /// Records that the server refused this token, and returns whether a new one may help.
    ///
    /// If the token already replaced a refused one, has not expired and was never accepted, then the server refuses
    /// the credentials and not the token.
    pub(crate) fn mark_refused(&self) -> bool {
        self.0.is_refused.store(true, Ordering::Relaxed);
        !self.0.is_replacement || self.0.is_accepted.load(Ordering::Relaxed) || self.is_expired()
    }

    fn is_refused(&self) -> bool {
        self.0.is_refused.load(Ordering::Relaxed)
    }

    fn is_expired(&self) -> bool {
        Instant::now() >= self.0.expires_at
    }

    fn is_usable(&self) -> bool {
        !self.is_refused() && !self.is_expired()
    }
}

/// Supplies the workers with the current token.
pub(crate) struct TokenSource {
    client: Client,
    timeout: Duration,
    max_retries: u32,
    on_request: Box<dyn Fn() + Send + Sync>,
    cache: Arc<Cache>,
    /// Held during a token request, so that there is only one at a time.
    request_lock: Arc<AsyncMutex<()>>,
}

/// The latest token.
#[derive(Default)]
struct Cache(Mutex<State>);

#[derive(Default)]
struct State {
    token: Option<Token>,
    /// Failed renewals since the last token was issued.
    failures: u32,
    renew_at: Option<Instant>,
    /// Set once no token can be obtained; every later request for one gets the same error.
    error: Option<TokenError>,
}

impl Cache {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn usable_token(&self) -> Option<Token> {
        self.lock().token.clone().filter(Token::is_usable)
    }

    fn is_renewal_due(&self) -> bool {
        self.lock()
            .renew_at
            .is_none_or(|renew_at| Instant::now() >= renew_at)
    }

    /// Replaces the token.
    fn store(&self, text: String, requested_at: Instant, lifetime: Duration) -> Token {
        let mut state = self.lock();
        let is_replacement = state.token.as_ref().is_some_and(Token::is_refused);
        let token = Token::new(text, requested_at, lifetime, is_replacement);
        *state = State {
            renew_at: Some(token.0.renew_at),
            token: Some(token.clone()),
            ..State::default()
        };
        token
    }

    /// Schedules the next renewal after a failed one.
    fn postpone_renewal(&self, retry_after: Option<Duration>) {
        let mut state = self.lock();
        state.failures += 1;
        let wait = retry_after.unwrap_or_else(|| backoff::delay(state.failures));
        state.renew_at = Some(Instant::now() + wait.min(MAX_LIFETIME));
    }

    fn fail(&self, error: TokenError) -> TokenError {
        self.lock().error = Some(error.clone());
        error
    }
}

impl TokenSource {
    /// Creates a source. It calls `on_request` before each token request.
    pub(crate) fn new(
        client: Client,
        timeout: Duration,
        max_retries: u32,
        on_request: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        Self {
            client,
            timeout,
            max_retries,
            on_request: Box::new(on_request),
            cache: Arc::default(),
            request_lock: Arc::default(),
        }
    }

    /// Returns the current token, requesting one if necessary. Cancel safe.
    pub(crate) async fn token(&self) -> Result<Token, TokenError> {
        if let Some(token) = self.cache.usable_token() {
            if self.cache.is_renewal_due() {
                self.renew_in_background();
            }
            return Ok(token);
        }
        let _lock = self.request_lock.lock().await;
        // Another worker may have requested one in the meantime.
        if let Some(token) = self.cache.usable_token() {
            return Ok(token);
        }
        let error = self.cache.lock().error.clone();
        match error {
            Some(error) => Err(error),
            None => self.fetch().await,
        }
    }

    /// Renews the token while the current one is still usable.
    fn renew_in_background(&self) {
        let Ok(lock) = Arc::clone(&self.request_lock).try_lock_owned() else {
            return;
        };
        if self.cache.is_renewal_due() {
            (self.on_request)();
            let (client, cache) = (self.client.clone(), Arc::clone(&self.cache));
            tokio::spawn(renew(client, self.timeout, cache, lock));
        }
    }

    /// Requests a token, retrying like an update.
    async fn fetch(&self) -> Result<Token, TokenError> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            (self.on_request)();
            let requested_at = Instant::now();
            match self.client.token(self.timeout).await {
                TokenResponse::Issued { token, lifetime } => {
                    return Ok(self.cache.store(token, requested_at, lifetime));
                }
                TokenResponse::Refused(message) => {
                    return Err(self.cache.fail(TokenError::Refused(message)));
                }
                TokenResponse::NoEndpoint(message) => {
                    return Err(self.cache.fail(TokenError::Unavailable(message)));
                }
                TokenResponse::Failed {
                    message,
                    retry_after: Some(wait),
                } if wait > MAX_RETRY_AFTER => {
                    let message = format!("{message}; it asks to wait for {} s", wait.as_secs());
                    return Err(self.cache.fail(TokenError::Unavailable(message)));
                }
                TokenResponse::Failed { message, .. } if attempts > self.max_retries => {
                    return Err(self.cache.fail(TokenError::Unavailable(message)));
                }
                TokenResponse::Failed { retry_after, .. } => {
                    sleep(retry_after.unwrap_or_else(|| backoff::delay(attempts))).await;
                }
            }
        }
    }
}

/// Requests a token once, giving up when the current one expires. `_lock` keeps other requests away until then.
async fn renew(client: Client, timeout: Duration, cache: Arc<Cache>, _lock: OwnedMutexGuard<()>) {
    let requested_at = Instant::now();
    let expires_at = cache.lock().token.as_ref().map(|token| token.0.expires_at);
    let response = timeout_at(expires_at.unwrap_or(requested_at), client.token(timeout)).await;
    let expired = |_| TokenResponse::Failed {
        message: "no answer in time".to_owned(),
        retry_after: None,
    };
    let (message, retry_after) = match response.unwrap_or_else(expired) {
        TokenResponse::Issued { token, lifetime } => {
            cache.store(token, requested_at, lifetime);
            return;
        }
        TokenResponse::Failed {
            message,
            retry_after,
        } => (message, retry_after),
        TokenResponse::Refused(message) | TokenResponse::NoEndpoint(message) => (message, None),
    };
    tracing::debug!(message = %safe(&message), "token not renewed");
    cache.postpone_renewal(retry_after);
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn token(lifetime: Duration, is_replacement: bool) -> Token {
        Token::new("a".into(), Instant::now(), lifetime, is_replacement)
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_token_cannot_help_if_a_fresh_replacement_was_refused_too() {
        assert!(token(HOUR, false).mark_refused());
        assert!(!token(HOUR, true).mark_refused());
        let accepted = token(HOUR, true);
        accepted.mark_accepted();
        assert!(accepted.mark_refused());
        let expired = token(Duration::from_secs(1), true);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(expired.mark_refused());
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_renewed_before_it_expires_and_used_until_then() {
        for (lifetime, due, expiry) in [(3_600_000, 3_540_000, 3_599_000), (1000, 800, 980)] {
            let cache = Cache::default();
            cache.store("a".into(), Instant::now(), Duration::from_millis(lifetime));
            tokio::time::advance(Duration::from_millis(due - 1)).await;
            assert!(cache.usable_token().is_some() && !cache.is_renewal_due());
            tokio::time::advance(Duration::from_millis(1)).await;
            assert!(cache.usable_token().is_some() && cache.is_renewal_due());
            tokio::time::advance(Duration::from_millis(expiry - due)).await;
            assert!(cache.usable_token().is_none());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_renewal_is_retried_after_a_delay() {
        let cache = Cache::default();
        cache.store("a".into(), Instant::now(), HOUR);
        tokio::time::advance(Duration::from_secs(3540)).await;
        cache.postpone_renewal(None);
        assert!(cache.usable_token().is_some() && !cache.is_renewal_due());
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(cache.is_renewal_due());
    }
}
