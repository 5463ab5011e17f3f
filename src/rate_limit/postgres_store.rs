//! The state in the database of a team's ledger.
//!
//! An update locks the row. Times are of the database's clock, so that machines with different clocks agree.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio_postgres::types::ToSql;

use super::state::WindowState;
use crate::storage::error::StorageError;
use crate::storage::postgres::schema;
use crate::storage::postgres::session::{Database, Session, SessionError, Shutdown, TimeLimit};
use crate::storage::postgres::settings::ConnectionSettings;
use crate::system::clock::WallTime;
use crate::system::process::ProcessId;

/// Ignores smaller differences between the clocks: queries take time too.
const CLOCK_TOLERANCE: Duration = Duration::from_millis(50);

/// The state in a database.
#[derive(Debug)]
pub(crate) struct PostgresStore {
    settings: ConnectionSettings,
    key: String,
    process: ProcessId,
    database: Option<Database>,
    last: Option<ClockReading>,
}

/// The clocks at the last update.
#[derive(Debug, Clone, Copy)]
struct ClockReading {
    /// The local clock, before the query.
    local: Instant,
    /// The database's clock.
    database: WallTime,
    /// How far the database's clock had been set ahead, as recorded in the row.
    set_ahead: Duration,
}

/// The content of the row.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Content {
    #[serde(rename = "uses")]
    state: WindowState,
    /// How far the database's clock has been set ahead in total, in microseconds, as far as any process noticed.
    #[serde(rename = "ahead")]
    set_ahead: u64,
}

impl PostgresStore {
    pub(super) fn new(settings: &ConnectionSettings, key: &str) -> Self {
        Self {
            settings: settings.clone(),
            key: key.to_owned(),
            process: ProcessId::this_process(),
            database: None,
            last: None,
        }
    }

    /// Updates the state. If the connection breaks, the update is repeated with the state that is stored then.
    pub(super) fn update<T>(
        &mut self,
        mut change: impl FnMut(&mut WindowState, &ProcessId, WallTime) -> T,
    ) -> Result<T, StorageError> {
        let database = match &mut self.database {
            Some(database) => database,
            none => {
                let mut database = Database::new(&self.settings, Shutdown::default())?;
                // In test mode the ledger is in memory, and nothing else has created the schema.
                database.run(TimeLimit::Short, schema::migrate)?;
                none.insert(database)
            }
        };
        let (key, process, last) = (&self.key, &self.process, self.last);
        let (result, reading) = database.run(TimeLimit::Short, async |session| {
            let local = Instant::now();
            let (text, now) = lock(session, key).await?;
            let mut content: Content = serde_json::from_str(&text).unwrap_or_else(|_| Content {
                state: WindowState::exhausted(now),
                set_ahead: 0,
            });
            if let Some(last) = last {
                let recorded = Duration::from_micros(content.set_ahead);
                let ahead = last.unrecorded_set_ahead(now, recorded);
                content.state.shift(ahead);
                content.set_ahead += micros(ahead);
            }
            content.state.advance(now, process);
            let result = change(&mut content.state, process, now);
            write(session, key, &content).await?;
            let reading = ClockReading {
                local,
                database: now,
                set_ahead: Duration::from_micros(content.set_ahead),
            };
            Ok((result, reading))
        })?;
        self.last = Some(reading);
        Ok(result)
    }
}

impl ClockReading {
    /// Returns how far the database's clock was set ahead since this reading without being recorded in the row.
    ///
    /// A clock that is set ahead makes requests look older than they are. One that is set back makes them look younger,
    /// which only costs time.
    fn unrecorded_set_ahead(self, now: WallTime, recorded: Duration) -> Duration {
        let ahead = now
            .since(self.database)
            .saturating_sub(self.local.elapsed());
        let unrecorded = ahead.saturating_sub(recorded.saturating_sub(self.set_ahead));
        if unrecorded > CLOCK_TOLERANCE {
            unrecorded
        } else {
            Duration::ZERO
        }
    }
}

/// Locks the row, and returns its content and the database's time.
async fn lock(session: &Session, key: &String) -> Result<(String, WallTime), SessionError> {
    let select = "SELECT content FROM scoreload.budgets WHERE mark = $1 FOR UPDATE";
    let insert = "
        INSERT INTO scoreload.budgets (mark, content) VALUES ($1, $2) ON CONFLICT (mark) DO NOTHING";
    // A separate statement, because the clock of the first is read before it waits for the lock.
    let clock = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::int8";
    loop {
        let values: [&(dyn ToSql + Sync); 1] = [key];
        let (rows, times) = session.begin_with((select, &values), (clock, &[])).await?;
        if let (Some(row), Some(time)) = (rows.first(), times.first()) {
            let time: i64 = time.get(0);
            let now = WallTime::at(Duration::from_micros(time.unsigned_abs()));
            return Ok((row.get(0), now));
        }
        session
            .query(insert, &[key, &serialize(&Content::default())?])
            .await?;
        session.run("COMMIT").await?;
    }
}

async fn write(session: &Session, key: &String, content: &Content) -> Result<(), SessionError> {
    let update = "UPDATE scoreload.budgets SET content = $2 WHERE mark = $1";
    let text = serialize(content)?;
    session.commit_with(update, &[key, &text]).await
}

fn serialize(content: &Content) -> Result<String, SessionError> {
    serde_json::to_string(content).map_err(|error| StorageError::Database(error.to_string()).into())
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_clock_that_was_set_ahead_is_recorded_once() {
        let at = |millis: u64| WallTime::at(Duration::from_millis(1_000_000 + millis));
        let second = Duration::from_secs(1);
        let reading = ClockReading {
            local: Instant::now(),
            database: at(0),
            set_ahead: second,
        };
        let unrecorded = |millis, recorded| reading.unrecorded_set_ahead(at(millis), recorded);
        assert_eq!(unrecorded(20, second), Duration::ZERO);
        assert!(unrecorded(60_000, second) > Duration::from_secs(59));
        let recorded_by_peer = second + Duration::from_secs(60);
        assert_eq!(unrecorded(60_000, recorded_by_peer), Duration::ZERO);
    }
}
