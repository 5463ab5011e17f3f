//! The token of a run: asked for once however many workers want it, and anew before or after it is worn out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use super::Event;
use super::client::{Client, TokenAnswer};
use super::retry;
use super::stop::{End, Stop};

/// A token is replaced when less than this is left of it, or a tenth of its life if that is less.
const REFRESH_AHEAD: Duration = Duration::from_secs(60);

/// No token is kept longer, whatever the server says of its life.
const LONGEST_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// A bearer token.
#[derive(Clone)]
pub struct Token(Arc<Issued>);

struct Issued {
    text: String,
    refresh_at: Instant,
    /// Whether it replaced one that the server had refused.
    replacement: bool,
    accepted: AtomicBool,
    refused: AtomicBool,
}

impl Token {
    fn new(text: String, lifetime: Duration, replacement: bool) -> Self {
        let lifetime = lifetime.min(LONGEST_LIFE);
        let refresh_at = Instant::now() + lifetime - REFRESH_AHEAD.min(lifetime / 10);
        let (accepted, refused) = (AtomicBool::new(false), AtomicBool::new(false));
        Self(Arc::new(Issued {
            text,
            refresh_at,
            replacement,
            accepted,
            refused,
        }))
    }

    /// Returns what goes into the header.
    pub(super) fn text(&self) -> &str {
        &self.0.text
    }

    /// Remembers that the server has taken an update with it.
    pub(super) fn accept(&self) {
        self.0.accepted.store(true, Ordering::Relaxed);
    }

    /// Remembers that the server has refused it; tells whether another may be asked for.
    ///
    /// One that replaced a refused token and was never accepted itself is as good as tokens get: what is refused
    /// then is not the token but the credentials.
    pub(super) fn refuse(&self) -> bool {
        self.0.refused.store(true, Ordering::Relaxed);
        !self.0.replacement || self.0.accepted.load(Ordering::Relaxed)
    }

    fn is_refused(&self) -> bool {
        self.0.refused.load(Ordering::Relaxed)
    }
}

/// Where workers get their token.
pub(super) struct TokenSource {
    client: Client,
    retries: u32,
    events: UnboundedSender<Event>,
    stop: Stop,
    /// Held while a token is asked for, so that only one worker asks.
    current: Mutex<Option<Token>>,
}

impl TokenSource {
    pub(super) fn new(
        client: Client,
        retries: u32,
        events: UnboundedSender<Event>,
        stop: Stop,
    ) -> Self {
        Self {
            client,
            retries,
            events,
            stop,
            current: Mutex::default(),
        }
    }

    /// Returns the token of the run, asking for one where there is none; `None` when the run is to stop.
    pub(super) async fn current(&self) -> Option<Token> {
        let mut current = self.current.lock().await;
        let refused = current.as_ref().is_some_and(Token::is_refused);
        if let Some(token) = current
            .as_ref()
            .filter(|token| !refused && Instant::now() < token.0.refresh_at)
        {
            return Some(token.clone());
        }
        let (text, lifetime) = self.fetch().await?;
        let token = Token::new(text, lifetime, refused);
        *current = Some(token.clone());
        Some(token)
    }

    /// Asks for a token, again and again as for an update; stops the run where none is to be had.
    async fn fetch(&self) -> Option<(String, Duration)> {
        let mut attempts = 0;
        while !self.stop.is_requested() {
            attempts += 1;
            let _ = self.events.send(Event::TokenRequested);
            match self.client.token().await {
                TokenAnswer::Issued { text, lifetime } => return Some((text, lifetime)),
                TokenAnswer::Refused(words) => self.stop.request(End::Refused(words)),
                TokenAnswer::Failed { words, .. } if attempts > self.retries => {
                    self.stop.request(End::Unreachable(words));
                }
                TokenAnswer::Failed { wait, .. } => {
                    self.stop
                        .sleep(wait.unwrap_or_else(|| retry::back_off(attempts)))
                        .await;
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_a_fresh_token_that_was_never_accepted_ends_the_run() {
        let hour = Duration::from_secs(3600);
        let first = Token::new("a".into(), hour, false);
        assert!(first.refuse());
        let fresh = Token::new("b".into(), hour, true);
        assert!(!fresh.refuse());
        let worn = Token::new("c".into(), hour, true);
        worn.accept();
        assert!(worn.refuse());
    }
}
