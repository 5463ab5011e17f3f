//! What two handles of one budget see of each other, and what becomes of files that are not as they should be.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::*;
use crate::ledger::tests::server::{Server, shared};
use crate::ledger::{Ledger, Location};
use crate::system::process::tests::ended_process;

fn budget(path: &Path) -> Budget {
    Budget::at(&Places::Files(vec![path.to_owned()]))
}

fn used(budget: &mut Budget) -> Vec<u32> {
    let used = budget.change(Duration::ZERO, |uses, _, _| {
        uses.ended.iter().map(|(_, count)| *count).collect()
    });
    used.unwrap()
}

fn use_once(budget: &mut Budget) {
    let used = budget.change(Duration::ZERO, |uses, here, now| {
        uses.begin(here, 1, now);
        uses.end(here, 1, None, now);
    });
    used.unwrap();
}

#[test]
fn a_budget_in_a_database_is_one_for_all_who_use_it_and_outlives_them() {
    let Some(url) = shared().map(Server::database) else {
        return;
    };
    let place = Location::named(&url, &|_| None).unwrap();
    let _ledger = Ledger::open(&place).unwrap();
    let Location::Database(address) = place else {
        panic!("{place:?}");
    };
    let budget = |client| Budget::at(&Places::in_database("https://a.example/", client, &address));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut budget = budget("me");
                (0..25).for_each(|_| use_once(&mut budget));
            });
        }
    });
    assert_eq!(used(&mut budget("me")).len(), 100);
    assert_eq!(used(&mut budget("you")).len(), 0);
}

#[test]
fn two_handles_share_what_is_used_and_it_outlives_both() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state/pace.state");
    let (mut first, mut second) = (budget(&path), budget(&path));
    use_once(&mut first);
    use_once(&mut second);
    assert_eq!(used(&mut first), [1, 1]);
    drop((first, second));
    assert_eq!(used(&mut budget(&path)), [1, 1]);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
}

#[test]
fn a_file_that_is_deleted_meanwhile_is_written_anew() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pace.state");
    let mut budget_here = budget(&path);
    use_once(&mut budget_here);
    fs::remove_file(&path).unwrap();
    use_once(&mut budget_here);
    assert_eq!(used(&mut budget(&path)), [1, 1]);
}

#[test]
fn changes_of_two_handles_at_once_are_all_kept() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pace.state");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut budget = budget(&path);
                (0..25).for_each(|_| use_once(&mut budget));
            });
        }
    });
    assert_eq!(used(&mut budget(&path)).len(), 100);
}

#[test]
fn the_request_of_a_process_that_died_is_not_forgotten() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pace.state");
    let gone = ended_process();
    let begun = budget(&path).change(Duration::ZERO, |uses, _, now| uses.begin(&gone, 7, now));
    begun.unwrap();
    let left = budget(&path).change(Duration::ZERO, |uses, _, _| {
        (uses.flights.len(), uses.ended.len())
    });
    assert_eq!(left, Ok((1, 0)));
}

#[test]
fn a_damaged_file_counts_as_a_budget_that_is_used_up_and_is_written_anew() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pace.state");
    use_once(&mut budget(&path));
    let whole = fs::read(&path).unwrap();
    let longer = [whole.as_slice(), b"what was there before"].concat();
    fs::write(&path, longer).unwrap();
    assert_eq!(used(&mut budget(&path)), [1], "it was only not yet cut");
    let changed = String::from_utf8(whole.clone())
        .unwrap()
        .replace(",1]", ",0]");
    let half = &whole[..whole.len() / 2];
    for damage in [half, changed.as_bytes(), b"noise", b"", &[0; 100]] {
        fs::write(&path, damage).unwrap();
        assert_eq!(used(&mut budget(&path)), [u32::MAX]);
        assert_eq!(used(&mut budget(&path)), [u32::MAX], "it can be read now");
    }
}

#[test]
fn a_place_that_cannot_be_used_gives_way_and_what_it_may_hold_counts_as_used_up() {
    let directory = tempfile::tempdir().unwrap();
    let taken = directory.path().join("taken");
    fs::create_dir(&taken).unwrap();
    let nowhere = Path::new("/proc/nowhere/pace.state").to_owned();
    let second = directory.path().join("second.state");
    let mut without_any = Budget::at(&Places::Files(vec![nowhere.clone()]));
    use_once(&mut without_any);
    assert_eq!(used(&mut without_any), [1], "it is this process's own");
    assert_eq!(without_any.sharing(), Sharing::Nobody);
    let mut next = Budget::at(&Places::Files(vec![nowhere, second.clone()]));
    use_once(&mut next);
    assert_eq!(used(&mut next), [1]);
    assert!(second.exists());
    assert_eq!(used(&mut budget(&taken)), [u32::MAX]);
}

#[test]
fn a_file_that_is_lost_leaves_what_was_used_by_the_callers_clock_which_nobody_sets() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pace.state");
    let mut budget = budget(&path);
    use_once(&mut budget);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    let mut age = |since_begin| {
        let since_begin = Duration::from_secs(since_begin);
        let age = budget.change(since_begin, |uses, _, now| now.since(uses.ended[0].0));
        age.unwrap()
    };
    let at_first = age(100);
    assert!(at_first < Duration::from_secs(50), "{at_first:?}");
    assert_eq!(age(107), at_first + Duration::from_secs(7));
}

#[test]
fn a_budget_is_told_by_server_and_client_and_not_by_the_ledger() {
    let of = |base, client, ledgers: &[&str]| match Places::of(
        base,
        client,
        ledgers.iter().map(PathBuf::from),
    ) {
        Places::Files(files) => files,
        other => panic!("{other:?}"),
    };
    let users = "/home/ada/.local/state/scoreload/ledger.db";
    let first = of("https://a.example/", "me", &[users, "/data/a.db"]);
    let second = of("https://a.example/", "me", &[users, "/other/b.db"]);
    assert_eq!(first[0], second[0]);
    assert!(first[0].starts_with("/home/ada/.local/state/scoreload"));
    assert!(first[1].starts_with("/data"));
    for (base, client) in [("https://b.example/", "me"), ("https://a.example/", "you")] {
        assert_ne!(of(base, client, &[users])[0], first[0]);
    }
    assert!(of("https://a.example/", "me", &[]).is_empty());
}
