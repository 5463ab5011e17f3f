//! A budget in the database of a team's ledger: its row is locked for the moment of a change, and moments are of the
//! database's clock, so that machines whose clocks differ agree.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio_postgres::types::ToSql;

use crate::ledger::error::StorageError;
use crate::ledger::postgres::schema;
use crate::ledger::postgres::session::{Database, Session, SessionError, Shutdown, TimeLimit};
use crate::rate_limit::state::Uses;
use crate::system::postgres::address::ConnectionSettings;
use crate::system::process::ProcessId;
use crate::system::wall_time::WallTime;

/// A clock that seems to have been set by less was not: the answer to a question takes its time.
const TOLERANCE: Duration = Duration::from_millis(50);

/// Where a budget stands.
#[derive(Debug)]
pub(crate) struct DatabaseBudget {
    address: ConnectionSettings,
    mark: String,
    here: ProcessId,
    connection: Option<Database>,
    last: Option<Seen>,
}

/// What was seen at the last change.
#[derive(Debug, Clone, Copy)]
struct Seen {
    /// Before it was asked.
    asked: Instant,
    /// What the database's clock showed.
    now: WallTime,
    /// By how much that clock had been set ahead, as far as anybody had noticed.
    ahead: Duration,
}

/// What stands in the row.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Content {
    uses: Uses,
    /// By how much the database's clock was set ahead, in microseconds, as far as anybody has noticed.
    ahead: u64,
}

impl DatabaseBudget {
    pub(crate) fn at(address: &ConnectionSettings, mark: &str) -> Self {
        Self {
            address: address.clone(),
            mark: mark.to_owned(),
            here: ProcessId::this_process(),
            connection: None,
            last: None,
        }
    }

    /// Changes the budget. Where the connection is lost the change is made anew of what stands there then.
    pub(crate) fn change<T>(
        &mut self,
        mut change: impl FnMut(&mut Uses, &ProcessId, WallTime) -> T,
    ) -> Result<T, StorageError> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => {
                let mut database = Database::at(&self.address, Shutdown::default())?;
                // The ledger itself may be elsewhere: a pretended delivery is kept nowhere.
                database.work(TimeLimit::Short, schema::migrate)?;
                none.insert(database)
            }
        };
        let (mark, here, last) = (&self.mark, &self.here, self.last);
        let (outcome, seen) = connection.work(TimeLimit::Short, async |session| {
            let asked = Instant::now();
            let (text, now) = lock(session, mark).await?;
            let mut content: Content = serde_json::from_str(&text).unwrap_or_else(|_| Content {
                uses: Uses::up(now),
                ahead: 0,
            });
            if let Some(last) = last {
                let ahead = last.set_ahead_unnoticed(now, Duration::from_micros(content.ahead));
                content.uses.shift(ahead);
                content.ahead += micros(ahead);
            }
            content.uses.bring_to(now, here);
            let outcome = change(&mut content.uses, here, now);
            write(session, mark, &content).await?;
            let ahead = Duration::from_micros(content.ahead);
            Ok((outcome, Seen { asked, now, ahead }))
        })?;
        self.last = Some(seen);
        Ok(outcome)
    }
}

impl Seen {
    /// Returns by how much the database's clock was set ahead since then, and nobody has noticed.
    ///
    /// What happened before looks older by as much than it is. Where the clock was set back, things look younger, which
    /// only costs time.
    fn set_ahead_unnoticed(self, now: WallTime, noticed: Duration) -> Duration {
        let shown = now.since(self.now);
        let ahead = shown.saturating_sub(self.asked.elapsed());
        let unnoticed = ahead.saturating_sub(noticed.saturating_sub(self.ahead));
        if unnoticed > TOLERANCE {
            unnoticed
        } else {
            Duration::ZERO
        }
    }
}

/// Locks the row, and returns what stands there and what time it is then.
async fn lock(session: &Session, mark: &String) -> Result<(String, WallTime), SessionError> {
    let select = "SELECT content FROM scoreload.budgets WHERE mark = $1 FOR UPDATE";
    let make = "
        INSERT INTO scoreload.budgets (mark, content) VALUES ($1, $2) ON CONFLICT (mark) DO NOTHING";
    // Asked behind the lock: a statement tells the time at which it begins to wait.
    let clock = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::int8";
    loop {
        let values: [&(dyn ToSql + Sync); 1] = [mark];
        let (rows, times) = session.begin_with((select, &values), (clock, &[])).await?;
        if let (Some(row), Some(time)) = (rows.first(), times.first()) {
            let time: i64 = time.get(0);
            let now = WallTime::at(Duration::from_micros(time.unsigned_abs()));
            return Ok((row.get(0), now));
        }
        session
            .query(make, &[mark, &text_of(&Content::default())?])
            .await?;
        session.run("COMMIT").await?;
    }
}

async fn write(session: &Session, mark: &String, content: &Content) -> Result<(), SessionError> {
    let update = "UPDATE scoreload.budgets SET content = $2 WHERE mark = $1";
    let text = text_of(content)?;
    session.commit_with(update, &[mark, &text]).await
}

fn text_of(content: &Content) -> Result<String, SessionError> {
    let text = serde_json::to_string(content);
    text.map_err(|error| SessionError::StorageError(StorageError::Database(error.to_string())))
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_clock_that_was_set_ahead_is_noticed_once() {
        let at = |millis: u64| WallTime::at(Duration::from_millis(1_000_000 + millis));
        let seen = Seen {
            asked: Instant::now(),
            now: at(0),
            ahead: Duration::from_secs(1),
        };
        let second = Duration::from_secs(1);
        let unnoticed = |millis, noticed| seen.set_ahead_unnoticed(at(millis), noticed);
        assert_eq!(unnoticed(20, second), Duration::ZERO);
        assert!(unnoticed(60_000, second) > Duration::from_secs(59));
        let by_another = second + Duration::from_secs(60);
        assert_eq!(unnoticed(60_000, by_another), Duration::ZERO);
    }
}
