//! The files of a ledger: who may read them, and which are refused.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use rusqlite::Connection;

use super::{begun, intent, keys, place, settlement};
use crate::ledger::location::beside;
use crate::ledger::{Ledger, LedgerError, Location};
use crate::storage::error::StorageError;

fn fault_of_opening(path: &Path) -> StorageError {
    match Ledger::open(&Location::File(path.to_owned())) {
        Err(LedgerError::Open { error: fault, .. }) => fault,
        other => panic!("{other:?}"),
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn the_ledger_and_the_files_beside_it_are_readable_by_their_owner_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state/scoreload/ledger.db");
    let ledger = begun(&Location::File(path.clone()));
    let wal = beside(&path, "-wal");
    for file in [&path, &wal, &beside(&path, "-shm")] {
        assert_eq!(mode(file), 0o600, "{}", file.display());
    }
    assert_eq!(mode(&directory.path().join("state")), 0o700);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    drop(ledger);
    assert!(!wal.exists());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let _ledger = Ledger::open(&Location::File(path.clone())).unwrap();
    assert_eq!(mode(&path), 0o600);
}

#[tokio::test]
async fn a_copy_of_the_files_taken_while_the_ledger_is_open_is_a_ledger() {
    let (directory, path, place) = place();
    let ledger = begun(&place);
    ledger.intend(intent("A1", "durable")).await.unwrap();
    let copy = directory.path().join("copy.db");
    fs::copy(&path, &copy).unwrap();
    fs::copy(beside(&path, "-wal"), beside(&copy, "-wal")).unwrap();
    let copied = Ledger::open(&Location::File(copy)).unwrap();
    let known = copied.known("demo", keys(&["A1"])).unwrap();
    assert_eq!(known, [Some("durable".to_owned())]);
}

#[test]
fn a_file_of_another_kind_is_refused_and_not_touched() {
    let (directory, path, _) = place();
    let database = directory.path().join("other.db");
    let other = Connection::open(&database).unwrap();
    other.execute_batch("CREATE TABLE notes (text)").unwrap();
    drop(other);
    fs::write(&path, "order_id,test_score\nA1,87\n").unwrap();
    for file in [&path, &database] {
        let before = fs::read(file).unwrap();
        assert_eq!(fault_of_opening(file), StorageError::Foreign);
        assert_eq!(fs::read(file).unwrap(), before);
    }
    assert_eq!(fault_of_opening(directory.path()), StorageError::Foreign);
    assert_eq!(
        fault_of_opening(Path::new("/dev/null")),
        StorageError::Foreign
    );
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
}

#[test]
fn a_ledger_of_a_later_version_is_refused_and_not_touched() {
    let (_directory, path, place) = place();
    drop(begun(&place));
    let later = Connection::open(&path).unwrap();
    later.pragma_update(None, "user_version", 7).unwrap();
    drop(later);
    let before = fs::read(&path).unwrap();
    let error = Ledger::open(&place).unwrap_err();
    let expected = format!(
        "cannot open the ledger `{}`: its format is version `7`, and this version of Scoreload reads up to `2`",
        path.display()
    );
    assert_eq!(error.to_string(), expected);
    assert!(error.help().contains("at least as new"));
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_damaged_ledger_is_refused_and_not_touched() {
    let (_directory, path, place) = place();
    drop(begun(&place));
    let whole = fs::read(&path).unwrap();
    for length in [60, 99, 4_096, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        let fault = fault_of_opening(&path);
        assert!(
            matches!(fault, StorageError::Damaged(_)),
            "{length}: {fault:?}"
        );
        assert_eq!(fs::read(&path).unwrap(), &whole[..length]);
    }
    fs::write(&path, "").unwrap();
    fs::write(beside(&path, "-wal"), "all that is left").unwrap();
    assert!(matches!(fault_of_opening(&path), StorageError::Damaged(_)));
    assert!(beside(&path, "-wal").exists());
}

#[tokio::test]
async fn damage_that_is_met_in_use_is_told_as_such() {
    let (_directory, path, place) = place();
    let ledger = begun(&place);
    for order in 0..200 {
        ledger.settle(settlement(&format!("A{order}"), "accepted", Some("{}")));
    }
    ledger.flush().await.unwrap();
    drop(ledger);
    let mut bytes = fs::read(&path).unwrap();
    // Everything but the schema, which is on the first page.
    bytes[4_096..].fill(0xA5);
    fs::write(&path, bytes).unwrap();
    let ledger = Ledger::open(&place).unwrap();
    let error = ledger.known("demo", keys(&["A1"])).unwrap_err();
    let LedgerError::Failed { error: fault, .. } = error else {
        panic!("{error:?}");
    };
    assert!(matches!(fault, StorageError::Damaged(_)), "{fault:?}");
}

#[test]
fn a_place_that_cannot_be_written_is_refused_in_clear_words() {
    let (directory, path, _) = place();
    fs::write(&path, "").unwrap();
    let under_a_file = path.join("ledger.db");
    assert!(matches!(
        fault_of_opening(&under_a_file),
        StorageError::System(_)
    ));
    let nowhere = directory.path().join("nowhere.db");
    symlink(directory.path().join("gone/ledger.db"), &nowhere).unwrap();
    assert!(matches!(
        fault_of_opening(&nowhere),
        StorageError::System(_)
    ));
    let denied = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
    assert_eq!(StorageError::from(denied), StorageError::ReadOnly);
}
