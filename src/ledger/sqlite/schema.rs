//! The shape of a ledger's database, and the steps from each earlier shape to this one.

use rusqlite::{Connection, TransactionBehavior};

use crate::storage::error::StorageError;

/// Marks a `SQLite` file as a ledger (`SCLD`), so that another program's is never taken for one.
pub(crate) const APPLICATION_ID: u32 = 0x5343_4C44;

/// The step from each format to the next; a file's `user_version` is the number of steps that it has taken. A step
/// that was published never changes.
///
/// Times are RFC 3339 in UTC; `known`, `inputs`, `totals` and `body` are JSON. An order has one delivery in a run,
/// however often it is sent.
const STEPS: &[&str] = &[
    "
    CREATE TABLE runs (
        id TEXT PRIMARY KEY,
        mode TEXT NOT NULL,
        target TEXT NOT NULL,
        started_at TEXT NOT NULL,
        inputs TEXT NOT NULL,
        finished_at TEXT,
        exit_code INTEGER,
        totals TEXT
    ) STRICT;
    CREATE TABLE orders (
        target TEXT NOT NULL,
        company_id TEXT NOT NULL,
        order_id TEXT NOT NULL,
        known TEXT NOT NULL,
        changed_at TEXT NOT NULL,
        UNIQUE (target, company_id, order_id)
    ) STRICT;
    CREATE TABLE deliveries (
        run TEXT NOT NULL REFERENCES runs (id),
        company_id TEXT NOT NULL,
        order_id TEXT NOT NULL,
        body TEXT,
        intended_at TEXT,
        settled_at TEXT,
        outcome TEXT,
        http_status INTEGER,
        attempts INTEGER,
        message TEXT,
        UNIQUE (run, company_id, order_id)
    ) STRICT;
    CREATE INDEX deliveries_by_order ON deliveries (order_id);
",
    "ALTER TABLE runs ADD COLUMN plan TEXT;",
];

/// The latest format.
const KNOWN: isize = STEPS.len().cast_signed();

/// Brings a database to the shape that this version knows; an empty one becomes a ledger.
///
/// The file becomes a ledger in one transaction, its mark included: there is no half-made ledger.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), StorageError> {
    if steps_left(connection)?.is_empty() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have been here first.
    for step in steps_left(&transaction)? {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", KNOWN)?;
    Ok(transaction.commit()?)
}

fn steps_left(connection: &Connection) -> Result<&'static [&'static str], StorageError> {
    let found: isize = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let taken = usize::try_from(found).unwrap_or(usize::MAX);
    STEPS.get(taken..).ok_or(StorageError::NewerFormat {
        found,
        supported: KNOWN,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earlier_ledger_takes_the_steps_that_it_lacks_and_keeps_what_it_holds() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(STEPS[0]).unwrap();
        let run = "INSERT INTO runs (id, mode, target, started_at, inputs) VALUES ('R', 'import', 'demo', '', '')";
        connection.execute(run, []).unwrap();
        connection.pragma_update(None, "user_version", 1).unwrap();
        migrate(&mut connection).unwrap();
        let plan = connection.query_row("SELECT plan FROM runs WHERE id = 'R'", [], |row| {
            row.get::<_, Option<String>>(0)
        });
        assert_eq!(plan, Ok(None));
        assert!(steps_left(&connection).unwrap().is_empty());
    }
}
