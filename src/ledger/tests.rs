//! The ledger as its users meet it: what is durable when, what comes back, and what is refused.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::Connection;
use tempfile::TempDir;

#[path = "../../tests/postgres/mod.rs"]
pub(super) mod server;

use self::server::{Server, shared};
use super::backend::Backend;
use super::entry::{Intent, OrderKey, RunEnd, RunRecord, Settlement};
use super::fault::Fault;
use super::lease::{Importer, Intended, Lease};
use super::lock::Holder;
use super::place::beside;
use super::{Ledger, LedgerError, Place};
use crate::order::model::Text;

const RUN: &str = "20260304-170600-abcd";

fn at(second: i64) -> Timestamp {
    Timestamp::new(1_772_643_960 + second, 0).unwrap()
}

fn run(id: &str, target: &str) -> RunRecord {
    RunRecord {
        id: id.to_owned(),
        mode: "import".to_owned(),
        target: target.to_owned(),
        started_at: at(0),
        inputs: r#"[{"path":"scores.csv"}]"#.to_owned(),
        plan: None,
    }
}

fn intent(order: &str, known: &str) -> Intent {
    Intent {
        run: RUN.to_owned(),
        order: OrderKey::new("demo", &"B1".into(), &order.into()),
        body: r#"{"overallScore":"87"}"#.to_owned(),
        known: known.to_owned(),
        at: at(1),
    }
}

fn settlement(order: &str, outcome: &str, known: Option<&str>) -> Settlement {
    Settlement {
        run: RUN.to_owned(),
        order: OrderKey::new("demo", &"B1".into(), &order.into()),
        outcome: outcome.to_owned(),
        http_status: Some(204),
        attempts: 2,
        message: None,
        known: known.map(str::to_owned),
        at: at(2),
    }
}

fn keys(orders: &[&str]) -> Vec<(Text, Text)> {
    let key = |order: &&str| ("B1".into(), (*order).into());
    orders.iter().map(key).collect()
}

/// A directory, and the place of a ledger in it.
fn place() -> (TempDir, PathBuf, Place) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ledger.db");
    (directory, path.clone(), Place::File(path))
}

/// A place, and one more in a database where there is a server.
fn every_place(place: Place) -> Vec<Place> {
    let database = shared().map(Server::database);
    let database = database.map(|url| Place::named(&url, &|_| None).unwrap());
    [Some(place), database].into_iter().flatten().collect()
}

async fn lease(ledger: &Ledger, orders: &[&str]) {
    for order in orders {
        let order = OrderKey::new("demo", &"B1".into(), &(*order).into());
        let leased = ledger.lease(order).await.unwrap();
        assert!(matches!(leased, Lease::Ours(_)));
    }
}

fn begun(place: &Place) -> Ledger {
    let ledger = Ledger::open(place).unwrap();
    ledger.begin(run(RUN, "demo")).unwrap();
    ledger
}

fn fault_of_opening(path: &Path) -> Fault {
    match Ledger::open(&Place::File(path.to_owned())) {
        Err(LedgerError::Unopened { fault, .. }) => fault,
        other => panic!("{other:?}"),
    }
}

fn count(path: &Path, table: &str) -> usize {
    let connection = Connection::open(path).unwrap();
    let sql = format!("SELECT count(*) FROM {table}");
    let found: isize = connection.query_row(&sql, [], |row| row.get(0)).unwrap();
    found.unsigned_abs()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn an_intent_is_in_the_file_when_the_call_returns() {
    let (_directory, path, place) = place();
    let ledger = begun(&place);
    for orders in 1..=3 {
        let order = format!("A{orders}");
        ledger.intend(intent(&order, "{}")).await.unwrap();
        assert_eq!(count(&path, "deliveries"), orders);
        assert_eq!(count(&path, "orders"), orders);
    }
}

#[tokio::test]
async fn many_intents_at_once_are_all_in_the_file() {
    let (_directory, path, place) = place();
    let ledger = begun(&place);
    let mut tasks = tokio::task::JoinSet::new();
    for order in 0..200 {
        let ledger = ledger.clone();
        tasks.spawn(async move { ledger.intend(intent(&format!("A{order}"), "{}")).await });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap().unwrap();
    }
    assert_eq!(count(&path, "deliveries"), 200);
}

#[tokio::test]
async fn what_was_stored_comes_back_when_the_ledger_is_opened_again() {
    let (_directory, _path, file) = place();
    for place in every_place(file) {
        what_was_stored_comes_back(&place).await;
    }
}

async fn what_was_stored_comes_back(place: &Place) {
    let ledger = begun(place);
    lease(&ledger, &["A1", "A2", "A3"]).await;
    ledger.intend(intent("A1", "doubtful")).await.unwrap();
    ledger.settle(settlement("A1", "accepted", Some("accepted")));
    ledger.intend(intent("A2", "doubtful")).await.unwrap();
    ledger.settle(settlement("A3", "unchanged", None));
    let end = RunEnd {
        finished_at: at(3),
        exit_code: 1,
        totals: r#"{"orders":3}"#.to_owned(),
    };
    ledger.finish(RUN, end.clone()).unwrap();
    drop(ledger);

    let ledger = Ledger::open(place).unwrap();
    let found = ledger.run(RUN).unwrap().unwrap();
    assert_eq!((found.record, found.end), (run(RUN, "demo"), Some(end)));
    let known = |target| ledger.known(target, keys(&["A3", "A2", "A1"])).unwrap();
    let (doubtful, accepted) = (Some("doubtful".to_owned()), Some("accepted".to_owned()));
    assert_eq!(known("demo"), [None, doubtful, accepted]);
    assert_eq!(known("production"), [None, None, None]);
    let orders = ledger.deliveries_of_run(RUN).unwrap();
    let told: Vec<_> = orders
        .iter()
        .map(|order| {
            let settled = order.settled.as_ref();
            let outcome = settled.map(|settled| settled.outcome.as_str());
            (order.order_id.as_str(), order.intended_at, outcome)
        })
        .collect();
    let expected = [
        ("A1", Some(at(1)), Some("accepted")),
        ("A2", Some(at(1)), None),
        ("A3", None, Some("unchanged")),
    ];
    assert_eq!(told, expected);
    assert_eq!(ledger.damages().unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn writes_take_effect_in_the_order_in_which_they_are_made() {
    for place in every_place(Place::Memory) {
        writes_take_effect_in_order(&begun(&place)).await;
    }
}

async fn writes_take_effect_in_order(ledger: &Ledger) {
    lease(ledger, &["A1"]).await;
    let known = |ledger: &Ledger| ledger.known("demo", keys(&["A1"])).unwrap().remove(0);
    for round in 0..50 {
        let (doubtful, accepted) = (format!("doubtful {round}"), format!("accepted {round}"));
        ledger.intend(intent("A1", &doubtful)).await.unwrap();
        assert_eq!(known(ledger), Some(doubtful));
        assert_eq!(ledger.deliveries_of_run(RUN).unwrap()[0].settled, None);
        ledger.settle(settlement("A1", "accepted", Some(&accepted)));
        ledger.flush().await.unwrap();
        assert_eq!(known(ledger), Some(accepted));
    }
    assert_eq!(ledger.deliveries_of_run(RUN).unwrap().len(), 1);
}

#[tokio::test]
async fn history_is_told_by_run_and_by_order() {
    for place in every_place(Place::Memory) {
        history_is_told(&begun(&place)).await;
    }
}

async fn history_is_told(ledger: &Ledger) {
    ledger.begin(run("later", "production")).unwrap();
    for (run, target) in [(RUN, "demo"), ("later", "production")] {
        let intent = Intent {
            run: run.to_owned(),
            order: OrderKey::new(target, &"B1".into(), &"A1".into()),
            ..intent("A1", "{}")
        };
        ledger.lease(intent.order.clone()).await.unwrap();
        ledger.intend(intent).await.unwrap();
    }
    let runs: Vec<String> = ledger
        .runs(usize::MAX)
        .unwrap()
        .into_iter()
        .map(|run| run.record.id)
        .collect();
    assert_eq!(runs, ["later", RUN]);
    assert_eq!(ledger.runs(1).unwrap().len(), 1);
    assert_eq!(ledger.run("none").unwrap(), None);
    let targets = |target| {
        let found = ledger.deliveries_of_order("A1", target).unwrap();
        found
            .into_iter()
            .map(|delivery| delivery.target)
            .collect::<Vec<_>>()
    };
    assert_eq!(targets(None), ["demo", "production"]);
    assert_eq!(targets(Some("production")), ["production"]);
}

#[tokio::test]
async fn after_a_full_disk_nothing_more_is_promised_and_what_was_durable_stays() {
    let (_directory, path, place) = place();
    let ledger = begun(&place);
    ledger.intend(intent("A1", "durable")).await.unwrap();
    let limit = |backend: &mut dyn Backend| {
        let connection = backend.sqlite().unwrap();
        Ok(connection.execute_batch("PRAGMA max_page_count = 1")?)
    };
    ledger.read(limit).unwrap();
    let full = LedgerError::Failed {
        place: place.clone(),
        fault: Fault::Full,
    };
    let large = intent("A2", &"x".repeat(100_000));
    assert_eq!(ledger.intend(large).await, Err(full.clone()));
    assert_eq!(
        ledger.intend(intent("A1", "small")).await,
        Err(full.clone())
    );
    assert_eq!(ledger.flush().await, Err(full.clone()));
    assert_eq!(ledger.known("demo", keys(&["A1"])), Err(full));
    drop(ledger);
    let again = Ledger::open(&Place::File(path)).unwrap();
    let known = again.known("demo", keys(&["A1", "A2"])).unwrap();
    assert_eq!(known, [Some("durable".to_owned()), None]);
}

#[test]
fn several_processes_that_make_a_ledger_at_once_share_it() {
    const ITSELF: &str = "ledger::tests::several_processes_that_make_a_ledger_at_once_share_it";
    const PLACE: &str = "LEDGER_OF_SEVERAL_PROCESSES";
    if let Some(path) = std::env::var_os(PLACE) {
        let ledger = Ledger::open(&Place::File(path.into())).unwrap();
        let run = run(&std::process::id().to_string(), "demo");
        ledger.begin(run).unwrap();
        return;
    }
    let (_directory, path, _) = place();
    let mut same = Command::new(std::env::current_exe().unwrap());
    same.args([ITSELF, "--exact"]).env(PLACE, &path);
    same.stdout(Stdio::null());
    let processes: Vec<Child> = (0..8).map(|_| same.spawn().unwrap()).collect();
    for mut process in processes {
        assert!(process.wait().unwrap().success());
    }
    assert_eq!(count(&path, "runs"), 8);
}

#[tokio::test]
async fn an_intent_without_a_run_is_refused() {
    for place in every_place(Place::Memory) {
        let ledger = Ledger::open(&place).unwrap();
        lease(&ledger, &["A1"]).await;
        let refused = ledger.intend(intent("A1", "{}")).await;
        assert!(matches!(refused, Err(LedgerError::Failed { .. })));
        assert!(ledger.flush().await.is_err());
    }
}

#[test]
fn the_ledger_and_the_files_beside_it_are_readable_by_their_owner_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state/scoreload/ledger.db");
    let ledger = begun(&Place::File(path.clone()));
    let wal = beside(&path, "-wal");
    for file in [&path, &wal, &beside(&path, "-shm")] {
        assert_eq!(mode(file), 0o600, "{}", file.display());
    }
    assert_eq!(mode(&directory.path().join("state")), 0o700);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    drop(ledger);
    assert!(!wal.exists());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let _ledger = Ledger::open(&Place::File(path.clone())).unwrap();
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
    let copied = Ledger::open(&Place::File(copy)).unwrap();
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
        assert_eq!(fault_of_opening(file), Fault::OtherKind);
        assert_eq!(fs::read(file).unwrap(), before);
    }
    assert_eq!(fault_of_opening(directory.path()), Fault::OtherKind);
    assert_eq!(fault_of_opening(Path::new("/dev/null")), Fault::OtherKind);
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
        "cannot open the ledger `{}`: its format is number `7`, and this version of Scoreload knows up to `2`",
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
        assert!(matches!(fault, Fault::Damaged(_)), "{length}: {fault:?}");
        assert_eq!(fs::read(&path).unwrap(), &whole[..length]);
    }
    fs::write(&path, "").unwrap();
    fs::write(beside(&path, "-wal"), "all that is left").unwrap();
    assert!(matches!(fault_of_opening(&path), Fault::Damaged(_)));
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
    // Everything but the schema, which stands on the first page.
    bytes[4_096..].fill(0xA5);
    fs::write(&path, bytes).unwrap();
    let ledger = Ledger::open(&place).unwrap();
    let error = ledger.known("demo", keys(&["A1"])).unwrap_err();
    let LedgerError::Failed { fault, .. } = error else {
        panic!("{error:?}");
    };
    assert!(matches!(fault, Fault::Damaged(_)), "{fault:?}");
}

#[test]
fn a_place_that_cannot_be_written_is_refused_in_clear_words() {
    let (directory, path, _) = place();
    fs::write(&path, "").unwrap();
    let under_a_file = path.join("ledger.db");
    assert!(matches!(fault_of_opening(&under_a_file), Fault::System(_)));
    let nowhere = directory.path().join("nowhere.db");
    symlink(directory.path().join("gone/ledger.db"), &nowhere).unwrap();
    assert!(matches!(fault_of_opening(&nowhere), Fault::System(_)));
    let denied = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
    assert_eq!(Fault::from(denied), Fault::ReadOnly);
}

/// An importer whose leases end soon after its last sign of life.
fn importer(run: &str, millis: u64) -> Importer {
    Importer {
        holder: Holder::this_process(run, at(0)),
        lease: Duration::from_millis(millis),
    }
}

#[tokio::test]
async fn an_order_is_one_importers_until_it_is_given_back_with_what_is_known_of_it() {
    let Some(url) = shared().map(Server::database) else {
        return;
    };
    let place = Place::named(&url, &|_| None).unwrap();
    let (one, other) = (begun(&place), Ledger::open(&place).unwrap());
    let order = intent("A1", "").order;
    assert_eq!(one.lease(order.clone()).await, Ok(Lease::Ours(None)));
    assert_eq!(one.lease(order.clone()).await, Ok(Lease::Ours(None)));
    assert_eq!(other.lease(order.clone()).await, Ok(Lease::Elsewhere));
    assert_eq!(other.others().unwrap().len(), 1);
    one.intend(intent("A1", "doubtful")).await.unwrap();
    one.settle(settlement("A1", "accepted", Some("accepted")));
    one.release(order.clone());
    one.flush().await.unwrap();
    let known = Some("accepted".to_owned());
    assert_eq!(other.lease(order).await, Ok(Lease::Ours(known)));
    drop(one);
    assert_eq!(other.others().unwrap(), []);
}

#[tokio::test]
async fn a_lease_outlives_its_importer_and_then_another_takes_over_what_is_in_doubt() {
    let Some(url) = shared().map(Server::database) else {
        return;
    };
    let place = Place::named(&url, &|_| None).unwrap();
    let (one, other) = (begun(&place), Ledger::open(&place).unwrap());
    one.join(importer("one", 300));
    let order = intent("A1", "").order;
    one.lease(order.clone()).await.unwrap();
    let intended = one.intend(intent("A1", "doubtful")).await.unwrap();
    assert!(matches!(intended, Intended::Durable(Some(_))));
    let doubtful = Lease::Ours(Some("doubtful".to_owned()));
    while other.lease(order.clone()).await.unwrap() != doubtful {
        tokio::task::yield_now().await;
    }
    let late = one.intend(intent("A1", "late")).await;
    assert_eq!(late, Ok(Intended::LeaseEnded));
    one.settle(settlement("A1", "accepted", Some("late")));
    one.flush().await.unwrap();
    let known = other.known("demo", keys(&["A1"])).unwrap();
    assert_eq!(known, [Some("doubtful".to_owned())]);
    let told = other.deliveries_of_run(RUN).unwrap();
    assert_eq!(told[0].settled.as_ref().unwrap().outcome, "accepted");
}

#[tokio::test]
async fn an_intent_waits_for_a_database_that_is_restarted() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let place = Place::named(&server.database(), &|_| None).unwrap();
    let ledger = begun(&place);
    lease(&ledger, &["A1"]).await;
    server.end("QUIT");
    let intent = tokio::spawn({
        let ledger = ledger.clone();
        async move { ledger.intend(intent("A1", "known")).await }
    });
    tokio::task::yield_now().await;
    assert!(!intent.is_finished());
    server.start_again();
    assert!(matches!(intent.await.unwrap(), Ok(Intended::Durable(_))));
    let known = ledger.known("demo", keys(&["A1"])).unwrap();
    assert_eq!(known, [Some("known".to_owned())]);
}

#[tokio::test]
async fn entries_of_any_length_and_kind_are_kept() {
    for place in every_place(Place::Memory) {
        let ledger = begun(&place);
        let long: Text = "x".repeat(10_000).into();
        let odd: Text = "\u{1F600} \0 \u{202e}'\\".into();
        for id in [&long, &odd] {
            let order = OrderKey::new("demo", id, id);
            ledger.lease(order.clone()).await.unwrap();
            let intent = Intent {
                order,
                ..intent("A1", "known")
            };
            ledger.intend(intent).await.unwrap();
        }
        let orders = vec![(odd.clone(), odd), (long.clone(), long)];
        let known = ledger.known("demo", orders).unwrap();
        assert_eq!(known, [Some("known".to_owned()), Some("known".to_owned())]);
    }
}
