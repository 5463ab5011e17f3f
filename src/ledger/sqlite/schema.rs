//! The schema of a `SQLite` ledger and its migrations.

use rusqlite::{Connection, TransactionBehavior};

use crate::storage::error::StorageError;

/// The application id of a ledger (`SCLD`), which distinguishes it from databases of other programs.
pub(crate) const APPLICATION_ID: u32 = 0x5343_4C44;

/// The migrations in order; `user_version` is the number of those that were applied. A released migration never changes.
///
/// Times are RFC 3339 in UTC; `known`, `inputs`, `totals` and `body` are JSON. An order has one delivery in a run,
/// however often it is sent.
const MIGRATIONS: &[&str] = &[
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

/// The format version of this program.
const VERSION: isize = MIGRATIONS.len().cast_signed();

/// Applies the missing migrations in one transaction, so that there is never a half-created ledger.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), StorageError> {
    if missing_migrations(connection)?.is_empty() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have migrated in the meantime.
    for migration in missing_migrations(&transaction)? {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    Ok(transaction.commit()?)
}

fn missing_migrations(connection: &Connection) -> Result<&'static [&'static str], StorageError> {
    let found: isize = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let applied = usize::try_from(found).unwrap_or(usize::MAX);
    MIGRATIONS.get(applied..).ok_or(StorageError::NewerFormat {
        found,
        supported: VERSION,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earlier_ledger_is_migrated_and_keeps_its_entries() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(MIGRATIONS[0]).unwrap();
        let run = "INSERT INTO runs (id, mode, target, started_at, inputs) VALUES ('R', 'import', 'demo', '', '')";
        connection.execute(run, []).unwrap();
        connection.pragma_update(None, "user_version", 1).unwrap();
        migrate(&mut connection).unwrap();
        let plan = connection.query_row("SELECT plan FROM runs WHERE id = 'R'", [], |row| {
            row.get::<_, Option<String>>(0)
        });
        assert_eq!(plan, Ok(None));
        assert!(missing_migrations(&connection).unwrap().is_empty());
    }
}
