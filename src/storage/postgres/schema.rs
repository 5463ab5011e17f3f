//! The database schema `scoreload`, which is created on first use, and its migrations.

use super::session::{Session, SessionError};
use crate::storage::error::StorageError;

/// The advisory lock held while migrating: several importers may find an empty database at once.
const MIGRATION_LOCK: i64 = 0x5343_4C44;

/// The migrations in order; the table `format` holds how many were applied. A released migration never changes.
///
/// Values have the same text form as in a `SQLite` ledger. `key` is the SHA-256 of an order's target, company and id,
/// because an index entry is limited in length. An importer has a row while it is running, and its leases are deleted
/// with it. A budget is rate-limit state as JSON.
const MIGRATIONS: &[&str] = &["
    CREATE TABLE scoreload.runs (
        id text PRIMARY KEY,
        place bigint GENERATED ALWAYS AS IDENTITY,
        mode text NOT NULL,
        target text NOT NULL,
        started_at text NOT NULL,
        inputs text NOT NULL,
        plan text,
        finished_at text,
        exit_code integer,
        totals text
    );
    CREATE INDEX runs_by_plan ON scoreload.runs (plan);
    CREATE TABLE scoreload.orders (
        key bytea PRIMARY KEY,
        place bigint GENERATED ALWAYS AS IDENTITY,
        target text NOT NULL,
        company_id text NOT NULL,
        order_id text NOT NULL,
        known text NOT NULL,
        changed_at text NOT NULL
    );
    CREATE TABLE scoreload.deliveries (
        run text NOT NULL REFERENCES scoreload.runs (id),
        key bytea NOT NULL,
        place bigint GENERATED ALWAYS AS IDENTITY,
        company_id text NOT NULL,
        order_id text NOT NULL,
        body text,
        intended_at text,
        settled_at text,
        outcome text,
        http_status integer,
        attempts bigint,
        message text,
        PRIMARY KEY (run, key)
    );
    CREATE INDEX deliveries_by_key ON scoreload.deliveries (key);
    CREATE INDEX deliveries_by_order ON scoreload.deliveries USING hash (order_id);
    CREATE TABLE scoreload.importers (
        id text PRIMARY KEY,
        run text NOT NULL,
        host text,
        process bigint NOT NULL,
        started_at text NOT NULL,
        expires_at timestamptz NOT NULL
    );
    CREATE TABLE scoreload.leases (
        key bytea PRIMARY KEY,
        importer text NOT NULL REFERENCES scoreload.importers (id) ON DELETE CASCADE
    );
    CREATE INDEX leases_by_importer ON scoreload.leases (importer);
    CREATE TABLE scoreload.budgets (
        mark text PRIMARY KEY,
        content text NOT NULL
    );
"];

/// The format version of this program.
const VERSION: isize = MIGRATIONS.len().cast_signed();

/// Applies the missing migrations.
pub(crate) async fn migrate(session: &Session) -> Result<(), SessionError> {
    if let Some(applied) = applied_migrations(session).await?
        && missing_migrations(applied)?.is_empty()
    {
        return Ok(());
    }
    session.run("BEGIN").await?;
    session
        .client
        .execute("SELECT pg_advisory_xact_lock($1)", &[&MIGRATION_LOCK])
        .await?;
    // Another importer may have migrated before the lock was granted.
    let applied = match applied_migrations(session).await? {
        Some(applied) => applied,
        None => {
            session.run(CREATE_FORMAT).await?;
            0
        }
    };
    for migration in missing_migrations(applied)? {
        session.run(migration).await?;
    }
    session
        .run(&format!("UPDATE scoreload.format SET version = {VERSION}"))
        .await?;
    session.run("COMMIT").await
}

/// An administrator may have created the schema for a user who may not.
const CREATE_FORMAT: &str = "
    DO $$ BEGIN
        IF to_regnamespace('scoreload') IS NULL THEN CREATE SCHEMA scoreload; END IF;
    END $$;
    CREATE TABLE scoreload.format (version integer NOT NULL);
    INSERT INTO scoreload.format VALUES (0);
";

/// Returns how many migrations were applied, or `None` without a ledger.
async fn applied_migrations(session: &Session) -> Result<Option<i32>, SessionError> {
    let state = "
        SELECT to_regclass('scoreload.format') IS NOT NULL, current_setting('server_encoding'),
            EXISTS (SELECT FROM pg_catalog.pg_class WHERE relnamespace = to_regnamespace('scoreload'))";
    let row = session.client.query_one(state, &[]).await?;
    let (exists, encoding, is_used): (bool, String, bool) = (row.get(0), row.get(1), row.get(2));
    if encoding != "UTF8" {
        let message = format!("its encoding is `{encoding}`, and UTF8 is required");
        return Err(StorageError::Database(message).into());
    }
    if !exists {
        return if is_used {
            Err(StorageError::Foreign.into())
        } else {
            Ok(None)
        };
    }
    let version = "SELECT version FROM scoreload.format";
    Ok(Some(session.client.query_one(version, &[]).await?.get(0)))
}

fn missing_migrations(applied: i32) -> Result<&'static [&'static str], StorageError> {
    let found = isize::try_from(applied).unwrap_or(isize::MAX);
    let applied = usize::try_from(applied).unwrap_or(usize::MAX);
    MIGRATIONS.get(applied..).ok_or(StorageError::NewerFormat {
        found,
        supported: VERSION,
    })
}
