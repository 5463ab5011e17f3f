//! Tests of the ledger's interface: durability, and the state that is read back.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use jiff::Timestamp;
use rusqlite::Connection;
use tempfile::TempDir;

mod files;
mod leases;
#[path = "../../tests/postgres/mod.rs"]
pub(crate) mod server;

use self::server::{Server, shared};
use super::backend::Backend;
use super::entry::{Intent, OrderKey, RunEnd, RunRecord, Settlement};
use super::lease::Lease;
use super::{Ledger, LedgerError, Location};
use crate::paylocity::model::Text;
use crate::storage::error::StorageError;

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
fn place() -> (TempDir, PathBuf, Location) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ledger.db");
    (directory, path.clone(), Location::File(path))
}

/// A place, and one more in a database where there is a server.
fn every_place(place: Location) -> Vec<Location> {
    let database = shared().map(Server::database);
    let database = database.map(|url| Location::named(&url, &|_| None).unwrap());
    [Some(place), database].into_iter().flatten().collect()
}

async fn lease(ledger: &Ledger, orders: &[&str]) {
    for order in orders {
        let order = OrderKey::new("demo", &"B1".into(), &(*order).into());
        let leased = ledger.lease(order).await.unwrap();
        assert!(matches!(leased, Lease::Ours(_)));
    }
}

fn begun(place: &Location) -> Ledger {
    let ledger = Ledger::open(place).unwrap();
    ledger.begin(run(RUN, "demo")).unwrap();
    ledger
}

fn count(path: &Path, table: &str) -> usize {
    let connection = Connection::open(path).unwrap();
    let sql = format!("SELECT count(*) FROM {table}");
    let found: isize = connection.query_row(&sql, [], |row| row.get(0)).unwrap();
    found.unsigned_abs()
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

async fn what_was_stored_comes_back(place: &Location) {
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
}

#[tokio::test]
async fn writes_take_effect_in_the_order_in_which_they_are_made() {
    for place in every_place(Location::Memory) {
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
    for place in every_place(Location::Memory) {
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
        location: place.clone(),
        error: StorageError::DiskFull,
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
    let again = Ledger::open(&Location::File(path)).unwrap();
    let known = again.known("demo", keys(&["A1", "A2"])).unwrap();
    assert_eq!(known, [Some("durable".to_owned()), None]);
}

#[test]
fn several_processes_that_make_a_ledger_at_once_share_it() {
    const ITSELF: &str = "ledger::tests::several_processes_that_make_a_ledger_at_once_share_it";
    const PLACE: &str = "LEDGER_OF_SEVERAL_PROCESSES";
    if let Some(path) = std::env::var_os(PLACE) {
        let ledger = Ledger::open(&Location::File(path.into())).unwrap();
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
    for place in every_place(Location::Memory) {
        let ledger = Ledger::open(&place).unwrap();
        lease(&ledger, &["A1"]).await;
        let refused = ledger.intend(intent("A1", "{}")).await;
        assert!(matches!(refused, Err(LedgerError::Failed { .. })));
        assert!(ledger.flush().await.is_err());
    }
}

#[tokio::test]
async fn entries_of_any_length_and_kind_are_kept() {
    for place in every_place(Location::Memory) {
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
