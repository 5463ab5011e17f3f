//! The token of a run: asked for once however many workers want it, renewed ahead of its end while everybody goes on
//! with it, and replaced where the server refuses it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Mutex as Turn, OwnedMutexGuard};
use tokio::time::{Instant, timeout_at};

use super::Event;
use super::retry;
use crate::delivery::shutdown::{End, Stop};
use crate::paylocity::client::{Client, TokenAnswer};
use crate::text::safe;

/// A token is renewed when less than this is left of it, or a fifth of its life if that is less.
const RENEWED_AHEAD: Duration = Duration::from_secs(60);
/// A token is not used any more when less than this is left of it, or a fiftieth of its life if that is less: the
/// request has yet to arrive.
const WORN_AHEAD: Duration = Duration::from_secs(1);
/// No token is kept longer, whatever the server says of its life.
const LONGEST_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// A run without a token does not wait longer than this for one: rather it ends, and is run again later.
const LONGEST_WAIT: Duration = Duration::from_secs(10 * 60);

/// A bearer token.
#[derive(Clone)]
pub(crate) struct Token(Arc<Issued>);

struct Issued {
    text: String,
    renew_at: Instant,
    worn_at: Instant,
    /// Whether it replaced one that the server had refused.
    replacement: bool,
    accepted: AtomicBool,
    refused: AtomicBool,
}

impl Token {
    /// Makes a token that was asked for at a time: its life may have begun as early as that.
    fn new(text: String, asked_at: Instant, lifetime: Duration, replacement: bool) -> Self {
        let lifetime = lifetime.min(LONGEST_LIFE);
        Self(Arc::new(Issued {
            text,
            renew_at: asked_at + lifetime - RENEWED_AHEAD.min(lifetime / 5),
            worn_at: asked_at + lifetime - WORN_AHEAD.min(lifetime / 50),
            replacement,
            accepted: AtomicBool::new(false),
            refused: AtomicBool::new(false),
        }))
    }

    /// Returns what goes into the header.
    pub(crate) fn text(&self) -> &str {
        &self.0.text
    }

    /// Remembers that the server has taken an update with it.
    pub(crate) fn accept(&self) {
        self.0.accepted.store(true, Ordering::Relaxed);
    }

    /// Remembers that the server has refused it; tells whether another may be asked for.
    ///
    /// One that replaced a refused token, was never accepted itself and is not worn out is as good as tokens get:
    /// what is refused then is not the token but the credentials.
    pub(crate) fn refuse(&self) -> bool {
        self.0.refused.store(true, Ordering::Relaxed);
        !self.0.replacement || self.0.accepted.load(Ordering::Relaxed) || self.is_worn()
    }

    fn is_refused(&self) -> bool {
        self.0.refused.load(Ordering::Relaxed)
    }

    fn is_worn(&self) -> bool {
        Instant::now() >= self.0.worn_at
    }

    fn is_good(&self) -> bool {
        !self.is_refused() && !self.is_worn()
    }
}

/// Where workers get their token.
pub(crate) struct TokenSource {
    client: Client,
    retries: u32,
    events: UnboundedSender<Event>,
    stop: Stop,
    kept: Arc<Kept>,
    /// Held while a token is asked for, so that only one is.
    turn: Arc<Turn<()>>,
}

/// The latest token.
#[derive(Default)]
struct Kept(Mutex<State>);

#[derive(Default)]
struct State {
    token: Option<Token>,
    /// How often in a row it could not be renewed, and when that is tried again.
    failures: u32,
    renew_at: Option<Instant>,
}

impl Kept {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn good(&self) -> Option<Token> {
        self.lock().token.clone().filter(Token::is_good)
    }

    fn is_due(&self) -> bool {
        self.lock()
            .renew_at
            .is_none_or(|renew_at| Instant::now() >= renew_at)
    }

    /// Keeps a new token in the place of the one before.
    fn keep(&self, text: String, asked_at: Instant, lifetime: Duration) -> Token {
        let mut state = self.lock();
        let replacement = state.token.as_ref().is_some_and(Token::is_refused);
        let token = Token::new(text, asked_at, lifetime, replacement);
        *state = State {
            renew_at: Some(token.0.renew_at),
            token: Some(token.clone()),
            failures: 0,
        };
        token
    }

    /// Puts the next attempt at a renewal off, after one that failed.
    fn put_off(&self, wait: Option<Duration>) {
        let mut state = self.lock();
        state.failures += 1;
        let wait = wait.unwrap_or_else(|| retry::back_off(state.failures));
        state.renew_at = Some(Instant::now() + wait.min(LONGEST_LIFE));
    }
}

impl TokenSource {
    pub(crate) fn new(
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
            kept: Arc::default(),
            turn: Arc::default(),
        }
    }

    /// Returns the token of the run, asking for one where there is none; `None` when the run is to stop.
    pub(crate) async fn current(&self) -> Option<Token> {
        if let Some(token) = self.kept.good() {
            if self.kept.is_due() {
                self.renew_aside();
            }
            return Some(token);
        }
        let _turn = tokio::select! {
            turn = self.turn.lock() => turn,
            () = self.stop.requested() => return None,
        };
        // Somebody else may have got one in the meantime.
        match self.kept.good() {
            Some(token) => Some(token),
            None => self.fetch().await,
        }
    }

    /// Renews the token while the present one is still good. Where that fails, the present one serves to its end.
    fn renew_aside(&self) {
        let Ok(turn) = Arc::clone(&self.turn).try_lock_owned() else {
            return;
        };
        if self.kept.is_due() {
            let _ = self.events.send(Event::TokenRequested);
            tokio::spawn(renew(self.client.clone(), Arc::clone(&self.kept), turn));
        }
    }

    /// Asks for a token, again and again as for an update; stops the run where none is to be had.
    async fn fetch(&self) -> Option<Token> {
        let mut attempts = 0;
        while !self.stop.is_requested() {
            attempts += 1;
            let _ = self.events.send(Event::TokenRequested);
            let asked_at = Instant::now();
            let answer = tokio::select! {
                answer = self.client.token() => answer,
                // Nothing is changed by a token that nobody waits for.
                () = self.stop.requested() => return None,
            };
            match answer {
                TokenAnswer::Issued { text, lifetime } => {
                    return Some(self.kept.keep(text, asked_at, lifetime));
                }
                TokenAnswer::Refused(words) => self.stop.request(End::Refused(words)),
                TokenAnswer::Misplaced(words) => self.stop.request(End::Unreachable(words)),
                TokenAnswer::Failed { words, wait } if attempts > self.retries || is_long(wait) => {
                    let asked = wait.filter(|_| is_long(wait));
                    self.stop.request(End::Unreachable(with_wait(words, asked)));
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

/// Tells whether a server asks for more patience than a run has that has nothing else to do.
fn is_long(wait: Option<Duration>) -> bool {
    wait.is_some_and(|wait| wait > LONGEST_WAIT)
}

/// Adds to what a server said how long it asks to wait.
fn with_wait(words: String, wait: Option<Duration>) -> String {
    match wait {
        None => words,
        Some(wait) => format!("{words}; it asks to wait for {} s", wait.as_secs()),
    }
}

/// Asks for a token once, in the time that the present one is good for; `_turn` ends with it.
async fn renew(client: Client, kept: Arc<Kept>, _turn: OwnedMutexGuard<()>) {
    let asked_at = Instant::now();
    let worn_at = kept.lock().token.as_ref().map(|token| token.0.worn_at);
    let answer = timeout_at(worn_at.unwrap_or(asked_at), client.token()).await;
    let late = |_| TokenAnswer::Failed {
        words: "no answer in time".to_owned(),
        wait: None,
    };
    match answer.unwrap_or_else(late) {
        TokenAnswer::Issued { text, lifetime } => {
            kept.keep(text, asked_at, lifetime);
        }
        TokenAnswer::Failed { words, wait } => {
            tracing::debug!(words = %safe(&words), "token not renewed");
            kept.put_off(wait);
        }
        TokenAnswer::Refused(words) | TokenAnswer::Misplaced(words) => {
            tracing::debug!(words = %safe(&words), "token not renewed");
            kept.put_off(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn token(lifetime: Duration, replacement: bool) -> Token {
        Token::new("a".into(), Instant::now(), lifetime, replacement)
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_fresh_token_that_was_never_accepted_ends_the_run() {
        assert!(token(HOUR, false).refuse());
        assert!(!token(HOUR, true).refuse());
        let accepted = token(HOUR, true);
        accepted.accept();
        assert!(accepted.refuse());
        let worn = token(Duration::from_secs(1), true);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(worn.refuse());
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_renewed_ahead_of_its_end_and_used_nearly_to_it() {
        for (lifetime, due, worn) in [(3_600_000, 3_540_000, 3_599_000), (1000, 800, 980)] {
            let kept = Kept::default();
            kept.keep("a".into(), Instant::now(), Duration::from_millis(lifetime));
            tokio::time::advance(Duration::from_millis(due - 1)).await;
            assert!(kept.good().is_some() && !kept.is_due());
            tokio::time::advance(Duration::from_millis(1)).await;
            assert!(kept.good().is_some() && kept.is_due());
            tokio::time::advance(Duration::from_millis(worn - due)).await;
            assert!(kept.good().is_none());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_renewal_that_failed_is_tried_again_after_a_while() {
        let kept = Kept::default();
        kept.keep("a".into(), Instant::now(), HOUR);
        tokio::time::advance(Duration::from_secs(3540)).await;
        kept.put_off(None);
        assert!(kept.good().is_some() && !kept.is_due());
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(kept.is_due());
    }
}
