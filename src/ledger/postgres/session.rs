//! A connection that comes back: work that meets a lost one is begun again on another, for a while.
//!
//! Whatever is done here can be done twice: an answer that was lost does not tell whether the work was.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use futures_util::future::{MaybeDone, maybe_done};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::ledger::error::StorageError;
use crate::system::postgres::address::{ConnectionSettings, words_of};
use crate::tls::{self, Roots, UntrustedServer, untrusted_server};

/// How long a lost database is waited for: longer than a server's restart, or the switch to another.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long it is waited for while a run ends, or begins.
const LITTLE_PATIENCE: Duration = Duration::from_secs(5);
/// The pauses between two tries, from the first to the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));
/// Work that takes longer than this has lost its connection, whatever the system says.
const LONGEST: Duration = Duration::from_secs(30);

/// What every connection asks for: a commit is on the server's disk when it returns, and nobody who is cut off keeps
/// the others waiting.
const SETTINGS: &str = "
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';
    SET idle_in_transaction_session_timeout = '20s';
    SET lock_timeout = '20s';
";

/// Whether a run ends: then nobody waits long any more.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shutdown(Arc<AtomicBool>);

impl Shutdown {
    pub(crate) fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn has_begun(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Why some work was not done.
#[derive(Debug)]
pub(crate) enum SessionError {
    /// The connection is lost, or there was none; what the system says.
    Lost(String),
    /// The database asks to begin the work again.
    Again(String),
    /// Another try would end the same way.
    StorageError(StorageError),
}

impl From<StorageError> for SessionError {
    fn from(fault: StorageError) -> Self {
        Self::StorageError(fault)
    }
}

impl From<tokio_postgres::Error> for SessionError {
    fn from(error: tokio_postgres::Error) -> Self {
        let words = words_of(&error);
        let Some(code) = error.code() else {
            // What no server said, the connection did.
            return Self::Lost(words);
        };
        if *code == SqlState::T_R_DEADLOCK_DETECTED || *code == SqlState::T_R_SERIALIZATION_FAILURE
        {
            return Self::Again(words);
        }
        let is_full = [SqlState::DISK_FULL, SqlState::OUT_OF_MEMORY].contains(code);
        let is_denied = [
            SqlState::INSUFFICIENT_PRIVILEGE,
            SqlState::READ_ONLY_SQL_TRANSACTION,
        ];
        match code.code().get(..2) {
            _ if is_full => Self::StorageError(StorageError::Full),
            _ if is_denied.contains(code) => Self::StorageError(StorageError::Denied(words)),
            // The connection; too many of them; a time-out; the server shuts down, or starts, or its disk fails.
            Some("08" | "25" | "53" | "55" | "57" | "58") => Self::Lost(words),
            Some("28" | "3D") => Self::StorageError(StorageError::Refused(words)),
            Some("XX") => Self::StorageError(StorageError::Damaged(words)),
            _ => Self::StorageError(StorageError::Database(words)),
        }
    }
}

/// An open connection.
pub(crate) struct Session {
    pub(crate) client: Client,
    statements: RefCell<HashMap<&'static str, Statement>>,
}

impl Session {
    /// Prepares a statement, once for this connection.
    pub(crate) async fn prepare(&self, sql: &'static str) -> Result<Statement, SessionError> {
        if let Some(statement) = self.statements.borrow().get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql).await?;
        self.statements.borrow_mut().insert(sql, statement.clone());
        Ok(statement)
    }

    /// Carries out a statement that was prepared, and sends it as soon as this is first polled.
    pub(crate) async fn execute(
        &self,
        statement: &Statement,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<u64, SessionError> {
        Ok(self.client.execute(statement, values).await?)
    }

    /// Returns the rows of a statement that was prepared, which is sent as soon as this is first polled.
    pub(crate) async fn rows(
        &self,
        statement: &Statement,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, SessionError> {
        Ok(self.client.query(statement, values).await?)
    }

    /// Returns the rows of a statement.
    pub(crate) async fn query(
        &self,
        sql: &'static str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, SessionError> {
        let statement = self.prepare(sql).await?;
        Ok(self.client.query(&statement, values).await?)
    }

    /// Begins a transaction with two statements, in one round trip, and returns the rows of each.
    pub(crate) async fn begin_with(
        &self,
        (first, values): (&'static str, &[&(dyn ToSql + Sync)]),
        (second, others): (&'static str, &[&(dyn ToSql + Sync)]),
    ) -> Result<(Vec<Row>, Vec<Row>), SessionError> {
        let first = self.prepare(first).await?;
        let second = self.prepare(second).await?;
        let begin = sent(self.run("BEGIN")).await;
        let first = sent(self.rows(&first, values)).await;
        let second = sent(self.rows(&second, others)).await;
        answer(begin).await?;
        Ok((answer(first).await?, answer(second).await?))
    }

    /// Ends a transaction with a statement, in one round trip.
    pub(crate) async fn commit_with(
        &self,
        last: &'static str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<(), SessionError> {
        let last = self.prepare(last).await?;
        let last = sent(self.execute(&last, values)).await;
        let commit = sent(self.run("COMMIT")).await;
        answer(last).await?;
        answer(commit).await
    }

    /// Carries out statements without values.
    pub(crate) async fn run(&self, sql: &str) -> Result<(), SessionError> {
        Ok(self.client.batch_execute(sql).await?)
    }
}

/// A request on its way: it was sent, and its answer is for later.
pub(crate) type Pending<F> = Pin<Box<MaybeDone<F>>>;

/// Sends a request at once, without waiting for its answer: so a group takes a round trip, not one for each part.
pub(crate) async fn sent<F: Future>(request: F) -> Pending<F> {
    let mut pending = Box::pin(maybe_done(request));
    poll_fn(|context| {
        let _ = pending.as_mut().poll(context);
        Poll::Ready(())
    })
    .await;
    pending
}

pub(crate) async fn answer<T, F: Future<Output = Result<T, SessionError>>>(
    mut pending: Pending<F>,
) -> Result<T, SessionError> {
    pending.as_mut().await;
    let ended = || SessionError::Lost("the answer was taken already".to_owned());
    pending.as_mut().take_output().ok_or_else(ended)?
}

/// A database, and the connection to it while there is one.
pub(crate) struct Database {
    address: ConnectionSettings,
    /// Present until this is dropped.
    runtime: Option<Runtime>,
    session: Option<Session>,
    haste: Shutdown,
    /// Whether it was reached before: then a lost connection is waited for.
    was_reached: bool,
}

/// How long some work may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeLimit {
    /// Some round trips.
    Short,
    /// As long as there is something to move.
    None,
}

impl Database {
    /// Makes the handle; nothing is connected yet.
    pub(crate) fn at(address: &ConnectionSettings, haste: Shutdown) -> Result<Self, StorageError> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        Ok(Self {
            address: address.clone(),
            runtime: Some(runtime),
            session: None,
            haste,
            was_reached: false,
        })
    }

    /// Does some work, and begins it again where the connection is lost.
    pub(crate) fn work<T>(
        &mut self,
        length: TimeLimit,
        mut work: impl AsyncFnMut(&Session) -> Result<T, SessionError>,
    ) -> Result<T, StorageError> {
        let (began, mut pause) = (Instant::now(), PAUSES.0);
        loop {
            let words = match self.attempt(length, &mut work) {
                Ok(result) => {
                    self.was_reached = true;
                    return Ok(result);
                }
                Err(trouble) => {
                    // Whatever it was in the middle of is undone.
                    self.session = None;
                    match trouble {
                        SessionError::StorageError(fault) => return Err(fault),
                        SessionError::Lost(words) | SessionError::Again(words) => words,
                    }
                }
            };
            tracing::warn!(database = %self.address, %words, "the ledger does not answer; it is tried again");
            if !self.wait(began, pause) {
                return Err(StorageError::Unreachable(words));
            }
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    /// Waits before another try; `false` where it was waited long enough.
    fn wait(&self, began: Instant, pause: Duration) -> bool {
        let jitter = pause.mul_f64(fastrand::f64() / 2.0);
        let until = Instant::now() + pause + jitter;
        loop {
            let patience = if self.was_reached && !self.haste.has_begun() {
                PATIENCE
            } else {
                LITTLE_PATIENCE
            };
            let left = until.saturating_duration_since(Instant::now());
            if began.elapsed() >= patience {
                return false;
            }
            if left.is_zero() {
                return true;
            }
            std::thread::sleep(left.min(PAUSES.0));
        }
    }

    fn attempt<T>(
        &mut self,
        length: TimeLimit,
        work: &mut impl AsyncFnMut(&Session) -> Result<T, SessionError>,
    ) -> Result<T, SessionError> {
        let Self {
            address,
            runtime,
            session,
            ..
        } = self;
        let Some(runtime) = runtime else {
            return Err(StorageError::Ended.into());
        };
        let begun = async {
            let session = match session {
                Some(session) if !session.client.is_closed() => session,
                lost => lost.insert(connect(address).await?),
            };
            work(session).await
        };
        runtime.block_on(async {
            match length {
                TimeLimit::None => begun.await,
                TimeLimit::Short => {
                    tokio::time::timeout(LONGEST, begun)
                        .await
                        .unwrap_or_else(|_| {
                            Err(SessionError::Lost("no answer came in time".to_owned()))
                        })
                }
            }
        })
    }

    /// Leaves a connection, and so undoes what it was in the middle of.
    pub(crate) fn forget(&mut self) {
        self.session = None;
    }

    /// Returns the connection for work that others take part in.
    pub(crate) fn parts(&mut self) -> Option<(&Runtime, &Session)> {
        Some((self.runtime.as_ref()?, self.session.as_ref()?))
    }

    /// Does some last work where there is a connection, and waits for nothing.
    pub(crate) fn end(&mut self, work: impl AsyncFnOnce(&Session) -> Result<(), SessionError>) {
        let (Some(runtime), Some(session)) = (&self.runtime, &self.session) else {
            return;
        };
        let ending = async { tokio::time::timeout(LITTLE_PATIENCE, work(session)).await };
        // What is left behind ends by itself.
        let _ = runtime.block_on(ending);
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // Others may be at work on this thread: a runtime that waits for its end would keep them.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database({})", self.address)
    }
}

/// Connects, and asks for what every connection needs.
async fn connect(address: &ConnectionSettings) -> Result<Session, SessionError> {
    let roots = Roots::Machine(address.authorities.clone());
    let trust = tls::client(&roots).map_err(StorageError::Database)?;
    let connected = address.config.connect(MakeRustlsConnect::new(trust)).await;
    let (client, connection) = connected.map_err(of_connection)?;
    tokio::spawn(async move {
        // Whoever uses the connection is told of its end too.
        let _ = connection.await;
    });
    client.batch_execute(SETTINGS).await?;
    Ok(Session {
        client,
        statements: RefCell::default(),
    })
}

/// Says why no connection came about: for what another try would not change, such as a certificate that is not trusted
/// or a server without TLS, nobody needs to wait.
fn of_connection(error: tokio_postgres::Error) -> SessionError {
    if let Some(UntrustedServer { message, help }) = untrusted_server(&error) {
        return SessionError::StorageError(StorageError::Refused(format!("{message}; {help}")));
    }
    match SessionError::from(error) {
        SessionError::Lost(words) if words.contains("does not support TLS") => {
            SessionError::StorageError(StorageError::Refused(words))
        }
        trouble => trouble,
    }
}
