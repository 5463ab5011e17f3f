//! The shape of a ledger in a `PostgreSQL` database: a schema of its own, made when it is first used.

use super::session::{Session, SessionError};
use crate::ledger::error::StorageError;

/// Held while the schema is made: several importers may meet an empty database at once.
const MAKING: i64 = 0x5343_4C44;

/// The step from each format to the next; `format` holds the number of steps that were taken. A step that was
/// published never changes.
///
/// What a ledger's file keeps is kept here in the same words. An order is told by the SHA-256 of its target, company
/// and id, as an index does not take texts of any length. An importer has a row while it lives, and its leases go with
/// it. A budget is what is used of a rate, as JSON.
const STEPS: &[&str] = &["
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

/// The latest format.
const KNOWN: isize = STEPS.len().cast_signed();

/// Brings a database to the shape that this version knows; one without a ledger is given one.
pub(crate) async fn migrate(session: &Session) -> Result<(), SessionError> {
    if let Some(taken) = steps_taken(session).await?
        && steps_after(taken)?.is_empty()
    {
        return Ok(());
    }
    session.run("BEGIN").await?;
    session
        .client
        .execute("SELECT pg_advisory_xact_lock($1)", &[&MAKING])
        .await?;
    // Another importer may have been here first.
    let taken = match steps_taken(session).await? {
        Some(taken) => taken,
        None => {
            session.run(FORMAT).await?;
            0
        }
    };
    for step in steps_after(taken)? {
        session.run(step).await?;
    }
    session
        .run(&format!("UPDATE scoreload.format SET version = {KNOWN}"))
        .await?;
    session.run("COMMIT").await
}

/// The schema may have been made for a user who may not make one.
const FORMAT: &str = "
    DO $$ BEGIN
        IF to_regnamespace('scoreload') IS NULL THEN CREATE SCHEMA scoreload; END IF;
    END $$;
    CREATE TABLE scoreload.format (version integer NOT NULL);
    INSERT INTO scoreload.format VALUES (0);
";

/// Returns how many steps a database has taken; `None` where it has no ledger.
async fn steps_taken(session: &Session) -> Result<Option<i32>, SessionError> {
    let state = "
        SELECT to_regclass('scoreload.format') IS NOT NULL, current_setting('server_encoding'),
            EXISTS (SELECT FROM pg_catalog.pg_class WHERE relnamespace = to_regnamespace('scoreload'))";
    let row = session.client.query_one(state, &[]).await?;
    let (is_there, encoding, is_used): (bool, String, bool) = (row.get(0), row.get(1), row.get(2));
    if encoding != "UTF8" {
        let words = format!("its encoding is `{encoding}`, and UTF8 is needed");
        return Err(StorageError::Database(words).into());
    }
    if !is_there {
        return if is_used {
            Err(StorageError::OtherKind.into())
        } else {
            Ok(None)
        };
    }
    let version = "SELECT version FROM scoreload.format";
    Ok(Some(session.client.query_one(version, &[]).await?.get(0)))
}

fn steps_after(taken: i32) -> Result<&'static [&'static str], StorageError> {
    let found = isize::try_from(taken).unwrap_or(isize::MAX);
    let taken = usize::try_from(taken).unwrap_or(usize::MAX);
    STEPS.get(taken..).ok_or(StorageError::Newer {
        found,
        known: KNOWN,
    })
}
