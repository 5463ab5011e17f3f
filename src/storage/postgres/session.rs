//! Sessions that reconnect: work is retried on a new connection, for a limited time.
//!
//! All work must be idempotent, because a lost answer does not say whether the server did it.

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

use crate::storage::error::StorageError;
use crate::storage::postgres::settings::{ConnectionSettings, error_message};
use crate::tls::{self, Roots, UntrustedServer, untrusted_server};

/// How long a lost connection is retried: longer than a restart or a failover of the server.
const RETRY_LIMIT: Duration = Duration::from_secs(120);
/// The same while a run starts or shuts down.
const SHORT_RETRY_LIMIT: Duration = Duration::from_secs(5);
/// The first and the longest pause between two attempts.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));
/// The time limit of short work, after which its connection counts as lost.
const SHORT_WORK_LIMIT: Duration = Duration::from_secs(30);

/// Settings of every connection: a commit returns after it is on the server's disk, and a session that hangs releases
/// its locks.
const SETTINGS: &str = "
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';
    SET idle_in_transaction_session_timeout = '20s';
    SET lock_timeout = '20s';
";

/// A flag that a run is shutting down, which shortens retries.
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

/// Why work failed.
#[derive(Debug)]
pub(crate) enum SessionError {
    /// Not connected, or the connection was lost.
    Lost(String),
    /// The server aborted the transaction because of a conflict.
    Conflict(String),
    /// Another attempt would fail the same way.
    Fatal(StorageError),
}

impl From<StorageError> for SessionError {
    fn from(fault: StorageError) -> Self {
        Self::Fatal(fault)
    }
}

impl From<tokio_postgres::Error> for SessionError {
    fn from(error: tokio_postgres::Error) -> Self {
        let message = error_message(&error);
        let Some(code) = error.code() else {
            // Only errors of the server have a code.
            return Self::Lost(message);
        };
        if *code == SqlState::T_R_DEADLOCK_DETECTED || *code == SqlState::T_R_SERIALIZATION_FAILURE
        {
            return Self::Conflict(message);
        }
        let is_full = [SqlState::DISK_FULL, SqlState::OUT_OF_MEMORY].contains(code);
        let is_denied = [
            SqlState::INSUFFICIENT_PRIVILEGE,
            SqlState::READ_ONLY_SQL_TRANSACTION,
        ];
        match code.code().get(..2) {
            _ if is_full => Self::Fatal(StorageError::DiskFull),
            _ if is_denied.contains(code) => Self::Fatal(StorageError::PermissionDenied(message)),
            // Connection errors, too many connections, time-outs, shutdown or startup, and I/O errors of the server.
            Some("08" | "25" | "53" | "55" | "57" | "58") => Self::Lost(message),
            Some("28" | "3D") => Self::Fatal(StorageError::ConnectionRefused(message)),
            Some("XX") => Self::Fatal(StorageError::Damaged(message)),
            _ => Self::Fatal(StorageError::Database(message)),
        }
    }
}

/// A connection with its prepared statements.
pub(crate) struct Session {
    pub(crate) client: Client,
    statements: RefCell<HashMap<&'static str, Statement>>,
}

impl Session {
    /// Prepares a statement, once per connection.
    pub(crate) async fn prepare(&self, sql: &'static str) -> Result<Statement, SessionError> {
        if let Some(statement) = self.statements.borrow().get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql).await?;
        self.statements.borrow_mut().insert(sql, statement.clone());
        Ok(statement)
    }

    /// Executes a prepared statement; it is sent when the future is first polled.
    pub(crate) async fn execute(
        &self,
        statement: &Statement,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<u64, SessionError> {
        Ok(self.client.execute(statement, values).await?)
    }

    /// Queries with a prepared statement; it is sent when the future is first polled.
    pub(crate) async fn rows(
        &self,
        statement: &Statement,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, SessionError> {
        Ok(self.client.query(statement, values).await?)
    }

    /// Prepares and queries a statement.
    pub(crate) async fn query(
        &self,
        sql: &'static str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, SessionError> {
        let statement = self.prepare(sql).await?;
        Ok(self.client.query(&statement, values).await?)
    }

    /// Begins a transaction with two queries in one round trip and returns the rows of each.
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

    /// Executes a statement and commits, in one round trip.
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

    /// Executes statements without parameters.
    pub(crate) async fn run(&self, sql: &str) -> Result<(), SessionError> {
        Ok(self.client.batch_execute(sql).await?)
    }
}

/// A request that was sent and whose answer is awaited later.
pub(crate) type Pending<F> = Pin<Box<MaybeDone<F>>>;

/// Sends a request without waiting for its answer, so that a group of requests takes one round trip.
pub(crate) async fn sent<F: Future>(request: F) -> Pending<F> {
    let mut pending = Box::pin(maybe_done(request));
    poll_fn(|context| {
        let _ = pending.as_mut().poll(context);
        Poll::Ready(())
    })
    .await;
    pending
}

/// Waits for the answer to a request.
pub(crate) async fn answer<T, F: Future<Output = Result<T, SessionError>>>(
    mut pending: Pending<F>,
) -> Result<T, SessionError> {
    pending.as_mut().await;
    let ended = || SessionError::Lost("the answer was already taken".to_owned());
    pending.as_mut().take_output().ok_or_else(ended)?
}

/// A database and the current connection to it.
pub(crate) struct Database {
    settings: ConnectionSettings,
    /// Taken on drop.
    runtime: Option<Runtime>,
    session: Option<Session>,
    shutdown: Shutdown,
    /// Whether work has succeeded before; only then is a lost connection retried for long.
    was_reached: bool,
}

/// The time limit of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeLimit {
    /// A few round trips.
    Short,
    /// No limit, for work that moves data of any size.
    None,
}

impl Database {
    /// Creates the handle; the first work connects.
    pub(crate) fn new(
        settings: &ConnectionSettings,
        shutdown: Shutdown,
    ) -> Result<Self, StorageError> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        Ok(Self {
            settings: settings.clone(),
            runtime: Some(runtime),
            session: None,
            shutdown,
            was_reached: false,
        })
    }

    /// Does work and retries it on a new connection if the current one is lost.
    pub(crate) fn run<T>(
        &mut self,
        length: TimeLimit,
        mut work: impl AsyncFnMut(&Session) -> Result<T, SessionError>,
    ) -> Result<T, StorageError> {
        let (began, mut pause) = (Instant::now(), PAUSES.0);
        loop {
            let message = match self.attempt(length, &mut work) {
                Ok(result) => {
                    self.was_reached = true;
                    return Ok(result);
                }
                Err(trouble) => {
                    // Closing the connection rolls back its transaction.
                    self.session = None;
                    match trouble {
                        SessionError::Fatal(fault) => return Err(fault),
                        SessionError::Lost(message) | SessionError::Conflict(message) => message,
                    }
                }
            };
            tracing::warn!(database = %self.settings, %message, "lost the connection to the database, retrying");
            if !self.wait(began, pause) {
                return Err(StorageError::Unreachable(message));
            }
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    /// Waits before the next attempt, or returns `false` when the time for retries is over.
    fn wait(&self, began: Instant, pause: Duration) -> bool {
        let jitter = pause.mul_f64(fastrand::f64() / 2.0);
        let until = Instant::now() + pause + jitter;
        loop {
            let limit = if self.was_reached && !self.shutdown.has_begun() {
                RETRY_LIMIT
            } else {
                SHORT_RETRY_LIMIT
            };
            let left = until.saturating_duration_since(Instant::now());
            if began.elapsed() >= limit {
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
            settings,
            runtime,
            session,
            ..
        } = self;
        let Some(runtime) = runtime else {
            return Err(StorageError::WriterEnded.into());
        };
        let begun = async {
            let session = match session {
                Some(session) if !session.client.is_closed() => session,
                lost => lost.insert(connect(settings).await?),
            };
            work(session).await
        };
        runtime.block_on(async {
            match length {
                TimeLimit::None => begun.await,
                TimeLimit::Short => tokio::time::timeout(SHORT_WORK_LIMIT, begun)
                    .await
                    .unwrap_or_else(|_| {
                        Err(SessionError::Lost(
                            "the server did not answer in time".to_owned(),
                        ))
                    }),
            }
        })
    }

    /// Closes the connection, which rolls back its transaction.
    pub(crate) fn disconnect(&mut self) {
        self.session = None;
    }

    /// Returns the current connection and the runtime to use it with.
    pub(crate) fn connection(&mut self) -> Option<(&Runtime, &Session)> {
        Some((self.runtime.as_ref()?, self.session.as_ref()?))
    }

    /// Does last work if there is a connection, without retries.
    pub(crate) fn run_last(
        &mut self,
        work: impl AsyncFnOnce(&Session) -> Result<(), SessionError>,
    ) {
        let (Some(runtime), Some(session)) = (&self.runtime, &self.session) else {
            return;
        };
        let ending = async { tokio::time::timeout(SHORT_RETRY_LIMIT, work(session)).await };
        // What remains on the server expires.
        let _ = runtime.block_on(ending);
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A blocking shutdown panics if this thread belongs to another runtime.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database({})", self.settings)
    }
}

/// Connects and applies the session settings.
async fn connect(settings: &ConnectionSettings) -> Result<Session, SessionError> {
    let roots = Roots::Machine(settings.authorities.clone());
    let trust = tls::client(&roots).map_err(StorageError::Database)?;
    let connected = settings.config.connect(MakeRustlsConnect::new(trust)).await;
    let (client, connection) = connected.map_err(connect_error)?;
    tokio::spawn(async move {
        // The client reports the same error to its user.
        let _ = connection.await;
    });
    client.batch_execute(SETTINGS).await?;
    Ok(Session {
        client,
        statements: RefCell::default(),
    })
}

/// Classifies an error of connecting: an untrusted certificate or a server without TLS is not worth a retry.
fn connect_error(error: tokio_postgres::Error) -> SessionError {
    if let Some(UntrustedServer { message, help }) = untrusted_server(&error) {
        return SessionError::Fatal(StorageError::ConnectionRefused(format!(
            "{message}; {help}"
        )));
    }
    match SessionError::from(error) {
        SessionError::Lost(message) if message.contains("does not support TLS") => {
            SessionError::Fatal(StorageError::ConnectionRefused(message))
        }
        trouble => trouble,
    }
}
