//! Stores shared by several handles, and files in an unexpected condition.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::*;
use crate::ledger::tests::server::{Server, shared};
use crate::ledger::{Ledger, Location};
use crate::rate_limit::store::{Sharing, StateStore};
use crate::system::process::tests::ended_process;

fn store(path: &Path) -> StateStore {
    StateStore::open(&StateLocation::Files(vec![path.to_owned()]))
}

/// Returns the number of requests of each completed entry.
fn completed(store: &mut StateStore) -> Vec<u32> {
    let completed = store.update(Duration::ZERO, |state, _, _| {
        state.completed.iter().map(|(_, count)| *count).collect()
    });
    completed.unwrap()
}

fn complete_one(store: &mut StateStore) {
    let updated = store.update(Duration::ZERO, |state, process, now| {
        state.start(process, 1, now);
        state.finish(process, 1, None, now);
    });
    updated.unwrap();
}

/// Completes 25 requests on each of four handles at once.
fn complete_in_parallel(open: impl Fn() -> StateStore + Sync) {
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut store = open();
                (0..25).for_each(|_| complete_one(&mut store));
            });
        }
    });
}

#[test]
fn handles_of_one_database_entry_share_a_state_that_outlives_them() {
    let Some(url) = shared().map(Server::database) else {
        return;
    };
    let location = Location::named(&url, &|_| None).unwrap();
    let _ledger = Ledger::open(&location).unwrap();
    let Location::Database(settings) = location else {
        panic!("{location:?}");
    };
    let open = |client| {
        StateStore::open(&StateLocation::database(
            "https://a.example/",
            client,
            &settings,
        ))
    };
    complete_in_parallel(|| open("me"));
    assert_eq!(completed(&mut open("me")).len(), 100);
    assert_eq!(completed(&mut open("you")).len(), 0);
}

#[test]
fn handles_of_one_file_share_a_state_that_outlives_them() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state/pace.state");
    let (mut first, mut second) = (store(&path), store(&path));
    complete_one(&mut first);
    complete_one(&mut second);
    assert_eq!(completed(&mut first), [1, 1]);
    drop((first, second));
    assert_eq!(completed(&mut store(&path)), [1, 1]);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
}

#[test]
fn a_file_that_is_deleted_during_a_run_is_created_again_with_the_state() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pace.state");
    let mut handle = store(&path);
    complete_one(&mut handle);
    fs::remove_file(&path).unwrap();
    complete_one(&mut handle);
    assert_eq!(completed(&mut store(&path)), [1, 1]);
}

#[test]
fn parallel_updates_of_one_file_are_all_kept() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pace.state");
    complete_in_parallel(|| store(&path));
    assert_eq!(completed(&mut store(&path)).len(), 100);
}

#[test]
fn the_request_of_a_process_that_died_is_not_forgotten() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pace.state");
    let ended = ended_process();
    let started = store(&path).update(Duration::ZERO, |state, _, now| state.start(&ended, 7, now));
    started.unwrap();
    let left = store(&path).update(Duration::ZERO, |state, _, _| {
        (state.in_flight.len(), state.completed.len())
    });
    assert_eq!(left, Ok((1, 0)));
}

#[test]
fn a_damaged_file_counts_as_exhausted_and_is_repaired() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pace.state");
    complete_one(&mut store(&path));
    let intact = fs::read(&path).unwrap();
    fs::write(&path, [intact.as_slice(), b"a longer rest"].concat()).unwrap();
    assert_eq!(completed(&mut store(&path)), [1], "not truncated yet");
    let modified = String::from_utf8(intact.clone())
        .unwrap()
        .replace(",1]", ",0]");
    let half = &intact[..intact.len() / 2];
    for damage in [half, modified.as_bytes(), b"noise", b"", &[0; 100]] {
        fs::write(&path, damage).unwrap();
        assert_eq!(completed(&mut store(&path)), [u32::MAX]);
        assert_eq!(completed(&mut store(&path)), [u32::MAX], "repaired");
    }
}

#[test]
fn an_unusable_file_is_replaced_by_the_next_and_counts_as_exhausted_if_it_exists() {
    let directory = tempfile::tempdir().unwrap();
    let occupied = directory.path().join("occupied");
    fs::create_dir(&occupied).unwrap();
    let impossible = Path::new("/proc/nowhere/pace.state").to_owned();
    let second = directory.path().join("second.state");
    let mut in_memory = StateStore::open(&StateLocation::Files(vec![impossible.clone()]));
    complete_one(&mut in_memory);
    assert_eq!(completed(&mut in_memory), [1]);
    assert_eq!(in_memory.sharing(), Sharing::Process);
    let files = StateLocation::Files(vec![impossible, second.clone()]);
    let mut next = StateStore::open(&files);
    complete_one(&mut next);
    assert_eq!(completed(&mut next), [1]);
    assert!(second.exists());
    assert_eq!(completed(&mut store(&occupied)), [u32::MAX]);
}

#[test]
fn the_state_of_a_lost_file_continues_in_memory_by_the_callers_clock() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pace.state");
    let mut store = store(&path);
    complete_one(&mut store);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    let mut age = |since_start| {
        let since_start = Duration::from_secs(since_start);
        let age = store.update(since_start, |state, _, now| now.since(state.completed[0].0));
        age.unwrap()
    };
    let first = age(100);
    assert!(first < Duration::from_secs(50), "{first:?}");
    assert_eq!(age(107), first + Duration::from_secs(7));
}
