//! Orders leased from the ledger of a team, and its database while it is away.

use std::time::Duration;

use super::server::{Server, shared};
use super::{RUN, at, begun, intent, keys, lease, settlement};
use crate::ledger::lease::{Importer, Intended, Lease};
use crate::ledger::lock::Holder;
use crate::ledger::{Ledger, Location};

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
    let place = Location::named(&url, &|_| None).unwrap();
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
    let place = Location::named(&url, &|_| None).unwrap();
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
    let place = Location::named(&server.database(), &|_| None).unwrap();
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
